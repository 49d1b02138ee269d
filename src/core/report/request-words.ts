import { formatUsd } from '../catalog/cost.ts';
import { grouped } from '../numbers.ts';
import { NONE } from './format.ts';
import type { RequestRow } from './view.ts';

/** How one request's figures are written wherever requests are listed. */

/** A count of tokens; with a tilde where we estimated it. */
export function tokenCountWords(request: RequestRow, count: number | undefined): string {
  if (count === undefined) return NONE;
  return request.tokensSource === 'estimate' ? `~${grouped(count)}` : grouped(count);
}

/** What a request cost; a lower bound, where an attempt may have cost more, says so. */
export function requestCostWords({ costUsd, costAtLeast }: RequestRow): string {
  return costUsd !== undefined && costAtLeast ? `≥ ${formatUsd(costUsd)}` : formatUsd(costUsd);
}

/** A person's thumb. */
export function ratingWords(rating: number | undefined): string {
  if (!rating) return NONE;
  return rating > 0 ? 'up' : 'down';
}

/** What kind of request stands in no figure; '' for a measured one. */
export function unmeasuredWords({ coldStart, warmup }: RequestRow): string {
  if (coldStart) return 'cold start';
  return warmup ? 'warm-up' : '';
}

/** All tokens of a request with their parts, and who counted. */
export function allTokensWords(request: RequestRow): string {
  const { tokensIn, tokensOut, tokensCached, tokensCacheWrite, tokensReasoning } = request;
  if (tokensIn === undefined || tokensOut === undefined) return NONE;
  const source = { server: "the server's count", tokenizer: "the model's tokenizer", estimate: 'estimated' };
  return [
    `${grouped(tokensIn)} in`,
    ...(tokensCached ? [`of which ${grouped(tokensCached)} from the cache`] : []),
    ...(tokensCacheWrite ? [`of which ${grouped(tokensCacheWrite)} written to the cache`] : []),
    `${grouped(tokensOut)} out`,
    ...(tokensReasoning ? [`of which ${grouped(tokensReasoning)} reasoning`] : []),
  ]
    .join(', ')
    .concat(` (${source[request.tokensSource ?? 'estimate']})`);
}
