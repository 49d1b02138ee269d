import { describe, expect, it } from 'vitest';
import { Budget, costBound } from './budget.ts';

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

it('bounds the cost by the bytes of the prompt, not by its characters', () => {
  const prices = { endpoint: 'lab', model: 'a', inputPrice: 1e6, outputPrice: 0 };
  expect(costBound(Buffer.byteLength('日本'), 100, prices)).toBe(6 + 64);
  expect(costBound(6, 100, { endpoint: 'lab', model: 'a', inputPrice: 1 })).toBeUndefined();
});
