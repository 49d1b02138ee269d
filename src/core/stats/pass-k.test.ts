import { expect, it } from 'vitest';
import { passHatK, passPowers } from './pass-k.ts';
import { seededRandom } from './random.ts';

/** Share of the k-subsets of n answers, of which the first c passed, that pass wholly; by listing them. */
function listed(n: number, c: number, k: number): number {
  let [subsets, all] = [0, 0];
  for (let chosen = 0; chosen < 2 ** n; chosen++) {
    const members = Array.from({ length: n }, (_, i) => i).filter((i) => chosen & (1 << i));
    if (members.length !== k) continue;
    subsets++;
    if (members.every((i) => i < c)) all++;
  }
  return all / subsets;
}

it('agrees with a list of all subsets', () => {
  for (let n = 1; n <= 7; n++)
    for (let c = 0; c <= n; c++)
      for (let k = 1; k <= n; k++) expect(passHatK({ n, passed: c }, k)).toBeCloseTo(listed(n, c, k), 12);
});

it('knows nothing of more answers than there are, and does not overflow with many', () => {
  expect(passHatK({ n: 3, passed: 1 }, 4)).toBeNaN();
  expect(passHatK({ n: 5_000, passed: 4_999 }, 2_500)).toBeCloseTo(0.5, 9);
});

it('is unbiased: on average it is p to the power of k', () => {
  const draw = seededRandom(3);
  let sum = 0;
  for (let trial = 0; trial < 20_000; trial++) {
    let passed = 0;
    for (let i = 0; i < 6; i++) if (draw() < 0.7) passed++;
    sum += passHatK({ n: 6, passed }, 3);
  }
  expect(Math.abs(sum / 20_000 - 0.343)).toBeLessThan(0.006);
});

it('takes each prompt once, as far as every prompt has answers', () => {
  const powers = passPowers([
    { n: 3, passed: 3 },
    { n: 2, passed: 1 },
    { n: 0, passed: 0 },
  ]);
  expect(powers).toEqual([
    { k: 1, value: 0.75 },
    { k: 2, value: 0.5 },
  ]);
  expect(passPowers([])).toEqual([]);
});
