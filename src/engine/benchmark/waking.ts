import type { RunPrompt } from '../../core/benchmark/manifest.ts';
import type { Plan } from '../../core/benchmark/plan.ts';
import { estimateTokens } from '../../core/prompts/tokens.ts';
import type { Clock } from '../calling/clock.ts';
import type { CallAttempt } from '../calling/retry.ts';
import type { ChatOutcome } from '../endpoints/chat.ts';

/** An endpoint that sleeps may load a model of many gigabytes. */
const wakingMs = 10 * 60_000;
const firstPauseMs = 500;
const longestPauseMs = 15_000;

/** So that knocking at a closed door, which may be charged, does not use up a ceiling; characters and tokens. */
const longestText = 200;
const mostTokens = 16;

/** How servers say that a model is on its way: with 503, or with 404 in words like these. */
const notReady =
  /not (?:yet )?ready|not been deployed|starting|provision|scal(?:ed|ing)|loading|warming|updating|pending/i;

/** What is asked to wake an endpoint: little, and the same whenever a plan is walked. Of a long prompt the beginning. */
export function wakingQuestion(
  plan: Plan,
  prompt: RunPrompt,
): { readonly prompt: RunPrompt; readonly maxTokens: number } {
  const maxTokens = Math.min(plan.maxTokens, mostTokens);
  if (prompt.text.length <= longestText) return { prompt, maxTokens };
  // No half of a character at the end.
  const text = prompt.text.slice(0, longestText).replace(/[\ud800-\udbff]$/, '');
  return { prompt: { ...prompt, text, tokens: estimateTokens(text).tokens }, maxTokens };
}

/** ms for which a plan waits until an endpoint is awake. */
export function wakingLimit({ timeoutMs }: Plan): number {
  return Math.max(wakingMs, timeoutMs);
}

/** How often an endpoint can be asked while it wakes: the tries that fit into the limit, and one after a key that was refused. */
export function mostWakingTries(limitMs: number): number {
  let tries = 2;
  for (let ms = pauseAfter(1); ms < limitMs; ms += pauseAfter(tries++)) {}
  return tries;
}

/** ms after so many tries. */
function pauseAfter(tries: number): number {
  return Math.min(longestPauseMs, firstPauseMs * 2 ** (tries - 1));
}

/**
 * Asks an endpoint that may sleep until it answers, or fails in a way that waiting does not mend, or the deadline is over.
 * All tries are given; pauses between them are what the server asks for, at least growing from 0.5 s to 15 s. An answer without
 * a single token is an answer: who gives it is awake.
 */
export async function wake(
  once: (limit: { timeoutMs: number; signal: AbortSignal }) => Promise<ChatOutcome>,
  options: {
    clock: Clock;
    /** On the clock, ms. */
    deadline: number;
    /** Tries made before. */
    before: number;
    signal: AbortSignal;
    /** False: no money is left for another try. */
    admitRetry(): boolean;
  },
): Promise<CallAttempt[]> {
  const { clock, deadline, before, signal } = options;
  const attempts: CallAttempt[] = [];
  let waitedMs = 0;
  for (;;) {
    const timeoutMs = Math.max(1, deadline - clock.now());
    const { failure, ...answered } = await once({ timeoutMs, signal });
    const outcome: ChatOutcome = failure?.code === 'empty' ? answered : { ...answered, failure };
    attempts.push({ outcome, timeout: { ms: timeoutMs, basis: 'fixed' }, waitedMs });
    const from = clock.now();
    const pauseMs = Math.max(outcome.failure?.retryAfterMs ?? 0, pauseAfter(before + attempts.length));
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
