import * as z from 'zod/mini';
import type { PlannedModel } from '../benchmark/plan.ts';
import { type ModelSummary, modelSummarySchema } from '../benchmark/summary.ts';
import { UNKNOWN } from '../numbers.ts';
import { type TierName, tierNames } from '../routing/tier.ts';
import { distributionSchema } from '../stats/distribution.ts';
import { safeName } from './text.ts';

const { shape } = modelSummarySchema;

/** One model's line in the summary. Times in ms, rates per second, money in USD, shares in [0,1]. Absent: unknown. */
export const modelRowSchema = z.object({
  /** `endpoint/model`, for showing. */
  name: z.string(),
  requests: z.number(),
  ok: z.number(),
  error: z.number(),
  /** error / requests; absent when nothing was measured. */
  errorShare: z.optional(z.number()),
  warmup: z.number(),
  /** Measured errors by class, most frequent first. */
  errors: z.array(z.object({ code: z.string(), count: z.number() })),
  ttftMs: z.optional(distributionSchema),
  ttftFromScheduleMs: z.optional(distributionSchema),
  ttfvMs: z.optional(distributionSchema),
  e2eMs: z.optional(distributionSchema),
  e2eFromScheduleMs: z.optional(distributionSchema),
  queueMs: z.optional(distributionSchema),
  connections: shape.connections,
  tpotMs: z.optional(distributionSchema),
  tokensPerSecond: z.optional(distributionSchema),
  requestsPerSecond: z.optional(z.number()),
  outputTokensPerSecond: z.optional(z.number()),
  good: shape.good,
  quality: shape.quality,
  satisfaction: shape.satisfaction,
  tokensIn: z.number(),
  tokensOut: z.number(),
  tokensSource: z.enum(['server', 'tokenizer', 'estimate', 'mixed', 'none']),
  knownUsd: z.optional(z.number()),
  perRequestUsd: z.optional(z.number()),
  /** USD for a thousand requests like the measured ones. */
  per1kUsd: z.optional(z.number()),
  /** `knownUsd` by what was paid for. */
  costParts: shape.cost.shape.parts,
  /** Where the prices come from, and when they were true. */
  priceWords: z.string(),
  /** Requests that used tokens at an unknown price. */
  costUnknown: z.number(),
  /** Share of the measured requests whose prompt is in the tier. */
  tiers: z.array(z.object({ tier: z.enum(tierNames), count: z.number(), share: z.number() })),
});

export type ModelRow = z.infer<typeof modelRowSchema>;

export function modelRow(model: ModelSummary, planned: PlannedModel | undefined): ModelRow {
  const { requests, ok, error, warmup } = model.counts;
  const inTiers = tierNames.reduce((sum, tier) => sum + (model.tiers[tier] ?? 0), 0);
  return {
    name: safeName(`${model.endpoint}/${model.model}`),
    requests,
    ok,
    error,
    errorShare: requests > 0 ? error / requests : undefined,
    warmup,
    errors: Object.entries(model.errors)
      .map(([code, count]) => ({ code: safeName(code), count }))
      .filter((entry) => entry.count > 0)
      .sort((a, b) => b.count - a.count || (a.code < b.code ? -1 : 1)),
    ttftMs: model.ttftMs,
    ttftFromScheduleMs: model.ttftFromScheduleMs,
    ttfvMs: model.ttfvMs,
    e2eMs: model.e2eMs,
    e2eFromScheduleMs: model.e2eFromScheduleMs,
    queueMs: model.queueMs,
    connections: model.connections,
    tpotMs: model.tpotMs,
    tokensPerSecond: model.tokensPerSecond,
    requestsPerSecond: model.requestsPerSecond,
    outputTokensPerSecond: model.outputTokensPerSecond,
    good: model.good,
    quality: model.quality,
    satisfaction: model.satisfaction,
    tokensIn: model.tokens.input,
    tokensOut: model.tokens.output,
    tokensSource: model.tokens.source,
    knownUsd: model.cost.knownUsd,
    perRequestUsd: model.cost.perRequestUsd,
    per1kUsd: model.cost.perRequestUsd === undefined ? undefined : model.cost.perRequestUsd * 1_000,
    costParts: model.cost.parts,
    priceWords: planned ? priceWords(planned) : UNKNOWN,
    costUnknown: model.cost.unknown,
    tiers: tierNames.map((tier: TierName) => {
      const count = model.tiers[tier] ?? 0;
      return { tier, count, share: inTiers > 0 ? count / inTiers : 0 };
    }),
  };
}

const SOURCES = {
  user: 'typed by a person',
  workspace: 'from the workspace',
  measured: 'as measured',
  bundled: 'from the bundled list',
} as const;

/** Where a model's prices come from and when they were true, for example `from the bundled list, 2026-11-01`. */
export function priceWords({ inputPrice, outputPrice, priceSource, priceAsOf }: PlannedModel): string {
  if (inputPrice === undefined && outputPrice === undefined) return UNKNOWN;
  return [
    priceSource === undefined ? 'of the plan' : SOURCES[priceSource],
    ...(priceAsOf === undefined ? [] : [safeName(priceAsOf, 40)]),
  ].join(', ');
}
