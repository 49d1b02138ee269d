import { fork } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  existsSync,
  type FSWatcher,
  readFileSync,
  statSync,
  truncateSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { tokenCost } from '../../core/catalog/cost.ts';
import { seededRandom } from '../../core/stats/random.ts';
import type { SimulatedProfile } from '../simulator/profiles.ts';
import { type Simulator, startSimulator } from '../simulator/server.ts';
import type { TruthEntry } from '../simulator/truth.ts';
import { isLocked } from './lock.ts';
import { readManifest, readRun, runPaths } from './run-folder.ts';
import { Bench } from './testing/bench.ts';
import { makePlan, makePrompts, recordedIds, resumeMessage, startMessage } from './testing/run.ts';

const bench = new Bench();
const quick = (id: string): SimulatedProfile => ({
  id,
  description: 'Answers within some milliseconds',
  ttftMs: { median: 10, sigma: 0.3 },
  msPerToken: { median: 1, sigma: 0.3 },
  outputTokens: { median: 12, sigma: 0.3 },
  inputPrice: 1,
  outputPrice: 2,
  contextWindow: 100_000,
  skill: 1,
  errorRate: 0,
});

/** What the server really did; one entry for each time a request reached it. */
let truth: TruthEntry[];
let simulator: Simulator;
beforeEach(async () => {
  truth = [];
  simulator = await startSimulator({
    profiles: [quick('alpha'), quick('beta')],
    truth: (entry) => truth.push(entry),
  });
});
afterEach(() => simulator.close());

/** When a session is killed: `ms` after `after` has happened. */
interface Moment {
  readonly after: 'start' | 'lock' | 'answers' | 'writes';
  readonly count: number;
  readonly ms: number;
}

/** It ends by itself, or the test's own time is up. */
const never: Moment = { after: 'start', count: 0, ms: 600_000 };

/** Runs a measuring process until it ends or is killed. True: it ended by itself. */
async function session(
  message: ReturnType<typeof startMessage> | ReturnType<typeof resumeMessage>,
  moment: Moment,
  execArgv: string[] = [],
  answers = () => truth.length,
): Promise<boolean> {
  const child = fork(bench.entry, [], { execArgv, stdio: 'ignore' });
  const exit = once(child, 'exit');
  const gone = new AbortController();
  void exit.then(() => gone.abort());
  let ended: { type: string } | undefined;
  child.on('message', (told: { type: string }) => {
    if (told.type !== 'progress') ended = told;
  });
  child.send(message);
  const before = answers();
  let written: FSWatcher | undefined;
  const happened = async () => {
    if (moment.after === 'start') return;
    if (moment.after === 'writes') {
      let seen = 0;
      await new Promise<void>((resolve) => {
        written = watch(bench.runDir, (_event, name) => {
          if (name?.startsWith('summary.json') && ++seen === moment.count) resolve();
        });
      });
      return;
    }
    const reached = () => (moment.after === 'lock' ? isLocked(bench.runDir) : answers() - before >= moment.count);
    while (!reached() && !gone.signal.aborted) await sleep(1);
  };
  const kill = happened()
    .then(() => sleep(moment.ms, undefined, { signal: gone.signal }))
    .then(() => child.kill('SIGKILL'))
    .catch(() => {});
  const [, signal] = await exit;
  written?.close();
  if (moment.after !== 'writes') await kill;
  if (signal === null) expect(ended).toEqual({ type: 'done' });
  return signal === null;
}

