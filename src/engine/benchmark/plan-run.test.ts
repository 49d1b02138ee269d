import { describe, expect, it } from 'vitest';
import { planDefaults } from '../../core/benchmark/plan-limits.ts';
import type { Model } from '../../core/catalog/model.ts';
import { defaultTiers } from '../../core/routing/tiers.ts';
import { type PlanInput, planRun } from './plan-run.ts';

const model = (id: string, inputPrice?: number, outputPrice?: number): Model => ({
  ref: `lab/${id}`,
  endpoint: 'lab',
  id,
  inputPrice: inputPrice === undefined ? undefined : { value: inputPrice, provenance: 'user' },
  outputPrice: outputPrice === undefined ? undefined : { value: outputPrice, provenance: 'user' },
  simulated: false,
});

function input(fields: Partial<PlanInput> = {}): PlanInput {
  return {
    models: [model('a', 1, 2)],
    endpoints: [
      { id: 'lab', protocol: 'openai', baseUrl: 'https://host.example/v1/', apiKeyEnv: 'LAB_KEY' },
      { id: 'other', protocol: 'openai', baseUrl: 'https://other.example/v1' },
    ],
    prompts: [
      { id: 'p1', text: 'What is the capital of Portugal?' },
      { id: 'p2', text: 'Prove it.' },
    ],
    scorer: {
      id: 'seed',
      score: (text) => ({ scorer: 'seed', score: text.startsWith('Prove') ? 0.8 : 0.1, factors: [] }),
    },
    tiers: defaultTiers,
    options: {},
    ...fields,
  };
}

const refusal = (fields: Partial<PlanInput>) => {
  try {
    planRun(input(fields));
  } catch (error) {
    return error as Error & { code: string };
  }
  return undefined;
};

