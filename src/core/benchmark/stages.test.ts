import { describe, expect, it } from 'vitest';
import type { Load } from './load.ts';
import { capacities, fewestRequests, mostInFlight, mostRequests, nextStage, type StageResult } from './stages.ts';

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

  it('count what is under way among the requests of a search', () => {
    const planned = plan(search);
    const all = mostRequests(planned);
    expect(mostRequests(planned, [{ stage: nextStage(planned, [])!, measured: 3, good: 3 }])).toBe(all);
  });
});
