import { cumulativeStdNormalProbability, probit } from 'simple-statistics';
import { expect, it } from 'vitest';
import { normalCdf, normalQuantile } from './normal.ts';

it('gives the shares of printed tables', () => {
  // Abramowitz and Stegun, table 26.1.
  for (const [x, share] of [
    [0, 0.5],
    [0.5, 0.691462461274013],
    [1, 0.841344746068543],
    [1.96, 0.975002104851779],
    [3, 0.99865010196837],
    [4, 0.999968328758167],
  ] as const) {
    expect(normalCdf(x)).toBeCloseTo(share, 13);
    expect(normalCdf(-x)).toBeCloseTo(1 - share, 13);
  }
  expect(normalCdf(-8) / 6.220960574271785e-16).toBeCloseTo(1, 10);
  expect([normalCdf(-50), normalCdf(50), normalCdf(Number.NaN)]).toEqual([0, 1, Number.NaN]);
});

it('gives the quantiles that every table has', () => {
  expect(normalQuantile(0.8)).toBeCloseTo(0.841621233572914, 13);
  expect(normalQuantile(0.975)).toBeCloseTo(1.959963984540054, 13);
  expect(normalQuantile(0.995)).toBeCloseTo(2.575829303548901, 13);
  expect([normalQuantile(0), normalQuantile(0.5), normalQuantile(1), normalQuantile(2)]).toEqual([
    Number.NEGATIVE_INFINITY,
    0,
    Number.POSITIVE_INFINITY,
    Number.NaN,
  ]);
});

it('turns a quantile back into its share, far into the tails', () => {
  for (const p of [1e-300, 1e-12, 1e-4, 0.01, 0.3, 0.499999, 0.7, 0.999]) {
    expect(normalCdf(normalQuantile(p)) / p).toBeCloseTo(1, 9);
  }
});

it('agrees with another implementation as far as that one is exact', () => {
  for (let x = -3; x <= 3; x += 0.37) expect(normalCdf(x)).toBeCloseTo(cumulativeStdNormalProbability(x), 4);
  for (let p = 0.05; p < 1; p += 0.05) expect(normalQuantile(p)).toBeCloseTo(probit(p), 2);
});
