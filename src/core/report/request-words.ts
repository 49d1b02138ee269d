import { formatUsd } from '../catalog/cost.ts';
import { counted, grouped } from '../numbers.ts';
import { distribution } from '../stats/quantiles.ts';
import type { RequestDetail } from './detail.ts';
import { figure, NONE } from './format.ts';
import type { RequestRow } from './request-row.ts';

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

/** What a check said, for example `contains: passed`. */
export function checkWords({ name, score, why }: RequestDetail['checks'][number]): string {
  const result = score === undefined ? 'not decided' : score >= 1 ? 'passed' : score <= 0 ? 'failed' : score.toFixed(2);
  return `${name}: ${result}${why === undefined ? '' : ` (${why})`}`;
}

/** What a judge said of an answer. */
export function judgementWords({ score, raw, why, suspicious, by }: RequestDetail['judgements'][number]): string {
  const given = raw === undefined ? '' : ` (it wrote ${grouped(raw, Number.isInteger(raw) ? 0 : 1)})`;
  const speaks = suspicious ? ' The answer speaks to its judge.' : '';
  return `${by}: ${score === undefined ? 'no score' : score.toFixed(2)}${given}.${why === undefined ? '' : ` ${why}`}${speaks}`;
}

/** How an answer did beside that of another model. */
export function pairWords({ by, result, why }: RequestDetail['pairs'][number]): string {
  return `${by === 'person' ? 'A person' : 'The judge'}, beside another model's answer: ${result ?? 'no verdict'}${why === undefined ? '' : `. ${why}`}`;
}

/** How the answer's pieces came: `64 chunks, 9.9 ms between them (p50), 120 ms at most`. */
export function chunkWords({ chunks, chunkTimes = [] }: RequestDetail): string | undefined {
  if (chunks === undefined) return undefined;
  const gaps = distribution(chunkTimes.slice(1).map((at, index) => at - (chunkTimes[index] ?? 0)));
  const times = gaps ? `, ${figure(gaps.p50)} ms between them (p50), ${figure(gaps.max)} ms at most` : '';
  return `${counted(chunks, 'chunk')}${times}`;
}

/** What opening the connection took, where the attempt opened one. */
export function connectionWords({ connection }: RequestDetail['attempts'][number]): string | undefined {
  if (!connection) return undefined;
  const { dnsMs, tcpMs, tlsMs } = connection;
  const parts = [
    ...(dnsMs === undefined ? [] : [`name lookup ${figure(dnsMs)} ms`]),
    ...(tcpMs === undefined ? [] : [`TCP ${figure(tcpMs)} ms`]),
    ...(tlsMs === undefined ? [] : [`TLS ${figure(tlsMs)} ms`]),
  ];
  return parts.length > 0 ? parts.join(', ') : 'opened';
}
