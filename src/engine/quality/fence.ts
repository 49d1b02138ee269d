import { createHmac } from 'node:crypto';

/**
 * A word that marks data in a judge's prompt, the same for the same call and unguessable without `secret`: whoever wrote
 * the texts cannot have written it. None of the texts holds it.
 */
export function fenceFor(secret: Uint8Array, call: string, texts: readonly string[]): string {
  for (let round = 0; ; round++) {
    const word = `data-${createHmac('sha256', secret).update(`${round} ${call}`).digest('hex').slice(0, 20)}`;
    if (!texts.some((text) => text.includes(word))) return word;
  }
}
