import { expect, it } from 'vitest';
import { withTimeLimit } from './time-limit.ts';

it('stops a pattern that would backtrack for ever', () => {
  expect(withTimeLimit(50, () => /^(a+)+$/.test(`${'a'.repeat(60)}b`))).toBeUndefined();
});

it('stops an endless loop, and works again after it', () => {
  expect(
    withTimeLimit(20, () => {
      for (;;);
    }),
  ).toBeUndefined();
  expect(withTimeLimit(20, () => 7)).toEqual({ value: 7 });
});

it('hands on what the work throws, as it is', () => {
  const error = new TypeError('x');
  expect(() =>
    withTimeLimit(50, () => {
      throw error;
    }),
  ).toThrow(error);
});
