import { expect, test } from 'vitest';
import { counted, duration, figure, grouped, instant, percent, usd } from './format.ts';

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
  expect([
    figure(undefined),
    usd(undefined),
    duration(undefined),
    figure(Number.NaN),
    usd(Number.POSITIVE_INFINITY),
  ]).toEqual(['unknown', 'unknown', 'unknown', 'unknown', 'unknown']);
});

test('small sums of money keep their digits, large ones have cents', () => {
  expect([0, 0.0000001234, 0.0001, 0.0534, 0.1, 0.999, 1, 1_234.5, 1e-12].map((value) => usd(value))).toEqual([
    '$0',
    '$0.000000123',
    '$0.0001',
    '$0.0534',
    '$0.10',
    '$0.999',
    '$1.00',
    '$1,234.50',
    '<$0.000000001',
  ]);
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

test('counts, groups and instants read as a person writes them', () => {
  expect([counted(1, 'request'), counted(1_000, 'request')]).toEqual(['1 request', '1,000 requests']);
  expect([grouped(-1_234.5, 1), grouped(-0.01)]).toEqual(['-1,234.5', '0']);
  expect([instant('2026-11-23T09:30:00.000Z'), instant('yesterday')]).toEqual(['2026-11-23 09:30:00 UTC', 'yesterday']);
});