describe('planRun', () => {
  it('sends every prompt once to each model when no more is said', () => {
    const { plan, prompts, estimate } = planRun(input());
    expect(plan).toEqual({
      endpoints: [{ id: 'lab', protocol: 'openai', baseUrl: 'https://host.example/v1', apiKeyEnv: 'LAB_KEY' }],
      models: [{ endpoint: 'lab', model: 'a', inputPrice: 1, outputPrice: 2, priceSource: 'user' }],
      requests: 2,
      // Never more than are measured, though four slots are to be filled.
      warmup: 2,
      ...planDefaults,
    });
    expect(prompts.map(({ score, tier }) => [score, tier])).toEqual([
      [0.1, 'simple'],
      [0.8, 'complex'],
    ]);
    expect(estimate.requests).toBe(4);
  });

  it('carries what endpoints and models say of themselves, and nothing that they do not', () => {
    const { plan } = planRun(
      input({
        models: [
          {
            ...model('a', 1, 2),
            cachedInputPrice: { value: 0.1, provenance: 'user' },
            cacheWritePrice: { value: 1.25, provenance: 'user' },
            reasoningPrice: { value: 4, provenance: 'user' },
            task: 'pyfunc',
            scaleToZero: true,
          },
        ],
        endpoints: [
          { id: 'lab', protocol: 'databricks', baseUrl: 'https://host.example', apiVersion: 'v', concurrency: 3 },
        ],
        options: { maxRetries: 2, adaptiveTimeout: true },
      }),
    );
    expect(plan.endpoints[0]).toMatchObject({ protocol: 'databricks', apiVersion: 'v', concurrency: 3 });
    expect(plan.models[0]).toEqual({
      endpoint: 'lab',
      model: 'a',
      inputPrice: 1,
      outputPrice: 2,
      cachedInputPrice: 0.1,
      cacheWritePrice: 1.25,
      reasoningPrice: 4,
      priceSource: 'user',
      task: 'pyfunc',
      pyfunc: { input: 'dataframe_split', column: 'prompt' },
      wake: true,
    });
    expect(plan).toMatchObject({ maxRetries: 2, adaptiveTimeout: true });
    expect(planRun(input({ options: { maxRetries: 0, adaptiveTimeout: false } })).plan).toEqual(planRun(input()).plan);
  });

  it('carries load, ceilings, references, checks and what judges, with the endpoint of the judge', () => {
    const load = {
      pattern: 'steady' as const,
      load: { kind: 'open' as const, arrivals: 'poisson' as const, perSecond: 5 },
    };
    const judge = {
      model: { endpoint: 'other', model: 'j', inputPrice: 1, outputPrice: 1 },
      ...{ rubric: 'Right.', scale: 5, repeats: 2, pairs: true, maxTokens: 50 },
    };
    const prompts = [{ id: 'p', text: 'Two?', reference: '2', checks: [{ type: 'equals' as const }] }];
    const options = { load, maxTotalTokens: 10_000, evaluation: { judge }, calibrate: true, warmup: 0 };
    const models = [model('a', 0, 0), model('b', 0, 0)];
    const made = planRun(input({ models, prompts, options }));
    expect(made.plan).toMatchObject({ load, maxTotalTokens: 10_000, evaluation: { judge }, calibrate: true });
    expect(made.plan.concurrency).toBe(256);
    expect(made.plan.endpoints.map(({ id }) => id)).toEqual(['lab', 'other']);
    expect(made.prompts[0]).toMatchObject({ reference: '2', checks: [{ type: 'equals' }] });
    // Two answers, each judged twice, and one pair in both orders.
    expect(made.estimate.judgements).toBe(6);
    expect(made.estimate.highUsd).toBeGreaterThan((6 * 50 + 8 * 512) / 1e6);
    expect(planRun(input({ models, prompts, options: { warmup: 0 } })).estimate.highUsd).toBe(0);
  });

  it('counts the requests of all stages, and of a search the most that it can take', () => {
    const stages = [1, 2].map((concurrency) => ({ kind: 'closed' as const, concurrency }));
    expect(planRun(input({ options: { load: { pattern: 'sweep', stages } } })).estimate.requests).toBe(8);
    const search = { pattern: 'search' as const, arrivals: 'constant' as const, fromPerSecond: 1, toPerSecond: 8 };
    const load = { ...search, goodShare: 0.9, precision: 0.1 };
    const { estimate } = planRun(input({ options: { load, slo: { ttftMs: 9 } } }));
    expect(estimate.requests).toBeGreaterThan(4 * 3);
    expect(refusal({ options: { load } })).toMatchObject({ code: 'usage', message: expect.stringMatching(/an SLO/) });
  });

  it('warms up with as many requests as fill the load, shared by the models', () => {
    const prompts = Array.from({ length: 40 }, (_, at) => ({ id: `p${at}`, text: 'Hello' }));
    const models = [model('a', 1, 2), model('b', 1, 2)];
    expect(planRun(input({ prompts, models, options: { concurrency: 17 } })).plan.warmup).toBe(9);
    expect(planRun(input({ prompts, models, options: { concurrency: 17, warmup: 0 } })).plan.warmup).toBe(0);
  });

  it('lets a trial last long enough for a queue to grow beyond the SLO, and fills a load by the clock for a time', () => {
    const fields = { pattern: 'search', arrivals: 'poisson', fromPerSecond: 1, toPerSecond: 9 } as const;
    const load = { ...fields, goodShare: 0.9, precision: 0.1 };
    const sized = (e2eMs: number, options: PlanInput['options'] = {}) =>
      planRun(input({ options: { load, slo: { e2eMs }, ...options } })).plan;
    expect(sized(500)).toMatchObject({ load: { trialSeconds: 10 }, warmupMs: 1_000 });
    expect(sized(4_000)).toMatchObject({ load: { trialSeconds: 20 }, warmupMs: 4_000 });
    expect(sized(4_000, { load: { ...load, trialSeconds: 3 } }).load).toMatchObject({ trialSeconds: 3 });
    expect(sized(500, { warmup: 0 })).not.toHaveProperty('warmupMs');
    expect(planRun(input({})).plan).not.toHaveProperty('warmupMs');
  });

  it('measures the instrument first unless somebody says no', () => {
    expect(planRun(input({})).plan.calibrate).toBe(true);
    expect(planRun(input({ options: { calibrate: false } })).plan).not.toHaveProperty('calibrate');
  });

  it('sends each prompt as often as is asked for, or as often as a trace does', () => {
    expect(planRun(input({ options: { repeats: 3 } })).plan.requests).toBe(6);
    const load = { pattern: 'trace' as const, offsetsMs: [0, 5, 9] };
    expect(planRun(input({ options: { load } })).plan.requests).toBe(3);
    expect(planRun(input({ options: { load, requests: 7 } })).plan.requests).toBe(7);
    expect(refusal({ options: { requests: 2, repeats: 2 } })?.message).toContain('Give one of them');
  });

  it('takes the concurrency from a load that says it itself', () => {
    const stages = [2, 32].map((concurrency) => ({ kind: 'closed' as const, concurrency }));
    const swept = planRun(input({ options: { concurrency: 4, load: { pattern: 'sweep', stages } } }));
    expect(swept.plan.concurrency).toBe(32);
    const one = { pattern: 'steady' as const, load: { kind: 'closed' as const, concurrency: 1 } };
    expect(planRun(input({ options: { load: one } })).plan.concurrency).toBe(1);
  });

  const rate = (perSecond: number) => ({ kind: 'open' as const, arrivals: 'poisson' as const, perSecond });
  const search = {
    pattern: 'search' as const,
    arrivals: 'poisson' as const,
    ...{ fromPerSecond: 1, toPerSecond: 9, goodShare: 0.9, precision: 0.1 },
  };
  it.each<[string, PlanInput['options'], string]>([
    ['a rate of 0', { load: { pattern: 'steady', load: rate(0) } }, 'above 0'],
    ['a rate that is no number', { load: { pattern: 'steady', load: rate(Number.NaN) } }, 'above 0'],
    ['a ramp to nothing', { load: { pattern: 'steady', load: { ...rate(1), toPerSecond: 0 } } }, 'above 0'],
    ['an empty sweep', { load: { pattern: 'sweep', stages: [] } }, 'at least one stage'],
    ['too many stages', { load: { pattern: 'sweep', stages: Array(101).fill(rate(1)) } }, '100 stages'],
    ['half a request in flight', { load: { pattern: 'steady', load: { kind: 'closed', concurrency: 0.5 } } }, 'whole'],
    ['a search without an SLO', { load: search }, 'needs an SLO'],
    ['a search with an empty SLO', { load: search, slo: {} }, 'needs an SLO'],
    ['a search downwards', { load: { ...search, toPerSecond: 0.5 }, slo: { e2eMs: 9 } }, 'go up'],
    ['a share above 1', { load: { ...search, goodShare: 95 }, slo: { e2eMs: 9 } }, 'at most 1'],
    ['a search without end', { load: { ...search, precision: 0 }, slo: { e2eMs: 9 } }, 'precision'],
    ['an empty trace', { load: { pattern: 'trace', offsetsMs: [] } }, 'no request'],
    ['a trace that goes back', { load: { pattern: 'trace', offsetsMs: [0, 5, 4] } }, 'Time 3 of the trace is 4'],
    ['a limit of 0 ms', { slo: { ttftMs: 0 } }, 'above 0 ms'],
    ['an SLO without limits', { slo: {} }, 'names no limit'],
    ['a first token of what does not stream', { slo: { ttftMs: 9 }, stream: false }, 'lab/a does not stream'],
    ['no repeat', { repeats: 0 }, 'repeats'],
    ['half a token', { maxTotalTokens: 0.5 }, 'whole number'],
  ])('refuses %s', (_what, options, words) => {
    const error = refusal({ options });
    expect(error).toMatchObject({ code: 'usage' });
    expect(error?.message).toContain(words);
  });

  it('refuses a token ceiling without room for a request', () => {
    expect(refusal({ options: { maxTotalTokens: 500 } })?.message).toMatch(/ceiling of 500 tokens leaves no room/);
  });

  it("takes VS Code's own models, which have no address", () => {
    const endpoints = [{ id: 'lab', protocol: 'vscode-lm' as const, baseUrl: '' }];
    expect(planRun(input({ endpoints })).plan.endpoints).toEqual(endpoints);
  });

  it('estimates the cost from short prompts with short answers to long ones with the longest', () => {
    const { estimate } = planRun(input({ options: { maxTokens: 100, warmup: 0 } }));
    expect(estimate.unknown).toBe(false);
    expect(estimate.lowUsd).toBeGreaterThan((2 * 2) / 1e6);
    expect(estimate.highUsd).toBeGreaterThan((2 * 100 * 2) / 1e6);
    expect(estimate.highUsd).toBeLessThan((2 * (100 * 2 + 40)) / 1e6);
  });

  it('counts the retries that there may be into the high end only: no more than are asked for or the endpoint is spared', () => {
    const estimate = (requests: number, maxRetries: number) =>
      planRun(input({ options: { requests, maxRetries, warmup: 0 } })).estimate;
    for (const [requests, retries, tries] of [
      [5, 2, 3],
      [100, 2, 1.2],
      [1_000, 1, 1.11],
    ] as const) {
      const without = estimate(requests, 0);
      const withRetries = estimate(requests, retries);
      expect(withRetries.highUsd! / without.highUsd!).toBeCloseTo(tries, 9);
      expect(withRetries.lowUsd).toBe(without.lowUsd);
    }
  });

  it('says when a price is unknown, and estimates the rest', () => {
    const known = planRun(input({ options: { warmup: 1 } })).estimate;
    const partly = planRun(input({ models: [model('a', 1, 2), model('b')], options: { warmup: 1 } })).estimate;
    expect(partly).toMatchObject({ unknown: true, highUsd: known.highUsd });
    const none = planRun(input({ models: [model('b')], options: { warmup: 1 } })).estimate;
    expect(none).toEqual({ requests: 3, lowUsd: undefined, highUsd: undefined, unknown: true });
  });

  it('refuses a ceiling for a model without a price', () => {
    const error = refusal({ models: [model('a', 1, 2), model('b', 1)], options: { maxCostUsd: 1 } });
    expect(error).toMatchObject({ code: 'usage' });
    expect(error?.message).toContain('cannot be held for lab/b');
  });

  it('refuses a ceiling that leaves no room for one request, and says how much that is', () => {
    const error = refusal({ models: [model('a', 1, 2_000)], options: { maxCostUsd: 0.5, maxTokens: 1_000 } });
    expect(error?.message).toMatch(/\$0\.500? leaves no room for a single request to lab\/a, which may cost \$2\.00/);
  });

  it.each([
    ['no model', { models: [] }, 'No model'],
    ['a model twice', { models: [model('a'), model('a')] }, 'twice'],
    ['no prompt', { prompts: [] }, 'no prompt'],
    [
      'two prompts of one id',
      {
        prompts: [
          { id: 'x', text: 'a' },
          { id: 'x', text: 'b' },
        ],
      },
      '"x"',
    ],
    ['an empty prompt', { prompts: [{ id: 'x', text: ' \n' }] }, '"x" is empty'],
    ['an unknown endpoint', { endpoints: [] }, 'no endpoint "lab"'],
    ['concurrency 0', { options: { concurrency: 0 } }, 'concurrency must be from 1'],
    ['a model of embeddings', { models: [{ ...model('e'), task: 'embeddings' }] }, 'lab/e makes embeddings'],
    ['too many retries', { options: { maxRetries: 99 } }, 'retries'],
    ['half a request', { options: { requests: 1.5 } }, 'whole number'],
    ['negative warm-up', { options: { warmup: -1 } }, 'warm-up'],
    ['a temperature of 3', { options: { temperature: 3 } }, 'temperature'],
    ['a ceiling of 0', { options: { maxCostUsd: 0 } }, 'above 0'],
    ['a time-out that is no number', { options: { timeoutMs: Number.NaN } }, 'time-out'],
    ['a negative price', { models: [model('a', -1, 2)] }, 'price of lab/a'],
  ] as [string, Partial<PlanInput>, string][])('refuses %s', (_what, fields, words) => {
    const error = refusal(fields);
    expect(error).toMatchObject({ code: 'usage' });
    expect(error?.message).toContain(words);
  });
});
