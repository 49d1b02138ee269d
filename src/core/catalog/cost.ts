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

/**
 * USD for some tokens at prices in USD per million tokens: input · inputPrice / 10⁶ + output · outputPrice / 10⁶.
 * Undefined when a price that is needed is unknown; the price of no tokens is not needed.
 */
export function tokenCost(
  tokens: { readonly input: number; readonly output: number },
  prices: { readonly inputPrice?: number | undefined; readonly outputPrice?: number | undefined },
): number | undefined {
  const input = partCost(tokens.input, prices.inputPrice);
  const output = partCost(tokens.output, prices.outputPrice);
  return input === undefined || output === undefined ? undefined : input + output;
}

function partCost(tokens: number, price: number | undefined): number | undefined {
  if (tokens === 0) return 0;
  return price === undefined ? undefined : (tokens * price) / 1_000_000;
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
