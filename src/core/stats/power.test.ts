import { expect, it } from 'vitest';
import { normalQuantile } from './normal.ts';
import { pairsToTell, pairsToTie } from './power.ts';
import { seededRandom } from './random.ts';

it.each([
  [0.2, 199],
  [0.5, 34],
  [0.8, 15],
])('needs as many pairs for an effect of %d deviations as tables of the paired t test say: %d', (effect, n) => {
  // Two-sided, α 0.05, power 0.8; the values of G*Power for Cohen's small, medium and large effects.
  expect(pairsToTell({ effect, deviation: 1 })).toBe(n);
  expect(pairsToTell({ effect: -effect * 7, deviation: 7 })).toBe(n);
});

it('needs more where more is looked at together', () => {
  // (2.576 + 0.842)² / 0.25 + 2.576² / 2 = 50.03.
  expect(pairsToTell({ effect: 0.5, deviation: 1, alpha: 0.01 })).toBe(51);
});

it('knows no number where there is nothing to find, or not within reach', () => {
  expect(pairsToTell({ effect: 0, deviation: 1 })).toBeUndefined();
  expect(pairsToTell({ effect: 1e-6, deviation: 1 })).toBeUndefined();
  expect(pairsToTie({ effect: 0.03, deviation: 1 }, 0.02)).toBeUndefined();
});

it('says how many pairs put the whole interval within the margin in four of five runs', () => {
  const n = pairsToTie({ effect: 0, deviation: 1 }, 0.3) ?? 0;
  const draw = seededRandom(5);
  let within = 0;
  for (let trial = 0; trial < 2_000; trial++) {
    let sum = 0;
    let squares = 0;
    for (let i = 0; i < n; i++) {
      const value = normalQuantile(draw() || 0.5);
      sum += value;
      squares += value * value;
    }
    const mean = sum / n;
    const reach = 1.98 * Math.sqrt((squares / n - mean * mean) / (n - 1));
    if (mean - reach >= -0.3 && mean + reach <= 0.3) within++;
  }
  expect(n).toBeGreaterThan(100);
  expect(Math.abs(within / 2_000 - 0.8)).toBeLessThan(0.04);
});
