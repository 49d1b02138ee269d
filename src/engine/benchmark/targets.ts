import type { Plan, PlannedEndpoint } from '../../core/benchmark/plan.ts';
import { Failure } from '../../core/failure.ts';
import type { BoundKey } from '../../protocol/measure.ts';
import type { ChatTarget } from '../endpoints/chat.ts';
import { parseBaseUrl } from '../http/base-url.ts';
import { abortable } from '../http/network-failure.ts';
import { onlyInVscode } from './answer-measure.ts';

/** A key that is refused within this time is renewed before it is used; ms. */
const soonMs = 60_000;
/** After somebody was asked for a new key, so long nobody is asked again, whatever came of it; ms. */
const restMs = 30_000;

/** Where new keys come from. */
interface KeySource {
  /** Undefined, or a Failure thrown: there is none. */
  freshKey(endpoint: string): Promise<BoundKey | undefined>;
}

/** The endpoints of a plan with their keys, which are renewed before they expire. */
export class Targets {
  readonly #targets: Map<string, ChatTarget>;
  readonly #parent: KeySource | undefined;
  readonly #renewing = new Map<string, Promise<ChatTarget>>();
  /** When somebody was last asked for a new key, on the monotonic clock, and why there was none. */
  readonly #asked = new Map<string, { readonly at: number; readonly failure?: Failure }>();

  /** @throws Failure `config` for an address that cannot be used or a key that is missing or belongs elsewhere. */
  constructor({ endpoints }: Pick<Plan, 'endpoints'>, keys: readonly BoundKey[], parent: KeySource | undefined) {
    this.#parent = parent;
    this.#targets = new Map(endpoints.map((endpoint) => [endpoint.id, targetOf(endpoint, keys, parent)]));
  }

  /** As it is now. */
  of(endpoint: string): ChatTarget {
    const target = this.#targets.get(endpoint);
    if (!target) throw new Error(`There is no endpoint "${endpoint}".`);
    return target;
  }

  /**
   * With a key that does not expire within a minute, where one can be had. `signal` ends the wait of its own caller only, here and
   * below. @throws Failure `auth` when its key has expired, or the signal's.
   */
  async fresh(endpoint: string, signal?: AbortSignal): Promise<ChatTarget> {
    const target = this.of(endpoint);
    if (isSound(target)) return target;
    const expiresAt = target.key?.expiresAt ?? 0;
    // Whoever hands out keys may hand out one that is about to expire.
    if (expiresAt > Date.now() && this.#lately(endpoint)) return target;
    try {
      return await abortable(this.#renew(endpoint), signal);
    } catch (error) {
      if (error instanceof Failure && expiresAt > Date.now()) return target;
      throw error;
    }
  }

  /** Whether nothing must be renewed before a request is sent. */
  isSound(endpoint: string): boolean {
    return isSound(this.of(endpoint));
  }

  /** Renews what must be renewed before a request is sent. */
  async prepare(endpoint: string, signal?: AbortSignal): Promise<void> {
    try {
      await this.fresh(endpoint, signal);
    } catch (error) {
      // The request itself will say so.
      if (!(error instanceof Failure)) throw error;
    }
  }

  /** After the endpoint refused a key that expires: with another one; undefined when there is none. */
  async afterRefusal(
    endpoint: string,
    refused: BoundKey | undefined,
    signal?: AbortSignal,
  ): Promise<ChatTarget | undefined> {
    if (refused?.expiresAt === undefined) return undefined;
    const now = this.of(endpoint);
    if (now.key?.key !== refused.key) return now;
    if (this.#lately(endpoint)) return undefined;
    try {
      return await abortable(this.#renew(endpoint), signal);
    } catch (error) {
      if (error instanceof Failure) return undefined;
      throw error;
    }
  }

  #renew(endpoint: string): Promise<ChatTarget> {
    const failure = this.#lately(endpoint)?.failure;
    if (failure) return Promise.reject(failure);
    let renewing = this.#renewing.get(endpoint);
    if (!renewing) {
      renewing = this.#ask(endpoint).finally(() => this.#renewing.delete(endpoint));
      this.#renewing.set(endpoint, renewing);
    }
    return renewing;
  }

  /** What came of asking for a new key, if that was not long ago. */
  #lately(endpoint: string): { readonly failure?: Failure } | undefined {
    const asked = this.#asked.get(endpoint);
    return asked && performance.now() - asked.at < restMs ? asked : undefined;
  }

  async #ask(endpoint: string): Promise<ChatTarget> {
    const { key: old, ...target } = this.of(endpoint);
    try {
      const key = await this.#parent?.freshKey(endpoint);
      if (!key) throw new Failure({ code: 'auth', message: 'nobody can renew it.' });
      checkOrigin(endpoint, key, new URL(target.baseUrl).origin);
      const renewed = { ...target, key };
      this.#targets.set(endpoint, renewed);
      this.#asked.set(endpoint, { at: performance.now() });
      return renewed;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      const message = `The key of endpoint "${endpoint}" has expired, and there is no new one: ${error.message}`;
      const failure = new Failure({ code: 'auth', message });
      this.#asked.set(endpoint, { at: performance.now(), failure });
      throw failure;
    }
  }
}

/** Its key does not expire soon. */
function isSound({ key }: ChatTarget): boolean {
  return key?.expiresAt === undefined || key.expiresAt - Date.now() > soonMs;
}

function targetOf(endpoint: PlannedEndpoint, keys: readonly BoundKey[], parent: KeySource | undefined): ChatTarget {
  const { id, protocol, baseUrl, apiVersion, apiKeyEnv } = endpoint;
  if (protocol === 'vscode-lm') {
    if (!parent) throw new Failure({ code: 'usage', message: onlyInVscode });
    return { protocol, baseUrl: '' };
  }
  const { url, origin } = parseBaseUrl(baseUrl);
  const key = keys.find((candidate) => candidate.endpoint === id);
  if (!key && apiKeyEnv !== undefined) {
    throw wrongKey(`The key of endpoint "${id}" is missing. Set the environment variable ${apiKeyEnv}.`);
  }
  if (key) checkOrigin(id, key, origin);
  return { protocol, baseUrl: url, apiVersion, key };
}

function checkOrigin(endpoint: string, key: BoundKey, origin: string): void {
  if (key.origin === origin) return;
  throw wrongKey(
    `The key of endpoint "${endpoint}" belongs to ${key.origin} and is not sent to ${origin}. Set the key of this endpoint again.`,
  );
}

function wrongKey(message: string): Failure {
  return new Failure({ code: 'config', message });
}
