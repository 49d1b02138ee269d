import { expect, it } from 'vitest';
import { agreement } from './agreement.ts';
import { seededRandom } from './random.ts';

it('gives Krippendorff’s published alpha for interval data', () => {
  // Computing Krippendorff's Alpha-Reliability (2011): four observers, twelve units, some missing; α = 0.849.
  const observers = ['123321412...', '1233224125.3', '.3332342251.', '12332441251.'];
  const units = Array.from({ length: 12 }, (_, unit) =>
    observers.flatMap((scores) => (scores[unit] === '.' ? [] : [Number(scores[unit])])),
  );
  expect(agreement(units)).toBeCloseTo(0.849, 3);
  // Neither the unit nor the origin of the scale matters.
  expect(agreement(units.map((scores) => scores.map((score) => 1e6 + score / 4)))).toBeCloseTo(0.849, 3);
});

it('gives what pairs by hand give', () => {
  // Within: (0−1)² twice over 2 answers, / 1 → 2 + 0; among 4 scores 0, 1, 1, 1: 6 ordered pairs apart, / 3 → 2.
  expect(
    agreement([
      [0, 1],
      [1, 1],
    ]),
  ).toBe(0);
  expect(
    agreement([
      [0, 0],
      [1, 1],
    ]),
  ).toBe(1);
  // Within 2 + 2; among 2·4 / 3.
  expect(
    agreement([
      [0, 1],
      [1, 0],
    ]),
  ).toBeCloseTo(-0.5, 12);
});

it('is near 0 for scores that have nothing to do with the answer', () => {
  const draw = seededRandom(1);
  const answers = Array.from({ length: 3_000 }, () => [draw(), draw(), draw()]);
  expect(Math.abs(agreement(answers) ?? 1)).toBeLessThan(0.03);
});

it('is unknown where no answer was scored twice, or where all scores are equal: such a judge tells nothing apart', () => {
  expect(
    agreement([
      [0.5, 0.5],
      [0.5, 0.5, 0.5],
    ]),
  ).toBeUndefined();
  expect(agreement([[0.5], []])).toBeUndefined();
  expect(agreement([])).toBeUndefined();
});
