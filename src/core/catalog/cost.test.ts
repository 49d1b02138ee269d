import { describe, expect, it } from 'vitest';
import { costRange, dearestCost, formatUsd, formatUsdRange, mayCostMoney, tokenCost } from './cost.ts';
import type { Model } from './model.ts';

describe('the cost of tokens', () => {
  it('is USD per million tokens times tokens', () => {
    expect(tokenCost({ input: 1_000_000, output: 500_000 }, { inputPrice: 3, outputPrice: 15 })).toBeCloseTo(10.5, 12);
    expect(tokenCost({ input: 12, output: 345 }, { inputPrice: 0.15, outputPrice: 0.6 })).toBeCloseTo(0.0002088, 12);
  });

  it('is unknown where a price that is needed is unknown', () => {
    expect(tokenCost({ input: 1, output: 1 }, { inputPrice: 1 })).toBeUndefined();
    expect(tokenCost({ input: 1, output: 1 }, { outputPrice: 1 })).toBeUndefined();
    expect(tokenCost({ input: 1, output: 1 }, {})).toBeUndefined();
  });

  it('does not need the price of no tokens', () => {
    expect(tokenCost({ input: 1_000_000, output: 0 }, { inputPrice: 2 })).toBe(2);
    expect(tokenCost({ input: 0, output: 1_000_000 }, { outputPrice: 2 })).toBe(2);
    expect(tokenCost({ input: 0, output: 0 }, {})).toBe(0);
  });

  it('prices input from the cache, written to it, and fresh, each apart', () => {
    const tokens = { input: 1_000, cachedInput: 600, cacheWrite: 300, output: 10 };
    const prices = { inputPrice: 10, cachedInputPrice: 1, cacheWritePrice: 12.5, outputPrice: 50 };
    expect(tokenCost(tokens, prices)).toBeCloseTo((100 * 10 + 600 * 1 + 300 * 12.5 + 10 * 50) / 1e6, 15);
  });

  it('counts cached input without a price of its own at the input price, and knows no price for writes', () => {
    const prices = { inputPrice: 10, outputPrice: 50 };
    expect(tokenCost({ input: 100, cachedInput: 90, output: 0 }, prices)).toBeCloseTo(0.001, 15);
    expect(tokenCost({ input: 100, cacheWrite: 1, output: 0 }, prices)).toBeUndefined();
    expect(tokenCost({ input: 100, cacheWrite: 0, output: 0 }, prices)).toBeCloseTo(0.001, 15);
  });

  it('is at most that of the dearest kind of input', () => {
    const prices = { inputPrice: 10, cachedInputPrice: 1, cacheWritePrice: 12.5, outputPrice: 50 };
    expect(dearestCost({ input: 1_000, output: 10 }, prices)).toBeCloseTo((1_000 * 12.5 + 10 * 50) / 1e6, 15);
    expect(dearestCost({ input: 1_000, output: 0 }, { inputPrice: 10 })).toBeCloseTo(0.01, 15);
    expect(dearestCost({ input: 1, output: 0 }, { cacheWritePrice: 12.5 })).toBeUndefined();
  });

  it('is 0 at a price of 0, which is known', () => {
    expect(tokenCost({ input: 5, output: 5 }, { inputPrice: 0, outputPrice: 0 })).toBe(0);
  });
});

