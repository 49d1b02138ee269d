// What measuring costs and how exact it is, beside a bare undici loop that parses every event, in the same run.
//   npm run build && node --disable-warning=MODULE_TYPELESS_PACKAGE_JSON bench/measure.ts [requests per round]
// Rate and CPU: 64 requests in flight, 64 streamed tokens without delay, whole processes from start to end, in turn.
// Memory: peak of the whole process, and what further requests add to it.
// Accuracy, warm and staggered, and tokens a core can take: first token at 200 ms, then one each 10 ms; against the simulated endpoint's own log, joined by request id.
// Server and client are pinned to a core each, where taskset is there and there are two. Ends with 1 when it misses a goal; on a
// machine that is busy otherwise, rates and accuracy are the first to go, CPU seconds and memory the last.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Plan } from '../src/core/benchmark/plan.ts';
import { defaultTiers } from '../src/core/routing/tiers.ts';
import { quantile } from '../src/core/stats/quantiles.ts';
import { startMeasuring } from '../src/engine/benchmark/measuring.ts';
import { planRun } from '../src/engine/benchmark/plan-run.ts';
import { readRun } from '../src/engine/benchmark/run-folder.ts';
import { builtInto, nodeOn } from './measure/processes.ts';

const entry = join(import.meta.dirname, '..', 'dist', 'measure.js');
const concurrency = 64;
const maxTokens = 256;
const rounds = 5;
const perRound = Number(process.argv[2] ?? 4_000);
const longRun = 10_000;
const longerRun = 20_000;
const pacedRequests = 640;
const pacedTokens = 64;
/** Connections are open, and slots out of step, when measuring begins. */
const pacedWarmup = 128;
const prompts = Array.from(
  { length: 100 },
  (_, index) => `What is ${index} plus ${index * 7}? Answer in one sentence.`,
);

interface Usage {
  readonly cpuSeconds: number;
  readonly maxRssMb: number;
}
interface Round extends Usage {
  readonly requestsPerSecond: number;
}
type Times = [id: string, ttftMs: number, e2eMs: number][];

const folder = mkdtempSync(join(tmpdir(), 'tierwise-bench-'));
const usageFile = join(folder, 'usage.json');
process.env.NODE_OPTIONS = `--require=${JSON.stringify(join(import.meta.dirname, 'measure', 'at-exit.cjs'))}`;
process.env.TIERWISE_BENCH_USAGE = usageFile;

function usage(): Usage {
  return JSON.parse(readFileSync(usageFile, 'utf8'));
}

async function ask(server: ChildProcess, question: string): Promise<unknown> {
  const answer = once(server, 'message');
  server.send(question);
  return (await answer)[0];
}

function planFor(baseUrl: string, model: string, requests: number, warmup: number): ReturnType<typeof planRun> {
  return planRun({
    models: [{ ref: `sim/${model}`, endpoint: 'sim', id: model, simulated: true }],
    endpoints: [{ id: 'sim', protocol: 'openai', baseUrl }],
    prompts: prompts.map((text, index) => ({ id: `p${index}`, text })),
    scorer: { id: 'seed', score: () => ({ scorer: 'seed', score: 0, factors: [] }) },
    tiers: defaultTiers,
    options: { concurrency, requests, warmup, maxTokens },
  });
}

async function ours(
  baseUrl: string,
  model: string,
  requests: number,
  warmup = 0,
): Promise<Round & { plan: Plan; times: Times; lag: string }> {
  const runDir = join(folder, 'run');
  rmSync(runDir, { recursive: true, force: true });
  const { plan, prompts } = planFor(baseUrl, model, requests, warmup);
  const measuring = startMeasuring({
    entry,
    execPath: client,
    message: {
      type: 'start',
      runDir,
      title: model,
      plan,
      prompts,
      keys: [],
      network: { strictSsl: true },
      version: '0',
    },
  });
  const { manifest, summary } = await measuring.done;
  if (summary.totals.ok !== requests) throw new Error(`${summary.totals.ok} of ${requests} requests succeeded.`);
  await measuring.closed;
  const records = (await readRun(runDir)).records.filter((record) => !record.warmup);
  if (records.length !== requests) throw new Error(`${records.length} of ${requests} records are stored.`);
  const times = records.map(({ id, times: { sent, firstToken = 0, lastToken = 0 } }): Times[number] => [
    id,
    firstToken - sent,
    lastToken - sent,
  ]);
  const { p50, p99 } = manifest.lag ?? { p50: Number.NaN, p99: Number.NaN };
  const lag = `event-loop lag p50 ${p50} ms, p99 ${p99} ms`;
  return { ...usage(), requestsPerSecond: requests / ((manifest.durationMs ?? 0) / 1000), plan, times, lag };
}

async function bare(baseUrl: string, model: string, requests: number, warmup = 0): Promise<Round & { times: Times }> {
  const task = { baseUrl, model, requests, warmup, concurrency, maxTokens, stream: true, prompts };
  const child = fork(bareLoop, [JSON.stringify(task)], { execPath: client, execArgv: [] });
  const exit = once(child, 'exit');
  const [told] = await once(child, 'message');
  await exit;
  return { ...usage(), ...(told as { requestsPerSecond: number; times: Times }) };
}

const median = (values: number[]) =>
  quantile(
    values.sort((a, b) => a - b),
    0.5,
  );

