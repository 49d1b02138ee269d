import * as z from 'zod/mini';
import { tierNames } from './tier.ts';

const tier = z.enum(tierNames);

/** What was advised for a prompt and what was used: one line of the decision log. It holds a hash of the prompt, never its text. */
export const decisionSchema = z.object({
  at: z.string(),
  /** SHA-256 of the text, the first 16 hexadecimal digits. */
  prompt: z.string(),
  characters: z.number(),
  scorer: z.enum(['seed', 'learned']),
  profile: z.optional(z.string()),
  score: z.number(),
  pFail: z.optional(z.number()),
  unsure: z.optional(z.boolean()),
  tier,
  /** Model advised, as endpoint/model. */
  advised: z.optional(z.string()),
  reasons: z.array(z.string()),
  /** Model that was sent to; absent: only advice was asked for. */
  used: z.optional(z.string()),
});
export type Decision = z.infer<typeof decisionSchema>;
