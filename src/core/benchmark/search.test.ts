import { describe, expect, it } from 'vitest';
import { type Bracket, bracketOf, mostLeft, nextRate, type Search, type Trial } from './search.ts';

const search: Search = { fromPerSecond: 1, toPerSecond: 100, precision: 0.1 };

/** Searches on an endpoint that holds up to `capacity` requests per second. */
function searchOn(capacity: number, options: Search = search): { trials: Trial[]; found: Bracket; bounds: number[] } {
  const trials: Trial[] = [];
  const bounds: number[] = [];
  for (;;) {
    const bracket = bracketOf(trials);
    bounds.push(mostLeft(options, bracket, () => 1));
    const perSecond = nextRate(options, bracket);
    if (perSecond === undefined) return { trials, found: bracket, bounds };
    trials.push({ perSecond, held: perSecond <= capacity });
  }
}

describe('a search for the highest rate', () => {
  it.each([1, 1.01, 3.7, 16, 17, 63.9, 64, 65, 99, 99.99])(
    'encloses a capacity of %d within its precision',
    (capacity) => {
      const { found } = searchOn(capacity);
      expect(found.perSecond).toBeLessThanOrEqual(capacity);
      expect(found.failedAt).toBeGreaterThan(capacity);
      expect(found.failedAt! / found.perSecond!).toBeLessThanOrEqual(1.1);
    },
  );

  it('ends at once where the first rate fails, and says so', () => {
    const { trials, found } = searchOn(0.5);
    expect(trials).toHaveLength(1);
    expect(found).toEqual({ failedAt: 1 });
  });

  it('ends at the highest rate where that holds, having tried no more than each doubling', () => {
    const { trials, found } = searchOn(1e9);
    expect(trials.map(({ perSecond }) => perSecond)).toEqual([1, 2, 4, 8, 16, 32, 64, 100]);
    expect(found).toEqual({ perSecond: 100 });
  });

  it('tries a single rate when there is only one', () => {
    const one = { fromPerSecond: 5, toPerSecond: 5, precision: 0.1 };
    expect(searchOn(9, one).found).toEqual({ perSecond: 5 });
    expect(searchOn(1, one).found).toEqual({ failedAt: 5 });
  });

  it('never needs more trials than doublings and halvings of the last bracket', () => {
    for (const precision of [0.01, 0.05, 0.1, 0.5, 1]) {
      const halvings = Math.ceil(Math.log2(Math.log(2) / Math.log(1 + precision)));
      for (let capacity = 0.9; capacity < 110; capacity *= 1.07) {
        const { trials } = searchOn(capacity, { ...search, precision });
        const doublings = capacity >= 100 ? 8 : Math.max(1, Math.floor(Math.log2(capacity)) + 2);
        expect(trials.length).toBeLessThanOrEqual(Math.min(8, doublings) + Math.max(0, halvings));
        expect(new Set(trials.map(({ perSecond }) => perSecond)).size).toBe(trials.length);
      }
    }
  });

  it('knows at every moment how many trials are left at most', () => {
    for (const capacity of [0.5, 7, 40, 99, 500]) {
      const { trials, bounds } = searchOn(capacity);
      bounds.forEach((bound, done) => {
        expect(bound).toBeGreaterThanOrEqual(trials.length - done);
        if (done > 0) expect(bound).toBeLessThan(bounds[done - 1]!);
      });
      expect(bounds.at(-1)).toBe(0);
    }
  });

  it('takes a rate that held above one that failed for luck', () => {
    expect(
      bracketOf([
        { perSecond: 8, held: true },
        { perSecond: 4, held: false },
        { perSecond: 2, held: true },
      ]),
    ).toEqual({ perSecond: 2, failedAt: 4 });
  });
});