/** Of TTFT (0) or E2E (1), ms. */
function errors(
  times: Times,
  truth: Map<string, readonly [number, number]>,
  pick: 0 | 1,
): { readonly p50: number; readonly p99: number } {
  const off = times
    .map(([id, ttft, e2e]) => Math.abs((pick === 0 ? ttft : e2e) - (truth.get(id)?.[pick] ?? Number.NaN)))
    .sort((a, b) => a - b);
  return { p50: quantile(off, 0.5), p99: quantile(off, 0.99) };
}

/** Prints a figure with its goal. */
function told(kept: boolean, line: string): void {
  console.log(kept ? line : `${line} MISSED`);
  if (!kept) process.exitCode = 1;
}

if (!existsSync(entry)) throw new Error('dist/measure.js is missing: run npm run build.');
const client = nodeOn(1, folder);
const bareLoop = builtInto(folder, 'bare-loop');
const { TIERWISE_BENCH_USAGE: _, ...env } = process.env;
const server = fork(builtInto(folder, 'server'), [], { execPath: nodeOn(0, folder), execArgv: [], env });
const [baseUrl] = (await once(server, 'message')) as [string];
try {
  const figures: { bare: Round; ours: Round }[] = [];
  for (let round = 1; round <= rounds; round++) {
    await ask(server, 'cpu');
    const reference = await bare(baseUrl, 'instant', perRound);
    const serverCpu = Number(await ask(server, 'cpu'));
    const mine = await ours(baseUrl, 'instant', perRound);
    figures.push({ bare: reference, ours: mine });
    const line = (name: string, { requestsPerSecond, cpuSeconds }: Round) =>
      `${name} ${Math.round(requestsPerSecond)} requests/s ${(cpuSeconds / (perRound / 1000)).toFixed(3)} CPU s per 1,000`;
    console.log(
      `round ${round}: ${line('bare', reference)}; ${line('ours', mine)}; server ${(serverCpu / (perRound / 1000)).toFixed(3)}`,
    );
  }
  const ratio = median(figures.map(({ bare, ours }) => ours.requestsPerSecond / bare.requestsPerSecond));
  const cpu = (who: 'bare' | 'ours') => median(figures.map((pair) => pair[who].cpuSeconds / (perRound / 1000)));
  told(ratio >= 0.85, `requests/s, ours to bare, median of ${rounds} pairs: ${ratio.toFixed(2)} (goal: at least 0.85)`);
  told(
    cpu('ours') <= 0.7,
    `CPU s per 1,000 requests, every record and chunk time stored: ${cpu('ours').toFixed(3)} (goal: at most 0.7; bare: ${cpu('bare').toFixed(3)}; ratio ${(cpu('ours') / cpu('bare')).toFixed(2)})`,
  );
  const long = await ours(baseUrl, 'instant', longRun);
  const longer = await ours(baseUrl, 'instant', longerRun);
  const longBare = await bare(baseUrl, 'instant', longRun);
  told(
    long.maxRssMb <= 150,
    `peak memory of ${longRun.toLocaleString('en-US')} requests: ${long.maxRssMb.toFixed(0)} MB (goal: at most 150; bare: ${longBare.maxRssMb.toFixed(0)})`,
  );
  const growth = (longer.maxRssMb - long.maxRssMb) / ((longerRun - longRun) / 1000);
  told(
    growth <= 5,
    `memory of each further 1,000, up to ${longerRun.toLocaleString('en-US')}: ${growth.toFixed(2)} MB (goal: at most 5)`,
  );
  // What starting and summarising cost drops out of the difference.
  const perThousand = (longer.cpuSeconds - long.cpuSeconds) / ((longerRun - longRun) / 1000);
  console.log(`CPU s of each further 1,000: ${perThousand.toFixed(3)}`);

  for (const [name, measure] of [
    ['bare', bare],
    ['ours', ours],
  ] as const) {
    server.send('log');
    const measured = await measure(baseUrl, 'paced', pacedRequests, pacedWarmup);
    const truth = (await ask(server, 'truth')) as [string, number, number][];
    const byId = new Map(truth.map(([id, first, last]) => [id, [first, last] as const]));
    const off = [errors(measured.times, byId, 0), errors(measured.times, byId, 1)] as const;
    const words = off.map(({ p50, p99 }) => `p50 ${p50.toFixed(2)} p99 ${p99.toFixed(2)} ms`);
    const tokensPerSecond = ((pacedRequests + pacedWarmup) * pacedTokens) / measured.cpuSeconds;
    const line = `${name}: |TTFT error| ${words[0]}, |E2E error| ${words[1]}`;
    const rate = `${Math.round(tokensPerSecond).toLocaleString('en-US')} paced tokens per CPU second`;
    if (name === 'bare') console.log(`${line}; ${rate}`);
    else {
      const exact = off.every(({ p50, p99 }) => p50 <= 1.5 && p99 <= 12);
      told(exact, `${line} (goal: p50 at most 1.5, p99 at most 12)${'lag' in measured ? `; ${measured.lag}` : ''}`);
      told(tokensPerSecond >= 15_000, `${name}: ${rate}, from start to end (goal: at least 15,000)`);
    }
  }
} finally {
  server.disconnect();
  rmSync(folder, { recursive: true, force: true });
}
