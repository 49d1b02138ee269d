import { expect, it } from 'vitest';
import { kolmogorovSmirnov, kolmogorovTail } from './ks.ts';
import { seededRandom } from './random.ts';

it('gives the critical values of Kolmogorov’s distribution that every table has', () => {
  for (const [x, p] of [
    [0.8276, 0.5],
    [1.2238, 0.1],
    [1.3581, 0.05],
    [1.6276, 0.01],
    [1.9495, 0.001],
  ] as const)
    expect(kolmogorovTail(x)).toBeCloseTo(p, 4);
  expect([kolmogorovTail(0), kolmogorovTail(0.05)]).toEqual([1, 1]);
  expect(Math.abs(kolmogorovTail(1.2 - 1e-12) - kolmogorovTail(1.2))).toBeLessThan(1e-9);
});

it('finds the largest distance on either side of a step', () => {
  const even = (value: number) => value;
  // By hand: steps at 0.1, 0.2, 0.9; the second reaches 2/3 at 0.2.
  expect(kolmogorovSmirnov([0.9, 0.1, 0.2], even).statistic).toBeCloseTo(2 / 3 - 0.2, 12);
  // And here 0.7 is expected before the first step.
  expect(kolmogorovSmirnov([0.7, 0.8], even).statistic).toBeCloseTo(0.7, 12);
  expect(kolmogorovSmirnov([], even).statistic).toBeNaN();
});

it('rejects 5 of 100 samples that do follow the distribution, and one that does not', () => {
  const draw = seededRandom(6);
  const even = (value: number) => Math.min(1, Math.max(0, value));
  let alarms = 0;
  for (let trial = 0; trial < 2_000; trial++) {
    if (kolmogorovSmirnov(Float64Array.from({ length: 50 }, draw), even).p < 0.05) alarms++;
  }
  expect(Math.abs(alarms / 2_000 - 0.05)).toBeLessThan(0.015);
  expect(
    kolmogorovSmirnov(
      Float64Array.from({ length: 500 }, () => draw() ** 1.2),
      even,
    ).p,
  ).toBeLessThan(0.01);
});
