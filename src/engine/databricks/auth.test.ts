import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bodyOf, serve, serveTls } from '../../../test/fixtures/loopback-server.ts';
import { Failure } from '../../core/failure.ts';
import { createFetchTransport } from '../http/fetch-transport.ts';
import { createUndiciTransport } from '../http/undici-transport.ts';
import { resolveSignIn, type SignIn } from './auth.ts';
import { momentOf } from './command-line.ts';
import { listServingEndpoints } from './serving.ts';

const here = 'https://here.cloud.databricks.com';
const there = 'https://there.cloud.databricks.com';
const canary = 'canary-5f1e0c9a7b';

const profiles = `
[DEFAULT]
host = ${here}
token = ${canary}-default
[principal]
host = ${here}/?o=1
client_id = id
client_secret = ${canary}-principal
[both]
host = ${here}
token = ${canary}-pat
client_id = id
client_secret = ${canary}-m2m
[chosen]
host = ${here}
token = ${canary}-pat
client_id = id
client_secret = ${canary}-m2m
auth_type = oauth-m2m
[cli]
host = ${here}
auth_type = databricks-cli
[elsewhere]
host = ${there}
token = ${canary}-elsewhere
[homeless]
token = ${canary}-homeless
[basic]
host = ${here}
username = me
password = ${canary}-basic
[half]
host = ${here}
client_id = id
`;

/** A home folder with the profiles above, and a PATH with the programs given as shell scripts. */
function home(programs: Readonly<Record<string, string>> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'tierwise-auth-'));
  writeFileSync(join(folder, '.databrickscfg'), profiles);
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  for (const [name, script] of Object.entries(programs)) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(bin, name), 0o755);
  }
  return { folder, bin };
}

type Env = Record<string, string>;

async function outcome(request: SignIn, env: Env, programs?: Readonly<Record<string, string>>): Promise<string> {
  const { folder, bin } = home(programs);
  const transport = createFetchTransport();
  try {
    const source = await resolveSignIn(request, { transport, env: { PATH: bin, ...env }, home: folder });
    expect(JSON.stringify(source)).not.toContain(canary);
    const token = source.kind === 'pat' ? ` ${(await source.token()).token.replace(`${canary}-`, '')}` : '';
    return `${source.kind}${token} at ${new URL(source.origin).hostname.split('.')[0]}`;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    expect(`${error.message} ${JSON.stringify(error)}`).not.toContain(canary);
    return `${error.code}: ${error.message}`;
  }
}

const token = (name: string): Env => ({ DATABRICKS_TOKEN: `${canary}-${name}` });
const principal: Env = { DATABRICKS_CLIENT_ID: 'id', DATABRICKS_CLIENT_SECRET: `${canary}-env` };
const at = (host: string): Env => ({ DATABRICKS_HOST: host });
const signedIn = { databricks: `echo '{"access_token":"cli-token","expiry":"2999-01-01T00:00:00.123456789Z"}'` };