it('survives fifty kills at random moments of one plan: every request once on record, none sent again that was finished', {
  timeout: 120_000,
}, async () => {
  const random = seededRandom(20_261_124);
  const concurrency = 6;
  const plan = makePlan(simulator.baseUrl, {
    models: ['alpha', 'beta'].map((model) => {
      return { endpoint: 'lab', model, inputPrice: 1, outputPrice: 2, wake: true };
    }),
    concurrency,
    requests: 500,
    warmup: 5,
    maxCostUsd: 1,
    calibrate: true,
  });
  const moments: Moment[] = [{ after: 'lock', count: 0, ms: 200 + random() * 1_000 }];
  while (moments.length < 50) {
    const kind = random();
    const ms = random() * 10;
    if (kind < 0.25) moments.push({ after: 'start', count: 0, ms: random() * 250 });
    else if (kind < 0.4) moments.push({ after: 'lock', count: 0, ms });
    // The first two answers of a session are those that wake the models.
    else moments.push({ after: 'answers', count: Math.floor(random() * 20), ms });
  }
  for (let kill = 0; kill < 8; kill++)
    moments.push({ after: 'writes', count: 1 + Math.floor(random() * 3), ms: random() });

  /** What stood on record, and what had reached the server, after each kill. */
  const kills: { recorded: Set<string>; reached: number }[] = [];
  let message: Parameters<typeof session>[0] = startMessage(bench.runDir, plan, makePrompts(50));
  let complete = false;
  for (const moment of moments) {
    if (await session(message, moment)) {
      complete = true;
      break;
    }
    expect(isLocked(bench.runDir)).toBe(false);
    expect(readManifest(bench.runDir)).toMatchObject({ plan: { requests: 500 } });
    // What was under way ends on the server once it notices.
    await sleep(20);
    const begun = existsSync(runPaths(bench.runDir).records);
    kills.push({ recorded: new Set(begun ? recordedIds(bench.runDir) : []), reached: truth.length });
    message = resumeMessage(bench.runDir);
  }
  if (!complete) expect(await session(message, never)).toBe(true);
  expect(kills.length).toBeGreaterThanOrEqual(50);
  // Some kills came before the first answer of their session, some in the middle of it.
  expect(new Set(kills.map(({ recorded }) => recorded.size)).size).toBeGreaterThan(20);

  const run = await readRun(bench.runDir);
  expect(run.notes).toEqual([]);
  expect(run.manifest.state).toBe('complete');
  const sent = run.records.filter(({ coldStart }) => !coldStart).map(({ id }) => id);
  expect(sent).toHaveLength(2 * 505);
  expect(new Set(run.records.map(({ id }) => id)).size).toBe(run.records.length);

  for (const [index, { recorded, reached }] of kills.entries()) {
    const until = kills[index + 1]?.reached ?? truth.length;
    const again = truth.slice(reached, until).filter(({ requestId }) => recorded.has(requestId));
    expect(again.map(({ requestId }) => requestId)).toEqual([]);
    // What had reached the server by then without being on record was in flight, or on its way into the file.
    const from = kills[index - 1]?.reached ?? 0;
    const lost = truth.slice(from, reached).filter(({ requestId }) => !recorded.has(requestId));
    expect(lost.length).toBeLessThanOrEqual(2 * concurrency);
  }
  const reached = new Set(truth.map(({ requestId }) => requestId));
  expect(run.records.filter(({ id }) => !reached.has(id))).toEqual([]);

  // The server's own bill is what the records hold, and no more than what they say may have been lost.
  const prices = { inputPrice: 1, outputPrice: 2 };
  const bill = truth.reduce(
    (sum, { inputTokens, outputTokens }) =>
      sum + (tokenCost({ input: inputTokens, output: outputTokens }, prices) ?? 0),
    0,
  );
  const { knownUsd = 0 } = run.summary.totals;
  expect(bill).toBeGreaterThanOrEqual(knownUsd * 0.999_999);
  expect(bill).toBeLessThanOrEqual(knownUsd + (run.manifest.unrecordedUsd ?? 0));
  expect(bill).toBeLessThanOrEqual(1);
});

