import { createHash } from 'node:crypto';
import * as z from 'zod/mini';
import { mayHaveCost } from '../../core/benchmark/billing.ts';
import { recordErrorSchema, recordTokensSchema, timeoutBases } from '../../core/benchmark/record.ts';
import { type Prices, tokenCost } from '../../core/catalog/cost.ts';
import type { FailureDetail } from '../../core/failure.ts';
import { estimateTokens } from '../../core/prompts/tokens.ts';
import type { ChatOutcome, Usage } from '../endpoints/chat.ts';
import type { AttemptOutcome, CallAttempt } from './retry.ts';

/** One line of the answers to a data set. */
export const answerRowSchema = z.object({
  /** Of the prompt. */
  id: z.string(),
  /** What was asked of what, as a hash: an answer to anything else is not this one's. */
  key: z.string(),
  /** `endpoint/model`. */
  model: z.string(),
  prompt: z.optional(z.string()),
  /** Absent: there is none, and `error` says why. */
  answer: z.optional(z.string()),
  finishReason: z.optional(z.string()),
  tokens: z.optional(recordTokensSchema),
  /** USD of the request that decided. Absent: unknown. */
  costUsd: z.optional(z.number()),
  /** True: an attempt that failed may have cost more. */
  costAtLeast: z.optional(z.boolean()),
  /** USD, at most, that earlier calls spent on this prompt without the answer that is wanted now. */
  earlierUsd: z.optional(z.number()),
  /** Each try in its order: how long it took, which limit it had, what was waited before it. ms. */
  attempts: z.array(
    z.object({
      ms: z.number(),
      timeout: z.object({ ms: z.number(), basis: z.enum(timeoutBases) }),
      waitedMs: z.optional(z.number()),
      status: z.optional(z.number()),
      error: z.optional(z.string()),
    }),
  ),
  /** Prompts in the request that decided, where there were several: its tokens are divided among them by estimate. */
  sentWith: z.optional(z.number()),
  error: z.optional(z.object({ ...recordErrorSchema.shape, code: z.string() })),
  simulated: z.optional(z.boolean()),
});

export type AnswerRow = z.infer<typeof answerRowSchema>;

/** What makes an answer the answer to this and no other question. */
export function answerKey(model: string, maxTokens: number, prompt: string): string {
  return createHash('sha256')
    .update(JSON.stringify([model, maxTokens, prompt]))
    .digest('hex')
    .slice(0, 24);
}

/** Whose row it is. */
export interface RowHead extends Pick<AnswerRow, 'id' | 'key' | 'model' | 'prompt'> {}

/** The row of a prompt that was asked by itself. */
export function rowOf(
  head: RowHead,
  text: string,
  outcome: Pick<ChatOutcome, 'failure' | 'status' | 'text' | 'reasoning' | 'finishReason' | 'usage' | 'simulated'>,
  attempts: readonly CallAttempt<AttemptOutcome>[],
  prices: Prices,
): AnswerRow {
  const { failure, usage } = outcome;
  const tokens = usage ? serverTokens(usage) : failure ? undefined : estimatedTokens(text, outcome);
  return {
    ...head,
    answer: failure ? undefined : outcome.text,
    finishReason: outcome.finishReason,
    tokens,
    costUsd: tokens && tokenCost(tokens, prices),
    ...told(attempts, failure),
    simulated: outcome.simulated ? true : undefined,
  };
}

/** The row of a prompt that was asked together with others. `tokens` are its share. */
export function batchRowOf(
  head: RowHead,
  part: {
    readonly answer?: { readonly text: string; readonly finishReason?: string | undefined } | undefined;
    readonly failure?: FailureDetail | undefined;
    readonly sentWith: number;
    readonly tokens: AnswerRow['tokens'];
    readonly simulated: boolean;
  },
  attempts: readonly CallAttempt<AttemptOutcome>[],
  prices: Prices,
): AnswerRow {
  return {
    ...head,
    answer: part.answer?.text,
    finishReason: part.answer?.finishReason,
    tokens: part.tokens,
    costUsd: part.tokens && tokenCost(part.tokens, prices),
    ...told(attempts, part.failure),
    sentWith: part.sentWith,
    simulated: part.simulated ? true : undefined,
  };
}

