import { expect, it } from 'vitest';
import { holm } from './multiple.ts';
import { seededRandom } from './random.ts';

it('gives the step-down values by hand, in the order given', () => {
  // Sorted 0.005·4, 0.01·3, 0.03·2, 0.04·1; the last is raised to the one before it.
  const adjusted = holm([0.01, 0.04, 0.03, 0.005]);
  for (const [index, value] of [0.03, 0.06, 0.06, 0.02].entries()) expect(adjusted[index]).toBeCloseTo(value, 12);
});

it('leaves a single p alone, and none above 1', () => {
  expect(holm([])).toEqual([]);
  expect(holm([0.03])).toEqual([0.03]);
  expect(holm([0.6, 0.9])).toEqual([1, 1]);
});

it('keeps the chance of any false alarm in a family of ten at 5 %', () => {
  const draw = seededRandom(2);
  let alarms = 0;
  for (let trial = 0; trial < 4_000; trial++) if (Math.min(...holm(Array.from({ length: 10 }, draw))) < 0.05) alarms++;
  expect(Math.abs(alarms / 4_000 - 0.05)).toBeLessThan(0.01);
});
