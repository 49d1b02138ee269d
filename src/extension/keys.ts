import type * as vscode from 'vscode';
import * as z from 'zod/mini';
import { boundKeys } from '../engine/config/models.ts';
import type { TokenSource } from '../engine/databricks/token.ts';
import { parseBaseUrl } from '../engine/http/base-url.ts';
import type { BoundKey } from '../protocol/measure.ts';
import type { Endpoint } from './endpoints.ts';
import type { Log } from './log.ts';
import type { SignIns } from './sign-ins.ts';

/**
 * `other-origin`: a key is saved, but for an address that the endpoint no longer has. `environment`: a variable is to hold it. `sign-in`: a workspace
 * to which profile, command line or environment signs in.
 */
export type KeyState = 'none' | 'saved' | 'other-origin' | 'environment' | 'sign-in';

const savedSchema = z.strictObject({ origin: z.string(), key: z.string() });
type Saved = z.infer<typeof savedSchema>;

/** API keys in VS Code's secret store. A key is saved with the origin it was given for, and goes nowhere else. */
export class Keys {
  readonly #secrets: vscode.SecretStorage;
  readonly #signIns: SignIns;
  readonly #log: Log;
  readonly onDidChange: vscode.Event<unknown>;

  constructor(secrets: vscode.SecretStorage, signIns: SignIns, log: Log) {
    this.#secrets = secrets;
    this.#signIns = signIns;
    this.#log = log;
    this.onDidChange = secrets.onDidChange;
  }

  async set(endpoint: Pick<Endpoint, 'id' | 'baseUrl'>, key: string): Promise<void> {
    this.#log.hide(key);
    const saved: Saved = { origin: parseBaseUrl(endpoint.baseUrl).origin, key };
    await this.#secrets.store(nameOf(endpoint.id), JSON.stringify(saved));
  }

  async remove(endpointId: string): Promise<void> {
    await this.#secrets.delete(nameOf(endpointId));
  }

  async state(endpoint: Endpoint): Promise<KeyState> {
    if (endpoint.protocol === 'vscode-lm') return 'none';
    const saved = await this.#saved(endpoint.id);
    if (saved) return saved.origin === parseBaseUrl(endpoint.baseUrl).origin ? 'saved' : 'other-origin';
    if (endpoint.apiKey) return 'environment';
    return endpoint.protocol === 'databricks' ? 'sign-in' : 'none';
  }

  /** The origin that the saved key belongs to. */
  async origin(endpointId: string): Promise<string | undefined> {
    return (await this.#saved(endpointId))?.origin;
  }

  /**
   * The key that may be sent to the endpoint: the saved one, else that of the environment variable it names, else, for a Databricks
   * workspace, a token of the sign-in.
   * @throws Failure `config` when that variable is not set, `auth` when nobody could sign in.
   */
  async bound(endpoint: Endpoint): Promise<BoundKey | undefined> {
    const saved = await this.#saved(endpoint.id);
    if (!saved && !endpoint.apiKey && endpoint.protocol === 'databricks') {
      const source = await this.source(endpoint);
      const { token, expiresAt } = await source.token();
      this.#log.hide(token);
      return {
        endpoint: endpoint.id,
        origin: source.origin,
        key: token,
        ...(expiresAt !== undefined && { expiresAt }),
      };
    }
    const [bound] = saved ? [{ endpoint: endpoint.id, ...saved }] : boundKeys([endpoint], process.env);
    if (bound) this.#log.hide(bound.key);
    return bound && bound.origin === parseBaseUrl(endpoint.baseUrl).origin ? bound : undefined;
  }

  /** The key anew: a token that the workspace refused or that is about to expire is fetched again. */
  async fresh(endpoint: Endpoint): Promise<BoundKey | undefined> {
    if (endpoint.protocol === 'databricks') (await this.source(endpoint)).invalidate();
    return this.bound(endpoint);
  }

  /**
   * How the person signs in to a Databricks workspace: by the token saved for its very address, else as its configuration says.
   * @throws Failure `config` or `auth` when there is no way.
   */
  async source(endpoint: Endpoint): Promise<TokenSource> {
    const saved = await this.#saved(endpoint.id);
    const { origin } = parseBaseUrl(endpoint.baseUrl);
    if (saved) return this.#signIns.source(endpoint, saved.origin === origin ? saved.key : undefined);
    const [named] = endpoint.apiKey ? boundKeys([endpoint], process.env) : [];
    if (named) this.#log.hide(named.key);
    return this.#signIns.source(endpoint, named?.key);
  }

  /** Lets the saved key be used at the endpoint's present address. Only after the person has agreed. */
  async rebind(endpoint: Endpoint): Promise<void> {
    const saved = await this.#saved(endpoint.id);
    if (saved) await this.set(endpoint, saved.key);
  }

  async #saved(endpointId: string): Promise<Saved | undefined> {
    const text = await this.#secrets.get(nameOf(endpointId));
    if (text === undefined) return undefined;
    try {
      const parsed = savedSchema.safeParse(JSON.parse(text));
      return parsed.success ? parsed.data : undefined;
    } catch {
      return undefined;
    }
  }
}

function nameOf(endpointId: string): string {
  return `tierwise.key.${endpointId}`;
}
