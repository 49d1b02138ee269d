import { randomBytes } from 'node:crypto';
import type { Clock } from './clock.ts';
import { Refusal, refusals } from './refusals.ts';

/** Who asks. */
export interface Principal {
  readonly name: string;
  /** Endpoints that may be seen but not queried (no CAN_QUERY). */
  readonly mayNotQuery: readonly string[];
}

export interface OAuthClient {
  readonly id: string;
  readonly secret: string;
}

interface Issued {
  readonly principal: Principal;
  readonly until: number;
}

/** Personal access tokens, a service principal and the tokens that were issued to it. */
export class Identity {
  /** Lifetime of the tokens that are issued from now on; ms. */
  tokenLifetimeMs = 3_600_000;
  /** What an expired token is answered with: both were reported. */
  expiredStatus: 401 | 403 = 403;
  /** How often a token was issued. */
  issuedCount = 0;
  readonly #clock: Clock;
  readonly #personal: ReadonlyMap<string, Principal>;
  readonly #clients: ReadonlyMap<string, OAuthClient>;
  readonly #issued = new Map<string, Issued>();

  constructor(clock: Clock, personal: ReadonlyMap<string, Principal>, clients: readonly OAuthClient[]) {
    this.#clock = clock;
    this.#personal = personal;
    this.#clients = new Map(clients.map((client) => [client.id, client]));
  }

  /** @throws Refusal 401 or 403. */
  whoIs(authorization: string | undefined): Principal {
    const token = /^Bearer (\S+)$/.exec(authorization ?? '')?.[1];
    if (token === undefined) throw refusals.noCredential();
    const personal = this.#personal.get(token);
    if (personal) return personal;
    const issued = this.#issued.get(token);
    if (!issued) throw refusals.wrongToken();
    if (issued.until <= this.#clock.now) {
      throw this.expiredStatus === 401 ? refusals.expiredToken() : refusals.wrongToken();
    }
    return issued.principal;
  }

  /** Withdraws all tokens that were issued. */
  withdraw(): void {
    for (const [token, issued] of this.#issued) this.#issued.set(token, { ...issued, until: this.#clock.now });
  }

  /** A token as `databricks auth token` or the Azure CLI would hand it out. */
  issue(name: string): { access_token: string; token_type: 'Bearer'; expires_in: number } {
    this.issuedCount++;
    const access_token = `eyJ${randomBytes(24).toString('base64url')}`;
    const principal = { name, mayNotQuery: [] };
    this.#issued.set(access_token, { principal, until: this.#clock.now + this.tokenLifetimeMs });
    return { access_token, token_type: 'Bearer', expires_in: Math.floor(this.tokenLifetimeMs / 1000) };
  }

  /** `POST /oidc/v1/token`, RFC 6749 section 4.4 with its errors (5.2). */
  token(authorization: string | undefined, contentType: string | undefined, body: string): object {
    if (!contentType?.startsWith('application/x-www-form-urlencoded')) throw oauthError(400, 'invalid_request');
    const form = new URLSearchParams(body);
    if (form.get('grant_type') !== 'client_credentials') throw oauthError(400, 'unsupported_grant_type');
    const basic = /^Basic (\S+)$/i.exec(authorization ?? '')?.[1];
    const [id = '', secret = ''] =
      basic === undefined
        ? [form.get('client_id') ?? '', form.get('client_secret') ?? '']
        : // RFC 6749 2.3.1: both parts are form-encoded before they are joined.
          splitOnce(Buffer.from(basic, 'base64').toString('utf8')).map(decodeURIComponent);
    const client = this.#clients.get(id);
    if (!client || client.secret !== secret) throw oauthError(401, 'invalid_client', 'Client authentication failed');
    if (form.get('scope') !== 'all-apis') throw oauthError(400, 'invalid_scope');
    return { ...this.issue(id), scope: 'all-apis' };
  }
}

function splitOnce(pair: string): string[] {
  const colon = pair.indexOf(':');
  return colon < 0 ? [pair] : [pair.slice(0, colon), pair.slice(colon + 1)];
}

function oauthError(status: number, error: string, error_description?: string): Refusal {
  return new Refusal(status, { error, ...(error_description === undefined ? {} : { error_description }) });
}
