import { describe, expect, it } from 'vitest';
import type { RunRecord } from '../../core/benchmark/record.ts';
import { Budget, costBound, mostCost, Spending } from './budget.ts';

describe('a budget', () => {
  it('never has more spent and reserved than its ceiling', () => {
    const budget = new Budget(1, 0.3);
    expect(budget.reserve(0.4)).toBe(0.4);
    expect(budget.reserve(0.4)).toBeUndefined();
    budget.settle(0.4, 0.1);
    expect(budget.reserve(0.4)).toBe(0.4);
    expect(budget.spentUsd + budget.reservedUsd).toBeCloseTo(0.8, 12);
  });

  it('takes a cost nobody knows for the whole reservation', () => {
    const budget = new Budget(1, 0);
    budget.settle(budget.reserve(0.6)!, undefined);
    expect(budget.reserve(0.6)).toBeUndefined();
  });

  it('expects more of every request after a server charged more than the bound', () => {
    const budget = new Budget(10, 0);
    budget.settle(budget.reserve(1)!, 3);
    expect(budget.needed(1)).toBe(3);
    expect(budget.reserve(1)).toBe(3);
  });

  it('has nothing reserved left over once nothing is in flight', () => {
    const budget = new Budget(1, 0);
    const amounts = [0.1, 0.2, 0.3].map((usd) => budget.reserve(usd)!);
    for (const amount of amounts) budget.settle(amount, 0);
    expect(budget.reservedUsd).toBe(0);
  });
});

describe('what a finished request cost at most', () => {
  const attempt = (status: number, code?: 'server' | 'rate-limited' | 'timeout') => ({
    times: { sent: 0, end: 1 },
    status,
    ...(code === undefined ? {} : { error: { code, message: '' } }),
  });
  const record = (fields: Partial<RunRecord>): RunRecord => ({
    id: 'r',
    promptId: 'p',
    endpoint: 'lab',
    model: 'a',
    status: 'ok',
    scheduledAt: '',
    attempts: [attempt(200)],
    times: { sent: 0, end: 1 },
    tokens: { input: 1, output: 1, source: 'server' },
    costUsd: 0.2,
    ...fields,
  });

  it('is its cost by the server’s counts, and else its bound', () => {
    expect(mostCost(record({}), 1)).toBe(0.2);
    expect(mostCost(record({ tokens: { input: 1, output: 1, source: 'estimate' } }), 1)).toBe(1);
    expect(mostCost(record({ costUsd: undefined }), 1)).toBe(1);
  });

  it('is a bound more for each attempt before the last that may have been charged', () => {
    const refused = attempt(429, 'rate-limited');
    const overloaded = attempt(503, 'server');
    expect(mostCost(record({ attempts: [refused, attempt(200)] }), 1)).toBe(0.2);
    expect(mostCost(record({ attempts: [overloaded, overloaded, attempt(200)] }), 1)).toBe(2.2);
    const failed = { tokens: undefined, costUsd: undefined };
    expect(mostCost(record({ attempts: [overloaded, refused], ...failed }), 1)).toBe(1);
  });
});

describe('the spending of a request', () => {
  it('reserves for each attempt, and gives back what is certain or was not used', () => {
    const budget = new Budget(2, 0);
    const spending = new Spending(budget, 1);
    expect(spending.reserve()).toBe(true);
    spending.settle(0.3);
    expect(spending.reserve()).toBe(true);
    expect(budget.reservedUsd).toBe(1);
    spending.settle(0);
    expect(budget.reservedUsd).toBe(0);
    expect(spending.reserve()).toBe(true);
    spending.settle(undefined);
    expect(spending.mostUsd).toBeCloseTo(1.3, 12);
    expect(budget.spentUsd).toBeCloseTo(1.3, 12);
    expect(spending.reserve()).toBe(false);
  });
});

it('bounds the cost by the bytes of the prompt, not by its characters', () => {
  const prices = { endpoint: 'lab', model: 'a', inputPrice: 1e6, outputPrice: 0 };
  expect(costBound(Buffer.byteLength('日本'), 100, prices)).toBe(6 + 64);
  expect(costBound(6, 100, { endpoint: 'lab', model: 'a', inputPrice: 1 })).toBeUndefined();
  expect(costBound(6, 100, { ...prices, cachedInputPrice: 1, cacheWritePrice: 2e6 })).toBe(2 * (6 + 64));
});
