import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Plan } from '../../core/benchmark/plan.ts';
import { startMeasuring } from './measuring.ts';
import { runPaths } from './run-folder.ts';
import { Bench } from './testing/bench.ts';
import { makePlan, makePrompts, startMessage } from './testing/run.ts';
import { measureScripted, type Script, scripted } from './testing/scripted.ts';

// Mistakes in what is counted that other instruments have made in public; those in when are in known-mistakes.test.ts.

const bench = new Bench();
const measure = (script: (script: Script) => Promise<void>, plan?: Partial<Plan>, prompts?: number) =>
  measureScripted(bench, script, plan, prompts);
const one = { concurrency: 1, requests: 5 };

describe('tokens and cost', { timeout: 60_000 }, () => {
  it("count the server's tokens, not chunks (else: TPOT 40 ms and 25 tokens/s, not 8 and 125)", async () => {
    const { records, summary } = await measure(async ({ wait, delta, finish }) => {
      for (const part of ['one two ', 'three four ', 'five six ', 'seven eight']) {
        await wait(40);
        delta({ content: part });
      }
      finish({ prompt_tokens: 10, completion_tokens: 16, total_tokens: 26 });
    }, one);
    expect(records[0]).toMatchObject({ chunks: 4, tokens: { output: 16, source: 'server' } });
    expect(summary.models[0]?.tpotMs?.p50).toBeGreaterThan(7);
    expect(summary.models[0]?.tpotMs?.p50).toBeLessThan(16);
  });

  it.each([
    ['the first', 0],
    ['a middle', 1],
    ['every', -1],
  ] as const)(
    'find usage in %s chunk (else: counts guessed from the text, the cost 4 times too high)',
    async (_, where) => {
      const usage = { prompt_tokens: 2_000, completion_tokens: 6, total_tokens: 2_006 };
      const { records, summary } = await measure(async ({ delta, finish }) => {
        ['one', ' two', ' three'].forEach((content, index) => {
          // While it is under way, the count is of what there is so far.
          const soFar = where === -1 ? { ...usage, completion_tokens: index + 4 } : usage;
          delta({ content }, { usage: where === -1 || where === index ? soFar : null });
        });
        finish(null);
      }, one);
      expect(records[0]?.tokens).toMatchObject({ input: 2_000, output: 6, source: 'server' });
      expect(summary.models[0]?.cost.perRequestUsd).toBeCloseTo((2_000 * 1 + 6 * 2) / 1e6, 12);
    },
  );

  const prices = { inputPrice: 10, cachedInputPrice: 1, cacheWritePrice: 12.5, outputPrice: 20 };

  it('price cached tokens once, at their own price (else: 0.0108 or 0.01 USD, not 0.0028 and its output)', async () => {
    const { summary } = await measure(
      async ({ delta, finish }) => {
        delta({ content: 'one' });
        finish({ prompt_tokens: 1_000, completion_tokens: 4, prompt_tokens_details: { cached_tokens: 800 } });
      },
      { ...one, models: [{ endpoint: 'lab', model: 'alpha', ...prices }] },
    );
    expect(summary.models[0]?.cost.perRequestUsd).toBeCloseTo((200 * 10 + 800 * 1 + 4 * 20) / 1e6, 12);
  });

  it('know that Anthropic counts cached tokens beside the input (else: 0.0002 or -0.0048 USD too little or less)', async () => {
    const endpoint = await bench.serve(
      scripted(async ({ response }) => {
        const usage = {
          input_tokens: 200,
          cache_read_input_tokens: 800,
          cache_creation_input_tokens: 100,
          output_tokens: 1,
        };
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        const say = (type: string, fields: object) =>
          response.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`);
        say('message_start', { message: { id: 'm', role: 'assistant', model: 'alpha', content: [], usage } });
        say('content_block_start', { index: 0, content_block: { type: 'text', text: '' } });
        say('content_block_delta', { index: 0, delta: { type: 'text_delta', text: 'one' } });
        say('content_block_stop', { index: 0 });
        say('message_delta', { delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 4 } });
        say('message_stop', {});
        response.end();
      }),
    );
    const plan = makePlan('', {
      ...one,
      endpoints: [{ id: 'lab', protocol: 'anthropic', baseUrl: endpoint.origin }],
      models: [{ endpoint: 'lab', model: 'alpha', ...prices }],
    });
    const { summary } = await startMeasuring({
      entry: bench.entry,
      message: startMessage(bench.runDir, plan, makePrompts(5)),
    }).done;
    expect(summary.models[0]?.tokens).toMatchObject({ input: 5 * 1_100, output: 5 * 4 });
    expect(summary.models[0]?.cost.perRequestUsd).toBeCloseTo((200 * 10 + 800 * 1 + 100 * 12.5 + 4 * 20) / 1e6, 12);
  });
});

describe('failures', { timeout: 60_000 }, () => {
  it('inside a stream with status 200 are no short successes (else: 100 % ok at 10 ms)', async () => {
    const { records, summary } = await measure(
      async ({ wait, delta, event, finish, response, nth }) => {
        await wait(10);
        delta({ content: 'one' });
        if (nth % 2 === 0) {
          event({ error: { message: 'The engine died.', type: 'server_error' } });
          event('[DONE]');
          response.end();
          return;
        }
        await wait(80);
        delta({ content: ' two' });
        finish();
      },
      { concurrency: 1 },
    );
    expect(summary.models[0]).toMatchObject({ counts: { ok: 5, error: 5 }, e2eMs: { n: 5 }, ttftMs: { n: 5 } });
    expect(summary.models[0]?.e2eMs?.min).toBeGreaterThanOrEqual(88);
    expect(records.find(({ status }) => status === 'error')?.error?.message).toContain('The engine died.');
  });

  it('are in no latency, rate or token figure (else: p50 of 2 ms, twice the rate)', async () => {
    const { summary } = await measure(
      async ({ wait, delta, finish, response, nth }) => {
        if (nth % 2 === 0) {
          response.writeHead(500).end('{"error":{"message":"no"}}');
          return;
        }
        await wait(60);
        delta({ content: 'one' });
        finish();
      },
      { concurrency: 1, requests: 20 },
    );
    const [model] = summary.models;
    expect(model).toMatchObject({ counts: { ok: 10, error: 10 }, e2eMs: { n: 10 }, errors: { server: 10 } });
    expect(model?.e2eMs?.min).toBeGreaterThanOrEqual(58);
    expect(model?.requestsPerSecond).toBeLessThan(1_000 / 60);
    expect(model?.tokens.output).toBe(40);
  });

  it('of every request leave no figure at all, and no number that is none (else: null, NaN, Infinity or below 0)', async () => {
    const { summary } = await measure(
      async ({ response }) => {
        response.destroy();
      },
      { requests: 10 },
    );
    const [model] = summary.models;
    expect(model).toMatchObject({ counts: { ok: 0, error: 10 } });
    expect([model?.e2eMs, model?.ttftMs, model?.tpotMs, model?.tokensPerSecond]).toEqual(Array(4).fill(undefined));
    expect(model?.requestsPerSecond ?? 0).toBe(0);
    const written = readFileSync(runPaths(bench.runDir).summary, 'utf8');
    expect(written).not.toMatch(/null|NaN|Infinity|: -/);
    expect(summary.warnings.join()).toContain('No request succeeded');
  });

  it('are asked again as the server wishes, and not for ever (else: tries without a pause, or without an end)', async () => {
    const refusing =
      (retryAfter: string) =>
      async ({ response }: Script) => {
        response.writeHead(429, { 'retry-after': retryAfter }).end('{"error":{"message":"slow down"}}');
      };
    const { endpoint, records } = await measure(refusing('1'), { requests: 1, maxRetries: 2 }, 1);
    expect(records[0]).toMatchObject({ status: 'error', error: { code: 'rate-limited' } });
    const [first, second, third, ...more] = endpoint.received.map(({ at }) => at);
    expect(more).toEqual([]);
    expect((second ?? 0) - (first ?? 0)).toBeGreaterThanOrEqual(995);
    expect((third ?? 0) - (second ?? 0)).toBeGreaterThanOrEqual(995);
    // A pause of an hour is not waited for, nor is it cut short: there is no second try.
    const hour = await bench.serve(scripted(refusing('3600')));
    const plan = makePlan(hour.baseUrl, { requests: 1, maxRetries: 2 });
    const message = startMessage(`${bench.runDir}2`, plan, makePrompts(1));
    const { summary } = await startMeasuring({ entry: bench.entry, message }).done;
    expect(hour.received).toHaveLength(1);
    expect(summary.models[0]?.counts).toMatchObject({ ok: 0, error: 1 });
  });
});
