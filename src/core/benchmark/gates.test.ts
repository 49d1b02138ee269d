import { describe, expect, it } from 'vitest';
import { Failure } from '../failure.ts';
import { distribution } from '../stats/quantiles.ts';
import { checkGateModels, evaluateGates, gateResultSchema, parseGate } from './gates.ts';
import type { ModelSummary, Summary } from './summary.ts';

function model(name: string, extra: Partial<ModelSummary> = {}): ModelSummary {
  return {
    endpoint: 'sim',
    model: name,
    counts: { requests: 100, ok: 98, error: 2, warmup: 0 },
    errors: { server: 2 },
    ttftMs: distribution(Array.from({ length: 98 }, (_, i) => 100 + i)),
    tokens: { input: 1_000, output: 500, source: 'server' },
    cost: { knownUsd: 1, perRequestUsd: 0.01, unknown: 0 },
    tiers: { simple: 100, medium: 0, complex: 0 },
    ...extra,
  };
}

function summary(extra: Partial<Summary> = {}): Summary {
  return {
    schema: 1,
    runId: 'r1',
    models: [model('small'), model('large', { quality: { n: 98, score: 0.9, undecided: 0 } })],
    totals: {
      requests: 200,
      ok: 196,
      error: 4,
      warmup: 0,
      knownUsd: 2,
      unknownCost: 0,
      durationMs: 1,
      evaluationUsd: 0.5,
    },
    warnings: [],
    definitions: {},
    simulated: true,
    ...extra,
  };
}

const evaluate = (text: string, extra: Partial<Summary> = {}) => evaluateGates([parseGate(text)], summary(extra));

describe('parseGate', () => {
  it('reads a figure, an operator and a limit, with white space and any case', () => {
    expect(parseGate(' P95_TTFT_ms <= 8e2 ')).toEqual({
      text: 'P95_TTFT_ms<=8e2',
      metric: 'p95_ttft_ms',
      operator: '<=',
      limit: 800,
      model: undefined,
    });
  });

  it('takes all before the last colon for the model, slashes and colons included', () => {
    expect(parseGate('local/meta/llama3:8b:quality>0.5')).toMatchObject({
      model: 'local/meta/llama3:8b',
      metric: 'quality',
    });
  });

  it('takes valid alone for a gate', () => {
    expect(parseGate('valid')).toMatchObject({ operator: '>=', limit: 1 });
  });

  it('refuses an unknown figure with the nearest name and the list', () => {
    expect(() => parseGate('p95_tft_ms<800')).toThrow(/Did you mean "p95_ttft_ms"\?.*quality.*cost_usd/s);
    expect(() => parseGate('zzzzzzzzzzzz<8')).toThrow(/^(?!.*Did you mean).*Known are/s);
  });

  it.each([
    '',
    'p95_ttft_ms',
    'p95_ttft_ms=800',
    'p95_ttft_ms<800ms',
    'p95_ttft_ms<',
    'quality>=80%',
    'quality>=NaN',
    '<5',
    'a b<5',
  ])('refuses "%s" as wrong use', (text) => {
    expect(() => parseGate(text)).toThrow(Failure);
  });
});

