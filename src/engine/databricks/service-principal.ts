import * as z from 'zod/mini';
import { Failure } from '../../core/failure.ts';
import type { Transport } from '../http/transport.ts';
import { askWorkspace } from './rest.ts';
import type { AccessToken } from './token.ts';

const metadataSchema = z.looseObject({ token_endpoint: z.optional(z.string()) });
const tokenSchema = z.looseObject({ access_token: z.string(), expires_in: z.optional(z.number()) });

/** The id and secret of a service principal (OAuth client). */
export interface ServicePrincipal {
  readonly clientId: string;
  readonly clientSecret: string;
}

/**
 * A token of a service principal: OAuth 2.0 client credentials (RFC 6749 section 4.4) at the workspace's own token
 * endpoint.
 * @param now Unix time in ms
 * @throws Failure `auth` when the workspace refuses the principal, or of the network.
 */
export async function servicePrincipalToken(
  transport: Transport,
  origin: string,
  { clientId, clientSecret }: ServicePrincipal,
  now: () => number,
  signal?: AbortSignal,
): Promise<AccessToken> {
  const url = await tokenEndpoint(transport, origin, clientSecret, signal);
  const credentials = `${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`;
  const askedAt = now();
  let answer: unknown;
  try {
    answer = await askWorkspace(
      transport,
      {
        method: 'POST',
        url,
        headers: {
          accept: 'application/json',
          authorization: `Basic ${Buffer.from(credentials).toString('base64')}`,
          'content-type': 'application/x-www-form-urlencoded',
        },
        body: 'grant_type=client_credentials&scope=all-apis',
      },
      clientSecret,
      { signal },
    );
  } catch (error) {
    if (!(error instanceof Failure) || (error.status !== 400 && error.status !== 401 && error.status !== 403))
      throw error;
    throw new Failure(
      {
        code: 'auth',
        message: `${origin} refused the service principal. Check its client id, that its secret has not expired, and that it belongs to this workspace.`,
        status: error.status,
      },
      { cause: error },
    );
  }
  const token = tokenSchema.safeParse(answer);
  if (!token.success || !/^[\x21-\x7e]+$/.test(token.data.access_token)) {
    throw new Failure({ code: 'malformed', message: `${origin} answered the sign-in without a token.` });
  }
  const seconds = token.data.expires_in;
  const expiresAt = seconds !== undefined && seconds > 0 ? askedAt + seconds * 1000 : undefined;
  return { token: token.data.access_token, expiresAt };
}

/** Where the workspace hands out tokens. The secret goes to the workspace itself only, whatever its answer names. */
async function tokenEndpoint(
  transport: Transport,
  origin: string,
  secret: string,
  signal: AbortSignal | undefined,
): Promise<string> {
  const standard = `${origin}/oidc/v1/token`;
  let answer: unknown;
  try {
    const url = `${origin}/oidc/.well-known/oauth-authorization-server`;
    answer = await askWorkspace(transport, { method: 'GET', url, headers: { accept: 'application/json' } }, secret, {
      signal,
    });
  } catch (error) {
    if (error instanceof Failure && (error.code === 'not-found' || error.code === 'malformed')) return standard;
    throw error;
  }
  const named = metadataSchema.safeParse(answer).data?.token_endpoint;
  if (named === undefined) return standard;
  if (URL.canParse(named) && new URL(named).origin === origin) return named;
  throw new Failure({
    code: 'auth',
    message: `${origin} wants the service principal's secret sent to another host, which is not done. Check the address of the workspace.`,
  });
}
