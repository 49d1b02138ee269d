import { readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Load, StageLoad } from '../../core/benchmark/load.ts';
import type { Plan } from '../../core/benchmark/plan.ts';
import { plannedRequests } from '../../core/benchmark/schedule.ts';
import { capacities } from '../../core/benchmark/stages.ts';
import type { Progress } from '../../protocol/measure.ts';
import { startMeasuring } from './measuring.ts';
import { type Run, readManifest, readRun } from './run-folder.ts';
import { Bench, until } from './testing/bench.ts';
import type { Received } from './testing/endpoint.ts';
import { makePlan, makePrompts, recordedIds, resumeMessage, startMessage } from './testing/run.ts';

const bench = new Bench();

const open = (perSecond: number, fields: Partial<Extract<StageLoad, { kind: 'open' }>> = {}): StageLoad => ({
  kind: 'open',
  arrivals: 'constant',
  perSecond,
  ...fields,
});
const steady = (load: StageLoad): Load => ({ pattern: 'steady', load });

async function measure(plan: Plan, onProgress?: (progress: Progress) => void): Promise<Run> {
  const message = startMessage(bench.runDir, plan, makePrompts(10));
  await startMeasuring({ entry: bench.entry, message, onProgress }).done;
  return readRun(bench.runDir);
}

/** Records' schedules as ms from the first, by the order in which they were due. */
const schedule = (run: Run) => {
  const at = run.records.map(({ scheduledAt }) => Date.parse(scheduledAt)).sort((a, b) => a - b);
  return at.map((time) => time - (at[0] ?? 0));
};

