import { permutationTest } from 'simple-statistics';
import { expect, it } from 'vitest';
import { normalQuantile } from './normal.ts';
import { signFlipTest } from './permutation.ts';
import { seededRandom } from './random.ts';

/** Darwin's maize, crossed less self-fertilised, eighths of an inch: Fisher, The Design of Experiments, 17. */
const maize = Float64Array.from([49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]);

it('gives Fisher’s exact p for Darwin’s maize: 863 of 32,768 on each side', () => {
  expect(signFlipTest(maize, { seed: 1 })).toBeCloseTo((2 * 863) / 32_768, 12);
});

it('comes near it by Monte Carlo', () => {
  // With values that move no sum there are too many patterns to try them all.
  const more = Float64Array.from([...maize, ...maize.map((value) => value / 1e9)]);
  expect(Math.abs(signFlipTest(more, { seed: 1, flips: 99_999 }) - 0.0527)).toBeLessThan(0.003);
});

it('gives what counting by hand gives', () => {
  // Sums of ±1 ±2 ±3: 6 and −6 are 2 of 8; at least 4 away are 4 of 8.
  expect(signFlipTest(Float64Array.from([1, 2, 3]), { seed: 1 })).toBe(2 / 8);
  expect(signFlipTest(Float64Array.from([-1, 2, 3]), { seed: 1 })).toBe(4 / 8);
  expect(signFlipTest(Float64Array.from([0.1, 0.2, -0.3]), { seed: 1 })).toBe(1);
  expect(signFlipTest(new Float64Array(20).fill(0.3), { seed: 1 })).toBe(1 / 10_000);
  expect(signFlipTest(new Float64Array(8), { seed: 1 })).toBe(1);
  expect(signFlipTest(new Float64Array(0), { seed: 1 })).toBe(1);
});

it('is the same whichever side is called a, and whatever the unit', () => {
  const draw = seededRandom(3);
  const values = Float64Array.from({ length: 60 }, () => draw() - 0.4);
  const p = signFlipTest(values, { seed: 5 });
  expect(
    signFlipTest(
      values.map((value) => -value),
      { seed: 5 },
    ),
  ).toBe(p);
  expect(
    signFlipTest(
      values.map((value) => value * 1_024),
      { seed: 5 },
    ),
  ).toBe(p);
});

it('finds a paired difference that a test of two samples does not see', () => {
  const draw = seededRandom(8);
  const before = Array.from({ length: 14 }, () => 100 * draw());
  const after = before.map((value) => value + 1 + draw());
  const p = signFlipTest(
    Float64Array.from(after, (value, i) => value - (before[i] ?? 0)),
    { seed: 1 },
  );
  expect(p).toBe(2 / 2 ** 14);
  expect(permutationTest(before, after, 'two_side', 2_000, seededRandom(1))).toBeGreaterThan(0.5);
});

it('raises a false alarm in about 5 of 100 runs without a difference', () => {
  const draw = seededRandom(21);
  for (const n of [12, 40, 1_500]) {
    let alarms = 0;
    const trials = n > 1_000 ? 600 : 2_000;
    for (let seed = 0; seed < trials; seed++) {
      const differences = Float64Array.from({ length: n }, () => normalQuantile(draw() || 0.5));
      if (signFlipTest(differences, { seed, flips: 999, groups: 256 }) < 0.05) alarms++;
    }
    expect(Math.abs(alarms / trials - 0.05)).toBeLessThan(n > 1_000 ? 0.025 : 0.013);
  }
});

it('has the power that a t test promises: 80 % for half a deviation and 34 pairs', () => {
  const draw = seededRandom(22);
  let found = 0;
  for (let seed = 0; seed < 1_000; seed++) {
    const differences = Float64Array.from({ length: 34 }, () => 0.5 + normalQuantile(draw() || 0.5));
    if (signFlipTest(differences, { seed, flips: 999 }) < 0.05) found++;
  }
  expect(Math.abs(found / 1_000 - 0.8)).toBeLessThan(0.04);
});
