import { describe, expect, it } from 'vitest';
import type { Load, StageLoad } from './load.ts';
import type { Plan } from './plan.ts';
import { plannedRequests, requestFinder, wakingRequests } from './schedule.ts';
import { mostRequests, nextStage } from './stages.ts';

function plan(fields: Partial<Plan>): Plan {
  return {
    endpoints: [{ id: 'lab', protocol: 'openai', baseUrl: 'http://127.0.0.1/v1' }],
    models: ['a', 'b'].map((model) => ({ endpoint: 'lab', model })),
    concurrency: 1,
    requests: 5,
    warmup: 0,
    maxTokens: 1,
    stream: true,
    timeoutMs: 1,
    keepAnswers: true,
    seed: 1,
    ...fields,
  };
}

describe('the order of requests', () => {
  it('takes every prompt once for each model, all models before the next prompt', () => {
    const requests = [...plannedRequests('run', plan({}), 5)];
    for (let turn = 0; turn < 5; turn++) {
      const [one, other] = requests.slice(2 * turn, 2 * turn + 2);
      expect([one?.model, other?.model].sort()).toEqual([0, 1]);
      expect(one?.prompt).toBe(other?.prompt);
    }
    expect(requests.map(({ prompt }) => prompt).sort()).toEqual([0, 0, 1, 1, 2, 2, 3, 3, 4, 4]);
  });

  it('lets each model come at each place of a turn about as often', () => {
    const models = ['a', 'b', 'c'].map((model) => ({ endpoint: 'lab', model }));
    const requests = [...plannedRequests('run', plan({ models, requests: 600 }), 5)];
    for (const place of [0, 1, 2]) {
      for (const model of [0, 1, 2]) {
        const often = requests.filter((request, index) => index % 3 === place && request.model === model).length;
        // Binomial with n 600 and p 1/3 has a standard deviation of 11.5.
        expect(Math.abs(often - 200)).toBeLessThan(3 * 11.5);
      }
    }
  });

  it('begins with warm-up, on other prompts than the first measured ones', () => {
    const requests = [...plannedRequests('run', plan({ requests: 3, warmup: 2 }), 10)];
    expect(requests.slice(0, 4).every(({ warmup }) => warmup)).toBe(true);
    const measured = new Set(requests.slice(4).map(({ prompt }) => prompt));
    expect(requests.slice(0, 4).some(({ prompt }) => measured.has(prompt))).toBe(false);
  });

  it('begins anew with the prompts when there are more requests', () => {
    const requests = [...plannedRequests('run', plan({ requests: 7 }), 3)];
    expect(requests).toHaveLength(mostRequests(plan({ requests: 7 })));
    expect(requests[0]?.prompt).toBe(requests[6]?.prompt);
  });

  it('is the same whenever it is walked, with an id of its own for each request', () => {
    const walk = () => [...plannedRequests('run', plan({ warmup: 2, requests: 9 }), 4)];
    expect(walk()).toEqual(walk());
    expect(new Set(walk().map(({ id }) => id)).size).toBe(22);
  });

  it('depends on the seed', () => {
    const order = (seed: number) =>
      [...plannedRequests('run', plan({ seed, requests: 50 }), 50)].map((one) => one.prompt);
    expect(order(1)).not.toEqual(order(2));
  });
});

describe('the requests of a stage by the clock', () => {
  const load = { pattern: 'steady', load: { kind: 'open', arrivals: 'poisson', perSecond: 50 } } as const;
  const stage = nextStage(plan({ load }), []);

  it('come in the order in which they are due, all of each model, warm-up first', () => {
    const requests = [...plannedRequests('run', plan({ load, warmup: 2, requests: 40 }), 10)];
    expect(requests).toHaveLength(84);
    const due = requests.map(({ dueMs = Number.NaN }) => dueMs);
    expect(due).toEqual([...due].sort((a, b) => a - b));
    for (const model of [0, 1]) {
      const own = requests.filter((request) => request.model === model);
      expect(own.map(({ warmup }) => warmup)).toEqual([true, true, ...Array(40).fill(false)]);
    }
  });

  it('are at times of their own for each model and each stage, on the same prompts', () => {
    const of = (model: number, index: number) =>
      [...plannedRequests('run', plan({ load }), 5, stage, index)].filter((request) => request.model === model);
    expect(of(0, 0).map(({ dueMs }) => dueMs)).not.toEqual(of(1, 0).map(({ dueMs }) => dueMs));
    expect(of(0, 0).map(({ dueMs }) => dueMs)).not.toEqual(of(0, 1).map(({ dueMs }) => dueMs));
    expect(of(0, 0).map(({ prompt }) => prompt)).toEqual(of(1, 1).map(({ prompt }) => prompt));
  });

  it('of several models do not fall together at an even rate', () => {
    const even = { pattern: 'steady', load: { ...load.load, arrivals: 'constant' } } as const;
    const due = [...plannedRequests('run', plan({ load: even }), 5)].map(({ dueMs }) => dueMs);
    expect(due).toEqual([0, 10, 20, 30, 40, 50, 60, 70, 80, 90]);
  });

  it('follow a trace together, from its beginning for the measured ones', () => {
    const trace: Load = { pattern: 'trace', offsetsMs: [0, 5, 30] };
    const requests = [...plannedRequests('run', plan({ load: trace, requests: 4, warmup: 1 }), 5)];
    expect(requests.map(({ dueMs }) => dueMs)).toEqual([0, 0, 15, 15, 20, 20, 45, 45, 60, 60]);
  });
});

describe('a request', () => {
  const loads = [1, 2].map((concurrency): StageLoad => ({ kind: 'closed', concurrency }));
  const sweep: Load = { pattern: 'sweep', stages: loads };
  const swept = plan({ load: sweep, warmup: 2, models: [{ endpoint: 'lab', model: 'a', wake: true }] });
  const stages = loads.map((load) => ({ load, models: [0] }));
  const find = requestFinder('run', swept, 4, stages);

  it('is found by its id, whatever stage it is of', () => {
    const all = stages.flatMap((stage, index) => [...plannedRequests('run', swept, 4, stage, index)]);
    expect(new Set(all.map(({ id }) => id)).size).toBe(14);
    for (const request of [...all, ...wakingRequests('run', swept, 4, 3)]) expect(find(request.id)).toEqual(request);
  });

  it.each([
    'run.r6.m1',
    'run.r1.m2',
    'run.s3.r1.m1',
    'run.s1.r1.m1',
    'run.r01.m1',
    'run.w3.m1',
    'run.c1.m2',
    'ran.r1.m1',
    '',
  ])('is not found by an id that the run does not have: %s', (id) => expect(find(id)).toBeUndefined());
});
