import { describe, expect, it } from 'vitest';
import type { Outcome } from './outcome.ts';
import { answerPairs, nextPair, type PairedRecord } from './pairs.ts';

const models = ['x', 'y', 'z'].map((model) => ({ endpoint: 'e', model }));

function record(promptId: string, model: string, more: Partial<PairedRecord> = {}): PairedRecord {
  const id = `${promptId}.${model}.${more.stage ?? 0}`;
  return { id, promptId, endpoint: 'e', model, status: 'ok', answer: `${promptId} by ${model}`, ...more };
}

const verdict = (a: string, b: string, winner: 'a' | 'b' | 'tie' = 'a'): Outcome => ({
  kind: 'pair',
  by: 'person',
  a,
  b,
  winner,
  at: '',
});

describe('pairs of answers', () => {
  it('are of one prompt by different models, in the order of the plan, whatever the order of the records', () => {
    const records = [record('p', 'z'), record('q', 'x'), record('p', 'x'), record('p', 'y')];
    expect([...answerPairs(records, models)].map(({ a, b }) => [a, b])).toEqual([
      ['p.x.0', 'p.z.0'],
      ['p.y.0', 'p.z.0'],
      ['p.x.0', 'p.y.0'],
    ]);
  });

  it('leave out warm-up, failures, answers that are cut or not stored, and keep stages and turns apart', () => {
    const out: Partial<PairedRecord>[] = [
      { warmup: true },
      { status: 'error' },
      { answerCut: true },
      { answer: undefined },
      { stage: 1 },
    ];
    for (const more of out) expect([...answerPairs([record('p', 'x'), record('p', 'y', more)], models)]).toEqual([]);
    const turns = [
      record('p', 'x', { id: 'x1' }),
      record('p', 'x', { id: 'x2' }),
      record('p', 'y', { id: 'y1', status: 'error' }),
      record('p', 'y', { id: 'y2' }),
    ];
    expect([...answerPairs(turns, models)].map(({ a, b }) => [a, b])).toEqual([['x2', 'y2']]);
  });

  it('say where both answers are the same', () => {
    const same = { answer: 'four ' };
    expect([...answerPairs([record('p', 'x', same), record('p', 'y', { answer: 'four' })], models)][0]?.identical).toBe(
      true,
    );
  });
});

describe('the next pair for a person', () => {
  const records = ['p', 'q', 'r', 's'].flatMap((prompt) => models.map(({ model }) => record(prompt, model)));

  function rateAll(seed: number) {
    const outcomes: Outcome[] = [];
    const shown: NonNullable<ReturnType<typeof nextPair>>[] = [];
    for (
      let pair = nextPair({ records, models }, outcomes, seed);
      pair;
      pair = nextPair({ records, models }, outcomes, seed)
    ) {
      shown.push(pair);
      outcomes.push(verdict(pair.pair.a, pair.pair.b));
    }
    return shown;
  }

  it('comes once each, balanced over the pairs of models at any moment', () => {
    const shown = rateAll(7);
    expect(shown).toHaveLength(12);
    expect(new Set(shown.map(({ pair }) => `${pair.a} ${pair.b}`)).size).toBe(12);
    const counts = new Map<string, number>();
    for (const { pair } of shown) {
      const name = `${pair.a.at(2)}${pair.b.at(2)}`;
      counts.set(name, (counts.get(name) ?? 0) + 1);
      const all = ['xy', 'xz', 'yz'].map((each) => counts.get(each) ?? 0);
      expect(Math.max(...all) - Math.min(...all)).toBeLessThanOrEqual(1);
    }
  });

  it('is the same for the same seed, and stands left or right by chance', () => {
    expect(rateAll(7)).toEqual(rateAll(7));
    const left = [1, 2, 3, 4, 5, 6].flatMap(rateAll).filter(({ left, pair }) => left === pair.a).length;
    // 72 throws of a coin: beyond these bounds once in some thousand seeds, and these are fixed.
    expect(left).toBeGreaterThan(20);
    expect(left).toBeLessThan(52);
  });

  it('is none of answers that are the same, and comes back when its verdict is taken back', () => {
    const two = models.slice(0, 2);
    const same = [record('p', 'x', { answer: 'one' }), record('p', 'y', { answer: 'one' })];
    expect(nextPair({ records: same, models: two }, [], 1)).toBeUndefined();
    const pair = [record('p', 'x'), record('p', 'y')];
    const rated = [verdict('p.x.0', 'p.y.0')];
    expect(nextPair({ records: pair, models: two }, rated, 1)).toBeUndefined();
    const takenBack: Outcome = { kind: 'pair', by: 'person', a: 'p.x.0', b: 'p.y.0', at: '' };
    expect(nextPair({ records: pair, models: two }, [...rated, takenBack], 1)?.promptId).toBe('p');
    const judged: Outcome[] = [{ ...verdict('p.x.0', 'p.y.0'), kind: 'pair', by: 'judge' } as Outcome];
    expect(nextPair({ records: pair, models: two }, judged, 1)?.promptId).toBe('p');
  });
});
