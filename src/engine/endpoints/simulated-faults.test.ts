import { describe, expect, it, onTestFinished } from 'vitest';
import type { FailureDetail } from '../../core/failure.ts';
import { createFetchTransport } from '../http/fetch-transport.ts';
import { createUndiciTransport } from '../http/undici-transport.ts';
import { type FaultName, faultNames } from '../simulator/faults.ts';
import { startSimulator } from '../simulator/server.ts';
import { callChat } from './call.ts';

/** What a client must make of each fault of the simulated endpoint, streamed and whole. */
const expected: Readonly<
  Record<FaultName, readonly [streamed: Partial<FailureDetail>, whole: Partial<FailureDetail>]>
> = {
  '429': both({ code: 'rate-limited', status: 429, retryAfterMs: 1_000 }),
  '429-databricks': both({ code: 'rate-limited', status: 429 }),
  '500': both({ code: 'server', status: 500 }),
  reset: both({ code: 'truncated-stream', status: 200 }),
  drip: both({ code: 'timeout', status: 200 }),
  'malformed-sse': both({ code: 'malformed', status: 200 }),
  'mid-stream-error': [
    { code: 'stream-error', status: 200 },
    { code: 'server', status: 200 },
  ],
  hang: both({ code: 'timeout' }),
  html: both({ code: 'malformed', status: 200 }),
  empty: both({ code: 'empty', status: 200 }),
  truncated: [
    { code: 'truncated-stream', status: 200 },
    { code: 'malformed', status: 200 },
  ],
  redirect: both({ code: 'redirect', status: 307 }),
  endless: [
    { code: 'too-large', status: 200 },
    { code: 'timeout', status: 200 },
  ],
  'length-lie': both({ code: 'truncated-stream', status: 200 }),
  'gzip-bomb': both({ code: 'malformed', status: 200 }),
  'echo-key': both({ code: 'auth', status: 401 }),
  '429-date': both({ code: 'rate-limited', status: 429 }),
  '503': both({ code: 'server', status: 503, retryAfterMs: 1_000 }),
};

function both(failure: Partial<FailureDetail>): readonly [Partial<FailureDetail>, Partial<FailureDetail>] {
  return [failure, failure];
}

const key = 'canary-key-0123456789';

describe.each([
  ['undici', () => createUndiciTransport({ network: { strictSsl: true }, connections: 4 })],
  ['fetch', () => createFetchTransport()],
])('over %s, the simulated endpoint', (_name, create) => {
  for (const fault of faultNames) {
    for (const stream of [true, false]) {
      it(`with the fault ${fault}, ${stream ? 'streamed' : 'whole'}, is understood and gives no key away`, async () => {
        const simulator = await startSimulator({ speed: 100, faults: { [fault]: 1 } });
        const transport = create();
        onTestFinished(async () => {
          await transport.close();
          await simulator.close();
        });
        const { baseUrl, origin } = simulator;
        const outcome = await callChat(
          transport,
          { protocol: 'openai', baseUrl, key: { endpoint: 'e', origin, key } },
          { model: 'small', messages: [{ role: 'user', content: 'Hi' }], stream },
          { timeoutMs: expected[fault][stream ? 0 : 1].code === 'timeout' ? 300 : 10_000, maxBytes: 30_000 },
        );
        expect(outcome.failure).toMatchObject(expected[fault][stream ? 0 : 1]);
        expect(JSON.stringify(outcome)).not.toContain(key);
      });
    }
  }
});
