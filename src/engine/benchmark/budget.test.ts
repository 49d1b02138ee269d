import { describe, expect, it } from 'vitest';
import type { RunRecord } from '../../core/benchmark/record.ts';
import { Budget, Ceilings, costBound, mostUse, noUse, Spending, unknownUse, useBound } from './budget.ts';

describe('a budget', () => {
  it('never has more spent and reserved than its ceiling', () => {
    const budget = new Budget(1, 0.3);
    expect(budget.reserve(0.4)).toBe(0.4);
    expect(budget.reserve(0.4)).toBeUndefined();
    budget.settle(0.4, 0.1);
    expect(budget.reserve(0.4)).toBe(0.4);
    expect(budget.spent + budget.reserved).toBeCloseTo(0.8, 12);
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
    expect(budget.reserved).toBe(0);
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

  const most = (fields: Partial<RunRecord>) => mostUse(record(fields), { usd: 1, tokens: 100 });

  it('is its cost and its tokens by the server’s counts, and else its bound', () => {
    expect(most({})).toEqual({ usd: 0.2, tokens: 2 });
    expect(most({ tokens: { input: 1, output: 1, source: 'estimate' } })).toEqual({ usd: 1, tokens: 100 });
    expect(most({ costUsd: undefined })).toEqual({ usd: 1, tokens: 2 });
  });

  it('is a bound more for each attempt before the last that may have been charged', () => {
    const refused = attempt(429, 'rate-limited');
    const overloaded = attempt(503, 'server');
    expect(most({ attempts: [refused, attempt(200)] })).toEqual({ usd: 0.2, tokens: 2 });
    expect(most({ attempts: [overloaded, overloaded, attempt(200)] })).toEqual({ usd: 2.2, tokens: 202 });
    const failed = { tokens: undefined, costUsd: undefined };
    expect(most({ attempts: [overloaded, refused], ...failed })).toEqual({ usd: 1, tokens: 100 });
  });
});

describe('the ceilings of a run', () => {
  it('reserve in both or in none', () => {
    const ceilings = new Ceilings({ maxCostUsd: 10, maxTotalTokens: 250 }, { usd: 0, tokens: 0 });
    const bound = { usd: 1, tokens: 100 };
    expect(ceilings.reserve(bound)).toEqual(bound);
    expect(ceilings.reserve(bound)).toEqual(bound);
    expect(ceilings.refusal(bound)?.stopReason).toBe('token-ceiling');
    expect(ceilings.reserve(bound)).toBeUndefined();
    expect(ceilings.usd?.reserved).toBe(2);
    expect(ceilings.tokens?.reserved).toBe(200);
  });

  it('say which of them is reached, in its own unit', () => {
    const ceilings = new Ceilings({ maxCostUsd: 1, maxTotalTokens: 5_000 }, { usd: 0.5, tokens: 4_000 });
    expect(ceilings.refusal({ usd: 0.25, tokens: 1_000 })).toBeUndefined();
    expect(ceilings.refusal({ usd: 0.6, tokens: 1 })).toEqual({
      stopReason: 'cost-ceiling',
      stopMessage: 'The next request may cost up to $0.60; up to $0.50 of the ceiling of $1.00 is spent.',
    });
    expect(ceilings.refusal({ usd: 0.1, tokens: 1_001 })).toEqual({
      stopReason: 'token-ceiling',
      stopMessage: 'The next request may use up to 1,001 tokens; up to 4,000 of the ceiling of 5,000 tokens are used.',
    });
  });

  it('hold nothing back where there are none', () => {
    const ceilings = new Ceilings({}, { usd: 5, tokens: 5 });
    expect(ceilings.reserve({ usd: 1e9, tokens: 1e9 })).toBeDefined();
    expect(ceilings.refusal({ usd: 1e9, tokens: 1e9 })).toBeUndefined();
  });
});

describe('the spending of a request', () => {
  it('reserves for each attempt, and gives back what is certain or was not used', () => {
    const ceilings = new Ceilings({ maxCostUsd: 2 }, noUse);
    const spending = new Spending(ceilings, { usd: 1, tokens: 10 });
    expect(spending.reserve()).toBe(true);
    spending.settle({ usd: 0.3, tokens: 7 });
    expect(spending.reserve()).toBe(true);
    expect(ceilings.usd?.reserved).toBe(1);
    spending.settle(noUse);
    expect(ceilings.usd?.reserved).toBe(0);
    expect(spending.reserve()).toBe(true);
    spending.settle(unknownUse);
    expect(spending.most.usd).toBeCloseTo(1.3, 12);
    expect(spending.most.tokens).toBe(17);
    expect(ceilings.usd?.spent).toBeCloseTo(1.3, 12);
    expect(spending.reserve()).toBe(false);
  });
});

it('bounds the tokens of a request by the bytes of its prompt and what it asks for', () => {
  expect(useBound(6, 100, { endpoint: 'lab', model: 'a' })).toEqual({ usd: 0, tokens: 6 + 64 + 100 });
});

it('bounds the cost by the bytes of the prompt, not by its characters', () => {
  const prices = { endpoint: 'lab', model: 'a', inputPrice: 1e6, outputPrice: 0 };
  expect(costBound(Buffer.byteLength('日本'), 100, prices)).toBe(6 + 64);
  expect(costBound(6, 100, { endpoint: 'lab', model: 'a', inputPrice: 1 })).toBeUndefined();
  expect(costBound(6, 100, { ...prices, cachedInputPrice: 1, cacheWritePrice: 2e6 })).toBe(2 * (6 + 64));
});

it('bounds the cost by the dearest kind of output', () => {
  const prices = { endpoint: 'lab', model: 'a', inputPrice: 0, outputPrice: 1e6 };
  expect(costBound(6, 100, { ...prices, reasoningPrice: 3e6 })).toBe(300);
  expect(costBound(6, 100, { ...prices, reasoningPrice: 0.5e6 })).toBe(100);
});
