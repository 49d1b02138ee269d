import * as z from 'zod/mini';
import { tierNames } from '../routing/tier.ts';
import { distributionSchema } from '../stats/distribution.ts';
import { stageSchema } from './load.ts';

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
  /** firstToken, from the scheduled start. */
  ttftFromScheduleMs: z.optional(distributionSchema),
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
  /** sent, from the scheduled start: waiting in the client for a free slot or a connection. */
  queueMs: z.optional(distributionSchema),
  /** Of measured requests that opened a connection. */
  connections: z.optional(
    z.object({
      opened: z.number(),
      dnsMs: z.optional(distributionSchema),
      tcpMs: z.optional(distributionSchema),
      tlsMs: z.optional(distributionSchema),
    }),
  ),
  /** Of all measured requests, errors included: those that meet the plan's `slo`; and how many of them per second. */
  good: z.optional(z.object({ share: z.number(), perSecond: z.optional(z.number()) })),
  /** Of measured requests with a decided outcome; a request that failed counts with score 0 and as not passed where its prompt has checks or a judge. */
  quality: z.optional(
    z.object({
      n: z.number(),
      /** Mean over requests of the weighted mean of check and judge scores, in [0,1]. */
      score: z.number(),
      /** Requests all of whose checks pass, in [0,1]. Absent: no checks. */
      passShare: z.optional(z.number()),
      checks: z.optional(
        z.object({
          n: z.number(),
          score: z.number(),
          /** Checks that were asked for, and those of them that could not be decided. */
          asked: z.optional(z.number()),
          undecided: z.optional(z.number()),
        }),
      ),
      judge: z.optional(
        z.object({
          n: z.number(),
          score: z.number(),
          /** Of answers judged more than once: how far the repeats agree: 1 always, 0 as by chance (Krippendorff's alpha). Absent also where all scores are equal. */
          agreement: z.optional(z.number()),
          /** Judgements that were asked for, one at least of each answer, and those of them that came to nothing. */
          asked: z.optional(z.number()),
          undecided: z.optional(z.number()),
        }),
      ),
      /** Checks and judgements that could not be decided. */
      undecided: z.number(),
      /** pass^k: the chance that k repeats of a prompt all pass, unbiased, for the ks that the repeats of every prompt allow, up to 16. */
      passK: z.optional(z.array(z.object({ k: z.number(), value: z.number() }))),
    }),
  ),
  /** What people, and pairwise judges, preferred. */
  satisfaction: z.optional(
    z.object({
      up: z.number(),
      down: z.number(),
      /** Pairs of this model with another, by who decided. */
      person: z.optional(z.object({ won: z.number(), lost: z.number(), tied: z.number() })),
      judge: z.optional(z.object({ won: z.number(), lost: z.number(), tied: z.number() })),
    }),
  ),
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
    /** `knownUsd` by what was paid for; parts without tokens are absent. */
    parts: z.optional(
      z.object({
        input: z.optional(z.number()),
        cachedInput: z.optional(z.number()),
        cacheWrite: z.optional(z.number()),
        /** Without reasoning. */
        output: z.optional(z.number()),
        reasoning: z.optional(z.number()),
        /** All of the attempts before the last. */
        earlier: z.optional(z.number()),
      }),
    ),
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
  /** Over all stages. */
  models: z.array(modelSummarySchema),
  /** Of a run with several stages: what each model did in each of them. */
  stages: z.optional(
    z.array(
      z.object({
        ...stageSchema.shape,
        /** Of a search's finished trial: whether the endpoint held its rate. */
        held: z.optional(z.boolean()),
        summaries: z.array(modelSummarySchema),
      }),
    ),
  ),
  /** Of a search: the highest rate at which each model held the SLO; `perSecond` absent: at none that was tried. */
  capacity: z.optional(
    z.array(z.object({ model: z.number(), perSecond: z.optional(z.number()), failedAt: z.optional(z.number()) })),
  ),
  totals: z.object({
    requests: z.number(),
    ok: z.number(),
    error: z.number(),
    warmup: z.number(),
    /** Warm-up included: what the run cost. */
    knownUsd: z.optional(z.number()),
    /** Requests whose cost is unknown, in whole or in part: warm-up, and calls of judges and embedding models, included. */
    unknownCost: z.number(),
    durationMs: z.number(),
    /** USD that judges and embedding models took beyond the requests. */
    evaluationUsd: z.optional(z.number()),
  }),
  /** Why the run is not valid: the instrument was too slow for what it measured. */
  invalid: z.optional(z.string()),
  /** Why the figures should not be relied on; empty when nothing speaks against them. */
  warnings: z.array(z.string()),
  /** What each figure means, printed beside the numbers. */
  definitions: z.record(z.string(), z.string()),
  simulated: z.boolean(),
});

export type ModelSummary = z.infer<typeof modelSummarySchema>;
export type Summary = z.infer<typeof summarySchema>;
