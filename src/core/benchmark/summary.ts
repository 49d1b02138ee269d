import * as z from 'zod/mini';
import { tierNames } from '../routing/tier.ts';
import { distributionSchema } from '../stats/distribution.ts';

/** What one model did. All times in ms, rates per second, money in USD. Warm-up requests are in no figure but `counts.warmup`, those that woke an endpoint in none but `coldStarts`. Latency figures are of requests whose first attempt succeeded. */
export const modelSummarySchema = z.object({
  endpoint: z.string(),
  model: z.string(),
  counts: z.object({
    requests: z.number(),
    /** After however many attempts. */
    ok: z.number(),
    error: z.number(),
    warmup: z.number(),
    /** Requests with more than one attempt, whatever came of them; absent: none. */
    retried: z.optional(z.number()),
    /** Requests whose first attempt failed; absent where nothing was retried, as it equals `error` then. */
    firstAttemptFailed: z.optional(z.number()),
  }),
  /** How long the endpoint took to wake, in each session: from the first try to the first token of the one that succeeded. */
  coldStarts: z.optional(z.array(z.object({ ms: z.number(), ok: z.boolean() }))),
  errors: z.record(z.string(), z.number()),
  /** firstToken − sent. */
  ttftMs: z.optional(distributionSchema),
  /** firstVisible − sent. */
  ttfvMs: z.optional(distributionSchema),
  /** headers − sent. */
  headersMs: z.optional(distributionSchema),
  /** lastToken − sent. */
  e2eMs: z.optional(distributionSchema),
  /** lastToken, from the scheduled start. */
  e2eFromScheduleMs: z.optional(distributionSchema),
  /** (lastToken − firstToken) / (output tokens − 1). */
  tpotMs: z.optional(distributionSchema),
  /** Output tokens per second of one request after its first token: 1000 / TPOT. */
  tokensPerSecond: z.optional(distributionSchema),
  /** Measured ok requests, and their output tokens, per second of the model's measured span. */
  requestsPerSecond: z.optional(z.number()),
  outputTokensPerSecond: z.optional(z.number()),
  tokens: z.object({
    input: z.number(),
    output: z.number(),
    /** Parts, as far as the server told them; absent: it told none. */
    cachedInput: z.optional(z.number()),
    cacheWrite: z.optional(z.number()),
    reasoning: z.optional(z.number()),
    source: z.enum(['server', 'tokenizer', 'estimate', 'mixed', 'none']),
  }),
  cost: z.object({
    /** Sum over requests whose cost is known; absent when none is. */
    knownUsd: z.optional(z.number()),
    /** Mean over requests whose cost is known. */
    perRequestUsd: z.optional(z.number()),
    /** Measured requests that used tokens at an unknown price. */
    unknown: z.number(),
    /** True: cached input has no price of its own and counts at the input price, so that the cost is an upper bound. */
    cachedAtInputPrice: z.optional(z.boolean()),
  }),
  /** Names that the server gave to what answered, where they are not the one asked for: most frequent first. */
  servedAs: z.optional(z.array(z.object({ model: z.string(), count: z.number() }))),
  /** Measured requests by the tier of their prompt. */
  tiers: z.record(z.enum(tierNames), z.number()),
});

export const summarySchema = z.object({
  schema: z.literal(1),
  runId: z.string(),
  models: z.array(modelSummarySchema),
  totals: z.object({
    requests: z.number(),
    ok: z.number(),
    error: z.number(),
    warmup: z.number(),
    /** Warm-up included: what the run cost. */
    knownUsd: z.optional(z.number()),
    unknownCost: z.number(),
    durationMs: z.number(),
  }),
  /** Why the figures should not be relied on; empty when nothing speaks against them. */
  warnings: z.array(z.string()),
  /** What each figure means, printed beside the numbers. */
  definitions: z.record(z.string(), z.string()),
  simulated: z.boolean(),
});

export type ModelSummary = z.infer<typeof modelSummarySchema>;
export type Summary = z.infer<typeof summarySchema>;
