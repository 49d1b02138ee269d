import { describe, expect, it } from 'vitest';
import { distribution, quantile } from './quantiles.ts';

describe('quantile', () => {
  it('interpolates as R does by default (type 7)', () => {
    // quantile(c(1, 2, 4, 8, 16), c(.1, .25, .5, .9, .99)) in R
    const values = [1, 2, 4, 8, 16];
    expect([0.1, 0.25, 0.5, 0.9, 0.99].map((p) => quantile(values, p))).toEqual([1.4, 2, 4, 12.8, 15.68]);
  });

  it('is the value itself for one value, and the extremes at 0 and 1', () => {
    expect(quantile([7], 0.99)).toBe(7);
    expect(quantile([3, 5, 9], 0)).toBe(3);
    expect(quantile([3, 5, 9], 1)).toBe(9);
  });

  it('is not a number for no values', () => {
    expect(quantile([], 0.5)).toBeNaN();
  });
});

describe('distribution', () => {
  it('does not ask for order, and leaves the values as they were', () => {
    const values = [30, 4, 200, 1];
    expect(distribution(values)).toMatchObject({ n: 4, min: 1, max: 200, p50: 17, mean: 58.75 });
    expect(values).toEqual([30, 4, 200, 1]);
  });

  it('is undefined for no values', () => {
    expect(distribution([])).toBeUndefined();
  });

  it('has ascending quantiles within the extremes', () => {
    const d = distribution(Array.from({ length: 1_000 }, (_, i) => (i * 7919) % 1_000))!;
    expect(d.p50).toBeCloseTo(499.5, 9);
    expect(d.p99).toBeCloseTo(989.01, 9);
    expect([d.min, d.p50, d.p90, d.p95, d.p99, d.max]).toEqual(
      [d.min, d.p50, d.p90, d.p95, d.p99, d.max].sort((a, b) => a - b),
    );
  });
});
