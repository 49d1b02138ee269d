import { expect, test } from 'vitest';
import { axis, tickText } from './axis.ts';

const range = [0, 600] as const;

test('a logarithmic axis is labelled at 1, 2 and 5, and at fewer where there is no room', () => {
  expect(axis([40, 6_000], { range, log: true, gap: 40 }).ticks).toEqual([50, 100, 200, 500, 1_000, 2_000, 5_000]);
  expect(
    axis([0.01, 1e7], { range, log: true, gap: 40 }).ticks.every((tick) =>
      /^1/.test(String(tick).replace(/^0\.0*/, '')),
    ),
  ).toBe(true);
});

test('a narrow logarithmic axis still has labels', () => {
  expect(axis([2.2, 4.4], { range, log: true, gap: 40 }).ticks.length).toBeGreaterThan(1);
});

test('a linear axis starts where it is told and can be rounded', () => {
  const plain = axis([0, 917], { range, log: false, gap: 40 });
  expect([plain(0), plain(917)]).toEqual([0, 600]);
  expect(axis([0, 917], { range, log: false, nice: true, gap: 40 }).ticks.at(-1)).toBe(1_000);
});

test('a tick is as short as it can be', () => {
  expect([0, 0.30000000000000004, 50, 2_000].map(tickText)).toEqual(['0', '0.3', '50', '2,000']);
});
