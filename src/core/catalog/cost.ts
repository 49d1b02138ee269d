import { grouped, UNKNOWN } from '../numbers.ts';
import type { TokenEstimate } from '../prompts/prompt.ts';
import type { Model } from './model.ts';

/** USD from `low` to `high`. */
export interface UsdRange {
  readonly lowUsd: number;
  readonly highUsd: number;
}

/** Tokens from `low` to `high`. */
export interface TokenRange {
  readonly low: number;
  readonly high: number;
}

/** USD per million tokens; absent: unknown. */
export interface Prices {
  readonly inputPrice?: number | undefined;
  readonly outputPrice?: number | undefined;
  /** Of input that the server read from its cache. */
  readonly cachedInputPrice?: number | undefined;
  /** Of input that the server wrote to its cache. */
  readonly cacheWritePrice?: number | undefined;
}

/** Tokens by what they cost: the cached ones are parts of `input`, and reasoning is a part of `output`. */
export interface PricedTokens {
  readonly input: number;
  readonly cachedInput?: number | undefined;
  readonly cacheWrite?: number | undefined;
  readonly output: number;
}

/**
 * USD for some tokens at prices in USD per million tokens: the sum of tokens · price / 10⁶ over fresh input, input read
 * from the cache, input written to it, and output. Cached input without a price of its own counts at the input price,
 * which no vendor's cached price exceeds: the cost is an upper bound then. Undefined when another price that is needed is
 * unknown (a write to the cache can cost more than fresh input); the price of no tokens is not needed.
 */
export function tokenCost(tokens: PricedTokens, prices: Prices): number | undefined {
  const { input, cachedInput = 0, cacheWrite = 0, output } = tokens;
  const parts = [
    partCost(Math.max(0, input - cachedInput - cacheWrite), prices.inputPrice),
    partCost(cachedInput, prices.cachedInputPrice ?? prices.inputPrice),
    partCost(cacheWrite, prices.cacheWritePrice),
    partCost(output, prices.outputPrice),
  ];
  let sum = 0;
  for (const part of parts) {
    if (part === undefined) return undefined;
    sum += part;
  }
  return sum;
}

/** USD that so many tokens cost at most, whatever part of the input is read from or written to a cache. */
export function dearestCost(tokens: PricedTokens, prices: Prices): number | undefined {
  const { inputPrice, cachedInputPrice = 0, cacheWritePrice = 0 } = prices;
  const dearest = inputPrice === undefined ? undefined : Math.max(inputPrice, cachedInputPrice, cacheWritePrice);
  return tokenCost({ input: tokens.input, output: tokens.output }, { ...prices, inputPrice: dearest });
}

function partCost(tokens: number, price: number | undefined): number | undefined {
  if (tokens === 0) return 0;
  return price === undefined ? undefined : (tokens * price) / 1_000_000;
}

/** Whether a request to a model may cost money: a price is above 0 or unknown, and its endpoint is not simulated. */
export function mayCostMoney({ simulated, inputPrice, outputPrice }: Model): boolean {
  return !simulated && (inputPrice?.value !== 0 || outputPrice?.value !== 0);
}

/** What one request may cost: the low ends of both token ranges to the high ends. Undefined when a price is unknown. */
export function costRange(input: TokenEstimate, output: TokenRange, model: Model): UsdRange | undefined {
  const prices = { inputPrice: model.inputPrice?.value, outputPrice: model.outputPrice?.value };
  const lowUsd = tokenCost({ input: input.low, output: output.low }, prices);
  const highUsd = tokenCost({ input: input.high, output: output.high }, prices);
  return lowUsd === undefined || highUsd === undefined ? undefined : { lowUsd, highUsd };
}

/** USD for a person: up to three significant digits below $1, cents above. Only a known zero is `$0`. */
export function formatUsd(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return UNKNOWN;
  if (value === 0) return '$0';
  const size = Math.abs(value);
  if (size >= 1) return `$${grouped(value, 2)}`;
  if (size < 1e-9) return '<$0.000000001';
  const digits = Math.min(11, 2 - Math.floor(Math.log10(size)));
  return `$${value.toFixed(digits).replace(/(\.\d\d\d*?)0+$/, '$1')}`;
}

/** A range of USD for a person; one amount where both ends read alike. */
export function formatUsdRange(range: UsdRange | undefined): string {
  if (range === undefined) return UNKNOWN;
  const low = formatUsd(range.lowUsd);
  const high = formatUsd(range.highUsd);
  return low === high ? low : `${low} to ${high}`;
}
