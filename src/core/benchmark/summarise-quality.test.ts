import { expect, it } from 'vitest';
import { evaluatedRun } from '../../../test/sample-loads.ts';
import type { Outcome } from '../quality/outcome.ts';
import { summarise } from './summarise.ts';
import { summarySchema } from './summary.ts';

const run = evaluatedRun();
const { manifest, prompts, records } = run;
const outcomes = run.outcomes ?? [];
const whole = summarise(manifest, prompts, records, outcomes);

it('means the quality of a model over its requests, failed ones with 0', () => {
  const one = [...records].filter(({ model, warmup }) => model === 'small-8b' && !warmup);
  const passed = one.filter(({ id }) => {
    const own = outcomes.filter((outcome) => outcome.kind === 'check' && outcome.record === id);
    return own.length > 0 && own.every((outcome) => outcome.kind === 'check' && outcome.score === 1);
  });
  const undecided = outcomes.filter(
    (outcome) => outcome.kind === 'check' && outcome.score === undefined && one.some(({ id }) => id === outcome.record),
  );
  const quality = whole.models[0]!.quality!;
  expect(quality.n).toBe(one.length);
  expect(quality.undecided).toBe(undecided.length);
  expect(quality.checks?.undecided).toBe(undecided.length);
  // An answer with a check that was not decided is in neither, whatever its others say.
  const open = new Set(undecided.map((outcome) => 'record' in outcome && outcome.record));
  expect(quality.passShare).toBeCloseTo(passed.length / (one.length - open.size), 12);
});

it('has pass^k for as many tries as every prompt has, falling with k', () => {
  const powers = whole.models[2]!.quality!.passK!;
  expect(powers.map(({ k }) => k)).toEqual([1, 2]);
  expect(powers[1]!.value).toBeLessThanOrEqual(powers[0]!.value);
});

it('counts thumbs and pairs for both sides, people and judges apart', () => {
  const [small, medium, large] = whole.models.map(({ satisfaction }) => satisfaction!);
  expect(small!.person!.lost).toBe(medium!.person!.won);
  expect(small!.person!.tied).toBe(medium!.person!.tied);
  expect(small!.judge!.lost).toBe(12);
  expect(large!.person).toBeUndefined();
  const thumbs = outcomes.filter(({ kind }) => kind === 'rating').length;
  expect(small!.up + small!.down + medium!.up + medium!.down + large!.up + large!.down).toBe(thumbs);
});

it('takes the last of several outcomes of one key, and a thumb taken back for none', () => {
  const rated = outcomes.find((outcome) => outcome.kind === 'rating')!;
  const back: Outcome = { ...rated, kind: 'rating', value: 0 } as Outcome;
  const { models } = summarise(manifest, prompts, records, [...outcomes, back]);
  const thumbs = (summary: typeof whole) =>
    summary.models.reduce((sum, { satisfaction }) => sum + satisfaction!.up + satisfaction!.down, 0);
  expect(thumbs({ ...whole, models })).toBe(thumbs(whole) - 1);
});

it('says what evaluating took, and nothing of quality where nothing was asked', () => {
  expect(whole.totals.evaluationUsd).toBe(0.06);
  const { evaluationUsd: _, ...without } = manifest;
  const called = outcomes.filter((outcome) => 'called' in outcome && outcome.called).length;
  expect(summarise(without, prompts, records, outcomes).totals.evaluationUsd).toBeCloseTo(called * 0.0004, 9);
  const plain = summarise(
    { ...without, plan: { ...manifest.plan, evaluation: undefined } },
    prompts.map((prompt) => ({ ...prompt, checks: undefined })),
    records,
  );
  expect(plain.models.every(({ quality, satisfaction }) => !quality && !satisfaction)).toBe(true);
  expect(plain.totals).not.toHaveProperty('evaluationUsd');
  expect(plain.definitions).not.toHaveProperty('quality');
});

it('counts calls of a judge without a price among those of unknown cost', () => {
  const { evaluationUsd: _, ...without } = manifest;
  const unpriced = outcomes.map((outcome): Outcome => {
    if (!('called' in outcome) || !outcome.called) return outcome;
    const { costUsd: __, ...called } = outcome.called;
    return { ...outcome, called: { ...called, e2eMs: 10 } };
  });
  const calls = unpriced.filter((outcome) => 'called' in outcome && outcome.called).length;
  const { totals, warnings } = summarise(without, prompts, records, unpriced);
  expect(calls).toBeGreaterThan(0);
  expect(totals.unknownCost).toBe(whole.totals.unknownCost + calls);
  expect(totals).not.toHaveProperty('evaluationUsd');
  expect(warnings.join()).toMatch(/unknown: a price or a token count is missing/);
  // The run's own number holds also what was replaced.
  const own = summarise({ ...without, evaluationUnknown: 99 }, prompts, records, unpriced).totals;
  expect(own.unknownCost).toBe(whole.totals.unknownCost + 99);
});

it('warns where everything that was asked of the answers stayed undecided', () => {
  const silent = outcomes.map((outcome): Outcome => {
    if (outcome.kind !== 'check' && outcome.kind !== 'judge') return outcome;
    const { score: _, ...undecided } = outcome;
    return undecided;
  });
  const { models, warnings } = summarise(manifest, prompts, records, silent);
  expect(models[0]!.quality).toBeUndefined();
  expect(warnings.join()).toMatch(/Nothing that was asked of the answers could be decided: .*small-8b/);
  for (const given of [whole, summarise(manifest, prompts, records)])
    expect(given.warnings.join()).not.toMatch(/Nothing that was asked/);
});

it('splits the cost of a model into what was paid for, which sums to all of it', () => {
  for (const { cost } of whole.models) {
    const parts = cost.parts!;
    expect(Object.keys(parts).toSorted()).toEqual(
      ['cachedInput', 'earlier', 'input', 'output', 'reasoning'].filter((key) => key in parts),
    );
    expect(parts.reasoning).toBeGreaterThan(0);
    expect(Object.values(parts).reduce<number>((sum, usd) => sum + (usd ?? 0), 0)).toBeCloseTo(cost.knownUsd!, 12);
  }
});

it('is what its schema says', () => {
  expect(summarySchema.parse(JSON.parse(JSON.stringify(whole)))).toEqual(JSON.parse(JSON.stringify(whole)));
});