describe('a run by the clock', { timeout: 60_000 }, () => {
  it('sends each request when it is due, whatever became of those before it', async () => {
    const endpoint = await bench.serve({ delayMs: 1_000 });
    const plan = makePlan(endpoint.baseUrl, { load: steady(open(200)), concurrency: 64, requests: 40 });
    const run = await measure(plan);
    expect(run.manifest.state).toBe('complete');
    // All are due within 200 ms, and the first answer takes a second.
    expect(endpoint.peak()).toBe(40);
    const due = schedule(run);
    for (const [index, ms] of due.entries()) expect(Math.abs(ms - 5 * index)).toBeLessThanOrEqual(1);
  });

  it('lets requests wait beyond the most in flight, and never slows the schedule', async () => {
    const endpoint = await bench.serve({ delayMs: 40 });
    const plan = makePlan(endpoint.baseUrl, { load: steady(open(1_000)), concurrency: 2, requests: 30 });
    const run = await measure(plan);
    expect(endpoint.peak()).toBe(2);
    for (const [index, ms] of schedule(run).entries()) expect(Math.abs(ms - index)).toBeLessThanOrEqual(1);
    // Two at a time, 40 ms each: the last one left after 14 others on its slot.
    const last = run.records.find(({ id }) => id.endsWith('.r30.m1'));
    expect(last?.times.sent).toBeGreaterThan(14 * 39 - 30);
    // Latency from the schedule holds the wait, latency from sending does not.
    const { e2eMs, e2eFromScheduleMs } = run.summary.models[0]!;
    expect(e2eFromScheduleMs!.max - e2eMs!.mean).toBeGreaterThan(14 * 39 - 30);
  });

  it('keeps the limit of an endpoint, and lets none wait for another', async () => {
    const slow = await bench.serve({ delayMs: 50 });
    let slowThen = 0;
    const quick = await bench.serve({
      onRequest() {
        slowThen = slow.received.length;
        return false;
      },
    });
    const plan = makePlan(slow.baseUrl, {
      endpoints: [
        { id: 'slow', protocol: 'openai', baseUrl: slow.baseUrl, concurrency: 1 },
        { id: 'quick', protocol: 'openai', baseUrl: quick.baseUrl },
      ],
      models: ['slow', 'quick'].map((endpoint) => ({ endpoint, model: 'a' })),
      load: steady(open(500)),
      concurrency: 64,
      requests: 20,
    });
    const run = await measure(plan);
    expect(slow.peak()).toBe(1);
    expect(slowThen).toBeLessThan(20);
    expect(run.records.filter(({ endpoint, times }) => endpoint === 'slow' && times.sent > 700)).not.toEqual([]);
    expect(run.records.filter(({ endpoint }) => endpoint === 'slow').map(({ id }) => id)).toEqual(
      slow.received.map(({ id }) => id),
    );
  });

  it('charges no model for the slowness of another, though both share the slots', async () => {
    const held: ServerResponse[] = [];
    let quickThen: number | undefined;
    const endpoint = await bench.serve({
      onRequest({ model }, response) {
        if (model !== 'slow') return false;
        held.push(response);
        if (held.length > 5) return false;
        // The first five are answered only when all of the quick model's have been.
        const timer = setInterval(() => {
          const quick = endpoint.received.filter((request) => request.model === 'quick').length;
          if (quick < 20) return;
          clearInterval(timer);
          quickThen ??= quick;
          response.writeHead(500, { 'content-type': 'application/json' }).end('{"error":{"message":"late"}}');
        }, 5);
        return true;
      },
    });
    const models = ['slow', 'quick'].map((model) => ({ endpoint: 'lab', model }));
    const run = await measure(
      makePlan(endpoint.baseUrl, { models, load: steady(open(100)), concurrency: 10, requests: 20 }),
    );
    expect(run.manifest.state).toBe('complete');
    expect(quickThen).toBe(20);
    // Five of ten slots are those of the slow model: no more of its requests were out before.
    const order = endpoint.received.map(({ model }) => model);
    expect(order.slice(0, order.lastIndexOf('quick')).filter((model) => model === 'slow')).toHaveLength(5);
  });

  it('goes on at the pace of its schedule when it is taken up again', async () => {
    const endpoint = await bench.serve();
    const load = steady(open(100, { arrivals: 'poisson' }));
    const plan = makePlan(endpoint.baseUrl, { load, requests: 100, timeLimitMs: 400 });
    const first = await measure(plan);
    expect(first.manifest).toMatchObject({ state: 'stopped', stopReason: 'time-limit' });
    const done = new Set(recordedIds(bench.runDir));
    expect(done.size).toBeLessThan(100);
    while (readManifest(bench.runDir).state !== 'complete') {
      await startMeasuring({ entry: bench.entry, message: resumeMessage(bench.runDir) }).done;
    }
    const run = await readRun(bench.runDir);
    expect(endpoint.received).toHaveLength(100);
    const due = new Map(
      [...plannedRequests(run.manifest.runId, plan, 10)].map(({ id, dueMs = Number.NaN }) => [id, dueMs]),
    );
    for (const session of new Set(run.records.map((record) => record.session ?? 0))) {
      const own = run.records.filter((record) => (record.session ?? 0) === session);
      const shifts = own.map(({ id, scheduledAt }) => Date.parse(scheduledAt) - (due.get(id) ?? 0));
      expect(Math.max(...shifts) - Math.min(...shifts)).toBeLessThanOrEqual(1.01);
    }
  });

  it('follows a trace', async () => {
    const endpoint = await bench.serve();
    const offsetsMs = [0, 1, 2, 80, 81, 200];
    const run = await measure(makePlan(endpoint.baseUrl, { load: { pattern: 'trace', offsetsMs }, requests: 6 }));
    for (const [index, ms] of schedule(run).entries()) {
      expect(Math.abs(ms - offsetsMs[index]!)).toBeLessThanOrEqual(1);
    }
  });

  it('sends nothing more when it is cancelled', async () => {
    const endpoint = await bench.serve({ delayMs: 1_000 });
    const plan = makePlan(endpoint.baseUrl, { load: steady(open(200)), concurrency: 500, requests: 10_000 });
    const message = startMessage(bench.runDir, plan, makePrompts(10));
    const measuring = startMeasuring({ entry: bench.entry, message });
    await until(() => endpoint.received.length >= 20);
    measuring.cancel();
    const { manifest } = await measuring.done;
    expect(manifest.state).toBe('cancelled');
    expect(manifest.unrecordedUsd).toBeGreaterThan(0);
    expect(endpoint.received.length).toBeLessThan(10_000);
  });
});

