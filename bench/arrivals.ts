// Whether requests of an open loop leave when they are due: a run of the real measuring process at 500 requests a second.
//   npm run build && node --disable-warning=MODULE_TYPELESS_PACKAGE_JSON bench/arrivals.ts [per second] [seconds]
// Sent times are those of the records; arrivals are what the server saw, by its own clock. A Poisson process has gaps with an
// exponential distribution, and its times, given their number, are spread evenly: both by Kolmogorov and Smirnov. The
// reference is the plan's own times, without any process. Three runs with other seeds; the middle p counts, because chance alone
// gives small ones now and then, and another program on the same core always does.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Plan } from '../src/core/benchmark/plan.ts';
import { plannedRequests } from '../src/core/benchmark/schedule.ts';
import { kolmogorovSmirnov } from '../src/core/stats/ks.ts';
import { quantile } from '../src/core/stats/quantiles.ts';
import { startMeasuring } from '../src/engine/benchmark/measuring.ts';
import { readRun } from '../src/engine/benchmark/run-folder.ts';
import { builtInto, nodeOn } from './measure/processes.ts';

const perSecond = Number(process.argv[2] ?? 500);
const requests = Math.round(perSecond * Number(process.argv[3] ?? 3));
const fewestP = 0.01;

const entry = join(import.meta.dirname, '..', 'dist', 'measure.js');
if (!existsSync(entry)) throw new Error('dist/measure.js is missing: run npm run build.');
const folder = mkdtempSync(join(tmpdir(), 'tierwise-bench-'));
const server = fork(builtInto(folder, 'server'), [], { execPath: nodeOn(0, folder), execArgv: [] });
const client = nodeOn(1, folder);
console.log(`load average before: ${loadavg()[0]?.toFixed(1)}`);
try {
  const [baseUrl] = (await once(server, 'message')) as [string];
  const ps: number[] = [];
  for (const seed of [1, 2, 3]) ps.push((await measure(baseUrl, 'poisson', seed)) ?? Number.NaN);
  await measure(baseUrl, 'constant', 1);
  const p = quantile(
    ps.sort((a, b) => a - b),
    0.5,
  );
  console.log(
    `p of what was sent, the smaller of both tests, middle of three runs: ${p.toFixed(3)} (goal: at least ${fewestP})`,
  );
  if (!(p >= fewestP)) process.exitCode = 1;
} finally {
  server.disconnect();
  rmSync(folder, { recursive: true, force: true });
}

/** Prints the figures of a run; the smaller p of what was sent, for Poisson arrivals. */
async function measure(baseUrl: string, arrivals: 'poisson' | 'constant', seed: number): Promise<number | undefined> {
  const plan: Plan = {
    endpoints: [{ id: 'sim', protocol: 'openai', baseUrl }],
    models: [{ endpoint: 'sim', model: 'instant' }],
    concurrency: 512,
    load: { pattern: 'steady', load: { kind: 'open', arrivals, perSecond } },
    requests,
    // What is first is compiled, and opens connections.
    warmup: Math.round(perSecond / 2),
    maxTokens: 8,
    stream: true,
    timeoutMs: 30_000,
    keepAnswers: false,
    seed,
  };
  const prompts = [{ id: 'p', text: 'What is 2 plus 2?', tokens: 6, score: 0, tier: 'simple' as const }];
  const runDir = join(folder, `${arrivals}-${seed}`);
  server.send('log');
  const { manifest } = await startMeasuring({
    entry,
    execPath: client,
    message: {
      type: 'start',
      runDir,
      title: arrivals,
      plan,
      prompts,
      keys: [],
      network: { strictSsl: true },
      version: '0',
    },
  }).done;
  const { records } = await readRun(runDir);
  server.send('arrivals');
  const [arrived] = (await once(server, 'message')) as [[string, number, number][]];
  const due = new Map<string, number>();
  for (const { id, dueMs } of plannedRequests(manifest.runId, plan, 1)) if (dueMs !== undefined) due.set(id, dueMs);
  const measured = records.filter(({ warmup }) => !warmup);
  const late = measured.map(({ times }) => times.sent).sort((a, b) => a - b);
  const sent = measured.map(({ id, times }) => (due.get(id) ?? Number.NaN) + times.sent);
  const ids = new Set(measured.map(({ id }) => id));
  console.log(
    `${arrivals} at ${perSecond}/s, ${measured.length} requests: sent after due p50 ${quantile(late, 0.5).toFixed(2)} ms, p99 ${quantile(late, 0.99).toFixed(2)} ms; event-loop lag p99 ${manifest.lag?.p99 ?? '?'} ms`,
  );
  const lines: [string, number[]][] = [
    ['planned', measured.map(({ id }) => due.get(id) ?? Number.NaN)],
    ['sent', sent],
    ['arrived', arrived.filter(([id]) => ids.has(id)).map(([, ms]) => ms)],
  ];
  let smaller: number | undefined;
  for (const [name, times] of lines) {
    const sorted = times.sort((a, b) => a - b);
    const rate = (sorted.length - 1) / (((sorted.at(-1) ?? 0) - (sorted[0] ?? 0)) / 1000);
    if (arrivals === 'constant') {
      console.log(`  ${name}: ${rate.toFixed(1)}/s`);
      continue;
    }
    const gaps = sorted.slice(1).map((at, index) => at - (sorted[index] ?? 0));
    const byGaps = kolmogorovSmirnov(gaps, (ms) => 1 - Math.exp((-ms / 1000) * perSecond));
    const [from = 0, to = 1] = [sorted[0], sorted.at(-1)];
    const byTimes = kolmogorovSmirnov(sorted.slice(1, -1), (at) => (at - from) / (to - from));
    const words = ({ statistic, p }: typeof byGaps) => `D ${statistic.toFixed(4)}, p ${p.toFixed(3)}`;
    console.log(`  ${name}: ${rate.toFixed(1)}/s; gaps exponential: ${words(byGaps)}; times even: ${words(byTimes)}`);
    if (name === 'sent') smaller = Math.min(byGaps.p, byTimes.p);
  }
  return smaller;
}
