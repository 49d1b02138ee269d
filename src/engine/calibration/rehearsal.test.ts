import { expect, it } from 'vitest';
import type { Load } from '../../core/benchmark/load.ts';
import type { Plan } from '../../core/benchmark/plan.ts';
import { makePlan, makePrompts } from '../benchmark/testing/run.ts';
import { rehearsalOf } from './rehearsal.ts';

const two = ['alpha', 'beta'].map((model) => ({ endpoint: 'lab', model }));
const rehearse = (plan: Partial<Plan>) =>
  rehearsalOf(makePlan('http://127.0.0.1:1/v1', { models: two, maxTokens: 512, ...plan }), makePrompts(10));
const loadOf = (load: Load) => rehearse({ load, concurrency: 50 }).load;

it('keeps as many requests in flight as the plan does, over all of its models', () => {
  const { load, plan, reduced } = rehearse({ concurrency: 16 });
  expect(load).toEqual({ kind: 'closed', concurrency: 16 });
  expect(plan).toMatchObject({ concurrency: 16, warmup: 16, load: { pattern: 'steady', load } });
  expect(reduced).toBe(false);
});

it("sends at the rate of all models together, with the plan's arrivals", () => {
  const load = { kind: 'open', arrivals: 'poisson', perSecond: 40 } as const;
  expect(loadOf({ pattern: 'steady', load })).toEqual({ ...load, perSecond: 80 });
  expect(loadOf({ pattern: 'steady', load: { ...load, perSecond: 10, toPerSecond: 60 } })).toEqual({
    ...load,
    perSecond: 120,
  });
});

it('takes the heaviest stage of a sweep, the top of a search for one model, and the busiest second of a trace', () => {
  const closed = (concurrency: number) => ({ kind: 'closed', concurrency }) as const;
  expect(loadOf({ pattern: 'sweep', stages: [closed(4), closed(32), closed(8)] })).toEqual(closed(32));
  const search = { pattern: 'search', fromPerSecond: 1, toPerSecond: 90, goodShare: 0.9, precision: 0.1 } as const;
  expect(loadOf({ ...search, arrivals: 'constant' })).toMatchObject({ arrivals: 'constant', perSecond: 90 });
  const burst = Array.from({ length: 30 }, (_, index) => 5_000 + index);
  expect(loadOf({ pattern: 'trace', offsetsMs: [0, 1_000, ...burst, 9_000] })).toMatchObject({ perSecond: 60 });
});

it('cuts down what would take too long, and says so', () => {
  expect(rehearse({ concurrency: 1_000 })).toMatchObject({ load: { concurrency: 128 }, reduced: true });
  const load = { kind: 'open', arrivals: 'constant', perSecond: 5_000 } as const;
  expect(rehearse({ load: { pattern: 'steady', load } })).toMatchObject({ load: { perSecond: 500 }, reduced: true });
  const long = rehearsalOf(makePlan('http://127.0.0.1:1/v1'), [
    { id: 'long', text: 'x'.repeat(1_000_000), tokens: 1, score: 0, tier: 'complex' },
  ]);
  expect(long.prompts[0]?.text.length).toBe(32_768);
  expect(long.reduced).toBe(true);
});

it('is over soon whatever the plan asks for', () => {
  const loads: Partial<Plan>[] = [1, 2, 4, 64, 128, 1_024].map((concurrency) => ({ concurrency }));
  for (const perSecond of [0.1, 5, 100, 2_000]) {
    loads.push({ load: { pattern: 'steady', load: { kind: 'open', arrivals: 'poisson', perSecond } } });
  }
  for (const load of loads) {
    const { plan, shape, load: sent } = rehearse({ ...load, requests: 1_000_000, warmup: 10_000 });
    const answerMs = shape.ttftMs + shape.tokens * shape.msPerToken;
    const all = plan.requests + plan.warmup;
    const ms = sent.kind === 'closed' ? (all / sent.concurrency) * answerMs : (all / sent.perSecond) * 1_000 + answerMs;
    expect(ms).toBeLessThan(2_200);
    expect(all).toBeLessThan(300);
    expect(plan.requests).toBeGreaterThanOrEqual(10);
  }
});

it('asks for whole answers where no model streams, and for no more tokens than the plan', () => {
  expect(rehearse({ stream: false }).plan.stream).toBe(false);
  expect(rehearse({ models: [{ endpoint: 'lab', model: 'own', task: 'pyfunc' }] }).plan.stream).toBe(false);
  expect(rehearse({ maxTokens: 3 }).shape.tokens).toBe(3);
});
