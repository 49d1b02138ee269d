import { execFile } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { describe, expect, it, onTestFinished } from 'vitest';
import { verdictOf } from '../../core/benchmark/compare-models.ts';
import type { Plan } from '../../core/benchmark/plan.ts';
import { seededRandom } from '../../core/stats/random.ts';
import { startMeasuring } from './measuring.ts';
import { runPaths } from './run-folder.ts';
import { Bench } from './testing/bench.ts';
import { makePlan, makePrompts, startMessage } from './testing/run.ts';
import { measureScripted, type Script } from './testing/scripted.ts';

// Mistakes that other instruments have made in public, each provoked here by a server made for it and met by the real
// measuring process. Every test says the number that a client with the mistake would report.

const bench = new Bench();

const measure = (script: (script: Script) => Promise<void>, plan?: Partial<Plan>, prompts?: number) =>
  measureScripted(bench, script, plan, prompts);

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
    const { endpoint, summary } = await measure(answer, { requests: 12 }, 1);
    expect(new Set(endpoint.received.map(({ id }) => id)).size).toBe(12);
    expect(summary.models[0]?.e2eMs?.min).toBeGreaterThanOrEqual(29);
    // Nor in a run after it.
    const message = startMessage(`${bench.runDir}2`, makePlan(endpoint.baseUrl, { requests: 12 }), makePrompts(1));
    const again = await startMeasuring({ entry: bench.entry, message }).done;
    expect(endpoint.received).toHaveLength(24);
    expect(again.summary.models[0]?.e2eMs?.min).toBeGreaterThanOrEqual(29);
  });
});

describe('an open loop', { timeout: 60_000 }, () => {
  const load = (perSecond: number) => {
    return { pattern: 'steady', load: { kind: 'open', arrivals: 'constant', perSecond } } as const;
  };

  it('does not hide queueing: latency is told from schedule, too (else: 100 ms, where people waited for 450)', async () => {
    const { summary } = await measure(
      async ({ wait, delta, finish }) => {
        await wait(100);
        delta({ content: 'one' });
        finish();
      },
      // Twice as many as two at a time can be served.
      { load: load(40), concurrency: 2, requests: 30 },
    );
    const [model] = summary.models;
    expect(model?.e2eMs?.p50).toBeLessThan(300);
    expect(model?.e2eFromScheduleMs?.p50).toBeGreaterThan(350);
    expect(model?.e2eFromScheduleMs?.max).toBeGreaterThan(700);
    expect(model?.queueMs?.max).toBeGreaterThan(600);
  });

  it('goes on sending while the server stands still (else: one request of 600 ms, and none that came upon it)', async () => {
    let until = 0;
    const { summary, endpoint } = await measure(
      async ({ wait, delta, finish, nth }) => {
        if (nth === 10) until = performance.now() + 600;
        await wait(Math.max(10, until - performance.now()));
        delta({ content: 'one' });
        finish();
      },
      { load: load(50), concurrency: 100, requests: 60 },
    );
    const stood = endpoint.received[10]?.at ?? Number.NaN;
    const meanwhile = endpoint.received.filter(({ at }) => at > stood && at < stood + 590);
    expect(meanwhile.length).toBeGreaterThan(20);
    expect(summary.models[0]?.e2eMs?.p90).toBeGreaterThan(300);
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

  it('reads a run of any length without holding it (else: 100 MB of answers do not fit into 40)', async () => {
    const { records } = await measure(
      async ({ delta, finish }) => {
        delta({ content: 'one' });
        finish();
      },
      { requests: 1 },
    );
    const file = openSync(runPaths(bench.runDir).records, 'w');
    const answer = 'word '.repeat(1_000);
    for (let index = 0; index < 20_000; index++) {
      writeSync(file, `${JSON.stringify({ ...records[0], id: `r${index}`, answer })}\n`);
    }
    closeSync(file);
    const script = join(bench.folder, 'reader.cjs');
    const contents = `import { openRun } from './src/engine/benchmark/run-folder.ts';
openRun(process.argv[2]).then((run) => {
  let read = 0;
  for (const record of run.records) read += record.answer ? 1 : 0;
  console.log(JSON.stringify({ read, ok: run.summary.models[0].counts.ok }));
});`;
    await build({
      stdin: { contents, resolveDir: process.cwd(), loader: 'ts' },
      outfile: script,
      bundle: true,
      platform: 'node',
      format: 'cjs',
      mainFields: ['module', 'main'],
      logLevel: 'error',
    });
    const { stdout } = await promisify(execFile)(process.execPath, ['--max-old-space-size=40', script, bench.runDir]);
    expect(JSON.parse(stdout)).toEqual({ read: 20_000, ok: 20_000 });
  });

  it('names no winner where chance would do (else: the faster mean wins, at every throw another one)', async () => {
    const random = seededRandom(4);
    const measured = await measure(
      async ({ request, wait, delta, finish }) => {
        await wait(20 + random() * 60 + (request.model === 'slow' ? 100 : 0));
        delta({ content: request.prompt });
        finish();
      },
      { requests: 20, models: ['alpha', 'beta', 'slow'].map((model) => ({ endpoint: 'lab', model })) },
    );
    // On a busy machine the run may be too late to be valid, and would then have no verdict on latency.
    const { comparisons } = verdictOf({ ...measured, summary: { ...measured.summary, invalid: undefined } });
    const e2e = (a: number, b: number) =>
      comparisons
        .find((comparison) => comparison.a === a && comparison.b === b)
        ?.metrics.find(({ metric }) => metric === 'e2e');
    expect(['tied', 'too-few']).toContain(e2e(0, 1)?.outcome);
    expect(e2e(0, 2)).toMatchObject({ n: 20, outcome: 'a' });
    expect(e2e(1, 2)).toMatchObject({ n: 20, outcome: 'a' });
  });
});