describe('warm-up', { timeout: 60_000 }, () => {
  it.each<[string, Partial<Plan>]>([
    ['in a closed loop', {}],
    ['by the clock', { load: steady(open(500)), concurrency: 64 }],
  ])('loads the endpoint fully, and measuring begins without waiting for its end, %s', async (_name, fields) => {
    const chunk = { choices: [{ index: 0, delta: { content: 'x' }, finish_reason: 'stop' }] };
    const answer = (response: ServerResponse) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end(`data: ${JSON.stringify(chunk)}\n\ndata: [DONE]\n\n`);
    };
    const held: ServerResponse[] = [];
    let heldThen: number | undefined;
    const endpoint = await bench.serve({
      onRequest({ id }, response) {
        // All but one of the warm-up are answered once the first measured request has come.
        if (heldThen === undefined && /\.w[2-8]\./.test(id)) {
          held.push(response);
          return true;
        }
        if (id.endsWith('.r1.m1')) {
          heldThen = held.length;
          for (const one of held) answer(one);
        }
        return false;
      },
    });
    const run = await measure(makePlan(endpoint.baseUrl, { concurrency: 8, warmup: 8, requests: 24, ...fields }));
    // Seven, unless one that was sent before it came after it, over a connection of its own.
    expect(heldThen).toBeGreaterThan(3);
    expect(run.summary.totals).toMatchObject({ ok: 24, warmup: 8 });
  });
});

describe('a sweep', { timeout: 120_000 }, () => {
  const stages: StageLoad[] = [
    { kind: 'closed', concurrency: 1 },
    { kind: 'closed', concurrency: 4 },
    open(300, { arrivals: 'poisson' }),
  ];
  const models = ['alpha', 'beta'].map((model) => ({ endpoint: 'lab', model }));

  it('sends all requests in each stage, one stage after the other, and says which were of which', async () => {
    const endpoint = await bench.serve({ delayMs: 10 });
    const seen: Progress[] = [];
    const plan = makePlan(endpoint.baseUrl, { models, load: { pattern: 'sweep', stages }, requests: 6, warmup: 1 });
    const run = await measure(plan, (progress) => seen.push(progress));
    expect(run.manifest).toMatchObject({
      state: 'complete',
      stages: stages.map((load) => ({ load, models: [0, 1] })),
    });
    for (const stage of [0, 1, 2]) {
      const own = run.records.filter((record) => (record.stage ?? 0) === stage);
      expect(own).toHaveLength(14);
      expect(own.filter(({ warmup }) => warmup)).toHaveLength(2);
      const prefix = stage === 0 ? `${run.manifest.runId}.` : `${run.manifest.runId}.s${stage + 1}.`;
      expect(own.every(({ id }) => id.startsWith(prefix))).toBe(true);
    }
    expect(seen.at(-1)).toMatchObject({ done: 42, total: 42 });
    const stageOf = (id: string) => Number(/\.s(\d+)\./.exec(id)?.[1] ?? 1);
    const order = endpoint.received.map(({ id }) => stageOf(id));
    expect(order).toEqual([...order].sort());
  });

  it('sends no finished request again after kills, in whichever stage they come', async () => {
    const moments = [8, 25, 50, 70];
    const endpoint = await bench.serve({
      delayMs: 5,
      onRequest() {
        if (endpoint.received.length < (moments[0] ?? Number.POSITIVE_INFINITY)) return false;
        moments.shift();
        process.kill(bench.measuringPid(), 'SIGKILL');
        return false;
      },
    });
    const load: Load = { pattern: 'sweep', stages };
    const plan = makePlan(endpoint.baseUrl, { models, load, requests: 12, warmup: 1 });
    const run = await untilComplete(plan, endpoint.received);
    expect(run.manifest.resumed).toBe(4);
    expect(run.manifest.stages).toHaveLength(3);
    expect(run.records).toHaveLength(3 * 26);
    expect(new Set(run.records.map(({ id }) => id)).size).toBe(3 * 26);
  });

  it('goes on with the other models when one cannot be reached, in all stages', async () => {
    const endpoint = await bench.serve();
    const plan = makePlan(endpoint.baseUrl, {
      endpoints: [
        { id: 'lab', protocol: 'openai', baseUrl: endpoint.baseUrl },
        { id: 'gone', protocol: 'openai', baseUrl: 'http://127.0.0.1:9/v1' },
      ],
      models: [
        { endpoint: 'lab', model: 'alpha' },
        { endpoint: 'gone', model: 'beta' },
      ],
      load: { pattern: 'sweep', stages },
      requests: 30,
    });
    const run = await measure(plan);
    expect(run.manifest).toMatchObject({ state: 'stopped', stopReason: 'endpoint' });
    expect(endpoint.received).toHaveLength(90);
    expect(run.records.filter(({ endpoint }) => endpoint === 'gone').length).toBeLessThan(30);
  });
});

