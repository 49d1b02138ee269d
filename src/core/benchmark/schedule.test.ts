import { describe, expect, it } from 'vitest';
import type { Plan } from './plan.ts';
import { plannedRequests, requestCount } from './schedule.ts';

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
  it('takes every prompt once for each model, one model after the other', () => {
    const requests = [...plannedRequests('run', plan({}), 5)];
    expect(requests.map(({ model }) => model)).toEqual([0, 1, 0, 1, 0, 1, 0, 1, 0, 1]);
    for (let turn = 0; turn < 5; turn++) expect(requests[2 * turn]?.prompt).toBe(requests[2 * turn + 1]?.prompt);
    expect(requests.map(({ prompt }) => prompt).sort()).toEqual([0, 0, 1, 1, 2, 2, 3, 3, 4, 4]);
  });

  it('begins with warm-up, on other prompts than the first measured ones', () => {
    const requests = [...plannedRequests('run', plan({ requests: 3, warmup: 2 }), 10)];
    expect(requests.slice(0, 4).every(({ warmup }) => warmup)).toBe(true);
    const measured = new Set(requests.slice(4).map(({ prompt }) => prompt));
    expect(requests.slice(0, 4).some(({ prompt }) => measured.has(prompt))).toBe(false);
  });

  it('begins anew with the prompts when there are more requests', () => {
    const requests = [...plannedRequests('run', plan({ requests: 7 }), 3)];
    expect(requests).toHaveLength(requestCount(plan({ requests: 7 })));
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
