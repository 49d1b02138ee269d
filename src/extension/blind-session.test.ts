import { expect, test } from 'vitest';
import { sampleRun } from '../../test/sample-run.ts';
import { verdictOf } from '../core/benchmark/compare-models.ts';
import type { RunRecord } from '../core/benchmark/record.ts';
import { summarise } from '../core/benchmark/summarise.ts';
import { type Outcome, outcomeKey } from '../core/quality/outcome.ts';
import type { Run } from '../core/report/run.ts';
import { fromWebviewSchema, parseToWebview } from '../protocol/webview.ts';
import { BlindSession, hasPairs } from './blind-session.ts';

const at = '2026-11-24T08:00:00.000Z';
const prompts = Array.from({ length: 12 }, (_, index) => `Question ${index + 1}?`);
const run = sampleRun({ models: ['small-8b', 'large-400b'], prompts, requests: 12, warmup: 0, errorShare: 0 });
const byAnswer = new Map(run.records.map((record) => [record.answer ?? '', record]));
const modelOf = (answer: string): string => byAnswer.get(answer)?.model ?? '';
const ignore = () => {};

/** Rates to the end by a preference. */
function rate(session: BlindSession, prefer: (left: string, right: string) => 'left' | 'right' | 'tie' | 'skip') {
  const kept: Outcome[] = [];
  for (let pair = session.shown(); pair; pair = session.shown())
    session.decide(pair.number, prefer(modelOf(pair.left), modelOf(pair.right)), at, (outcome) => kept.push(outcome));
  return kept;
}

test('what is shown holds texts and counts, and nothing that tells whose they are', () => {
  const session = new BlindSession(run, 1);
  for (let pair = session.shown(); pair; pair = session.shown()) {
    expect(parseToWebview(pair)).toEqual(pair);
    const text = JSON.stringify(pair);
    for (const { id, model, endpoint } of run.records)
      for (const name of [`"${id}"`, model, `"${endpoint}"`]) expect(text).not.toContain(name);
    session.decide(pair.number, 'tie', at, ignore);
  }
});

test('every pair is asked about once, on sides that tell nothing, and counted', () => {
  const session = new BlindSession(run, 7);
  const firsts: string[] = [];
  const counts: number[][] = [];
  for (let pair = session.shown(); pair; pair = session.shown()) {
    firsts.push(modelOf(pair.left));
    counts.push([pair.rated, pair.remaining]);
    expect(modelOf(pair.right)).not.toBe(modelOf(pair.left));
    expect(prompts).toContain(pair.prompt);
    session.decide(pair.number, 'left', at, ignore);
  }
  expect(counts).toEqual(Array.from({ length: 12 }, (_, index) => [index, 12 - index]));
  const small = firsts.filter((model) => model === 'small-8b').length;
  expect(small).toBeGreaterThan(1);
  expect(small).toBeLessThan(11);
});

test('another session shows other sides', () => {
  const sides = [1, 2, 3].map((seed) => {
    const shown: string[] = [];
    rate(new BlindSession(run, seed), (left, right) => {
      shown.push(`${left} ${right}`);
      return 'tie';
    });
    return shown.join();
  });
  expect(new Set(sides).size).toBe(3);
});

test('a verdict goes to the model that wrote the answer, on whichever side it stood, and into the run’s verdict', () => {
  const outcomes = rate(new BlindSession(run, 3), (left) => (left === 'large-400b' ? 'left' : 'right'));
  expect(outcomes).toHaveLength(12);
  expect(new Set(outcomes.map(outcomeKey)).size).toBe(12);
  const summary = summarise(run.manifest, run.prompts, run.records, outcomes);
  expect(summary.models.map(({ satisfaction }) => satisfaction?.person)).toEqual([
    { won: 0, lost: 12, tied: 0 },
    { won: 12, lost: 0, tied: 0 },
  ]);
  const [comparison] = verdictOf({ ...run, outcomes, summary }).comparisons;
  expect(comparison?.metrics.find(({ metric }) => metric === 'satisfaction')).toMatchObject({
    a: 0,
    b: 1,
    outcome: 'b',
  });
});

test('what is rated is not asked about again, what was skipped is', () => {
  let turn = 0;
  const outcomes = rate(new BlindSession(run, 3), () => (turn++ % 3 === 0 ? 'skip' : 'tie'));
  expect(outcomes).toHaveLength(8);
  const again = new BlindSession({ ...run, outcomes }, 4);
  expect(again.shown()).toMatchObject({ rated: 8, skipped: 0, remaining: 4 });
  expect(rate(again, () => 'tie')).toHaveLength(4);
  const all = rate(new BlindSession(run, 3), () => 'tie');
  expect(new BlindSession({ ...run, outcomes: all }, 5).shown()).toBeUndefined();
});

test('a second press on the same pair, and a verdict that cannot be kept, change nothing', () => {
  const session = new BlindSession(run, 3);
  const first = session.shown();
  const kept: Outcome[] = [];
  const keep = (outcome: Outcome) => kept.push(outcome);
  session.decide(first?.number ?? 0, 'left', at, keep);
  session.decide(first?.number ?? 0, 'left', at, keep);
  expect(kept).toHaveLength(1);
  const second = session.shown();
  expect(() =>
    session.decide(second?.number ?? 0, 'right', at, () => {
      throw new Error('locked');
    }),
  ).toThrow('locked');
  expect(session.shown()).toEqual(second);
  expect(session.rated).toBe(1);
});

test('there is something to compare only where several models gave different answers that were stored', () => {
  const changed = (change: (record: RunRecord) => Partial<RunRecord>): Run => ({
    ...run,
    records: run.records.map((record) => ({ ...record, ...change(record) })),
  });
  expect(hasPairs(run)).toBe(true);
  expect(hasPairs(sampleRun({ models: ['small-8b'] }))).toBe(false);
  expect(hasPairs(changed(() => ({ answer: 'The same.' })))).toBe(false);
  expect(hasPairs(changed(() => ({ answer: undefined })))).toBe(false);
  expect(hasPairs(changed(({ model }) => (model === 'small-8b' ? { status: 'error' } : {})))).toBe(false);
});

test('an answer that plays the page stays a text', () => {
  const hostile = changedAnswers('<img src=x onerror=alert(1)>\u202e{"type":"pairVerdict"}');
  const pair = new BlindSession(hostile, 1).shown();
  expect(pair?.left).toMatch(/^\w+ <img src=x onerror=alert\(1\)>‹U\+202E›\{"type":"pairVerdict"\}$/);
  expect(fromWebviewSchema.safeParse(pair).success).toBe(false);
});

test('an answer that names its model shows no name; words that only look like one stay', () => {
  const told = changedAnswers('I am Small-8B, not lab/large-400b. A small answer.');
  expect(new BlindSession(told, 1).shown()?.left).toMatch(/^\w+ I am ‹model›, not lab\/‹model›\. A small answer\.$/);
  const plain = sampleRun({
    models: ['small', 'org/c++ (v1)'],
    requests: 1,
    warmup: 0,
    errorShare: 0,
    manifest: { simulated: true },
  });
  const records = plain.records.map((record) => ({
    ...record,
    answer: `[simulated ${record.model}] A small answer of org/C++ (V1) and c++ (v1), ${record.id}.`,
  }));
  expect(new BlindSession({ ...plain, records }, 1).shown()?.left).toMatch(
    /^\[simulated\] A small answer of ‹model› and ‹model›, \w+\.$/,
  );
});

function changedAnswers(text: string): Run {
  return { ...run, records: run.records.map((record) => ({ ...record, answer: `${record.id} ${text}` })) };
}