/** Resumes a run as often as it is killed; no request that had a record is sent again. */
async function untilComplete(plan: Plan, received: readonly Received[]): Promise<Run> {
  let message: ReturnType<typeof startMessage> | ReturnType<typeof resumeMessage> = startMessage(
    bench.runDir,
    plan,
    makePrompts(10),
  );
  const kills: { recorded: Set<string>; sent: number }[] = [];
  for (;;) {
    const ended = await startMeasuring({ entry: bench.entry, message }).done.catch((error: unknown) => error);
    if (!(ended instanceof Error)) break;
    kills.push({ recorded: new Set(recordedIds(bench.runDir)), sent: received.length });
    message = resumeMessage(bench.runDir);
  }
  for (const { recorded, sent } of kills) {
    expect(received.slice(sent).filter(({ id }) => recorded.has(id))).toEqual([]);
  }
  return readRun(bench.runDir);
}

describe('a search for the highest rate', { timeout: 120_000 }, () => {
  const load: Load = {
    pattern: 'search',
    arrivals: 'poisson',
    fromPerSecond: 50,
    toPerSecond: 800,
    goodShare: 0.9,
    precision: 0.25,
  };
  const models = ['alpha', 'beta'].map((model) => ({ endpoint: 'lab', model, wake: true }));

  /** Refuses what comes in a stage beyond the model's rate. */
  const holding = (rates: Readonly<Record<string, number>>, before?: () => void) => ({
    onRequest({ id, model }: Received, response: ServerResponse) {
      before?.();
      const { stages = [] } = JSON.parse(readFileSync(join(bench.runDir, 'manifest.json'), 'utf8'));
      const stage = stages[Number(/\.s(\d+)\./.exec(id)?.[1] ?? 1) - 1];
      if (id.includes('.c') || stage.load.perSecond <= (rates[model] ?? 0)) return false;
      response.writeHead(500, { 'content-type': 'application/json' }).end('{"error":{"message":"overload"}}');
      return true;
    },
  });

  const found = (run: Run) => {
    const { manifest, records } = run;
    const results = (manifest.stages ?? []).map((stage, index) => {
      const own = records.filter((record) => (record.stage ?? 0) === index && !record.warmup);
      return { stage, measured: own.length, good: own.filter(({ status }) => status === 'ok').length };
    });
    return capacities(manifest.plan, results)?.map(({ perSecond, failedAt }) => [perSecond, failedAt]);
  };

  it('encloses what each model holds, wakes each before its first stage, and asks for less as it learns', async () => {
    const endpoint = await bench.serve(holding({ alpha: 130, beta: 10 }));
    const seen: Progress[] = [];
    const plan = makePlan(endpoint.baseUrl, { models, load, slo: { e2eMs: 60_000 }, requests: 10, warmup: 1 });
    const run = await measure(plan, (progress) => seen.push(progress));
    expect(run.manifest.state).toBe('complete');
    const [alpha, beta] = found(run) ?? [];
    expect(alpha?.[0]).toBeLessThanOrEqual(130);
    expect(alpha?.[1]).toBeGreaterThan(130);
    expect(alpha![1]! / alpha![0]!).toBeLessThanOrEqual(1.25);
    expect(beta).toEqual([undefined, 50]);
    // 50, 100, 200 and two halvings; and one for the model that holds nothing.
    expect(run.manifest.stages).toHaveLength(6);
    const woken = endpoint.received.flatMap(({ id }, index) => (id.includes('.c1.') ? [index] : []));
    expect(woken).toEqual([0, 1 + 5 * 11]);
    const totals = seen.map(({ total }) => total);
    expect(totals).toEqual([...totals].sort((a, b) => b - a));
    expect(seen.at(-1)).toMatchObject({ done: 66, total: 66 });
  });

  it('finds no more than the server can do, though its limits are wide and each trial asks for few requests', async () => {
    // Ten slots of 50 ms each are 200 requests a second.
    const endpoint = await bench.serve({ slots: 10, delayMs: 50 });
    const long: Load = { ...load, fromPerSecond: 25, trialSeconds: 1.5 };
    const fields = { slo: { e2eMs: 5_000 }, requests: 20, warmup: 1, warmupMs: 500, concurrency: 1_024 };
    const run = await measure(makePlan(endpoint.baseUrl, { load: long, ...fields }));
    const [found] = run.summary.capacity ?? [];
    expect(found?.perSecond).toBeLessThan(225);
    expect(found?.failedAt).toBeGreaterThan(found?.perSecond ?? Number.POSITIVE_INFINITY);
    for (const { load, held, summaries } of run.summary.stages ?? []) {
      // Its limits alone would have let pass what it could not do.
      expect(summaries[0]?.good?.share).toBe(1);
      expect(held).toBe(load.kind === 'open' && load.perSecond <= (found?.perSecond ?? 0));
    }
  });

  it('goes through the same stages when it is killed half-way and taken up again', async () => {
    const moments = [5, 30, 61];
    let received: Received[] = [];
    const endpoint = await bench.serve(
      holding({ alpha: 130, beta: 10 }, () => {
        if (received.length < (moments[0] ?? Number.POSITIVE_INFINITY)) return;
        moments.shift();
        process.kill(bench.measuringPid(), 'SIGKILL');
      }),
    );
    received = endpoint.received;
    const plan = makePlan(endpoint.baseUrl, { models, load, slo: { e2eMs: 60_000 }, requests: 10, warmup: 1 });
    const run = await untilComplete(plan, received);
    expect(run.manifest.resumed).toBe(3);
    expect(run.manifest.stages).toHaveLength(6);
    expect(found(run)?.[1]).toEqual([undefined, 50]);
    expect(run.records.filter(({ coldStart }) => !coldStart)).toHaveLength(66);
  });
});

