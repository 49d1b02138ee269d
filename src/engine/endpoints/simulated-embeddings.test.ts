import { describe, expect, it, onTestFinished } from 'vitest';
import type { EndpointFailureCode } from '../../core/failure.ts';
import { createUndiciTransport } from '../http/undici-transport.ts';
import { type FaultName, faultNames } from '../simulator/faults.ts';
import { startSimulator } from '../simulator/server.ts';
import type { ChatTarget } from './chat.ts';
import { callEmbeddings } from './embeddings.ts';

/** What must come of a batch of two at each fault, and how many requests it takes to know. */
const expected: Readonly<Record<FaultName, readonly [code: EndpointFailureCode, requests: number]>> = {
  '429': ['rate-limited', 1],
  '429-databricks': ['rate-limited', 1],
  '429-date': ['rate-limited', 1],
  '500': ['server', 3],
  '503': ['server', 1],
  reset: ['truncated-stream', 1],
  drip: ['timeout', 1],
  'malformed-sse': ['malformed', 3],
  'mid-stream-error': ['server', 1],
  hang: ['timeout', 1],
  html: ['malformed', 3],
  empty: ['malformed', 3],
  truncated: ['malformed', 3],
  redirect: ['redirect', 1],
  endless: ['timeout', 1],
  'length-lie': ['truncated-stream', 1],
  'gzip-bomb': ['malformed', 3],
  'echo-key': ['auth', 1],
};

const key = 'canary-key-0123456789';

describe.each(['openai', 'azure-openai', 'databricks', 'ollama'] as const)(
  'embeddings of the simulated endpoint over %s',
  (protocol) => {
    async function embed(faults: Partial<Record<FaultName, number>>, timeoutMs: number) {
      const simulator = await startSimulator({ speed: 100, faults });
      const transport = createUndiciTransport({ network: { strictSsl: true }, connections: 2 });
      onTestFinished(async () => {
        await transport.close();
        await simulator.close();
      });
      const { baseUrl, origin } = simulator;
      const target: ChatTarget = {
        protocol,
        baseUrl: protocol === 'openai' ? baseUrl : origin,
        key: { endpoint: 'e', origin, key },
      };
      return callEmbeddings(
        transport,
        target,
        { model: 'small', input: ['one', 'two', 'three'] },
        { timeoutMs, batchSize: 2 },
      );
    }

    it('come one for each text', async () => {
      const { results, calls, inputTokens, servedModel } = await embed({}, 10_000);
      const lengths = results.map(({ vector }) => vector?.length);
      expect(lengths).toEqual([lengths[0], lengths[0], lengths[0]]);
      expect(lengths[0]).toBeGreaterThan(1);
      expect(new Set(results.map(({ vector }) => vector?.join())).size).toBe(3);
      expect(calls).toHaveLength(2);
      expect(inputTokens).toBeGreaterThan(0);
      expect(servedModel).toBe('small');
    });

    for (const fault of faultNames) {
      it(`say of the fault ${fault} what it is, and give no key away`, async () => {
        const [code, requests] = expected[fault];
        const outcome = await embed({ [fault]: 1 }, code === 'timeout' ? 150 : 10_000);
        expect(outcome.results.map(({ failure }) => failure?.code)).toEqual([code, code, code]);
        expect(outcome.calls.filter(({ from }) => from < 2)).toHaveLength(requests);
        expect(JSON.stringify(outcome)).not.toContain(key);
      });
    }
  },
);
