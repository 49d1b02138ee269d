import type * as vscode from 'vscode';
import * as z from 'zod/mini';
import { boundKeys } from '../engine/config/models.ts';
import type { ConfiguredEndpoint } from '../engine/config/schema.ts';
import { parseBaseUrl } from '../engine/http/base-url.ts';
import type { BoundKey } from '../protocol/measure.ts';
import type { Log } from './log.ts';

/** `other-origin`: a key is saved, but for an address that the endpoint no longer has. `environment`: a variable is to hold it. */
export type KeyState = 'none' | 'saved' | 'other-origin' | 'environment';

const savedSchema = z.strictObject({ origin: z.string(), key: z.string() });
type Saved = z.infer<typeof savedSchema>;

/** API keys in VS Code's secret store. A key is saved with the origin it was given for, and goes nowhere else. */
export class Keys {
  readonly #secrets: vscode.SecretStorage;
  readonly #log: Log;
  readonly onDidChange: vscode.Event<unknown>;

  constructor(secrets: vscode.SecretStorage, log: Log) {
    this.#secrets = secrets;
    this.#log = log;
    this.onDidChange = secrets.onDidChange;
  }

  async set(endpoint: Pick<ConfiguredEndpoint, 'id' | 'baseUrl'>, key: string): Promise<void> {
    this.#log.hide(key);
    const saved: Saved = { origin: parseBaseUrl(endpoint.baseUrl).origin, key };
    await this.#secrets.store(nameOf(endpoint.id), JSON.stringify(saved));
  }

  async remove(endpointId: string): Promise<void> {
    await this.#secrets.delete(nameOf(endpointId));
  }

  async state(endpoint: ConfiguredEndpoint): Promise<KeyState> {
    const saved = await this.#saved(endpoint.id);
    if (saved) return saved.origin === parseBaseUrl(endpoint.baseUrl).origin ? 'saved' : 'other-origin';
    return endpoint.apiKey ? 'environment' : 'none';
  }

  /** The origin that the saved key belongs to. */
  async origin(endpointId: string): Promise<string | undefined> {
    return (await this.#saved(endpointId))?.origin;
  }

  /**
   * The key that may be sent to the endpoint: the saved one, else that of the environment variable it names.
   * @throws Failure `config` when that variable is not set.
   */
  async bound(endpoint: ConfiguredEndpoint): Promise<BoundKey | undefined> {
    const saved = await this.#saved(endpoint.id);
    const [bound] = saved ? [{ endpoint: endpoint.id, ...saved }] : boundKeys([endpoint], process.env);
    if (bound) this.#log.hide(bound.key);
    return bound && bound.origin === parseBaseUrl(endpoint.baseUrl).origin ? bound : undefined;
  }

  /** Lets the saved key be used at the endpoint's present address. Only after the person has agreed. */
  async rebind(endpoint: ConfiguredEndpoint): Promise<void> {
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
