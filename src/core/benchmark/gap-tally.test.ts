import { describe, expect, it } from 'vitest';
import { distribution } from '../stats/quantiles.ts';
import { GapTally } from './gap-tally.ts';

function tallied(gaps: readonly number[]): GapTally {
  const tally = new GapTally();
  for (const gap of gaps) tally.add(gap);
  return tally;
}

/** Hundredths of ms, spread over six orders of magnitude. */
const gaps = Array.from({ length: 5000 }, (_, i) => Math.round(100 * Math.exp(((i * 7919) % 5000) / 300)) / 100);

describe('a tally of gaps', () => {
  it('gives the same distribution as the gaps themselves where they are below a third of a second', () => {
    const short = gaps.filter((gap) => gap < 327);
    const expected = distribution(short);
    const told = tallied(short).distribution();
    for (const key of ['n', 'min', 'p50', 'p90', 'p95', 'p99', 'p999', 'max', 'mean'] as const) {
      expect(told?.[key], key).toBeCloseTo(expected?.[key] ?? Number.NaN, 8);
    }
  });

  it('is off by less than a thirtieth of a thousandth above, however long they are', () => {
    const expected = distribution(gaps);
    const told = tallied(gaps).distribution();
    for (const key of ['p50', 'p90', 'p95', 'p99', 'p999', 'max', 'mean'] as const) {
      expect((told?.[key] ?? 0) / (expected?.[key] ?? 0), key).toBeCloseTo(1, 4.3);
    }
    expect(told?.max).toBe(expected?.max);
  });

  it('counts many at once as it would one by one', () => {
    const tally = new GapTally();
    tally.add(0, 97);
    tally.add(10, 3);
    const one = tallied([...new Array<number>(97).fill(0), 10, 10, 10]);
    expect(tally.distribution()).toEqual(one.distribution());
    expect(tally.distribution()).toMatchObject({ n: 100, p95: 0, p99: 10, mean: 0.3 });
  });

  it('needs room for no more than some ten thousand counts for gaps of up to a day', () => {
    const tally = new GapTally();
    for (const ms of [0, 0.01, 50, 327.67, 327.68, 5000, 86_400_000]) tally.add(ms);
    expect(tally.distribution()).toMatchObject({ n: 7, min: 0, max: 86_400_000 });
    expect(tally.distribution()?.p50).toBe(327.67);
  });

  it('has no distribution without a gap', () => {
    expect(new GapTally().distribution()).toBeUndefined();
  });
});
