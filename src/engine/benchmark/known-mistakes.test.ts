import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Plan } from '../../core/benchmark/plan.ts';
import { type MeasuringOptions, startMeasuring } from './measuring.ts';
import { type Run, readRun, runPaths } from './run-folder.ts';
import { Bench } from './testing/bench.ts';
import { makePlan, makePrompts, startMessage } from './testing/run.ts';
import { type Script, scripted } from './testing/scripted.ts';

// Mistakes that other instruments have made in public, each provoked here by a server made for it and met by the real
// measuring process. Every test says the number that a client with the mistake would report.

const bench = new Bench();

interface Measured extends Run {
  readonly endpoint: Awaited<ReturnType<Bench['serve']>>;
}

/** Measures a plan at an endpoint whose answers are scripted. */
async function measure(
  script: (script: Script) => Promise<void>,
  plan: Partial<Plan> = {},
  options: Partial<MeasuringOptions> & { readonly prompts?: number } = {},
): Promise<Measured> {
  const endpoint = await bench.serve(scripted(script));
  const { prompts = 20, ...rest } = options;
  const message = startMessage(bench.runDir, makePlan(endpoint.baseUrl, plan), makePrompts(prompts));
  await startMeasuring({ entry: bench.entry, message, ...rest }).done;
  return { ...(await readRun(bench.runDir)), endpoint };
}

/** Has the measuring processes of this test load a script before their own. */
function preload(code: string): void {
  const path = join(bench.folder, 'preload.cjs');
  writeFileSync(path, code);
  const before = process.env.NODE_OPTIONS;
  process.env.NODE_OPTIONS = `--require=${JSON.stringify(path)}`;
  onTestFinished(() => {
    if (before === undefined) delete process.env.NODE_OPTIONS;
    else process.env.NODE_OPTIONS = before;
  });
}

const burn = 'const burn = (ms) => { for (const from = performance.now(); performance.now() - from < ms; ); };';
const one = { concurrency: 1, requests: 5 };

describe('clocks', { timeout: 60_000 }, () => {
  it('are read when bytes arrive, not when they have been parsed (else: TTFT and E2E 60 ms too long each)', async () => {
    preload(`${burn} const { parse } = JSON;
JSON.parse = (text, ...rest) => { if (String(text).includes('"slow":')) burn(60); return parse(text, ...rest); };`);
    const { summary } = await measure(async ({ wait, delta, finish }) => {
      await wait(100);
      delta({ content: 'one' }, { slow: true });
      await wait(150);
      delta({ content: ' two' }, { slow: true });
      finish();
    }, one);
    expect(summary.models[0]?.ttftMs?.min).toBeGreaterThanOrEqual(98);
    expect(summary.models[0]?.ttftMs?.p50).toBeLessThan(140);
    expect(summary.models[0]?.e2eMs?.p50).toBeLessThan(290);
  });

  it('give tokens that came in one packet one time (else: a time per token, where there is none to be measured)', async () => {
    const { records } = await measure(async ({ response, finish, nth }) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const token = JSON.stringify({
        choices: [{ index: 0, delta: { content: `${nth} ` } }],
        padding: 'x'.repeat(200),
      });
      response.write(`data: ${token}\n\n`.repeat(80));
      finish({ prompt_tokens: 10, completion_tokens: 80, total_tokens: 90 });
    }, one);
    expect(records.some(({ chunks, times }) => chunks === 80 && times.lastToken === times.firstToken)).toBe(true);
  });

  it('start at the first token, not at a chunk with a role or an empty text (else: TTFT 0 or 60 ms, not 140)', async () => {
    const { summary } = await measure(async ({ wait, delta, finish }) => {
      delta({ role: 'assistant' });
      await wait(60);
      delta({ role: 'assistant', content: '' });
      await wait(80);
      delta({ content: 'one two' });
      finish();
    }, one);
    expect(summary.models[0]?.ttftMs?.min).toBeGreaterThanOrEqual(138);
  });

  it('leave out retries and what was waited before them (else: E2E above 1,000 ms, not 20)', async () => {
    const { summary, records } = await measure(
      async ({ request, response, wait, delta, finish, nth }) => {
        if (nth === 0) {
          response.writeHead(429, { 'retry-after': '1' }).end('{"error":{"message":"slow down"}}');
          return;
        }
        await wait(20);
        delta({ content: request.id });
        finish();
      },
      { ...one, maxRetries: 2 },
    );
    const retried = records.find(({ attempts }) => attempts.length > 1);
    expect(retried).toMatchObject({ status: 'ok', attempts: [{ status: 429 }, { status: 200 }] });
    expect(retried?.attempts[1]?.waitedMs).toBeGreaterThanOrEqual(1_000);
    expect(summary.models[0]).toMatchObject({ counts: { ok: 5, retried: 1, firstAttemptFailed: 1 }, e2eMs: { n: 4 } });
    expect(summary.models[0]?.e2eMs?.max).toBeLessThan(1_000);
  });

  it('never time an answer that was given before (else: 1 request sent, the others 0 ms)', async () => {
    const answer = async ({ wait, delta, finish }: Script) => {
      await wait(30);
      delta({ content: 'the same' });
      finish();
    };
    const { endpoint, summary } = await measure(answer, { requests: 12 }, { prompts: 1 });
    expect(new Set(endpoint.received.map(({ id }) => id)).size).toBe(12);
    expect(summary.models[0]?.e2eMs?.min).toBeGreaterThanOrEqual(29);
    // Nor in a run after it.
    const message = startMessage(`${bench.runDir}2`, makePlan(endpoint.baseUrl, { requests: 12 }), makePrompts(1));
    const again = await startMeasuring({ entry: bench.entry, message }).done;
    expect(endpoint.received).toHaveLength(24);
    expect(again.summary.models[0]?.e2eMs?.min).toBeGreaterThanOrEqual(29);
  });
});

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
    const { endpoint, records } = await measure(refusing('1'), { requests: 1, maxRetries: 2 }, { prompts: 1 });
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

