import * as z from 'zod/mini';
import { deciders, type Route } from './route.ts';
import { tierNames } from './tier.ts';

const text = (most: number) => z.string().check(z.maxLength(most));

/** What was advised for a prompt and what was used: one line of the decision log. It holds a hash of the prompt, never its text. */
export const decisionSchema = z.object({
  /** ISO 8601, in UTC. */
  at: text(40),
  /** SHA-256 of the text, the first 16 hexadecimal digits. */
  prompt: text(16),
  characters: z.number(),
  scorer: z.enum(['seed', 'learned']),
  profile: z.optional(text(60)),
  score: z.number(),
  pFail: z.optional(z.number()),
  unsure: z.optional(z.boolean()),
  tier: z.enum(tierNames),
  /** What settled the tier. */
  decidedBy: z.optional(z.enum(deciders)),
  /** Model advised, as endpoint/model. */
  advised: z.optional(text(300)),
  reasons: z.array(text(1_000)).check(z.maxLength(50)),
  /** Model that was sent to; absent: only advice was asked for. */
  used: z.optional(text(300)),
});
export type Decision = z.infer<typeof decisionSchema>;

/** What is known of a decision beside the route. */
export interface DecisionFacts {
  /** ISO 8601, in UTC. */
  readonly at: string;
  /** Of the prompt, by `promptHash` of engine/decisions. */
  readonly hash: string;
  readonly characters: number;
  /** Model that was sent to, as endpoint/model. */
  readonly used?: string | undefined;
}

/** The line of the log for a route. */
export function decisionOf(route: Route, { at, hash, characters, used }: DecisionFacts): Decision {
  const { complexity, tier, decidedBy, model, reasons } = route;
  return {
    at,
    prompt: hash,
    characters,
    scorer: complexity.scorer,
    profile: complexity.profile,
    score: complexity.score,
    pFail: complexity.pFail,
    unsure: complexity.uncertainty?.unsure,
    tier: tier.name,
    decidedBy,
    advised: model?.ref,
    reasons: reasons.slice(0, 50).map((reason) => reason.slice(0, 1_000)),
    used,
  };
}
