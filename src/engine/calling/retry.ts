import type { FailureDetail } from '../../core/failure.ts';
import type { ChatOutcome } from '../endpoints/chat.ts';
import { isQuotaUsedUp } from '../endpoints/failures.ts';
import type { Clock } from './clock.ts';
import type { TimeoutChoice, Timeouts } from './timeout.ts';

/** What an attempt must tell so that another can be decided on. */
export interface AttemptOutcome {
  readonly failure?: FailureDetail | undefined;
  /** HTTP status, when headers arrived. */
  readonly status?: number | undefined;
  /** On the transport's clock, ms. */
  readonly times: { readonly sent: number; readonly end: number };
}

/** Why there was no further attempt, although what failed could have been tried again. */
export type GivenUp = 'max-retries' | 'retry-budget' | 'wait-too-long' | 'not-admitted' | 'cancelled';

/** One try, with its time limit. */
export interface CallAttempt<Outcome extends AttemptOutcome = ChatOutcome> {
  readonly outcome: Outcome;
  readonly timeout: TimeoutChoice;
  /** ms waited before it, after the attempt before it had ended; 0 for the first. */
  readonly waitedMs: number;
  /** On the last attempt only. */
  readonly givenUp?: GivenUp | undefined;
}

/** What a call is told of the attempt that it is to make. */
export interface AttemptTask {
  /** From 0. */
  readonly index: number;
  readonly timeout: TimeoutChoice;
  readonly signal: AbortSignal | undefined;
}

export interface RetryOptions<Outcome extends AttemptOutcome = ChatOutcome> extends Clock {
  /** Further tries after the first; 0: none, whatever happens. */
  readonly maxRetries: number;
  /** Shared by all requests to an endpoint. */
  readonly budget: Pick<RetryBudget, 'deposit' | 'take'>;
  readonly timeouts: Timeouts;
  /** Of the prompt, in [0,1]. */
  readonly complexity: number;
  /** Most output tokens that are asked for. */
  readonly maxTokens?: number | undefined;
  /** What answers, `endpoint/model`: whose recent times count. */
  readonly target: string;
  readonly signal?: AbortSignal | undefined;
  /** ms that a server may ask to wait; what asks for more is not tried again. Default 60,000. */
  readonly longestWaitMs?: number | undefined;
  /** Called when a server asked to wait, with the ms that it asked for. See `Limiter.pause`. */
  readonly onRetryAfter?: ((ms: number) => void) | undefined;
  /**
   * ms for which the endpoint has asked all requests to wait; a retry waits as long, whatever it was told itself. Absent where
   * `once` waits for its place, as in a `Limiter`.
   */
  readonly pauseLeft?: (() => number) | undefined;
  /** Asked before each retry, with what failed: false, and there is none (no money is left for it). */
  readonly admitRetry?: ((failed: Outcome) => boolean) | undefined;
}

const longestWaitMs = 60_000;
const firstBackoffMs = 1_000;
const longestBackoffMs = 30_000;

/**
 * Makes a call, and makes it again where that is safe and may help. All attempts are given; the last one decides. Does
 * not reject because of the endpoint; what `once` rejects with goes through.
 *
 * Tried again is what the server turned away before it worked on it, so that nothing is done or paid twice:
 * - 429 (and 403 in the words of a rate limit), unless the quota is used up; 503 and 529; 408;
 * - 409 and 425, by which servers say "not now" (a change of their configuration is on its way);
 * - a connection that never came about (refused, reset before the request left, no such host for the moment).
 *
 * And, once, with twice the time, what ran into an adaptive time limit: the limit was our guess and not the server's
 * failure. It may cost twice. A fixed limit is the person's word and final.
 *
 * Not tried again: 500, 502 and 504, because the model may be working on it and be paid for; a connection lost after
 * the request was sent or within the answer; anything that only the person can mend (key, model, prompt).
 *
 * The wait is what the server asks for, never less, plus a random part of 1 s · 2^retries, at most 30 s (exponential
 * backoff with full jitter), so that those who were turned away together do not come back together.
 */