/** Whether an attempt failed and may have cost something: what was counted of it, if anything, may not be all. */
export function mayHaveCostUnseen({ failure, status }: Pick<AttemptOutcome, 'failure' | 'status'>): boolean {
  return failure !== undefined && mayHaveCost(failure.status ?? status, failure.code);
}

/** Whether the cost of a row is unknown, in whole or in part. */
export function rowCostUnknown({ costUsd, costAtLeast, attempts, error }: AnswerRow): boolean {
  if (costAtLeast) return true;
  return costUsd === undefined && mayHaveCost(error?.status ?? attempts.at(-1)?.status, error?.code);
}

/**
 * USD that the prompt of a row has cost at most, earlier calls included.
 * @param boundUsd what a request with it can cost at most
 */
export function mostRowCost({ answer, attempts, costUsd, earlierUsd = 0 }: AnswerRow, boundUsd: number): number {
  const uncertain = attempts.filter(({ status, error }) => error !== undefined && mayHaveCost(status, error));
  const unpriced = answer !== undefined && costUsd === undefined ? 1 : 0;
  return earlierUsd + (costUsd ?? 0) + (uncertain.length + unpriced) * boundUsd;
}

function serverTokens({ input, cachedInput, cacheWrite, output, reasoning }: Usage): AnswerRow['tokens'] {
  return { input, cachedInput, cacheWrite, output, reasoning, source: 'server' };
}

function estimatedTokens(prompt: string, { text, reasoning }: Pick<ChatOutcome, 'text' | 'reasoning'>) {
  return {
    input: estimateTokens(prompt).tokens,
    output: estimateTokens(reasoning + text).tokens,
    source: 'estimate' as const,
  };
}

/** Divides what a server counted for several prompts by the tokens that each is estimated to have. */
export function dividedTokens(
  usage: Usage | undefined,
  parts: readonly { readonly prompt: string; readonly answer: string }[],
): NonNullable<AnswerRow['tokens']>[] {
  const estimates = parts.map(({ prompt, answer }) => estimatedTokens(prompt, { text: answer, reasoning: '' }));
  if (usage === undefined) return estimates;
  const scale = (which: 'input' | 'output') => {
    const sum = estimates.reduce((total, estimate) => total + estimate[which], 0);
    let before = 0;
    let given = 0;
    // Rounded sums, so that the parts sum to the whole.
    return estimates.map((estimate) => {
      before += estimate[which];
      const upTo = sum === 0 ? 0 : Math.round((usage[which] * before) / sum);
      const part = upTo - given;
      given = upTo;
      return part;
    });
  };
  const [input, output] = [scale('input'), scale('output')];
  return estimates.map((_, at) => ({ input: input[at] ?? 0, output: output[at] ?? 0, source: 'estimate' }));
}

function told(
  attempts: readonly CallAttempt<AttemptOutcome>[],
  failure: FailureDetail | undefined,
): Pick<AnswerRow, 'attempts' | 'costAtLeast' | 'error'> {
  const last = attempts.at(-1);
  return {
    costAtLeast: attempts.some(({ outcome }) => mayHaveCostUnseen(outcome)) ? true : undefined,
    attempts: attempts.map(({ outcome, timeout, waitedMs }) => ({
      ms: Math.round(outcome.times.end - outcome.times.sent),
      timeout,
      waitedMs: waitedMs === 0 ? undefined : Math.round(waitedMs),
      status: outcome.status,
      error: outcome.failure?.code,
    })),
    error: failure && {
      code: failure.code,
      message: failure.message + (last?.givenUp === undefined ? '' : givenUpWords[last.givenUp]),
      status: failure.status,
      retryAfterMs: failure.retryAfterMs,
    },
  };
}

const givenUpWords = {
  'max-retries': '',
  'retry-budget': ' It was not tried again, because too many requests to this endpoint were: lower the concurrency.',
  'wait-too-long': ' That is longer than a request waits.',
  'not-admitted': ' It was not tried again, because the cost ceiling leaves no room for it.',
  cancelled: '',
} as const;
