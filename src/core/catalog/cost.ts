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
  /** Of output spent on thinking; absent: it costs `outputPrice`. */
  readonly reasoningPrice?: number | undefined;
}

/** Tokens by what they cost: the cached ones are parts of `input`, and reasoning is a part of `output`. */
export interface PricedTokens {
  readonly input: number;
  readonly cachedInput?: number | undefined;
  readonly cacheWrite?: number | undefined;
  readonly output: number;
  readonly reasoning?: number | undefined;
}

/** USD by what was paid for; a part without tokens is 0, one at an unknown price is absent. */
export interface CostParts {
  readonly input: number | undefined;
  readonly cachedInput: number | undefined;
  readonly cacheWrite: number | undefined;
  /** Without reasoning. */
  readonly output: number | undefined;
  readonly reasoning: number | undefined;
}

/**
 * USD for some tokens at prices in USD per million tokens, by part: tokens · price / 10⁶ of fresh input, input read from the
 * cache, input written to it, output and reasoning. Cached input without a price of its own counts at the input price,
 * which no vendor's cached price exceeds: the cost is an upper bound then. A write to the cache has no such bound, it can cost more
 * than fresh input. Reasoning without a price of its own is output.
 */
export function tokenCostParts(tokens: PricedTokens, prices: Prices): CostParts {
  const { input, cachedInput = 0, cacheWrite = 0, output } = tokens;
  // A server that counts more reasoning than output is not charged twice.
  const reasoning = Math.min(tokens.reasoning ?? 0, output);
  return {
    input: partCost(Math.max(0, input - cachedInput - cacheWrite), prices.inputPrice),
    cachedInput: partCost(cachedInput, prices.cachedInputPrice ?? prices.inputPrice),
    cacheWrite: partCost(cacheWrite, prices.cacheWritePrice),
    output: partCost(output - reasoning, prices.outputPrice),
    reasoning: partCost(reasoning, prices.reasoningPrice ?? prices.outputPrice),
  };
}

/** The sum of `tokenCostParts`; undefined when a price that is needed is unknown. The price of no tokens is not needed. */
export function tokenCost(tokens: PricedTokens, prices: Prices): number | undefined {
  const { input, cachedInput, cacheWrite, output, reasoning } = tokenCostParts(tokens, prices);
  if (input === undefined || cachedInput === undefined || cacheWrite === undefined) return undefined;
  if (output === undefined || reasoning === undefined) return undefined;
  return input + cachedInput + cacheWrite + output + reasoning;
}

/** USD that so many tokens cost at most, whatever part of the input is read from or written to a cache, or of the output is reasoning. */
export function dearestCost(tokens: PricedTokens, prices: Prices): number | undefined {
  const { inputPrice, cachedInputPrice = 0, cacheWritePrice = 0, outputPrice, reasoningPrice = 0 } = prices;
  const input = inputPrice === undefined ? undefined : Math.max(inputPrice, cachedInputPrice, cacheWritePrice);
  const output = outputPrice === undefined ? undefined : Math.max(outputPrice, reasoningPrice);
  return tokenCost({ input: tokens.input, output: tokens.output }, { inputPrice: input, outputPrice: output });
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
