import * as vscode from 'vscode';
import { parseBaseUrl } from '../engine/http/base-url.ts';
import type { BoundKey } from '../protocol/measure.ts';
import { RemediableFailure } from './boundary.ts';
import type { Endpoint } from './endpoints.ts';
import type { Keys } from './keys.ts';

const agreedKey = 'tierwise.agreedOrigins';

/** What a person has agreed to about addresses. Asked before the first request to one that needs it. */
export class Consent {
  readonly #memory: vscode.Memento;
  readonly #keys: Keys;

  constructor(memory: vscode.Memento, keys: Keys) {
    this.#memory = memory;
    this.#keys = keys;
  }

  /**
   * Makes sure that requests may go to the endpoint, and returns the key to send.
   * @throws Failure `config` for a bad address or a missing variable, `auth` when a key must be set anew, and
   *   CancellationError when the person says no.
   */
  async keyFor(endpoint: Endpoint): Promise<BoundKey | undefined> {
    // VS Code asks for consent to its own models itself, and no key of ours goes there.
    if (endpoint.protocol === 'vscode-lm') return undefined;
    await this.agree(endpoint.baseUrl);
    if ((await this.#keys.state(endpoint)) === 'other-origin') await this.#rebind(endpoint);
    return this.#keys.bound(endpoint);
  }

  /** A key in the midst of a run: what was agreed on holds, and nobody is asked. */
  async freshKeyFor(endpoint: Endpoint): Promise<BoundKey | undefined> {
    if (endpoint.protocol === 'vscode-lm') return undefined;
    return this.#keys.fresh(endpoint);
  }

  /** Asks about an address that needs it, once. @throws CancellationError when the person says no. */
  async agree(baseUrl: string): Promise<void> {
    const { origin, needsConfirmation } = parseBaseUrl(baseUrl);
    const agreed = this.#memory.get<string[]>(agreedKey, []);
    if (needsConfirmation === undefined || agreed.includes(origin)) return;
    const yes = 'Use This Address';
    const answer = await vscode.window.showWarningMessage(
      `Use ${origin}?`,
      { modal: true, detail: needsConfirmation },
      yes,
    );
    if (answer !== yes) throw new vscode.CancellationError();
    await this.#memory.update(agreedKey, [...agreed, origin]);
  }

  async #rebind(endpoint: Endpoint): Promise<void> {
    const { origin } = parseBaseUrl(endpoint.baseUrl);
    const useSaved = 'Send Saved Key There';
    const setNew = 'Set Another Key';
    const answer = await vscode.window.showWarningMessage(
      `The endpoint "${endpoint.id}" has a new address.`,
      {
        modal: true,
        detail: `Its key was saved for ${await this.#keys.origin(endpoint.id)}. The endpoint is now at ${origin}, and the key has not been sent there.`,
      },
      useSaved,
      setNew,
    );
    if (answer === undefined) throw new vscode.CancellationError();
    if (answer === useSaved) return this.#keys.rebind(endpoint);
    throw new RemediableFailure(
      { code: 'auth', message: `Set the key of endpoint "${endpoint.id}" for ${origin}, and try again.` },
      [{ label: 'Set API Key', command: 'tierwise.setApiKey', args: [endpoint.id] }],
    );
  }
}
