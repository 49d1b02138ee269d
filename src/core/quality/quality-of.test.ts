import { expect, it } from 'vitest';
import type { RunPrompt } from '../benchmark/manifest.ts';
import type { Plan } from '../benchmark/plan.ts';
import type { Check } from './check.ts';
import type { Outcome } from './outcome.ts';
import { qualityOf, qualityReader } from './quality-of.ts';

const at = '2026-11-24T00:00:00.000Z';
const ok = { status: 'ok' } as const;
const equals: Check = { type: 'equals', value: 'x' };
const check = (index: number, score?: number, weight?: number): Outcome => ({
  kind: 'check',
  record: 'r',
  check: index,
  name: 'equals',
  score,
  weight,
  at,
});
const judge = (repeat: number, score?: number): Outcome => ({
  kind: 'judge',
  record: 'r',
  repeat,
  score,
  called: { endpoint: 'e', model: 'j' },
  at,
});

it('weighs checks, and counts the judge as one more of weight 1', () => {
  const quality = qualityOf(ok, { checks: [equals, equals], judged: true }, [
    check(0, 1, 2),
    check(1, 0),
    judge(0, 0.5),
    judge(1, 1),
  ]);
  expect(quality).toMatchObject({ score: (2 + 0 + 0.75) / 4, passed: false, checks: 2 / 3, judge: 0.75, undecided: 0 });
});

it('takes the weight of the check where the outcome names none', () => {
  const checks = [{ ...equals, weight: 3 }, equals];
  expect(qualityOf(ok, { checks, judged: false }, [check(0, 1), check(1, 0)]).score).toBe(0.75);
});

it('gives a failed request score 0 where something is asked of it, and none where nothing is', () => {
  const error = { status: 'error' } as const;
  expect(qualityOf(error, { checks: [equals], judged: false }, [])).toMatchObject({
    score: 0,
    passed: false,
    checks: 0,
  });
  expect(qualityOf(error, { judged: true }, [])).toMatchObject({ score: 0, passed: undefined, judge: 0 });
  expect(qualityOf(error, { judged: false }, []).score).toBeUndefined();
});

it('leaves what could not be decided out of every figure, and says neither passed nor failed of it', () => {
  const asked = { checks: [equals, equals], judged: true };
  expect(qualityOf(ok, asked, [check(0, 1), check(1), judge(0)])).toMatchObject({
    score: 1,
    passed: undefined,
    checks: 1,
    judge: undefined,
    undecided: 2,
  });
  // Not false either: answers that pass would be left out and those that fail would not.
  expect(qualityOf(ok, asked, [check(0, 0), check(1)]).passed).toBeUndefined();
  expect(qualityOf(ok, asked, [])).toMatchObject({
    ofChecks: { asked: 2, undecided: 2 },
    ofJudge: { asked: 1, undecided: 1 },
  });
  expect(qualityOf(ok, asked, [])).toMatchObject({ score: undefined, passed: undefined, undecided: 3 });
});

it('takes a check of weight 0 as information only', () => {
  const quality = qualityOf(ok, { checks: [equals, { ...equals, weight: 0 }], judged: false }, [
    check(0, 1),
    check(1, 0),
  ]);
  expect(quality).toMatchObject({ score: 1, passed: true });
});

it('reads a run by record, the last line of each key, and gives no score to a run that was never evaluated', () => {
  const prompts: RunPrompt[] = [{ id: 'p', text: 't', tokens: 1, score: 0, tier: 'simple', checks: [equals] }];
  const manifest = { plan: {} as Plan };
  const record = { id: 'r', promptId: 'p', status: 'ok' } as const;
  const lost = { id: 's', promptId: 'p', status: 'error' } as const;
  const quality = qualityReader({ manifest, prompts, outcomes: [check(0, 0), check(0, 1)] });
  expect(quality(record).score).toBe(1);
  expect(quality(lost).score).toBe(0);
  const none = qualityReader({ manifest, prompts });
  expect(none(record)).toMatchObject({ score: undefined, undecided: 1 });
  expect(none(lost).score).toBeUndefined();
});