describe('reasoning', () => {
  const tokens = { input: 0, output: 1_000, reasoning: 800 };

  it('is a part of the output with a price of its own, and costs what output costs without one', () => {
    expect(tokenCost(tokens, { outputPrice: 10, reasoningPrice: 5 })).toBeCloseTo((200 * 10 + 800 * 5) / 1e6, 15);
    expect(tokenCost(tokens, { outputPrice: 10 })).toBeCloseTo(0.01, 15);
    expect(tokenCost(tokens, { reasoningPrice: 5 })).toBeUndefined();
  });

  it('is never more than the output, whatever a server counts', () => {
    expect(tokenCost({ ...tokens, reasoning: 5_000 }, { outputPrice: 10, reasoningPrice: 5 })).toBeCloseTo(0.005, 15);
  });

  it('counts in an upper bound at the dearer of both prices', () => {
    expect(dearestCost(tokens, { inputPrice: 0, outputPrice: 10, reasoningPrice: 30 })).toBeCloseTo(0.03, 15);
    expect(dearestCost(tokens, { inputPrice: 0, outputPrice: 10, reasoningPrice: 3 })).toBeCloseTo(0.01, 15);
    for (const reasoning of [0, 1, 500, 1_000]) {
      for (const reasoningPrice of [undefined, 0, 7, 30]) {
        const prices = { inputPrice: 1, outputPrice: 10, reasoningPrice };
        expect(tokenCost({ ...tokens, reasoning }, prices)).toBeLessThanOrEqual(dearestCost(tokens, prices)! + 1e-15);
      }
    }
  });
});

describe('the range of a cost', () => {
  const model: Model = {
    ref: 'e/m',
    endpoint: 'e',
    id: 'm',
    inputPrice: { value: 1, provenance: 'user' },
    outputPrice: { value: 10, provenance: 'user' },
    simulated: false,
  };
  const input = { tokens: 100, low: 80, high: 150 };

  it('is nothing only where both prices are 0, or nobody is paid', () => {
    const free = { value: 0, provenance: 'user' } as const;
    expect(mayCostMoney(model)).toBe(true);
    expect(mayCostMoney({ ...model, inputPrice: free })).toBe(true);
    expect(mayCostMoney({ ...model, inputPrice: free, outputPrice: undefined })).toBe(true);
    expect(mayCostMoney({ ...model, inputPrice: free, outputPrice: free })).toBe(false);
    expect(mayCostMoney({ ...model, simulated: true })).toBe(false);
  });

  it('goes from the low ends to the high ends', () => {
    const range = costRange(input, { low: 10, high: 20 }, model);
    expect(range?.lowUsd).toBeCloseTo(180e-6, 15);
    expect(range?.highUsd).toBeCloseTo(350e-6, 15);
  });

  it('is unknown where a price is', () => {
    expect(costRange(input, { low: 10, high: 20 }, { ...model, outputPrice: undefined })).toBeUndefined();
    expect(costRange(input, { low: 0, high: 20 }, { ...model, outputPrice: undefined })).toBeUndefined();
  });
});

describe('USD for a person', () => {
  it('never reads as nothing when it is something, and never as 0 when it is unknown', () => {
    expect(formatUsd(undefined)).toBe('unknown');
    expect(formatUsd(Number.NaN)).toBe('unknown');
    expect(formatUsd(0)).toBe('$0');
    for (let exponent = -15; exponent < 6; exponent++) expect(formatUsd(2 * 10 ** exponent)).toMatch(/[1-9]/);
    expect(formatUsd(0.000123456)).toBe('$0.000123');
    expect(formatUsd(1234.5)).toBe('$1,234.50');
  });

  it('keeps the digits of small sums and gives cents to large ones', () => {
    expect([0, 0.0000001234, 0.0001, 0.0534, 0.1, 0.999, 1, 1_234.5, 1e-12].map((value) => formatUsd(value))).toEqual([
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
    expect(formatUsd(Number.POSITIVE_INFINITY)).toBe('unknown');
  });

  it('shows a range, or one amount where both ends read alike', () => {
    expect(formatUsdRange(undefined)).toBe('unknown');
    expect(formatUsdRange({ lowUsd: 0.001, highUsd: 0.002 })).toMatch(/^\$0\.0010* to \$0\.0020*$/);
    expect(formatUsdRange({ lowUsd: 0, highUsd: 0 })).toBe('$0');
    expect(formatUsdRange({ lowUsd: 2, highUsd: 2.001 })).toBe('$2.00');
  });
});
