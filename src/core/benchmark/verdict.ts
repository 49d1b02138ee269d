import * as z from 'zod/mini';

/** What two models are compared in. Higher is better for quality and satisfaction only. */
export const modelMetrics = ['ttft', 'e2e', 'cost', 'quality', 'satisfaction'] as const;

/** What two runs are compared in: also the share of requests that failed, where any did. */
export const comparedMetrics = [...modelMetrics, 'errors'] as const;

/** What a run that is not valid says nothing of. */
export const timedMetrics: ReadonlySet<string> = new Set(['ttft', 'e2e'] satisfies (typeof comparedMetrics)[number][]);

/**
 * One figure of two sides on the same prompts. A prompt is one observation however often it was sent: the mean of its
 * requests. Latency in ms, cost in USD for each request, quality, satisfaction and errors in [0,1].
 */
export const metricVerdictSchema = z.object({
  metric: z.enum(comparedMetrics),
  /** Prompts on which both sides have a value. */
  n: z.number(),
  /** Means over those prompts: geometric where `scale` is `ratio`. */
  a: z.number(),
  b: z.number(),
  scale: z.enum(['difference', 'ratio']),
  /** b − a, or b / a, with its 95 % interval (paired bootstrap over prompts). */
  effect: z.number(),
  low: z.number(),
  high: z.number(),
  /** Two-sided, paired permutation; and with the correction for all that was compared at once (Holm). */
  p: z.number(),
  pAdjusted: z.number(),
  /** Effects within it are of no matter: a difference, or a ratio from 1 / margin to margin. */
  margin: z.number(),
  /** Which is better; `tied`: the whole interval lies within the margin; `too-few`: it cannot be told. */
  outcome: z.enum(['a', 'b', 'tied', 'too-few']),
  /** Of `too-few`: about how many prompts would tell (80 % power at the effect seen); absent: no estimate. */
  needed: z.optional(z.number()),
});

/** Two models on the same prompts: accuracy, latency, cost and satisfaction together, never one alone. */
export const comparisonSchema = z.object({
  /** Positions in the summary's models. */
  a: z.number(),
  b: z.number(),
  metrics: z.array(metricVerdictSchema),
  /** Sentences for a person, the conclusion first. */
  words: z.array(z.string()),
});

/** The order of more than two models in one figure. */
export const rankingSchema = z.object({
  metric: z.enum(comparedMetrics),
  /** Best first. `low` to `high`: the ranks in which 95 % of the resamplings of the prompts put the model. */
  models: z.array(
    z.object({ model: z.number(), value: z.number(), rank: z.number(), low: z.number(), high: z.number() }),
  ),
});

export const verdictSchema = z.object({ comparisons: z.array(comparisonSchema), rankings: z.array(rankingSchema) });

/** Runs against the first of them. */
export const runComparisonSchema = z.object({
  runs: z.array(z.object({ runId: z.string(), title: z.string(), startedAt: z.string() })),
  /** What is not the same in the plans, in words; empty: the same plan. */
  changes: z.array(z.string()),
  /** Why the comparison should be read with care. */
  warnings: z.array(z.string()),
  models: z.array(
    z.object({
      /** `endpoint/model`. */
      name: z.string(),
      /** Position in `runs` of side b; side a is the first run. */
      run: z.number(),
      metrics: z.array(metricVerdictSchema),
      /** Figures that the first run has and on which no verdict is possible: too few prompts have them in both, or they are latency and one run is not valid. */
      lost: z.array(z.enum(comparedMetrics)),
      words: z.array(z.string()),
    }),
  ),
  /** Models of the first run, as `endpoint/model`, that another does not have. */
  gone: z.array(z.object({ name: z.string(), run: z.number() })),
});

export type ComparedMetric = (typeof comparedMetrics)[number];
export type MetricVerdict = z.infer<typeof metricVerdictSchema>;
export type Comparison = z.infer<typeof comparisonSchema>;
export type Ranking = z.infer<typeof rankingSchema>;
export type Verdict = z.infer<typeof verdictSchema>;
export type RunComparison = z.infer<typeof runComparisonSchema>;