export async function callWithRetries<Outcome extends AttemptOutcome = ChatOutcome>(
  once: (attempt: AttemptTask) => Promise<Outcome>,
  options: RetryOptions<Outcome>,
): Promise<CallAttempt<Outcome>[]> {
  const { budget, timeouts, target, signal } = options;
  const attempts: CallAttempt<Outcome>[] = [];
  let timeout = timeouts.choose(target, options.complexity, options.maxTokens);
  let waitedMs = 0;
  budget.deposit();
  for (let index = 0; ; index++) {
    let outcome: Outcome;
    try {
      outcome = await once({ index, timeout, signal });
    } catch (error) {
      // Cancelled before this attempt began (it waited for a place): those before it are not lost.
      const last = attempts.pop();
      if (last === undefined || !signal?.aborted) throw error;
      attempts.push({ ...last, givenUp: 'cancelled' });
      return attempts;
    }
    const { failure } = outcome;
    const again = failure && nextAttempt(failure, outcome, timeout, index, options);
    if (failure === undefined) timeouts.learn(target, outcome.times.end - outcome.times.sent, true);
    else if (isOurTimeout(failure)) timeouts.learn(target, timeout.ms, false);
    if (failure?.retryAfterMs !== undefined && failure.retryAfterMs <= (options.longestWaitMs ?? longestWaitMs)) {
      options.onRetryAfter?.(failure.retryAfterMs);
    }
    const attempt = { outcome, timeout, waitedMs };
    if (again === undefined || typeof again === 'string') {
      attempts.push(again === undefined ? attempt : { ...attempt, givenUp: again });
      return attempts;
    }
    const from = options.now();
    const pauseLeft = () => options.pauseLeft?.() ?? 0;
    // While it waits, another request can be told to wait longer.
    for (let ms = Math.max(again.waitMs, pauseLeft()); ms > 0 && !signal?.aborted; ms = pauseLeft()) {
      await options.sleep(ms, signal);
    }
    if (signal?.aborted) {
      attempts.push({ ...attempt, givenUp: 'cancelled' });
      return attempts;
    }
    attempts.push(attempt);
    waitedMs = options.now() - from;
    timeout = again.timeout;
  }
}

/** The attempt that decides. */
export function lastAttempt<Outcome extends AttemptOutcome>(
  attempts: readonly CallAttempt<Outcome>[],
): CallAttempt<Outcome> {
  const last = attempts.at(-1);
  if (last === undefined) throw new Error('A call has at least one attempt.');
  return last;
}

/** Whether a call ended because its signal said so, in an attempt or in the wait for the next: it is unfinished. */
export function wasCancelled(attempts: readonly CallAttempt<AttemptOutcome>[]): boolean {
  const last = lastAttempt(attempts);
  return last.givenUp === 'cancelled' || last.outcome.failure?.code === 'cancelled';
}

interface Again {
  readonly waitMs: number;
  readonly timeout: TimeoutChoice;
}

/** What comes after a failure; undefined: nothing could help. */
function nextAttempt<Outcome extends AttemptOutcome>(
  failure: FailureDetail,
  outcome: Outcome,
  timeout: TimeoutChoice,
  index: number,
  options: RetryOptions<Outcome>,
): Again | GivenUp | undefined {
  const { signal, maxRetries, budget, timeouts, random } = options;
  const longer = isOurTimeout(failure) ? timeouts.afterTimeout(timeout) : undefined;
  if (longer === undefined && !isTurnedAway(failure, failure.status ?? outcome.status)) return undefined;
  if (signal?.aborted) return 'cancelled';
  if (index >= maxRetries) return 'max-retries';
  const { retryAfterMs = 0 } = failure;
  if (retryAfterMs > (options.longestWaitMs ?? longestWaitMs)) return 'wait-too-long';
  if (!budget.take()) return 'retry-budget';
  if (options.admitRetry?.(outcome) === false) return 'not-admitted';
  if (longer !== undefined) return { waitMs: 0, timeout: longer };
  const backoffMs = random() * Math.min(longestBackoffMs, firstBackoffMs * 2 ** index);
  return { waitMs: retryAfterMs + backoffMs, timeout };
}

const turnedAwayStatuses: ReadonlySet<number | undefined> = new Set([408, 409, 425, 429, 503, 529]);

function isTurnedAway(failure: FailureDetail, status: number | undefined): boolean {
  switch (failure.code) {
    case 'rate-limited':
      return !isQuotaUsedUp(failure);
    case 'server':
    case 'timeout':
      return turnedAwayStatuses.has(status);
    case 'connect':
      return true;
    default:
      return false;
  }
}

/** A 408 is the server's patience with a request that came too slowly, and has its status. */
function isOurTimeout({ code, status }: FailureDetail): boolean {
  return code === 'timeout' && status !== 408;
}

/** Retries for each request to an endpoint, and those that are free. */
const [retryShare, freeRetries] = [0.1, 10];

/** Retries that requests to an endpoint can take at most. */
export function mostRetries(requests: number, maxRetries = 0): number {
  return Math.min(requests * maxRetries, freeRetries + requests * retryShare);
}

/**
 * Keeps retries a small part of all requests to an endpoint, so that one which is overloaded is not asked ever more
 * (a token bucket: each request puts in `share`, each retry takes out 1).
 */
export class RetryBudget {
  readonly #share: number;
  readonly #most: number;
  #tokens: number;

  /**
   * @param share retries for each request; default 0.1
   * @param few retries that are free at the start; default 10
   * @param most what can be saved up by requests that needed no retry; default 100
   */
  constructor({
    share = retryShare,
    few = freeRetries,
    most = 100,
  }: { share?: number; few?: number; most?: number } = {}) {
    this.#share = share;
    this.#most = most;
    this.#tokens = few;
  }

  /** A request is made. */
  deposit(): void {
    this.#tokens = Math.max(this.#tokens, Math.min(this.#most, this.#tokens + this.#share));
  }

  /** Takes a retry out; false: there is none left. */
  take(): boolean {
    // Ten tenths do not quite make one.
    if (this.#tokens < 1 - 1e-9) return false;
    this.#tokens -= 1;
    return true;
  }
}
