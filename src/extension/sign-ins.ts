import type * as vscode from 'vscode';
import type { TokenSource } from '../engine/databricks/token.ts';
import { createFetchTransport } from '../engine/http/fetch-transport.ts';
import type { Endpoint } from './endpoints.ts';

/** What a sign-in goes by. */
type SignedIn = Pick<Endpoint, 'id' | 'baseUrl' | 'auth'>;

interface Held {
  /** What the source was made of. */
  readonly made: string;
  readonly source: Promise<TokenSource>;
}

/** Sign-ins to Databricks workspaces, kept for the window. Nothing of them is stored: command line, profile and environment own them. */
export class SignIns implements vscode.Disposable {
  readonly #transport = createFetchTransport();
  readonly #sources = new Map<string, Held>();

  /**
   * Where the tokens of a workspace come from. @param token a personal access token that was saved for this very address.
   * @throws Failure `config` or `auth` when there is no sign-in.
   */
  source(endpoint: SignedIn, token: string | undefined): Promise<TokenSource> {
    const made = JSON.stringify([endpoint.baseUrl, endpoint.auth, token]);
    const held = this.#sources.get(endpoint.id);
    if (held?.made === made) return held.source;
    const source = this.#make(endpoint, token);
    this.#sources.set(endpoint.id, { made, source });
    // What did not work is tried anew: a person signs in elsewhere meanwhile.
    source.catch(() => this.#sources.delete(endpoint.id));
    return source;
  }

  async #make({ baseUrl, auth }: SignedIn, token: string | undefined): Promise<TokenSource> {
    const { resolveSignIn } = await import('../engine/databricks/auth.ts');
    return resolveSignIn({ host: baseUrl, auth, token }, { transport: this.#transport, env: process.env });
  }

  dispose(): void {
    void this.#transport.close();
  }
}
