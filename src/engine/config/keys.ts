import type { Protocol } from '../../core/catalog/protocol.ts';
import { Failure } from '../../core/failure.ts';
import type { BoundKey } from '../../protocol/measure.ts';
import { resolveSignIn, type SignInContext } from '../databricks/auth.ts';
import { parseWorkspaceHost } from '../databricks/host.ts';
import type { TokenSource } from '../databricks/token.ts';
import { parseBaseUrl } from '../http/base-url.ts';
import { boundKeys } from './models.ts';
import type { ConfiguredEndpoint } from './schema.ts';

/** What decides about an endpoint's key. */
export type KeyedEndpoint = Pick<ConfiguredEndpoint, 'id' | 'baseUrl' | 'apiKey' | 'auth'> & {
  readonly protocol: Protocol;
};

/** The keys of some endpoints, each bound to the origin it may be sent to. */
export interface KeyRing {
  /** As they were when the ring was made; those of Databricks may carry `expiresAt`. Endpoints without a key have none. */
  readonly keys: readonly BoundKey[];
  /**
   * A key to go on with when the endpoint's is about to expire or was refused; undefined where there can be no other.
   * Calls at the same time share one sign-in.
   * @throws Failure `auth` when no new one is to be had, or of the network.
   */
  fresh(endpointId: string): Promise<BoundKey | undefined>;
}

export interface KeyOptions extends Omit<SignInContext, 'env'> {
  /** The key that the person saved for the endpoint at its present origin, if any; it comes before all else. */
  readonly saved?: ((endpointId: string) => string | undefined) | undefined;
}

/**
 * The keys of the endpoints: saved ones, environment variables that they name, and sign-ins to Databricks workspaces.
 * `transport` is used for sign-ins of service principals, also later by `fresh`: close it after the run.
 * @throws Failure `config` or `auth` that names the endpoint.
 */
export async function resolveKeys(
  endpoints: readonly KeyedEndpoint[],
  env: SignInContext['env'],
  options: KeyOptions,
): Promise<KeyRing> {
  const sources = new Map<string, TokenSource>();
  const keys = new Map<string, BoundKey>();
  for (const endpoint of endpoints) {
    const fixed = options.saved?.(endpoint.id);
    if (fixed !== undefined) {
      keys.set(endpoint.id, { endpoint: endpoint.id, origin: originOf(endpoint), key: fixed });
    } else if (endpoint.protocol === 'databricks' && endpoint.apiKey === undefined) {
      const source = await signIn(endpoint, { ...options, env });
      sources.set(endpoint.id, source);
      keys.set(endpoint.id, await boundKey(endpoint.id, source, options.signal));
    } else {
      for (const key of boundKeys([endpoint], env)) keys.set(endpoint.id, key);
    }
  }
  const renewals = new Map<string, Promise<BoundKey>>();
  return {
    keys: [...keys.values()],
    async fresh(endpointId) {
      const source = sources.get(endpointId);
      if (source === undefined || source.kind === 'pat') return undefined;
      let renewal = renewals.get(endpointId);
      if (renewal === undefined) {
        source.invalidate();
        renewal = boundKey(endpointId, source, options.signal).finally(() => renewals.delete(endpointId));
        renewals.set(endpointId, renewal);
      }
      return renewal;
    },
  };
}

/** How the endpoint signs in, if it is one of Databricks without a key of its own. Failures name the endpoint. */
export async function signIn(endpoint: KeyedEndpoint, context: SignInContext): Promise<TokenSource> {
  try {
    return await resolveSignIn({ host: endpoint.baseUrl, auth: endpoint.auth }, context);
  } catch (error) {
    throw named(endpoint.id, error);
  }
}

async function boundKey(endpoint: string, source: TokenSource, signal?: AbortSignal): Promise<BoundKey> {
  try {
    const { token, expiresAt } = await source.token(signal);
    return { endpoint, origin: source.origin, key: token, ...(expiresAt === undefined ? {} : { expiresAt }) };
  } catch (error) {
    throw named(endpoint, error);
  }
}

function originOf({ baseUrl, protocol }: KeyedEndpoint): string {
  return protocol === 'databricks' ? parseWorkspaceHost(baseUrl).origin : parseBaseUrl(baseUrl).origin;
}

function named(endpoint: string, error: unknown): unknown {
  if (!(error instanceof Failure) || error.code === 'cancelled') return error;
  return new Failure(
    { code: error.code, message: `Endpoint "${endpoint}": ${error.message}`, status: error.status },
    { cause: error },
  );
}
