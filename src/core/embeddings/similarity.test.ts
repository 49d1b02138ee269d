import { expect, it } from 'vitest';
import { cosineSimilarity } from './similarity.ts';

it('is 1 for one direction, 0 for a right angle, -1 for the opposite, whatever the lengths', () => {
  expect(cosineSimilarity([1, 2], [10, 20])).toBeCloseTo(1, 12);
  expect(cosineSimilarity([3, 0], [0, 0.1])).toBe(0);
  expect(cosineSimilarity([1, 1], [-2, -2])).toBeCloseTo(-1, 12);
  expect(cosineSimilarity([1, 0], [1, 1])).toBeCloseTo(Math.SQRT1_2, 12);
});

it('does not overflow, and never leaves its bounds', () => {
  expect(cosineSimilarity([1e300, 1e300], [1e-300, 1e-300])).toBeCloseTo(1, 12);
});

it('is unknown for no direction, and for vectors that cannot be compared', () => {
  expect(cosineSimilarity([0, 0], [1, 2])).toBeUndefined();
  expect(cosineSimilarity([1], [1, 2])).toBeUndefined();
  expect(cosineSimilarity([], [])).toBeUndefined();
});
