import { describe, expect, it } from 'vitest';
import type { Load } from './load.ts';
import {
  capacities,
  countsIn,
  fewestRequests,
  heldRate,
  mostInFlight,
  mostRequests,
  nextStage,
  type StageResult,
} from './stages.ts';

const plan = (load: Load | undefined, models = 1) => ({
  models: Array.from({ length: models }, (_, index) => ({ endpoint: 'lab', model: `m${index}` })),
  concurrency: 4,
  requests: 20,
  warmup: 2,
  load,
});

const search: Load = {
  pattern: 'search',
  arrivals: 'poisson',
  fromPerSecond: 1,
  toPerSecond: 64,
  goodShare: 0.9,
  precision: 0.1,
};

/** Runs all stages on models that hold so many requests per second. */
function runOn(capacity: readonly number[], load: Load) {
  const begun: StageResult[] = [];
  const bounds: number[] = [];
  const planned = plan(load, capacity.length);
  for (;;) {
    bounds.push(mostRequests(planned, begun));
    const stage = nextStage(planned, begun);
    if (!stage) return { begun, bounds, planned };
    const measured = 20 * stage.models.length;
    const rate = stage.load.kind === 'open' ? stage.load.perSecond : 0;
    const held = rate <= (capacity[stage.models[0] ?? 0] ?? 0);
    begun.push({ stage, measured, good: held ? 18 : 17 });
  }
}

describe('the stages of a plan', () => {
  it('are one of fixed concurrency when nothing is said', () => {
    const stage = nextStage(plan(undefined, 2), []);
    expect(stage).toEqual({ load: { kind: 'closed', concurrency: 4 }, models: [0, 1] });
    expect(nextStage(plan(undefined), [{ stage: stage!, measured: 0, good: 0 }])).toBeUndefined();
    expect(mostRequests(plan(undefined, 2))).toBe(44);
  });

  it('are those of a sweep, one after the other', () => {
    const stages = [1, 8].map((concurrency) => ({ kind: 'closed' as const, concurrency }));
    const { begun, bounds, planned } = runOn([9, 9], { pattern: 'sweep', stages });
    expect(begun.map(({ stage }) => stage.load)).toEqual(stages);
    expect(bounds).toEqual([88, 88, 88]);
    expect(mostInFlight(planned)).toBe(8);
  });

  it('of a search follow what each model holds, model after model', () => {
    const { begun, planned } = runOn([0.1, 10, 1_000], search);
    expect(begun.map(({ stage }) => stage.models[0])).toEqual([0, ...Array(8).fill(1), ...Array(7).fill(2)]);
    expect(capacities(planned, begun)).toEqual([
      { model: 0, failedAt: 1 },
      { model: 1, perSecond: 9.512, failedAt: 10.37 },
      { model: 2, perSecond: 64 },
    ]);
  });

  it('ask for no more than what was said at any moment, which never grows', () => {
    const { begun, bounds, planned } = runOn([0.1, 10, 1_000], search);
    expect(bounds[0]).toBe(mostRequests(planned));
    for (let i = 1; i < bounds.length; i++) expect(bounds[i]).toBeLessThanOrEqual(bounds[i - 1]!);
    expect(bounds.at(-1)).toBe(begun.length * 22);
    expect(fewestRequests(planned)).toBe(3 * 22);
  });

  it('of a search go on with the next model when a stage cannot be finished, and come back to it', () => {
    const planned = plan(search, 2);
    const first = nextStage(planned, [])!;
    const dead: StageResult = { stage: first, measured: 3, good: 0 };
    const second = nextStage(planned, [dead])!;
    expect(second.models).toEqual([1]);
    const other: StageResult = { stage: second, measured: 20, good: 0 };
    expect(nextStage(planned, [dead, other])).toBeUndefined();
    expect(nextStage(planned, [{ ...dead, measured: 20, good: 20 }, other])).toEqual({
      load: { kind: 'open', arrivals: 'poisson', perSecond: 2 },
      models: [0],
    });
  });

  it('of a search fail where waits grow, though every request is good yet', () => {
    const planned = plan(search);
    const stage = nextStage(planned, [])!;
    const all = { stage, measured: 20, good: 20 };
    expect(capacities(planned, [{ ...all, growth: 0.6 }])).toEqual([{ model: 0, failedAt: 1 }]);
    expect(capacities(planned, [{ ...all, growth: 0.01 }])).toEqual([{ model: 0, perSecond: 1 }]);
    expect(nextStage(planned, [{ ...all, growth: 0.6 }])).toBeUndefined();
  });

  it('of a search say nothing of a rate until its trial is finished', () => {
    const planned = plan(search);
    const stage = nextStage(planned, [])!;
    expect(capacities(planned, [{ stage, measured: 2, good: 2 }])).toEqual([]);
    expect(heldRate(planned, { stage, measured: 2, good: 2 })).toBeUndefined();
  });

  it('of a search last as long as a trial is to, at every rate', () => {
    const timed = { ...plan({ ...search, trialSeconds: 10 }), warmupMs: 2_000 };
    const at = (perSecond: number) => countsIn(timed, { kind: 'open', arrivals: 'poisson', perSecond });
    expect(at(1)).toEqual({ requests: 20, warmup: 2 });
    expect(at(64)).toEqual({ requests: 640, warmup: 128 });
    expect(fewestRequests(timed)).toBe(22);
    // 1, 2, 4 … 64 when all hold; more when 64 fails and what lies below is tried.
    expect(mostRequests(timed)).toBeGreaterThan(22 + 24 + 48 + 96 + 192 + 384 + 768);
  });

  it('by the clock warm up for a time, at the rate with which they begin', () => {
    const timed = { ...plan(undefined), warmupMs: 1_000, requests: 200 };
    expect(countsIn(timed, { kind: 'open', arrivals: 'constant', perSecond: 50, toPerSecond: 90 }).warmup).toBe(50);
    expect(countsIn(timed, { kind: 'open', arrivals: 'constant', perSecond: 900 }).warmup).toBe(200);
    expect(countsIn(timed, { kind: 'closed', concurrency: 99 }).warmup).toBe(2);
    const trace: Load = { pattern: 'trace', offsetsMs: Array.from({ length: 101 }, (_, index) => 20 * index) };
    expect(countsIn({ ...timed, load: trace }, { kind: 'trace' }).warmup).toBe(50);
  });

  it('count what is under way among the requests of a search', () => {
    const planned = plan(search);
    const all = mostRequests(planned);
    expect(mostRequests(planned, [{ stage: nextStage(planned, [])!, measured: 3, good: 3 }])).toBe(all);
  });
});
