import { kindOf } from './fields.ts';

/** What a conversation of one question holds: the text to send, and what was answered, where that stands there. */
export interface OneQuestion {
  readonly text: string;
  readonly system: boolean;
  readonly reference?: string | undefined;
}

const ONE =
  'A prompt is one text: give one user message, before it at most a system message, after it at most an answer.';

/**
 * The one question of a list of OpenAI's messages: the system's text, a blank line, the user's. An assistant's message after
 * it is the reference. A sentence for any other conversation: a prompt is one text.
 */
export function oneQuestion(messages: readonly unknown[]): OneQuestion | string {
  const parts: { role: string; text: string }[] = [];
  if (messages.length > 3) return `There are ${messages.length} messages. ${ONE}`;
  for (const [at, message] of messages.entries()) {
    const { role, content } = (typeof message === 'object' && message !== null ? message : {}) as {
      role?: unknown;
      content?: unknown;
    };
    const text = contentText(content);
    if (typeof role !== 'string') return `Message ${at + 1} has no "role". Write {"role": "user", "content": "…"}.`;
    if (text === undefined) {
      return `The content of message ${at + 1} is ${kindOf(content)} with more than text. Give its text alone.`;
    }
    parts.push({ role: role === 'developer' ? 'system' : role, text });
  }
  const roles = parts.map(({ role }) => role).join(' ');
  const match = /^(system )?user( assistant)?$/.exec(roles);
  if (match === null) return `The messages are not one question (roles: ${roles.slice(0, 60) || 'none'}). ${ONE}`;
  const system = match[1] === undefined ? undefined : parts[0]?.text;
  const user = parts[system === undefined ? 0 : 1]?.text ?? '';
  return {
    text: system === undefined || system.trim() === '' ? user : `${system}\n\n${user}`,
    system: system !== undefined,
    reference: match[2] === undefined ? undefined : parts.at(-1)?.text,
  };
}

/** Whether a list reads as messages. */
export function looksLikeMessages(value: unknown): value is readonly unknown[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((item) => item !== null && typeof item === 'object' && 'role' in item)
  );
}

function contentText(content: unknown): string | undefined {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return undefined;
  const texts = content.map((item: unknown) => {
    const { type, text } = (item ?? {}) as { type?: unknown; text?: unknown };
    return type === 'text' && typeof text === 'string' ? text : undefined;
  });
  return texts.includes(undefined) ? undefined : texts.join('\n');
}
