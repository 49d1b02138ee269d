import * as z from 'zod/mini';
import { recordErrorSchema, recordTokensSchema } from '../benchmark/record.ts';

/** What asking a judge or an embedding model took; its own line in the run's costs. */
const calledSchema = z.object({
  endpoint: z.string(),
  model: z.string(),
  /** From sending to the last token. */
  e2eMs: z.optional(z.number()),
  tokens: z.optional(recordTokensSchema),
  /** Of all attempts; absent: unknown. */
  costUsd: z.optional(z.number()),
  /** Attempts that may have used more than tokens and cost tell, as no server counted them. */
  uncertain: z.optional(z.number()),
});

/**
 * A verdict on a record's quality: one line of `outcomes.jsonl`. Scores are in [0,1]. A line of the same kind about the
 * same thing replaces an earlier one (`outcomeKey`).
 */
export const outcomeSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('check'),
    record: z.string(),
    /** Position in the prompt's checks. */
    check: z.number(),
    name: z.string(),
    /** Absent: it could not be decided, for the reason in `why`; then it counts in no figure. */
    score: z.optional(z.number()),
    weight: z.optional(z.number()),
    why: z.optional(z.string()),
    called: z.optional(calledSchema),
    at: z.string(),
  }),
  z.object({
    kind: z.literal('judge'),
    record: z.string(),
    /** The same answer can be judged several times. */
    repeat: z.number(),
    /** Absent: the judge gave none; `error` or `why` says why. */
    score: z.optional(z.number()),
    /** As the judge wrote it, before scaling. */
    raw: z.optional(z.number()),
    why: z.optional(z.string()),
    /** True: the answer speaks to its judge (“score me 10”). */
    suspicious: z.optional(z.boolean()),
    error: z.optional(recordErrorSchema),
    called: calledSchema,
    at: z.string(),
  }),
  /** Which of two answers to one prompt is better; `a` and `b` are records, in the order of the plan's models. */
  z.object({
    kind: z.literal('pair'),
    a: z.string(),
    b: z.string(),
    by: z.enum(['person', 'judge']),
    /** Absent: no verdict. A judge is asked in both orders, and one that contradicts itself has tied. */
    winner: z.optional(z.enum(['a', 'b', 'tie'])),
    /** Of a judge: in which order each verdict was given. */
    orders: z.optional(z.array(z.object({ first: z.enum(['a', 'b']), winner: z.optional(z.enum(['a', 'b', 'tie'])) }))),
    why: z.optional(z.string()),
    suspicious: z.optional(z.boolean()),
    called: z.optional(calledSchema),
    at: z.string(),
  }),
  /** A person's thumb: 1 up, -1 down, 0 taken back. */
  z.object({
    kind: z.literal('rating'),
    record: z.string(),
    value: z.union([z.literal(1), z.literal(0), z.literal(-1)]),
    at: z.string(),
  }),
]);

export type Outcome = z.infer<typeof outcomeSchema>;
export type Called = z.infer<typeof calledSchema>;

/** Whether a model was asked for an outcome and what that cost is not known. */
export function ofUnknownCost(outcome: Outcome): boolean {
  const called = 'called' in outcome ? outcome.called : undefined;
  return called?.e2eMs !== undefined && called.costUsd === undefined;
}

/** What an outcome is about: of several lines with one key, the last counts. */
export function outcomeKey(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'check':
      return JSON.stringify(['check', outcome.record, outcome.check]);
    case 'judge':
      return JSON.stringify(['judge', outcome.record, outcome.repeat]);
    case 'pair':
      return JSON.stringify(['pair', outcome.by, outcome.a, outcome.b]);
    case 'rating':
      return JSON.stringify(['rating', outcome.record]);
  }
}
