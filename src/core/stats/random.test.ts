import { expect, it } from 'vitest';
import { seededOrder, seededRandom } from './random.ts';

it('gives the same numbers for the same seed and others for another', () => {
  const draw = (seed: number) => Array.from({ length: 5 }, seededRandom(seed));
  expect(draw(1)).toEqual(draw(1));
  expect(draw(1)).not.toEqual(draw(2));
});

it('spreads evenly over [0,1)', () => {
  const random = seededRandom(7);
  const bins = new Array<number>(10).fill(0);
  for (let i = 0; i < 10_000; i++) bins[Math.floor(random() * 10)]!++;
  for (const count of bins) expect(Math.abs(count - 1_000)).toBeLessThan(120);
});

it('orders everything once, and differently for another seed', () => {
  const order = [...seededOrder(100, 3)];
  expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i));
  expect([...seededOrder(100, 3)]).toEqual(order);
  expect([...seededOrder(100, 4)]).not.toEqual(order);
});
