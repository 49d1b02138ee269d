import * as z from 'zod/mini';
import { tierNames } from './tier.ts';

const tier = z.enum(tierNames);

/** When a rule holds: all conditions that it gives. One without any always holds. */
export const ruleConditionSchema = z.strictObject({
  /** Glob over the path relative to the workspace (or to the config file), with `/`: `src/**` + `/*.py`, say. */
  path: z.optional(z.string().check(z.minLength(1), z.maxLength(500))),
  /** Regular expression, searched in the prompt; flag `iu`. Only patterns whose time is bounded are taken. */
  pattern: z.optional(z.string().check(z.minLength(1), z.maxLength(500))),
  /** Language that the prompt is written in, ISO 639-1. */
  language: z.optional(z.string().check(z.regex(/^[a-z]{2,3}$/))),
  /** The prompt has images. */
  hasImages: z.optional(z.boolean()),
  /** Estimated input tokens above it. */
  tokensAbove: z.optional(z.int().check(z.gte(0))),
});

/** A person's own rule above the score. The first that holds and names `tier` decides it; every `atLeast` that holds raises it. */
export const ruleSchema = z.strictObject({
  /** Shown as the reason. */
  name: z.optional(z.string().check(z.minLength(1), z.maxLength(120))),
  if: z.optional(ruleConditionSchema),
  /** This tier, whatever the score says. */
  tier: z.optional(tier),
  /** Never a lower tier. */
  atLeast: z.optional(tier),
});
export type Rule = z.infer<typeof ruleSchema>;

/** What rules are asked about besides the prompt's text. */
export interface RuleContext {
  /** Relative, with `/`. */
  readonly path?: string | undefined;
  readonly hasImages?: boolean | undefined;
}
