import * as z from 'zod/mini';
import { tierNames } from './tier.ts';

const tier = (description: string) => z.optional(z.enum(tierNames).check(z.describe(description)));

/** Rules that one configuration may have: all of them are asked about every prompt. */
export const maxRules = 100;
/** Most characters of a pattern or glob. */
export const maxPatternLength = 500;

/** When a rule holds: all conditions that it gives. One without any always holds. */
export const ruleConditionSchema = z.strictObject({
  /** Over the path relative to the workspace (or to the config file), with `/`; see `compileGlob`. */
  path: z.optional(
    z
      .string()
      .check(
        z.minLength(1),
        z.maxLength(maxPatternLength),
        z.describe(
          'Glob over the file’s path from the workspace or from this file, with /: **/*.sql, src/{api,web}/**. Without a / it is compared with the file’s name.',
        ),
      ),
  ),
  /** Searched in the prompt, flags `iu`; see `compilePattern`. */
  pattern: z.optional(
    z
      .string()
      .check(
        z.minLength(1),
        z.maxLength(maxPatternLength),
        z.describe(
          'Regular expression that is found in the prompt; large and small letters are the same. No look-around and no backreferences.',
        ),
      ),
  ),
  language: z.optional(
    z
      .string()
      .check(
        z.regex(/^[a-z]{2,3}$/),
        z.describe('Language that the prompt is written in, as two letters: de. Not told of a few words.'),
      ),
  ),
  hasImages: z.optional(z.boolean().check(z.describe('Whether the prompt comes with images.'))),
  tokensAbove: z.optional(z.int().check(z.gte(0), z.describe('Estimated input tokens above this number.'))),
});
export type RuleCondition = z.infer<typeof ruleConditionSchema>;

/** A person's own rule above the score. The first that holds and names `tier` decides it; every `atLeast` that holds raises it. */
export const ruleSchema = z.strictObject({
  name: z.optional(z.string().check(z.minLength(1), z.maxLength(120), z.describe('What the reason calls the rule.'))),
  if: z.optional(
    ruleConditionSchema.check(z.describe('Conditions, all of which must hold. Left out: the rule always holds.')),
  ),
  tier: tier('This tier, whatever the score says. Of the rules that hold and say so, the first decides.'),
  atLeast: tier('Never a lower tier than this one. Every rule that holds and says so counts.'),
});
export type Rule = z.infer<typeof ruleSchema>;

/** What rules are asked about besides the prompt's text. */
export interface RuleContext {
  /** Relative, with `/`. */
  readonly path?: string | undefined;
  readonly hasImages?: boolean | undefined;
}
