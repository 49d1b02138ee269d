import { expect, test } from 'vitest';
import { duration, figure, instant, percent } from './format.ts';

test('figures keep three significant digits and group thousands', () => {
  expect([0, 0.004, 1.234, 9.996, 12.345, 99.96, 123.4, 12_345.6].map((value) => figure(value))).toEqual([
    '0',
    '0.00',
    '1.23',
    '10.0',
    '12.3',
    '100',
    '123',
    '12,346',
  ]);
});

test('what is not known is a word', () => {
  expect([figure(undefined), duration(undefined), figure(Number.NaN)]).toEqual(['unknown', 'unknown', 'unknown']);
});

test('a share that is not nought or whole never reads so', () => {
  expect([0, 0.0004, 0.005, 0.25, 0.995, 0.9999, 1].map((share) => percent(share))).toEqual([
    '0%',
    '<0.1%',
    '0.5%',
    '25%',
    '99.5%',
    '>99.9%',
    '100%',
  ]);
});

test('durations read in the unit of their size', () => {
  expect([12, 1_500, 59_990, 60_000, 200_000, 7_500_000].map(duration)).toEqual([
    '12.0 ms',
    '1.5 s',
    '1 min 0 s',
    '1 min 0 s',
    '3 min 20 s',
    '2 h 5 min',
  ]);
});

test('instants read as a person writes them', () => {
  expect([instant('2026-11-23T09:30:00.000Z'), instant('yesterday')]).toEqual(['2026-11-23 09:30:00 UTC', 'yesterday']);
});
