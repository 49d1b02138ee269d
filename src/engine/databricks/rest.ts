import { Failure } from '../../core/failure.ts';
import type { HttpRequest } from '../endpoints/adapter.ts';
import { withoutKey } from '../endpoints/call.ts';
import { exchangeWhole } from '../endpoints/exchange.ts';
import { parseJson } from '../endpoints/failures.ts';
import { refusesKey } from '../endpoints/refused-key.ts';
import type { Transport } from '../http/transport.ts';
import { shellProfile } from './profiles.ts';
import type { TokenSource } from './token.ts';

export interface RestOptions {
  readonly signal?: AbortSignal | undefined;
  /** For each request; ms, default 30 s. */
  readonly timeoutMs?: number | undefined;
}

const defaultTimeoutMs = 30_000;
const maxBytes = 16 * 1024 * 1024;

/**
 * One small request to a workspace; the JSON that it answered, of no shape checked yet.
 * @param secret what must be in no message: the token, or the secret that is traded for one
 * @throws Failure of the endpoint codes.
 */
export async function askWorkspace(
  transport: Transport,
  request: HttpRequest,
  secret: string,
  { signal, timeoutMs = defaultTimeoutMs }: RestOptions,
): Promise<unknown> {
  const { origin } = new URL(request.url);
  const exchange = await exchangeWhole(
    transport,
    { protocol: 'databricks', baseUrl: origin },
    secret,
    request,
    { timeoutMs, maxBytes, signal },
    // What a list names is shown, and written into the settings.
    (text) => withoutKeyIn(parseJson(text), secret),
  );
  if (exchange.failure) throw new Failure(exchange.failure);
  if (exchange.value !== undefined) return exchange.value;
  throw new Failure({
    code: 'malformed',
    message: `${request.url} did not answer with JSON. Is ${origin} the address of a Databricks workspace?`,
    status: exchange.status,
  });
}

/** GET with a token of the source; one that is refused is replaced once. @throws Failure of the endpoint codes. */
export async function getFromWorkspace(
  transport: Transport,
  source: TokenSource,
  path: string,
  options: RestOptions,
): Promise<unknown> {
  const { token } = await source.token(options.signal);
  try {
    return await get(transport, source, path, token, options);
  } catch (error) {
    if (!refusesToken(error)) throw inOwnWords(error, source);
    source.invalidate(token);
    const next = await source.token(options.signal);
    if (next.token === token) throw inOwnWords(error, source);
    try {
      return await get(transport, source, path, next.token, options);
    } catch (again) {
      throw inOwnWords(again, source);
    }
  }
}

/** The JSON with the secret masked in all its strings; a stranger who answers may have written it there. */
function withoutKeyIn(json: unknown, secret: string): unknown {
  return json === undefined
    ? undefined
    : JSON.parse(JSON.stringify(json), (_, value) => (typeof value === 'string' ? withoutKey(value, [secret]) : value));
}

function refusesToken(error: unknown): boolean {
  return error instanceof Failure && refusesKey(error.status, error.message);
}

function get(transport: Transport, source: TokenSource, path: string, token: string, options: RestOptions) {
  const headers = { accept: 'application/json', authorization: `Bearer ${token}` };
  return askWorkspace(transport, { method: 'GET', url: source.origin + path, headers }, token, options);
}

/** Says of a refusal which credentials were refused and what to do about them. */
function inOwnWords(error: unknown, { kind, described, origin, profile }: TokenSource): unknown {
  if (!(error instanceof Failure) || error.code !== 'auth') return error;
  const said = /answered \d+: "([^"]*)"/.exec(error.message)?.[1];
  const quoted = said === undefined ? '' : ` ("${said}")`;
  const message = refusesToken(error)
    ? `${origin} refused the ${described}${quoted}. ${renewal(kind, origin, profile)}`
    : `${origin} knows the ${described}, but it may not do this${quoted}. Ask an administrator of the workspace for the permission.`;
  return new Failure({ code: 'auth', message, status: error.status }, { cause: error });
}

/** What to do when a token no longer works. */
function renewal(kind: TokenSource['kind'], origin: string, profile: string | undefined): string {
  if (kind === 'pat') return 'It may have expired: make a new one in the workspace under Settings > Developer.';
  if (kind === 'oauth-m2m') return 'Check the service principal and that it belongs to this workspace.';
  if (kind === 'azure-cli') return 'Type: az login';
  return `Type: ${loginCommand(origin, profile)}`;
}

/** What to type to sign in with the Databricks CLI. */
export function loginCommand(origin: string, profile: string | undefined): string {
  return `databricks auth login --host ${origin}${profile === undefined ? '' : ` --profile ${shellProfile(profile)}`}`;
}