it('survives kills while answers are judged: nothing is judged twice that has a verdict, and the judge is paid for', {
  timeout: 60_000,
}, async () => {
  const random = seededRandom(20_261_125);
  const concurrency = 4;
  const endpoint = await bench.serve({ delayMs: 8, answer: '{"score": 4, "why": "good"}' });
  const judge = { endpoint: 'lab', model: 'judge', inputPrice: 1, outputPrice: 2 };
  const plan = makePlan(endpoint.baseUrl, {
    concurrency,
    requests: 120,
    maxCostUsd: 1,
    evaluation: { judge: { model: judge, rubric: 'Is it right?', scale: 5, repeats: 1, pairs: false, maxTokens: 16 } },
  });
  const judgings = () => endpoint.received.filter(({ model }) => model === 'judge');
  /** What had a verdict, and how much had been asked, after each kill. */
  const kills: { judged: Set<string>; asked: number }[] = [];
  let message: Parameters<typeof session>[0] = startMessage(bench.runDir, plan, makePrompts(30));
  for (let kill = 0; kill < 10; kill++) {
    const moment = { after: 'answers', count: 1 + Math.floor(random() * 12), ms: random() * 10 } as const;
    expect(await session(message, moment, [], () => judgings().length)).toBe(false);
    const judged = outcomesOf().map(({ record }) => `${record}.j1`);
    kills.push({ judged: new Set(judged), asked: judgings().length });
    message = resumeMessage(bench.runDir);
    // Half a line, as a machine without power leaves it.
    if (kill === 4) appendFileSync(runPaths(bench.runDir).outcomes, '{"kind":"judge","rec');
  }
  expect((await readRun(bench.runDir)).notes).toEqual([]);
  expect(await session(message, never)).toBe(true);

  const run = await readRun(bench.runDir);
  expect(run.manifest.state).toBe('complete');
  expect(run.records).toHaveLength(120);
  expect(endpoint.received.filter(({ model }) => model === 'alpha')).toHaveLength(120);
  expect(run.outcomes).toHaveLength(120);
  expect(outcomesOf()).toHaveLength(120);
  expect(run.summary.models[0]?.quality).toMatchObject({ n: 120, score: 0.75 });
  for (const { judged, asked } of kills) {
    expect(
      judgings()
        .slice(asked)
        .filter(({ id }) => judged.has(id)),
    ).toEqual([]);
  }
  expect(judgings().length - 120).toBeLessThanOrEqual(10 * 2 * concurrency);
  const bill = endpoint.received.reduce(
    (sum, { prompt, maxTokens }) =>
      sum + (tokenCost({ input: Buffer.byteLength(prompt), output: maxTokens }, judge) ?? 0),
    0,
  );
  const { knownUsd = 0, evaluationUsd = 0 } = run.summary.totals;
  expect(evaluationUsd).toBeGreaterThan(0);
  expect(bill).toBeGreaterThanOrEqual((knownUsd + evaluationUsd) * 0.999_999);
  expect(bill).toBeLessThanOrEqual(knownUsd + evaluationUsd + (run.manifest.unrecordedUsd ?? 0));
});

