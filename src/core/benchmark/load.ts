import * as z from 'zod/mini';

/** When requests arrive in an open loop: evenly, or at random with independent exponential gaps (a Poisson process). */
export const arrivalKinds = ['constant', 'poisson'] as const;

/** A fixed number of requests in flight; the next is sent when one ends. Over all models of the stage. */
const closedLoadSchema = z.object({ kind: z.literal('closed'), concurrency: z.number() });

/**
 * Requests arrive by the clock, whatever the endpoint does; for each model at this rate, with arrivals of its own. With
 * `toPerSecond` the rate grows or falls linearly with time from `perSecond` to it over the measured requests.
 */
const openLoadSchema = z.object({
  kind: z.literal('open'),
  arrivals: z.enum(arrivalKinds),
  perSecond: z.number(),
  toPerSecond: z.optional(z.number()),
});

/** One load that is held for a number of requests. */
export const stageLoadSchema = z.discriminatedUnion('kind', [closedLoadSchema, openLoadSchema]);

/**
 * How requests meet the endpoints. Absent in a plan: `plan.concurrency` in flight. In every open loop `plan.concurrency` is
 * the most that is in flight; what is due beyond it waits, and the times from schedule show it.
 */
export const loadSchema = z.discriminatedUnion('pattern', [
  /** One load; a ramp where it has `toPerSecond`. */
  z.object({ pattern: z.literal('steady'), load: stageLoadSchema }),
  /** Each request at its time: ms from the first, ascending; request i of each model at `offsetsMs[i]`, begun again after the last. */
  z.object({ pattern: z.literal('trace'), offsetsMs: z.array(z.number()) }),
  /** One stage after another, each with all of the plan's requests and warm-up. */
  z.object({ pattern: z.literal('sweep'), stages: z.array(stageLoadSchema) }),
  /**
   * The highest rate at which the share of requests that meet the plan's `slo` is still `goodShare` and waits do not grow: for one model after
   * the other, by doubling from `fromPerSecond` until it fails or `toPerSecond` is reached, then by bisection on a log scale
   * until the bracket is within `precision` (0.1: 10 %). Each trial is a stage.
   */
  z.object({
    pattern: z.literal('search'),
    arrivals: z.enum(arrivalKinds),
    fromPerSecond: z.number(),
    toPerSecond: z.number(),
    goodShare: z.number(),
    precision: z.number(),
    /** A trial lasts at least so long, and has at least the plan's requests; absent: it has those, however soon they are over. */
    trialSeconds: z.optional(z.number()),
  }),
]);

/** What a request must keep to count as good, ms; a request that fails or lacks a figure that is asked for is not good. */
export const sloSchema = z.object({
  ttftMs: z.optional(z.number()),
  tpotMs: z.optional(z.number()),
  e2eMs: z.optional(z.number()),
});

/** A stage of a run: one load, on some of its models. */
export const stageSchema = z.object({
  load: z.union([stageLoadSchema, z.object({ kind: z.literal('trace') })]),
  /** Positions in `plan.models`. */
  models: z.array(z.number()),
});

export type ArrivalKind = (typeof arrivalKinds)[number];
export type StageLoad = z.infer<typeof stageLoadSchema>;
export type Load = z.infer<typeof loadSchema>;
export type Slo = z.infer<typeof sloSchema>;
export type Stage = z.infer<typeof stageSchema>;
