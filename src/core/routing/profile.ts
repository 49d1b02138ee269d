import * as z from 'zod/mini';
import type { Complexity, Scorer } from '../complexity/scorer.ts';
import type { Tier } from './tier.ts';

const share = z.number().check(z.gte(0), z.lte(1));
const count = z.int().check(z.gte(0));

/** One setting of the dial between cost and quality. */
const curvePointSchema = z.object({
  /** Prompts with a calibrated score above it go to the strong model. */
  threshold: share,
  /** Of the prompts, those that go to the strong model. */
  strongShare: share,
  /** Mean quality in [0,1] that routing reaches, cross-validated, with its 95 % interval over prompts. */
  quality: z.number(),
  low: z.number(),
  high: z.number(),
  /** Mean cost of 1,000 prompts, USD; absent: a cost is unknown. */
  usdPer1000: z.optional(z.number()),
});
export type CurvePoint = z.infer<typeof curvePointSchema>;

/** What the cut-offs are chosen for. */
export const targetSchema = z.discriminatedUnion('kind', [
  /** Keep at least this share of the strong model's mean quality, with as few strong calls as possible. */
  z.object({ kind: z.literal('quality'), keep: share }),
  /** Spend at most so many USD on 1,000 prompts, with as much quality as possible. */
  z.object({ kind: z.literal('cost'), usdPer1000: z.number().check(z.positive()) }),
  /** Without outcomes: so large shares of the prompts seen belong to simple and to medium. */
  z.object({ kind: z.literal('quantiles'), simple: share, medium: share }),
]);
export type CalibrationTarget = z.infer<typeof targetSchema>;

/**
 * What a person's own results say of a scorer: how its score is to be read, and where the tiers part. A file of its own
 * (`<name>.profile.json`), so that it can be exported and removed. It holds no prompt and no answer.
 */
export const profileSchema = z.object({
  version: z.literal(1),
  /** Letters, digits, dots, dashes, underscores; at most 60. */
  name: z.string().check(z.regex(/^[A-Za-z0-9][\w.-]{0,59}$/)),
  createdAt: z.string(),
  scorer: z.enum(['seed', 'learned']),
  /** What it was learnt from. */
  from: z.object({
    runId: z.optional(z.string()),
    title: z.string(),
    /** Prompts with what was needed of them. */
    prompts: count,
    cheap: z.optional(z.string()),
    strong: z.optional(z.string()),
    /** The answers came from the built-in endpoint: the profile says nothing of real models. */
    simulated: z.boolean(),
  }),
  target: targetSchema,
  /**
   * calibrated P(cheap fails) = logistic(intercept + slope · logit(pFail or score) + Σ factors[id] · contribution of the factor).
   * Absent: scores are read as they are.
   */
  mapping: z.optional(
    z.object({ intercept: z.number(), slope: z.number().check(z.gte(0)), factors: z.record(z.string(), z.number()) }),
  ),
  /** Upper bounds of the tiers on the calibrated score. */
  tiers: z.object({ simple: share, medium: share }),
  /** Models that the tiers were measured with. */
  models: z.optional(z.object({ simple: z.string(), medium: z.string(), complex: z.string() })),
  /** Cost against quality by threshold, ascending in strongShare; absent without outcomes. */
  curve: z.optional(z.array(curvePointSchema)),
  /** Where the setting of before, and the chosen one, lie on the curve. */
  before: z.optional(curvePointSchema),
  chosen: z.optional(curvePointSchema),
  /** How well the score ranks the prompts on which the strong model is needed, cross-validated: [0,1], chance 0.5. */
  apgr: z.optional(z.object({ before: z.number(), after: z.number(), low: z.number(), high: z.number() })),
});
export type Profile = z.infer<typeof profileSchema>;

/** A scorer that reads its score by a profile. Base and contributions still sum to the score. */
export function calibratedScorer(scorer: Scorer, profile: Profile): Scorer {
  return { id: scorer.id, score: (prompt) => calibrated(scorer.score(prompt), profile) };
}

/** A complexity read by a profile that was made for its scorer; others are left as they are. */
export function calibrated(complexity: Complexity, profile: Profile): Complexity {
  return profile.scorer === complexity.scorer ? { ...complexity, profile: profile.name } : complexity;
}

/** The tiers with the profile's bounds; the last one always reaches 1. */
export function profileTiers(profile: Profile, tiers: readonly Tier[]): Tier[] {
  return tiers.map((tier) => (tier.name === 'complex' ? tier : { ...tier, upTo: profile.tiers[tier.name] }));
}