/** Every line of the outcomes that is whole. */
function outcomesOf(): { record: string }[] {
  const { outcomes } = runPaths(bench.runDir);
  if (!existsSync(outcomes)) return [];
  return readFileSync(outcomes, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

it('mends the damaged line that a kill left at the end of the records, says so, and sends its request again', async () => {
  const plan = makePlan(simulator.baseUrl, { requests: 40 });
  const started = startMessage(bench.runDir, plan, makePrompts(10));
  expect(await session(started, { after: 'answers', count: 12, ms: 5 })).toBe(false);
  const { records } = runPaths(bench.runDir);
  const whole = recordedIds(bench.runDir);
  const last = whole.at(-1);
  truncateSync(records, statSync(records).size - 40);
  expect((await readRun(bench.runDir)).notes).toEqual([
    `Line ${whole.length} of records.jsonl, the last, is incomplete and was left out.`,
  ]);
  const before = truth.length;
  expect(await session(resumeMessage(bench.runDir), never)).toBe(true);
  const run = await readRun(bench.runDir);
  expect(run.notes).toEqual([]);
  expect(run.records.map(({ id }) => id).sort()).toEqual([...new Set(truth.map(({ requestId }) => requestId))].sort());
  const again = truth.slice(before).map(({ requestId }) => requestId);
  expect(again).toContain(last);
  expect(again.filter((id) => whole.slice(0, -1).includes(id))).toEqual([]);
});

/** A measuring process whose wall clock is set while it works: hours ahead, then hours back. */
function settingTheClock(steps: readonly (readonly [atMs: number, shiftHours: number])[]): string[] {
  const path = join(bench.folder, 'clock.cjs');
  writeFileSync(
    path,
    `const Real = Date;
let shift = 0;
globalThis.Date = class extends Real {
  constructor(...args) { if (args.length) super(...args); else super(Real.now() + shift); }
  static now() { return Real.now() + shift; }
};
for (const [at, hours] of ${JSON.stringify(steps)}) {
  if (at === 0) shift = hours * 3_600_000;
  else setTimeout(() => { shift = hours * 3_600_000; }, at).unref();
}
`,
  );
  return ['--require', path];
}

it('measures the same when the wall clock is set ahead and back in the middle', async () => {
  const plan = makePlan(simulator.baseUrl, { requests: 200, concurrency: 4 });
  const steps = [400, 550, 700, 850].map((at, index) => [at, [5, -3, 48, 0][index] ?? 0] as const);
  const from = Date.now();
  expect(await session(startMessage(bench.runDir, plan, makePrompts(50)), never, settingTheClock(steps))).toBe(true);
  const tookMs = Date.now() - from;
  const { manifest, records, summary } = await readRun(bench.runDir);
  expect(manifest.durationMs).toBeGreaterThan(500);
  expect(manifest.durationMs).toBeLessThan(tookMs);
  expect(summary.totals).toMatchObject({ ok: 200, durationMs: manifest.durationMs });
  // One after the other, as they were sent, in the time in which the run was measured.
  const sentInOrder = truth.toSorted((a, b) => a.receivedMs - b.receivedMs).map(({ requestId }) => requestId);
  const due = new Map(records.map(({ id, scheduledAt }) => [id, Date.parse(scheduledAt)]));
  const span = Math.max(...due.values()) - Math.min(...due.values());
  expect(span).toBeLessThan(tookMs);
  sentInOrder.forEach((id, index) => {
    const later = due.get(sentInOrder[index + plan.concurrency] ?? '');
    if (later !== undefined) expect(later).toBeGreaterThanOrEqual(due.get(id) ?? Number.NaN);
  });
  const spans = new Map(
    truth.map(({ requestId, firstTokenMs = 0, lastTokenMs = 0 }) => [requestId, [firstTokenMs, lastTokenMs]]),
  );
  for (const { id, times } of records) {
    const [first = 0, last = 0] = spans.get(id) ?? [];
    expect(Math.abs((times.firstToken ?? 0) - times.sent - first)).toBeLessThan(1_000);
    expect(Math.abs((times.lastToken ?? 0) - times.sent - last)).toBeLessThan(1_000);
  }
});

it('adds up what its sessions measured although each had another idea of the time of day', async () => {
  const plan = makePlan(simulator.baseUrl, { requests: 300, concurrency: 4 });
  const from = Date.now();
  let message: Parameters<typeof session>[0] = startMessage(bench.runDir, plan, makePrompts(50));
  for (const hours of [7, -20, 1_000]) {
    const killed = { after: 'answers', count: 40, ms: 3 } as const;
    expect(await session(message, killed, settingTheClock([[0, hours]]))).toBe(false);
    message = resumeMessage(bench.runDir);
  }
  expect(await session(message, never)).toBe(true);
  const { manifest, summary } = await readRun(bench.runDir);
  expect(manifest).toMatchObject({ state: 'complete', resumed: 3 });
  expect(summary.totals.durationMs).toBeGreaterThan(400);
  expect(summary.totals.durationMs).toBeLessThan(Date.now() - from);
  expect(summary.models[0]?.requestsPerSecond).toBeGreaterThan(10);
});