describe('evaluateGates', () => {
  it('gives a result for each model, or for the one that is named by reference or by name', () => {
    expect(evaluate('p95_ttft_ms<800').map((result) => [result.model, result.passed])).toEqual([
      ['sim/small', true],
      ['sim/large', true],
    ]);
    expect(evaluate('sim/large:error_share<=0.02').map((result) => result.model)).toEqual(['sim/large']);
    expect(evaluate('large:error_share<0.02')).toMatchObject([{ passed: false, value: 0.02, model: 'sim/large' }]);
  });

  it.each([
    ['error_share<0.02', false],
    ['error_share<=0.02', true],
    ['error_share>0.02', false],
    ['error_share>=0.02', true],
  ])('takes the limit itself as the operator says: %s', (text, passed) => {
    expect(evaluate(text).every((result) => result.passed === passed)).toBe(true);
  });

  it('knows the time to first token from the schedule, too', () => {
    const late = model('small', { ttftFromScheduleMs: distribution([900, 900]) });
    expect(evaluate('p50_ttft_from_schedule_ms<800', { models: [late] })).toMatchObject([
      { passed: false, value: 900 },
    ]);
  });

  it('says value and limit', () => {
    expect(evaluate('p50_ttft_ms<100')[0]?.why).toBe('p50_ttft_ms is 148.5, not < 100.');
    expect(evaluate('p50_ttft_ms<200')[0]?.why).toBe('p50_ttft_ms is 148.5 < 200.');
  });

  it('does not pass what is missing', () => {
    expect(evaluate('quality>=0')).toMatchObject([
      { passed: false, value: undefined, why: 'quality cannot be relied on: no answer was evaluated.' },
      { passed: true, value: 0.9 },
    ]);
    for (const text of [
      'p50_e2e_ms<1e9',
      'good_share>=0',
      'judge>=0',
      'pass_k>=0',
      'satisfaction>=0',
      'capacity_per_s>=0',
    ])
      expect(evaluate(text).every((result) => !result.passed)).toBe(true);
  });

  it('does not pass a tail that rests on too few values', () => {
    expect(evaluate('p99_ttft_ms<1e9')[0]).toMatchObject({
      passed: false,
      why: 'p99_ttft_ms (196.03) cannot be relied on: it rests on 98 values and needs 100.',
    });
  });

  it('does not pass a cost of which a part is unknown', () => {
    const totals = { ...summary().totals, unknownCost: 3 };
    expect(evaluate('cost_usd<=100', { totals })[0]).toMatchObject({ passed: false, value: 2.5 });
  });

  it('counts what evaluation took into the cost of the run, and asks the run once', () => {
    expect(evaluate('cost_usd<=2.5')).toMatchObject([{ passed: true, value: 2.5, model: undefined }]);
    expect(evaluate('large:cost_usd<=1')).toMatchObject([{ passed: true, value: 1, model: 'sim/large' }]);
    expect(evaluate('tokens<=3000')).toMatchObject([{ passed: true, value: 3_000 }]);
  });

  it('does not pass a latency of a run that is not valid, and says why; other figures stand', () => {
    const invalid = 'the measuring process was 60 ms late.';
    expect(evaluate('p50_ttft_ms<800', { invalid })[0]).toMatchObject({
      passed: false,
      why: expect.stringContaining('the run is not valid: the measuring process was 60 ms late.'),
    });
    expect(evaluate('cost_usd<=3', { invalid })[0]?.passed).toBe(true);
    expect(evaluate('valid', { invalid })[0]?.passed).toBe(false);
    expect(evaluate('valid')[0]?.passed).toBe(true);
  });

  it('does not pass a gate on a model that the run does not have, which checkGateModels refuses beforehand', () => {
    expect(evaluate('sim/huge:quality>0')).toMatchObject([{ passed: false, model: 'sim/huge' }]);
    expect(() => checkGateModels([parseGate('sim/huge:quality>0')], summary().models)).toThrow(
      /sim\/small, sim\/large/,
    );
    expect(() =>
      checkGateModels([parseGate('small:quality>0'), parseGate('quality>0')], summary().models),
    ).not.toThrow();
  });

  it('does not pass a quality of which more than 5 % came to nothing, each figure by what it rests on', () => {
    const judged = (undecided: number) => ({
      models: [
        model('small', {
          quality: {
            n: 60,
            score: 1,
            passShare: 1,
            checks: { n: 60, score: 1, asked: 1_200, undecided: 0 },
            judge: { n: 60 - undecided, score: 1, agreement: 1, asked: 60, undecided },
            undecided,
            passK: [{ k: 2, value: 1 }],
          },
        }),
      ],
    });
    const passes = (undecided: number) =>
      ['quality', 'judge', 'agreement', 'pass_share', 'checks', 'pass_k'].map(
        (name) => evaluate(`${name}>=0.9`, judged(undecided))[0]?.passed,
      );
    expect(passes(3)).toEqual([true, true, true, true, true, true]);
    expect(passes(59)).toEqual([false, false, false, true, true, true]);
    expect(evaluate('judge>=0.9', judged(59))[0]?.why).toBe(
      'judge (1) cannot be relied on: 59 checks or judgements came to nothing.',
    );
    // One undecided of 31 checks is little, however few the answers are.
    const few = { n: 3, score: 1, checks: { n: 3, score: 1, asked: 31, undecided: 1 }, undecided: 1 };
    expect(evaluate('quality>=0.9', { models: [model('small', { quality: few })] })[0]?.passed).toBe(true);
    const lone = model('small', { quality: { n: 1, score: 1, undecided: 999 } });
    expect(evaluate('quality>=0.9', { models: [lone] })[0]?.passed).toBe(false);
  });

  it('does not pass a sum of tokens of which a model counted none', () => {
    const none = model('large', { tokens: { input: 0, output: 0, source: 'none' } });
    expect(evaluate('tokens<=3000', { models: [model('small'), none] })).toMatchObject([
      { passed: false, value: 1_500, why: expect.stringContaining('lower bound') },
    ]);
  });

  it('counts what people said as satisfaction, not what judges did', () => {
    const rated = model('small', {
      satisfaction: { up: 1, down: 1, person: { won: 3, lost: 1, tied: 2 }, judge: { won: 0, lost: 9, tied: 0 } },
    });
    expect(evaluate('satisfaction>=0.5', { models: [rated] })[0]?.value).toBe(5 / 8);
  });

  it('gives results that keep their schema', () => {
    for (const result of [...evaluate('quality>=0.5'), ...evaluate('valid')])
      expect(gateResultSchema.parse(result)).toEqual(result);
  });
});
