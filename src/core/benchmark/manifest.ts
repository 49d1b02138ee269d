import * as z from 'zod/mini';
import { checkSchema } from '../quality/check.ts';
import { tierNames } from '../routing/tier.ts';
import { distributionSchema } from '../stats/distribution.ts';
import { stageLoadSchema, stageSchema } from './load.ts';
import { planSchema } from './plan.ts';

/**
 * How a run stands. `running` in a folder without a live process means interrupted: it can be resumed.
 * `stopped` carries the reason in `stopReason`.
 */
export const runStates = ['running', 'complete', 'cancelled', 'stopped'] as const;

export const runPromptSchema = z.object({
  id: z.string(),
  text: z.string(),
  tokens: z.number(),
  score: z.number(),
  tier: z.enum(tierNames),
  /** What a good answer says; for checks and judges. */
  reference: z.optional(z.string()),
  checks: z.optional(z.array(checkSchema)),
});

/** How wrong the instrument itself was on this machine, at this run's load, against a server that tells the truth. ms. */
export const calibrationSchema = z.object({
  /** The load that was rehearsed: all models together, as one. */
  load: z.optional(stageLoadSchema),
  /** Requests that were compared. */
  requests: z.number(),
  /** |measured − true|; absent where answers come whole. */
  ttftErrorMs: z.optional(distributionSchema),
  e2eErrorMs: distributionSchema,
  /** Requests per second of a bare loop (undici, each event parsed, nothing kept) and of the instrument against answers without delay. */
  bareLoopPerSecond: z.optional(z.number()),
  instrumentPerSecond: z.optional(z.number()),
  /** True: the load was cut down, as the run's own would take too long to rehearse. */
  reduced: z.optional(z.boolean()),
});

/** `manifest.json`: what was run, with what, where. Prompts stand in `prompts.jsonl` (one runPrompt a line). */
export const manifestSchema = z.object({
  schema: z.literal(1),
  runId: z.string(),
  /** What the person called it, for example the data set's file name. */
  title: z.string(),
  state: z.enum(runStates),
  stopReason: z.optional(z.enum(['cost-ceiling', 'token-ceiling', 'time-limit', 'disk', 'endpoint', 'failure'])),
  stopMessage: z.optional(z.string()),
  startedAt: z.string(),
  /** Measured wall time in ms, over all sessions of the run. */
  durationMs: z.optional(z.number()),
  /** How often the run was taken up again. */
  resumed: z.number(),
  /** USD, at most, that requests without a record may have cost: those in flight at an interruption, sent again since. */
  unrecordedUsd: z.optional(z.number()),
  /** Tokens, at most, of the same requests. */
  unrecordedTokens: z.optional(z.number()),
  plan: planSchema,
  /** USD: the ceiling given when the run was taken up again, in place of the plan's. */
  maxCostUsd: z.optional(z.number()),
  /** Tokens: the same. */
  maxTotalTokens: z.optional(z.number()),
  /** SHA-256 of plan and prompts. */
  configHash: z.string(),
  versions: z.object({ tierwise: z.string(), node: z.string(), undici: z.string() }),
  machine: z.object({
    platform: z.string(),
    arch: z.string(),
    cpus: z.number(),
    cpuModel: z.string(),
    memoryMb: z.number(),
  }),
  /** Event-loop lag of the measuring process in ms. */
  lag: z.optional(z.object({ p50: z.number(), p99: z.number(), max: z.number() })),
  /** True when any answer came from the built-in simulated endpoint. */
  simulated: z.boolean(),
  /** The stages that have begun, in order; absent: one, of the plan's load. */
  stages: z.optional(z.array(stageSchema)),
  calibration: z.optional(calibrationSchema),
  /** Why there is no calibration although the plan asks for one. */
  calibrationFailure: z.optional(z.string()),
  /** How judging the run's answers again stands, where not all were; `running` without a live process: it was interrupted. */
  judging: z.optional(z.enum(['running', 'cancelled', 'stopped'])),
  /** What evaluating answers took beyond the requests, USD as far as known. */
  evaluationUsd: z.optional(z.number()),
  /** Calls of judges and embedding models whose cost is unknown, in whole or in part. */
  evaluationUnknown: z.optional(z.number()),
});

export type RunState = (typeof runStates)[number];
export type RunPrompt = z.infer<typeof runPromptSchema>;
export type Calibration = z.infer<typeof calibrationSchema>;
export type Manifest = z.infer<typeof manifestSchema>;
