import { describe, expect, it, onTestFinished } from 'vitest';
import { createUndiciTransport } from '../http/undici-transport.ts';
import { parseFaults } from '../simulator/faults.ts';
import { startSimulator } from '../simulator/server.ts';
import { answerAll } from './answer-all.ts';
import { systemClock } from './clock.ts';
import { EndpointCaller } from './endpoint-caller.ts';
import { lastAttempt } from './retry.ts';
import { AdaptiveTimeouts } from './timeout.ts';

/** The small copy of bench/calls.ts. */
describe('a thousand calls to an endpoint that fails one in ten', () => {
  it('are each accounted for once and in order, and every attempt is one that the server saw', async () => {
    let served = 0;
    const unhandled: unknown[] = [];
    const onUnhandled = (reason: unknown) => unhandled.push(reason);
    process.on('unhandledRejection', onUnhandled);
    const simulator = await startSimulator({
      faults: parseFaults('429-databricks=0.04,429=0.01,500=0.01,reset=0.02,truncated=0.01,empty=0.01'),
      truth: () => served++,
    });
    const transport = createUndiciTransport({ network: { strictSsl: true }, connections: 64 });
    onTestFinished(async () => {
      process.off('unhandledRejection', onUnhandled);
      await transport.close();
      await simulator.close();
    });
    const caller = new EndpointCaller({
      transport,
      target: { protocol: 'openai', baseUrl: simulator.baseUrl },
      endpoint: 'simulated',
      concurrency: 64,
      maxRetries: 4,
      timeouts: new AdaptiveTimeouts({ capMs: 20_000 }),
      // Runs a hundred times faster, so that the test does not wait for the server's seconds.
      clock: {
        ...systemClock,
        now: () => 100 * systemClock.now(),
        sleep: (ms, signal) => systemClock.sleep(ms / 100, signal),
      },
    });
    const counts: Record<string, number> = {};
    let attempts = 0;
    let next = 0;
    let most = 0;
    const answers = answerAll(Array(1_000).keys(), {
      limit: 64,
      call(index, _at, signal) {
        most = Math.max(most, caller.inFlight);
        const messages = [{ role: 'user' as const, content: `Say ${index}.` }];
        return caller.chat({ model: 'instant', messages, maxTokens: 8, stream: true }, { complexity: 0, signal });
      },
    });
    for await (const result of answers) {
      expect(result).toMatchObject({ index: next, request: next, state: 'answered' });
      next++;
      if (result.state !== 'answered') continue;
      attempts += result.answer.length;
      const code = lastAttempt(result.answer).outcome.failure?.code ?? 'ok';
      counts[code] = (counts[code] ?? 0) + 1;
      for (const attempt of result.answer.slice(0, -1)) {
        expect(attempt.outcome.failure?.code).toBe('rate-limited');
      }
    }
    expect(next).toBe(1_000);
    expect(counts['rate-limited'] ?? 0).toBe(0);
    expect(counts.ok).toBeGreaterThan(900);
    expect(attempts).toBeGreaterThan(1_000);
    await expect.poll(() => served).toBe(attempts);
    expect(most).toBeLessThanOrEqual(64);
    expect(caller.inFlight).toBe(0);
    expect(unhandled).toEqual([]);
  }, 60_000);
});