describe('the instrument', { timeout: 60_000 }, () => {
  it('does not let the load fall between warm-up and run (else: the first measured request finds an idle server)', async () => {
    const openAt: { id: string; open: number }[] = [];
    let open = 0;
    const { endpoint } = await measure(
      async ({ request, wait, delta, finish, response, nth }) => {
        open++;
        response.once('close', () => open--);
        openAt.push({ id: request.id, open });
        // One of the warm-up is slow: who drains waits for it.
        await wait(nth === 1 ? 400 : 20 + (nth % 5) * 4);
        delta({ content: 'one' });
        finish();
      },
      { concurrency: 6, warmup: 12, requests: 30 },
    );
    const measured = openAt.findIndex(({ id }) => id.includes('.r'));
    expect(openAt.slice(0, measured).every(({ id }) => id.includes('.w'))).toBe(true);
    for (const { open } of openAt.slice(measured, measured + 6)) expect(open).toBeGreaterThanOrEqual(5);
    expect(endpoint.received).toHaveLength(42);
  });

  it("says that its figures are not valid when it is the bottleneck itself (else: its own 40 ms as the server's)", async () => {
    preload(`${burn} setInterval(() => burn(40), 50).unref();`);
    const { summary, manifest } = await measure(
      async ({ wait, delta, finish }) => {
        await wait(40);
        delta({ content: 'one' });
        finish();
      },
      { requests: 40 },
    );
    expect(manifest.lag?.p99).toBeGreaterThan(20);
    expect(`${summary.invalid} ${summary.warnings}`).toContain('the measuring process itself was up to');
  });

  it.runIf(process.platform === 'linux')(
    'does not keep answers: 200 MB of them pass through (else: 300 MB and more in memory)',
    async () => {
      const answer = 'x'.repeat(200_000);
      let peakMb = 0;
      const { records } = await measure(
        async ({ delta, finish, nth }) => {
          if (nth % 50 === 0 && existsSync(join(bench.runDir, 'lock'))) {
            const status = readFileSync(`/proc/${bench.measuringPid()}/status`, 'utf8');
            peakMb = Math.max(peakMb, Number(/VmHWM:\s*(\d+)/.exec(status)?.[1]) / 1024);
          }
          delta({ content: answer });
          finish();
        },
        { requests: 1_000, concurrency: 8, keepAnswers: false, maxTokens: 100_000 },
      );
      expect(records).toHaveLength(1_000);
      expect(records.every(({ status }) => status === 'ok')).toBe(true);
      expect(peakMb).toBeGreaterThan(40);
      expect(peakMb).toBeLessThan(230);
    },
  );
});
