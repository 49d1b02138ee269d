import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { resolveKeys } from '../../../src/engine/config/keys.ts';
import { resolveSignIn, type SignIn } from '../../../src/engine/databricks/auth.ts';
import { listServingEndpoints } from '../../../src/engine/databricks/serving.ts';
import { createUndiciTransport } from '../../../src/engine/http/undici-transport.ts';
import { everythingIn } from '../../spawned-cli.ts';
import { startWorkspace, type Workspace } from './workspace.ts';

/** A self-signed certificate, which nobody trusts. */
const pem = (part: 'key' | 'cert') =>
  readFileSync(join(import.meta.dirname, `../../fixtures/tls/test-only-localhost.${part}.pem`), 'utf8');

describe('signing in to a workspace', () => {
  const transport = createUndiciTransport({ network: { strictSsl: true }, connections: 4 });
  let workspace: Workspace;
  let home: string;
  let now: number;
  beforeEach(async () => {
    workspace = await startWorkspace();
    home = mkdtempSync(join(tmpdir(), 'tierwise-home-'));
    now = Date.UTC(2026, 10, 24, 8);
  });
  afterEach(async () => {
    await workspace.stop();
    rmSync(home, { recursive: true, force: true });
  });

  const signIn = (env: Record<string, string>, request: SignIn = {}) =>
    resolveSignIn(request, { transport, env: { PATH: home, ...env }, home, now: () => now });
  const profile = (text: string) => writeFileSync(join(home, '.databrickscfg'), text);
  const servicePrincipal = () => ({
    DATABRICKS_HOST: workspace.host,
    DATABRICKS_CLIENT_ID: workspace.oauthClient.id,
    DATABRICKS_CLIENT_SECRET: workspace.oauthClient.secret,
  });
  /** The time passes for client and workspace. */
  const pass = (ms: number) => {
    now += ms;
    workspace.advance(ms);
  };
  const tokenRequests = () => workspace.requests.filter(({ path }) => path === '/oidc/v1/token').length;

  it('works with the token of a profile whose name has a dot', async () => {
    profile(`[dev.eu-1]\nhost = ${workspace.host}/?o=123\ntoken = ${workspace.token}\n`);
    const source = await signIn({}, { auth: { profile: 'dev.eu-1' } });
    expect(source).toMatchObject({ origin: workspace.host, kind: 'pat' });
    expect(await listServingEndpoints(transport, source)).not.toHaveLength(0);
  });

  it('works as a service principal, with one token for many requests and a new one before it expires', async () => {
    const source = await signIn(servicePrincipal());
    expect(source.kind).toBe('oauth-m2m');
    const tokens = await Promise.all([1, 2, 3].map(() => source.token()));
    expect(new Set(tokens.map(({ token }) => token)).size).toBe(1);
    expect(tokenRequests()).toBe(1);
    pass(3_500_000);
    await listServingEndpoints(transport, source);
    expect(tokenRequests()).toBe(1);
    pass(60_000);
    await listServingEndpoints(transport, source);
    expect(tokenRequests()).toBe(2);
  });

  it.each([401, 403] as const)(
    'gets a new token when the workspace refuses one before its time with %s',
    async (status) => {
      workspace.identity.expiredStatus = status;
      workspace.identity.tokenLifetimeMs = 600_000;
      const source = await signIn(servicePrincipal());
      await source.token();
      // Only the workspace's clock moves: it has withdrawn the token.
      workspace.advance(600_000);
      expect(await listServingEndpoints(transport, source)).not.toHaveLength(0);
      expect(tokenRequests()).toBe(2);
    },
  );

  it('asks once more at most when tokens are refused again and again', async () => {
    workspace.identity.tokenLifetimeMs = 0;
    const source = await signIn(servicePrincipal());
    await expect(listServingEndpoints(transport, source)).rejects.toMatchObject({ code: 'auth' });
    expect(tokenRequests()).toBe(2);
  });

  it('says that the service principal was refused, without its secret', async () => {
    const secret = 'dose-wrong-secret-0123456789';
    const source = await signIn({ ...servicePrincipal(), DATABRICKS_CLIENT_SECRET: secret });
    const failure: any = await source.token().catch((error) => error);
    expect(failure).toMatchObject({ code: 'auth', message: expect.stringContaining('refused the service principal') });
    expect(failure.message).not.toContain(secret);
  });

  it('says of a personal token that is refused that it may have expired, not that a permission is missing', async () => {
    const source = await signIn({ DATABRICKS_HOST: workspace.host, DATABRICKS_TOKEN: 'dapi-expired-0123456789' });
    await expect(listServingEndpoints(transport, source)).rejects.toMatchObject({
      code: 'auth',
      message: expect.stringContaining('It may have expired'),
    });
  });

  it.skipIf(process.platform === 'win32')(
    'takes tokens from the Databricks CLI, which is asked again when they expire',
    async () => {
      const printed = () => {
        const { access_token, token_type } = workspace.identity.issue('user@example.com');
        return JSON.stringify({ access_token, token_type, expiry: new Date(now + 3_600_000).toISOString() });
      };
      const cli = join(home, 'databricks');
      writeFileSync(cli, `#!/bin/sh\necho "$@" >> '${home}/asked'\n/bin/cat '${home}/token'\n`);
      chmodSync(cli, 0o755);
      writeFileSync(join(home, 'token'), printed());
      const source = await signIn({ DATABRICKS_HOST: workspace.host });
      expect(source.kind).toBe('databricks-cli');
      await listServingEndpoints(transport, source);
      pass(3_590_000);
      writeFileSync(join(home, 'token'), printed());
      expect(await listServingEndpoints(transport, source)).not.toHaveLength(0);
      const asked = readFileSync(join(home, 'asked'), 'utf8').trim().split('\n');
      expect(asked).toEqual(Array(2).fill(`auth token --host ${workspace.host}`));
    },
  );

  it('refuses two ways to sign in at once, and goes by the one that is named', async () => {
    const both = { ...servicePrincipal(), DATABRICKS_TOKEN: workspace.token };
    await expect(signIn(both)).rejects.toMatchObject({
      code: 'config',
      message: expect.stringContaining('more than one way'),
    });
    expect((await signIn({ ...both, DATABRICKS_AUTH_TYPE: 'pat' })).kind).toBe('pat');
  });

  it('never sends credentials to another workspace than their own', async () => {
    const other = await startWorkspace();
    try {
      await expect(signIn(servicePrincipal(), { host: other.host })).rejects.toMatchObject({ code: 'config' });
      expect(other.requests).toEqual([]);
    } finally {
      await other.stop();
    }
  });

  it('gives a run its keys, renews them when asked, and writes none of it down', async () => {
    const endpoint = { id: 'dbx', protocol: 'databricks' as const, baseUrl: workspace.host };
    const ring = await resolveKeys([endpoint], servicePrincipal(), { transport, home, now: () => now });
    const [first] = ring.keys;
    expect(first).toMatchObject({ endpoint: 'dbx', origin: workspace.host, expiresAt: now + 3_600_000 });
    pass(1_000);
    const [a, b] = await Promise.all([ring.fresh('dbx'), ring.fresh('dbx')]);
    expect(a!.key).not.toBe(first!.key);
    expect(a).toEqual(b);
    expect(everythingIn(home)).toBe('');
  });

  it('never talks to a workspace whose certificate is not trusted', async () => {
    const secure = await startWorkspace({ tls: { key: pem('key'), cert: pem('cert') } });
    try {
      const source = await signIn({ DATABRICKS_HOST: secure.host, DATABRICKS_TOKEN: secure.token });
      await expect(listServingEndpoints(transport, source)).rejects.toMatchObject({ code: 'tls' });
      expect(secure.requests).toEqual([]);
    } finally {
      await secure.stop();
    }
  });
});