describe('a ceiling in tokens', { timeout: 60_000 }, () => {
  const used = (endpoint: { received: readonly Received[] }) =>
    endpoint.received.reduce((sum, { prompt, maxTokens }) => sum + Buffer.byteLength(prompt) + maxTokens, 0);

  it('is never exceeded, whatever is in flight, and says how it ended the run', async () => {
    const endpoint = await bench.serve({ delayMs: 5 });
    const plan = makePlan(endpoint.baseUrl, { concurrency: 16, requests: 200, maxTokens: 100, maxTotalTokens: 5_000 });
    const { manifest } = await measure(plan);
    expect(manifest).toMatchObject({ state: 'stopped', stopReason: 'token-ceiling' });
    expect(manifest.stopMessage).toContain('ceiling of 5,000 tokens');
    expect(used(endpoint)).toBeLessThanOrEqual(5_000);
    // Less than the bound of one request is left.
    expect(5_000 - used(endpoint)).toBeLessThan(30 + 64 + 100);

    const message = { ...resumeMessage(bench.runDir), maxTotalTokens: 7_000 };
    const resumed = await startMeasuring({ entry: bench.entry, message }).done;
    expect(resumed.manifest).toMatchObject({ stopReason: 'token-ceiling', maxTotalTokens: 7_000 });
    expect(used(endpoint)).toBeLessThanOrEqual(7_000);
    expect(7_000 - used(endpoint)).toBeLessThan(30 + 64 + 100);
  });

  it('holds beside one in USD: the first that is reached ends the run', async () => {
    const endpoint = await bench.serve();
    const models = [{ endpoint: 'lab', model: 'alpha', inputPrice: 0, outputPrice: 1_000 }];
    // 100 output tokens cost 0.10.
    const both = { models, concurrency: 4, requests: 100, maxTokens: 100, maxCostUsd: 1, maxTotalTokens: 50_000 };
    const { manifest } = await measure(makePlan(endpoint.baseUrl, both));
    expect(manifest.stopReason).toBe('cost-ceiling');
    expect(endpoint.received).toHaveLength(10);
  });

  it('counts what requests of a killed session may have used', async () => {
    const endpoint = await bench.serve({
      delayMs: 20,
      onRequest() {
        if (endpoint.received.length === 12) process.kill(bench.measuringPid(), 'SIGKILL');
        return false;
      },
    });
    const plan = makePlan(endpoint.baseUrl, { concurrency: 8, requests: 200, maxTokens: 100, maxTotalTokens: 9_000 });
    const run = await untilComplete(plan, endpoint.received);
    expect(run.manifest.stopReason).toBe('token-ceiling');
    expect(run.manifest.unrecordedTokens).toBeGreaterThan(0);
    expect(used(endpoint)).toBeLessThanOrEqual(9_000);
  });
});
