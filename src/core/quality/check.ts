import * as z from 'zod/mini';

const common = {
  /** What the check is called in reports; absent: its type. */
  name: z.optional(z.string()),
  /** How much it counts in the answer's score, beside the others; absent: 1. */
  weight: z.optional(z.number()),
  /** True: the check passes where it would fail. */
  not: z.optional(z.boolean()),
};

/** A deterministic statement about an answer. Where `value` is absent, the row's reference stands in. */
export const checkSchema = z.discriminatedUnion('type', [
  /** White space at both ends is never compared. */
  z.object({
    type: z.literal('equals'),
    value: z.optional(z.string()),
    ignoreCase: z.optional(z.boolean()),
    ...common,
  }),
  /** One of the values, or with `all` each of them. */
  z.object({
    type: z.literal('contains'),
    value: z.optional(z.union([z.string(), z.array(z.string())])),
    all: z.optional(z.boolean()),
    ignoreCase: z.optional(z.boolean()),
    ...common,
  }),
  /** JavaScript's regular expressions, stopped after a bounded time. */
  z.object({ type: z.literal('regex'), pattern: z.string(), flags: z.optional(z.string()), ...common }),
  /** The answer, or the first fenced block in it, is JSON. */
  z.object({ type: z.literal('json'), ...common }),
  /** As `json`, and it keeps the JSON Schema (2020-12, draft 7 or draft 4 by its `$schema`). */
  z.object({ type: z.literal('json-schema'), schema: z.record(z.string(), z.unknown()), ...common }),
  /** The last number in the answer is `value`, off by no more than `tolerance` or the share `relative` of it. */
  z.object({
    type: z.literal('number'),
    value: z.optional(z.number()),
    tolerance: z.optional(z.number()),
    relative: z.optional(z.number()),
    ...common,
  }),
  /** The answer holds a fenced block of code, in the language if one is named, that can be parsed. Nothing is ever executed. */
  z.object({ type: z.literal('code'), language: z.optional(z.string()), ...common }),
  /** Cosine similarity of embeddings of answer and value, at least `least`; made with the plan's embedding model. */
  z.object({ type: z.literal('similarity'), value: z.optional(z.string()), least: z.number(), ...common }),
  /** No more output tokens than this, reasoning included. */
  z.object({ type: z.literal('max-tokens'), most: z.number(), ...common }),
  /** The model declines to answer. Mostly used with `not`. */
  z.object({ type: z.literal('refusal'), ...common }),
  /** The answer's language, as an ISO 639-1 code. */
  z.object({ type: z.literal('language'), language: z.string(), ...common }),
]);

export type Check = z.infer<typeof checkSchema>;
