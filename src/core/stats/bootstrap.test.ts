import { describe, expect, it } from 'vitest';
import { bootstrapMean } from './bootstrap.ts';
import { deviationOf, inGroups, meanOf } from './groups.ts';
import { normalQuantile } from './normal.ts';
import { seededRandom } from './random.ts';

const values = (...list: number[]) => Float64Array.from(list);

describe('bootstrapMean', () => {
  it('gives the bootstrap-t interval of the mouse data in Efron and Tibshirani, 12.5', () => {
    // Survival of the control group, days; their 90 % interval from 1,000 resamples is 35.8 to 116.7.
    const control = values(52, 104, 146, 10, 51, 30, 40, 27, 46);
    const interval = bootstrapMean(control, { seed: 1, confidence: 0.9, resamples: 50_000 });
    expect(interval.method).toBe('percentile-t');
    expect(interval.mean).toBeCloseTo(56.22, 2);
    expect(Math.abs(interval.low - 35.8)).toBeLessThan(2);
    expect(Math.abs(interval.high - 116.7)).toBeLessThan(8);
  });

  it('gives nearly the t interval of values that are spread evenly on both sides', () => {
    const even = Float64Array.from({ length: 200 }, (_, i) => normalQuantile((i + 0.5) / 200));
    const { low, high } = bootstrapMean(even, { seed: 3 });
    const reach = (1.972 * deviationOf(even)) / Math.sqrt(200);
    expect(Math.abs(low + reach)).toBeLessThan(0.01);
    expect(Math.abs(high - reach)).toBeLessThan(0.01);
  });

  it('takes BCa where values are steps, and agrees with the exact interval of a share', () => {
    // 30 of 100: Clopper and Pearson give 0.212 to 0.400, Wilson 0.219 to 0.396.
    const passed = Float64Array.from({ length: 100 }, (_, i) => (i < 30 ? 1 : 0));
    const { low, high, method } = bootstrapMean(passed, { seed: 1, bounds: [-1, 1] });
    expect(method).toBe('bca');
    expect(low).toBeGreaterThan(0.2);
    expect(low).toBeLessThan(0.225);
    expect(high).toBeGreaterThan(0.385);
    expect(high).toBeLessThan(0.41);
  });

  it('takes Student’s t where there are too few values to resample', () => {
    // By hand: mean 2, deviation 1, t(0.975; 2) = 4.303.
    const { low, high, method } = bootstrapMean(values(1, 2, 3), { seed: 1 });
    expect(method).toBe('t');
    expect(low).toBeCloseTo(2 - 4.303 / Math.sqrt(3), 10);
    expect(high).toBeCloseTo(2 + 4.303 / Math.sqrt(3), 10);
  });

  it('does not take equal scores for certainty: what was not seen in n tries can still be', () => {
    // 1 − 0.025^(1/40) = 0.0881.
    const { low, high } = bootstrapMean(new Float64Array(40), { seed: 1, bounds: [-1, 1] });
    expect(low).toBeCloseTo(-0.0881, 4);
    expect(high).toBeCloseTo(0.0881, 4);
    const all = bootstrapMean(new Float64Array(5).fill(1), { seed: 1, bounds: [-1, 1] });
    expect(all.low).toBeLessThan(0);
    expect(all.high).toBe(1);
  });

  it('gives no width to equal values without bounds, such as a price ratio', () => {
    expect(bootstrapMean(new Float64Array(9).fill(0.7), { seed: 1 })).toMatchObject({ low: 0.7, high: 0.7 });
  });

  it('stays within bounds, and is the same for the same seed only', () => {
    const scores = Float64Array.from({ length: 12 }, (_, i) => (i === 0 ? 0.2 : 1 - i / 1_000));
    const interval = bootstrapMean(scores, { seed: 1, bounds: [-1, 1] });
    expect(interval.high).toBeLessThanOrEqual(1);
    expect(bootstrapMean(scores, { seed: 1, bounds: [-1, 1] })).toEqual(interval);
    expect(bootstrapMean(scores, { seed: 2 }).low).not.toBe(interval.low);
  });

  // Monte Carlo error of a coverage over 1,500 trials is ±1.1 points.
  const uniform = seededRandom(11);
  const normal = () => normalQuantile(uniform() || 0.5);
  it.each<[string, number, () => number]>([
    ['normal', 0, normal],
    ['exponential (skewness 2)', 1, () => -Math.log(1 - uniform())],
    ['log-normal (skewness 1.8)', Math.exp(0.125), () => Math.exp(normal() / 2)],
    [
      'of checks that change in a third of the prompts',
      0.1,
      () => [1, 0, 0, 0, 0, 0, 0, 1, 0, -1][Math.floor(uniform() * 10)] ?? 0,
    ],
  ])('covers the mean of 40 differences, %s, in 93 to 97 of 100 runs', (_, mean, draw) => {
    let covered = 0;
    const trials = 1_500;
    for (let seed = 0; seed < trials; seed++) {
      const { low, high } = bootstrapMean(Float64Array.from({ length: 40 }, draw), { seed, resamples: 1_000 });
      if (low <= mean && mean <= high) covered++;
    }
    expect(covered / trials).toBeGreaterThanOrEqual(0.93);
    expect(covered / trials).toBeLessThanOrEqual(0.97);
  });
});

describe('inGroups', () => {
  it('leaves few values alone, and keeps the mean of many', () => {
    const few = values(1, 2, 3);
    expect(inGroups(few, 1)).toBe(few);
    const many = Float64Array.from({ length: 10_007 }, (_, i) => (i % 10) ** 2);
    const groups = inGroups(many, 1);
    expect(groups).toHaveLength(1_024);
    expect(meanOf(groups)).toBeCloseTo(meanOf(many), 10);
  });

  it('keeps the standard error of the mean', () => {
    const random = seededRandom(4);
    const many = Float64Array.from({ length: 50_000 }, () => -Math.log(1 - random()));
    const error = (list: Float64Array) => deviationOf(list) / Math.sqrt(list.length);
    // Of 1,024 groups the error itself is known to 1 / √2048 = 2.2 %.
    expect(Math.abs(error(inGroups(many, 2)) / error(many) - 1)).toBeLessThan(0.06);
  });

  it('gives an interval of the same width as the values themselves', () => {
    const random = seededRandom(9);
    const many = Float64Array.from({ length: 4_000 }, () => random() ** 3);
    const whole = bootstrapMean(many, { seed: 1, resamples: 2_000, groups: 4_000 });
    const grouped = bootstrapMean(many, { seed: 1, resamples: 2_000, groups: 1_000 });
    expect(Math.abs((grouped.high - grouped.low) / (whole.high - whole.low) - 1)).toBeLessThan(0.1);
    expect(grouped.mean).toBeCloseTo(whole.mean, 12);
  });
});