describe('who signs in', () => {
  it.each<[string, SignIn, Env, string | RegExp]>([
    // explicit > environment > profile
    [
      'a typed token before all else',
      { host: here, token: `${canary}-typed` },
      { ...at(here), ...token('env') },
      'pat typed at here',
    ],
    ['the environment before DEFAULT', {}, { ...at(here), ...token('env') }, 'pat env at here'],
    [
      'the environment, for the endpoint of its own host',
      { host: here },
      { ...at(`${here}/?o=1`), ...token('env') },
      'pat env at here',
    ],
    ['DEFAULT where nothing else is said', {}, {}, 'pat default at here'],
    [
      'a named profile before the environment',
      { host: here, auth: { profile: 'principal' } },
      { ...at(there), ...token('env') },
      'oauth-m2m at here',
    ],
    [
      'a profile that the environment names',
      { host: here },
      { DATABRICKS_CONFIG_PROFILE: 'principal' },
      'oauth-m2m at here',
    ],
    [
      'the environment over the profile that it names',
      {},
      { DATABRICKS_CONFIG_PROFILE: 'DEFAULT', ...token('env') },
      'pat env at here',
    ],
    ['a profile without an address of the endpoint', { auth: { profile: 'elsewhere' } }, {}, 'pat elsewhere at there'],
    // the file is skipped where host or credentials are there and no profile is named
    [
      'no profile where the environment has a token',
      { host: here },
      { ...token('env'), ...at(here) },
      'pat env at here',
    ],
    [
      'no profile where only an address is known, but it is told of',
      { host: here },
      {},
      /^auth: .*not in the PATH.*profile .*by its name: DEFAULT, principal/,
    ],
    // kinds
    ['a service principal', {}, { ...at(here), ...principal }, 'oauth-m2m at here'],
    [
      'the kind that auth_type forces',
      {},
      { ...at(here), ...principal, ...token('env'), DATABRICKS_AUTH_TYPE: 'pat' },
      'pat env at here',
    ],
    [
      'the kind that the endpoint forces',
      { host: here, auth: { type: 'oauth-m2m' } },
      { ...at(here), ...principal, ...token('env') },
      'oauth-m2m at here',
    ],
    ['the kind that a profile forces', { host: here, auth: { profile: 'chosen' } }, {}, 'oauth-m2m at here'],
    [
      'a CLI by name, whatever lies about',
      { host: here, auth: { type: 'databricks-cli' } },
      token('env'),
      'databricks-cli at here',
    ],
    ['a CLI that a profile names', { host: here, auth: { profile: 'cli' } }, token('env'), 'databricks-cli at here'],
    // contradictions
    [
      'nobody with two families',
      {},
      { ...at(here), ...principal, ...token('env') },
      /^config: .*more than one way.*pat, oauth.*DATABRICKS_AUTH_TYPE/,
    ],
    [
      'nobody with two families in a profile',
      { host: here, auth: { profile: 'both' } },
      {},
      /^config: .*more than one way/,
    ],
    ['nobody with half a principal', { host: here, auth: { profile: 'half' } }, {}, /^config: .*secret is missing/],
    ['nobody without what is forced', { host: here, auth: { type: 'pat' } }, at(here), /^config: .*needs a token/],
    // origins
    [
      'no token of another workspace',
      { host: here },
      { ...at(there), ...token('env') },
      /^config: .*belong to https:\/\/there.* not sent to https:\/\/here/,
    ],
    [
      'no token of a workspace that nobody names',
      { host: here },
      token('env'),
      /^config: .*does not say for which workspace.*DATABRICKS_HOST=https:\/\/here/,
    ],
    [
      'no profile of another workspace',
      { host: here, auth: { profile: 'elsewhere' } },
      {},
      /^config: .*belong to https:\/\/there/,
    ],
    [
      'no profile without a host',
      { host: here, auth: { profile: 'homeless' } },
      {},
      /^config: .*has no host.*host = https:\/\/here/,
    ],
    [
      'no profile of another workspace that the environment names',
      { host: here },
      { DATABRICKS_CONFIG_PROFILE: 'elsewhere' },
      /^config: .*belong to https:\/\/there/,
    ],
    [
      'an environment for another workspace is passed over when it holds nothing',
      { host: here },
      { ...at(there), DATABRICKS_AUTH_TYPE: 'basic' },
      /^auth: .*not in the PATH/,
    ],
    [
      'no Azure token for a workspace that is not on Azure',
      { host: here, auth: { type: 'azure-cli' } },
      {},
      /^config: .*workspaces of Azure/,
    ],
    // recognised, not supported
    [
      'not a user with a password',
      { host: here, auth: { profile: 'basic' } },
      {},
      /^config: .*basic.*does not work here.*These work: a personal access token/,
    ],
    [
      'not an Azure secret',
      {},
      { ...at(here), ARM_CLIENT_ID: 'i', ARM_CLIENT_SECRET: `${canary}-arm`, ARM_TENANT_ID: 't' },
      /^config: .*azure client secret.*does not work/,
    ],
    ['not Google', {}, { ...at(here), GOOGLE_CREDENTIALS: `{"${canary}":1}` }, /^config: .*google.*does not work/],
    [
      'not a metadata service',
      {},
      { ...at(here), DATABRICKS_METADATA_SERVICE_URL: 'http://x' },
      /^config: .*metadata service.*does not work/,
    ],
    [
      'not OIDC of a CI system',
      {},
      { ...at(here), DATABRICKS_AUTH_TYPE: 'github-oidc' },
      /^config: .*github-oidc.*does not work/,
    ],
    [
      'not a browser, but says how',
      {},
      { ...at(here), DATABRICKS_AUTH_TYPE: 'external-browser' },
      /^config: .*databricks auth login/,
    ],
    // missing
    ['nobody without a workspace', {}, { DATABRICKS_CONFIG_FILE: '/nowhere' }, /^config: No workspace is named/],
    [
      'nobody by an unknown profile',
      { auth: { profile: 'none' } },
      {},
      /^config: .*no profile "none"; it has: DEFAULT, principal/,
    ],
    [
      'nobody at the account console',
      {},
      { ...at('https://accounts.cloud.databricks.com'), ...token('env') },
      /^config: .*DATABRICKS_TOKEN.*account console/,
    ],
  ])('is %s', async (_name, request, env, expected) => {
    const found = await outcome(request, env, expected === 'databricks-cli at here' ? signedIn : {});
    if (typeof expected === 'string') expect(found).toBe(expected);
    else expect(found).toMatch(expected);
  });
});

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe.skipIf(process.platform === 'win32')('the sign-in of a CLI', () => {
  const azure = 'https://adb-1.2.azuredatabricks.net';
  const transport = createFetchTransport();

  it('is asked for the workspace by its host, without a shell and without what the environment says of others', async () => {
    const { folder, bin } = home({
      databricks: `printf '%s\\n' "$@" > "$OUT"; env > "$OUT.env"; echo '{"access_token":"cli-token","token_type":"Bearer","expiry":"2999-01-01T00:00:00Z"}'`,
    });
    const out = join(folder, 'arguments');
    const env = { PATH: `:.:relative:${bin}:/bin:/usr/bin`, OUT: out, DATABRICKS_HOST: here, HOME: folder };
    const source = await resolveSignIn({ host: here }, { transport, env, home: folder });
    expect(source).toMatchObject({ kind: 'databricks-cli', origin: here });
    expect(await source.token()).toEqual({ token: 'cli-token', expiresAt: Date.UTC(2999, 0, 1) });
    expect(readFileSync(out, 'utf8')).toBe(`auth\ntoken\n--host\n${here}\n`);
    expect(readFileSync(`${out}.env`, 'utf8')).not.toContain('DATABRICKS_');
  });

  it.each([undefined, 'databricks-cli'] as const)('ends with its signal, program and all (%s)', async (type) => {
    const { folder, bin } = home({ databricks: `echo $$ > "$OUT.part"; mv "$OUT.part" "$OUT"; exec sleep 40` });
    const env = { PATH: `${bin}:/bin:/usr/bin`, OUT: join(folder, 'pid') };
    const giveUp = new AbortController();
    const context = { transport, env, home: folder, signal: giveUp.signal };
    const given = resolveSignIn({ host: here, auth: type && { type } }, context).then((source) =>
      source.token(giveUp.signal),
    );
    await expect.poll(() => existsSync(env.OUT)).toBe(true);
    giveUp.abort();
    await expect(given).rejects.toMatchObject({ code: 'cancelled' });
    const pid = Number(readFileSync(env.OUT, 'utf8'));
    await expect.poll(() => isRunning(pid)).toBe(false);
  });

  it('takes a profile by a name that looks like an option or a command', async () => {
    const { folder, bin } = home({ databricks: `printf '%s\\n' "$@" > "$OUT"; echo '{"access_token":"t"}'` });
    writeFileSync(join(folder, '.databrickscfg'), `[--x; touch pwned $(id)]\nhost = ${here}\n`);
    const env = { PATH: `${bin}:/bin`, OUT: join(folder, 'arguments') };
    const source = await resolveSignIn(
      { host: here, auth: { profile: '--x; touch pwned $(id)' } },
      { transport, env, home: folder },
    );
    await source.token();
    expect(readFileSync(env.OUT, 'utf8')).toBe('auth\ntoken\n--profile=--x; touch pwned $(id)\n');
  });

  it.each([
    [
      'nobody is signed in',
      'echo "Error: cache: databricks OAuth is not configured for this host" >&2; exit 1',
      /OAuth is not configured.*Type: databricks auth login --host https:\/\/here/,
    ],
    ['it is the old one', 'echo "Error: No such command \'auth\'." >&2; exit 2', /old one/],
    ['it prints no JSON', 'echo hello', /printed no token/],
    [
      'it prints without end',
      'while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done',
      /more than a token/,
    ],
    ['it repeats a secret', `echo "bad token dapi0123456789abcdef0123456789abcdef" >&2; exit 1`, /\[redacted\]/],
  ])('is refused in words when %s', async (_name, script, message) => {
    const { folder, bin } = home({ databricks: script });
    const failing = resolveSignIn({ host: here }, { transport, env: { PATH: `${bin}:/bin:/usr/bin` }, home: folder });
    await expect(failing).rejects.toMatchObject({ code: 'auth', message });
    await expect(failing).rejects.not.toThrow(/dapi0123/);
  });

  it('falls back to the Azure CLI on Azure, and tells of both when neither works', async () => {
    const { folder, bin } = home({
      az: `printf '%s ' "$@" > "$OUT"; echo '{"accessToken":"az-token","expiresOn":"2999-01-01 00:00:00.000000","expires_on":32472144000,"tenant":"t"}'`,
    });
    const env = { PATH: `${bin}:/bin`, OUT: join(folder, 'arguments'), ARM_TENANT_ID: 'my-tenant' };
    const source = await resolveSignIn({ host: azure }, { transport, env, home: folder });
    expect(source.kind).toBe('azure-cli');
    expect(await source.token()).toEqual({ token: 'az-token', expiresAt: 32472144000000 });
    expect(readFileSync(env.OUT, 'utf8')).toBe(
      'account get-access-token --resource 2ff814a6-3304-4ab8-85cb-cd0e6f879c1d --output json --tenant=my-tenant ',
    );
    const none = home();
    await expect(
      resolveSignIn({ host: azure }, { transport, env: { PATH: none.bin }, home: none.folder }),
    ).rejects.toThrow(/\(databricks\) is not in the PATH.*Or: The Azure CLI \(az\) is not in the PATH.*az login/);
  });

  it('reads every form in which a CLI writes a moment', () => {
    expect(momentOf('2026-11-24T01:02:03.123456789Z')).toBe(Date.UTC(2026, 10, 24, 1, 2, 3, 123));
    expect(momentOf('2026-11-24T03:02:03+02:00')).toBe(Date.UTC(2026, 10, 24, 1, 2, 3));
    expect(momentOf('2026-11-24 01:02:03')).toBe(new Date(2026, 10, 24, 1, 2, 3).getTime());
    expect([momentOf('0001-01-01T00:00:00Z'), momentOf('soon'), momentOf(null)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});

/** A workspace that knows one service principal, and the tokens that it handed out. */
function principalServer(more: { endpoint?: (origin: string) => string; expiresIn?: number; status?: number } = {}) {
  const state = {
    asked: [] as { authorization?: string | undefined; body: string }[],
    origin: '',
    valid: new Set<string>(),
    listed: 0,
    refusesAll: false,
  };
  const listener = async (request: IncomingMessage, response: ServerResponse) => {
    const json = (status: number, body: object) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    if (request.url === '/oidc/.well-known/oauth-authorization-server') {
      return json(200, { token_endpoint: more.endpoint?.(state.origin) ?? `${state.origin}/oidc/v1/token` });
    }
    if (request.method === 'POST' && request.url === '/oidc/v1/token') {
      state.asked.push({ authorization: request.headers.authorization, body: await bodyOf(request) });
      if (more.status)
        return json(more.status, { error: 'invalid_client', error_description: `no ${request.headers.authorization}` });
      const access_token = `m2m-${state.asked.length}`;
      state.valid = new Set([access_token]);
      return json(200, { access_token, token_type: 'Bearer', expires_in: more.expiresIn ?? 3600 });
    }
    state.listed++;
    const bearer = request.headers.authorization?.replace('Bearer ', '') ?? '';
    if (state.valid.has(bearer) && !state.refusesAll) return json(200, { endpoints: [] });
    return json(401, { error_code: 'UNAUTHENTICATED', message: `Token ${bearer} has expired` });
  };
  return { state, listener: (request: IncomingMessage, response: ServerResponse) => void listener(request, response) };
}

const principalEnv = (host: string) => ({
  DATABRICKS_HOST: host,
  DATABRICKS_CLIENT_ID: 'an id',
  DATABRICKS_CLIENT_SECRET: `${canary}:&=ü`.replace('ü', '%'),
});

describe.each([
  ['fetch', () => createFetchTransport()],
  ['undici', () => createUndiciTransport({ network: { strictSsl: true }, connections: 4 })],
] as const)('a service principal over %s', (_name, create) => {
  it('gets a token by the form of RFC 6749, once for all who ask, and a new one before it expires', async () => {
    const { state, listener } = principalServer();
    const { origin } = await serve(listener);
    state.origin = origin;
    let now = 1_000_000;
    const transport = create();
    const source = await resolveSignIn({}, { transport, env: principalEnv(origin), now: () => now });
    const tokens = await Promise.all([source.token(), source.token(), source.token()]);
    expect(tokens[0]).toEqual({ token: 'm2m-1', expiresAt: now + 3_600_000 });
    expect(state.asked).toEqual([
      {
        authorization: `Basic ${btoa(`an%20id:${canary}%3A%26%3D%25`)}`,
        body: 'grant_type=client_credentials&scope=all-apis',
      },
    ]);
    now += 3_600_000 - 60_000;
    expect((await source.token()).token).toBe('m2m-2');
    await transport.close();
  });

  it('asks again when the workspace no longer takes its token, and gives up after that', async () => {
    const { state, listener } = principalServer();
    const { origin } = await serve(listener);
    state.origin = origin;
    const transport = create();
    const source = await resolveSignIn({}, { transport, env: principalEnv(origin) });
    await source.token();
    state.valid.clear();
    expect(await listServingEndpoints(transport, source)).toEqual([]);
    expect([state.asked.length, state.listed]).toEqual([2, 2]);
    state.refusesAll = true;
    const error = await listServingEndpoints(transport, source).catch((failure: unknown) => failure as Failure);
    expect(error).toMatchObject({ code: 'auth', message: expect.stringMatching(/refused the service principal from/) });
    expect((error as Failure).message).not.toMatch(/m2m-\d/);
    expect([state.asked.length, state.listed]).toEqual([3, 4]);
    await transport.close();
  });

  it('sends its secret to no other origin, whatever the workspace names', async () => {
    const evil = principalServer();
    const evilAt = await serve(evil.listener);
    const { state, listener } = principalServer({ endpoint: () => `${evilAt.origin}/oidc/v1/token` });
    const { origin } = await serve(listener);
    state.origin = origin;
    const transport = create();
    const source = await resolveSignIn({}, { transport, env: principalEnv(origin) });
    await expect(source.token()).rejects.toMatchObject({
      code: 'auth',
      message: expect.stringMatching(/another host/),
    });
    expect([state.asked, evil.state.asked]).toEqual([[], []]);
    await transport.close();
  });

  it('that is refused is told so, without the secret that the server repeats', async () => {
    const { state, listener } = principalServer({ status: 401 });
    const { origin } = await serve(listener);
    state.origin = origin;
    const transport = create();
    const source = await resolveSignIn({}, { transport, env: principalEnv(origin) });
    const error = await source.token().catch((failure: unknown) => failure as Failure);
    expect(error).toMatchObject({ code: 'auth', message: expect.stringMatching(/refused the service principal/) });
    let shown = '';
    for (let at: unknown = error; at instanceof Error; at = at.cause) shown += `${at.message} ${JSON.stringify(at)}`;
    expect(shown).not.toContain(canary);
    expect(shown).not.toContain(btoa(canary).slice(0, 12));
    await transport.close();
  });

  it('sends nothing to a workspace whose certificate nobody trusts, not even when Node is told to trust all', async () => {
    let requests = 0;
    const { origin } = await serveTls((_request, response) => {
      requests++;
      response.end('{}');
    });
    const transport = create();
    const byToken = await resolveSignIn({ host: origin, token: canary }, { transport, env: {} });
    const byPrincipal = await resolveSignIn({}, { transport, env: principalEnv(origin) });
    const refused = async () => {
      await expect(listServingEndpoints(transport, byToken)).rejects.toMatchObject({ code: 'tls' });
      await expect(byPrincipal.token()).rejects.toMatchObject({ code: 'tls' });
    };
    await refused();
    const before = process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
    try {
      await refused();
    } finally {
      if (before === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
      else process.env.NODE_TLS_REJECT_UNAUTHORIZED = before;
    }
    expect(requests).toBe(0);
    await transport.close();
  });
});
