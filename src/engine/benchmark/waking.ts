import type { Clock } from '../calling/clock.ts';
import type { CallAttempt } from '../calling/retry.ts';
import type { ChatOutcome } from '../endpoints/chat.ts';

/** An endpoint that sleeps may load a model of many gigabytes. */
export const wakingMs = 10 * 60_000;
const firstPauseMs = 500;
const longestPauseMs = 15_000;

/** How servers say that a model is on its way: with 503, or with 404 in words like these. */
const notReady =
  /not (?:yet )?ready|not been deployed|starting|provision|scal(?:ed|ing)|loading|warming|updating|pending/i;

/**
 * Asks an endpoint that may sleep until it answers, or fails in a way that waiting does not mend, or `limitMs` is over.
 * All tries are given; pauses between them are what the server asks for, at least growing from 0.5 s to 15 s.
 */
export async function wake(
  once: (limit: { timeoutMs: number; signal: AbortSignal }) => Promise<ChatOutcome>,
  options: {
    clock: Clock;
    limitMs: number;
    signal: AbortSignal;
    /** False: no money is left for another try. */
    admitRetry(): boolean;
  },
): Promise<CallAttempt[]> {
  const { clock, limitMs, signal } = options;
  const deadline = clock.now() + limitMs;
  const attempts: CallAttempt[] = [];
  let waitedMs = 0;
  for (;;) {
    const timeoutMs = Math.max(1, deadline - clock.now());
    const outcome = await once({ timeoutMs, signal });
    attempts.push({ outcome, timeout: { ms: timeoutMs, basis: 'fixed' }, waitedMs });
    const from = clock.now();
    const backoffMs = Math.min(longestPauseMs, firstPauseMs * 2 ** (attempts.length - 1));
    const pauseMs = Math.max(outcome.failure?.retryAfterMs ?? 0, backoffMs);
    if (!isAsleep(outcome) || from + pauseMs >= deadline) return attempts;
    if (!options.admitRetry()) return attempts;
    await clock.sleep(pauseMs, signal);
    if (signal.aborted) return attempts.map((attempt) => ({ ...attempt, givenUp: 'cancelled' }));
    waitedMs = clock.now() - from;
  }
}

function isAsleep({ status, failure }: ChatOutcome): boolean {
  if (!failure) return false;
  return status === 503 || (status === 404 && notReady.test(failure.message));
}
