import { seededRandom } from '../stats/random.ts';
import type { StageLoad } from './load.ts';

/** A load in which requests are due by the clock. */
export type OpenLoad = Extract<StageLoad, { kind: 'open' }>;

/**
 * When the requests of one model are due: ms from the beginning of its stage, ascending, first warm-up and then, without a
 * break, the measured ones; endless. Warm-up keeps the rate at which measuring begins; the end rate of a ramp is reached
 * with the last of the `requests` and kept after it.
 *
 * Both kinds walk an axis on which one request is due for each unit: evenly from `phase` in [0,1) on, or with
 * exponential gaps of mean 1. Where a rate r(t) is asked for, the request at x is due when the integral of r reaches x. For a
 * Poisson process that is exact (time change), also while the rate goes up or down.
 */
export function* arrivals(
  load: OpenLoad,
  counts: { readonly warmup: number; readonly requests: number },
  phase: number,
  seed: number,
): Generator<number, never> {
  const dueAt = inverseRate(load, counts);
  const random = seededRandom(seed);
  let at = load.arrivals === 'constant' ? phase : exponential(random);
  for (;;) {
    yield dueAt(at) * 1000;
    at += load.arrivals === 'constant' ? 1 : exponential(random);
  }
}

/**
 * When requests are due that follow a trace: request i at `offsetsMs[i]`, and from the beginning once it is over, a mean gap
 * after its last. Warm-up walks the end of the trace before it. ms from the first, ascending; endless. The trace holds at
 * least two times.
 */
export function* traceArrivals(offsetsMs: readonly number[], warmup: number): Generator<number, never> {
  const count = offsetsMs.length;
  const first = offsetsMs[0] ?? 0;
  const last = (offsetsMs[count - 1] ?? 0) - first;
  const period = last + last / Math.max(1, count - 1);
  const timeOf = (request: number): number => {
    const round = Math.floor(request / count);
    return round * period + (offsetsMs[request - round * count] ?? 0) - first;
  };
  const start = timeOf(-warmup);
  for (let request = -warmup; ; request++) yield timeOf(request) - start;
}

/** Exponential with mean 1, by inversion. */
function exponential(random: () => number): number {
  return -Math.log(1 - random());
}

/**
 * From a number of requests to the seconds after which so many are due. A ramp over n requests from rate a to b takes
 * T = 2n / (a + b) seconds; within it, x = a·t + k·t²/2 with k = (b − a)/T, solved for t in the form that does not cancel.
 */
function inverseRate(
  { perSecond: from, toPerSecond: to = from }: OpenLoad,
  { warmup, requests }: { readonly warmup: number; readonly requests: number },
): (x: number) => number {
  const rampSeconds = (2 * requests) / (from + to);
  const slope = (to - from) / rampSeconds;
  const rampFrom = warmup / from;
  return (x) => {
    const measured = x - warmup;
    if (measured <= 0 || from === to) return x / from;
    if (measured >= requests) return rampFrom + rampSeconds + (measured - requests) / to;
    return rampFrom + (2 * measured) / (from + Math.sqrt(from * from + 2 * slope * measured));
  };
}
