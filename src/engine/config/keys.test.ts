import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { serve } from '../../../test/fixtures/loopback-server.ts';
import { createFetchTransport } from '../http/fetch-transport.ts';
import { type KeyedEndpoint, resolveKeys } from './keys.ts';

const transport = createFetchTransport();
const home = mkdtempSync(join(tmpdir(), 'tierwise-keys-'));
const now = () => 1_000_000;

/** A workspace that hands out m2m-1, m2m-2, …, each good for an hour. */
async function workspace() {
  const state = { asked: 0, fails: false };
  const { origin } = await serve((request, response) => {
    if (request.method !== 'POST') return void response.writeHead(404).end();
    if (state.fails) return void response.writeHead(401).end('{"error":"invalid_client"}');
    response.end(JSON.stringify({ access_token: `m2m-${++state.asked}`, expires_in: 3600 }));
  });
  return { state, origin };
}

const databricks = (baseUrl: string, more: Partial<KeyedEndpoint> = {}): KeyedEndpoint => ({
  id: 'ws',
  protocol: 'databricks',
  baseUrl,
  ...more,
});
const principal = (host: string) => ({
  DATABRICKS_HOST: host,
  DATABRICKS_CLIENT_ID: 'i',
  DATABRICKS_CLIENT_SECRET: 'secret-4711',
});

describe('the keys of endpoints', () => {
  it('are saved ones, variables and sign-ins, each bound to its origin', async () => {
    const { origin } = await workspace();
    const ring = await resolveKeys(
      [
        databricks(`${origin}/`),
        { id: 'plain', protocol: 'openai', baseUrl: 'http://localhost:1/v1' },
        { id: 'keyed', protocol: 'openai', baseUrl: 'https://a.example/v1', apiKey: { env: 'A' } },
        databricks('https://dbc-1.cloud.databricks.com', { id: 'pat', apiKey: { env: 'PAT' } }),
        databricks('https://dbc-2.cloud.databricks.com/?o=1', { id: 'saved' }),
      ],
      { ...principal(origin), A: 'key-a', PAT: 'dapi-1' },
      { transport, home, now, saved: (id) => (id === 'saved' ? 'saved-1' : undefined) },
    );
    expect(ring.keys).toEqual([
      { endpoint: 'ws', origin, key: 'm2m-1', expiresAt: now() + 3_600_000 },
      { endpoint: 'keyed', origin: 'https://a.example', key: 'key-a' },
      { endpoint: 'pat', origin: 'https://dbc-1.cloud.databricks.com', key: 'dapi-1' },
      { endpoint: 'saved', origin: 'https://dbc-2.cloud.databricks.com', key: 'saved-1' },
    ]);
    expect(await Promise.all(['plain', 'keyed', 'pat', 'saved', 'unknown'].map((id) => ring.fresh(id)))).toEqual(
      Array(5).fill(undefined),
    );
  });

  it('are renewed when they are asked for, once for all who ask', async () => {
    const { state, origin } = await workspace();
    const ring = await resolveKeys([databricks(origin)], principal(origin), { transport, home, now });
    const fresh = await Promise.all([ring.fresh('ws'), ring.fresh('ws'), ring.fresh('ws')]);
    expect(fresh.map((key) => key?.key)).toEqual(['m2m-2', 'm2m-2', 'm2m-2']);
    expect((await ring.fresh('ws'))?.key).toBe('m2m-3');
    state.fails = true;
    await expect(ring.fresh('ws')).rejects.toMatchObject({
      code: 'auth',
      message: expect.stringMatching(/^Endpoint "ws": .*refused the service principal/),
    });
    expect(state.asked).toBe(3);
  });

  it('that are missing name their endpoint', async () => {
    const elsewhere = { ...principal('https://dbc-9.cloud.databricks.com') };
    const failing = resolveKeys([databricks('https://dbc-1.cloud.databricks.com')], elsewhere, { transport, home });
    await expect(failing).rejects.toThrow(/^Endpoint "ws": .*belong to https:\/\/dbc-9/);
    await expect(failing).rejects.not.toThrow(/secret-4711/);
  });
});
