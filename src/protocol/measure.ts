import * as z from 'zod/mini';
import { stageSchema } from '../core/benchmark/load.ts';
import { runPromptSchema } from '../core/benchmark/manifest.ts';
import { planSchema } from '../core/benchmark/plan.ts';
import { endpointFailureCodes } from '../core/failure.ts';
import { checkSchema } from '../core/quality/check.ts';

/** How the measuring process reaches the network. The host passes VS Code's proxy settings along. */
export const networkSchema = z.object({
  proxy: z.optional(z.string()),
  noProxy: z.optional(z.string()),
  strictSsl: z.boolean(),
});

/** A key with the only origin it may be sent to. Passed over the process channel, never by argument or file. */
export const boundKeySchema = z.object({
  endpoint: z.string(),
  origin: z.string(),
  key: z.string(),
  /** Unix time in ms after which it is refused; absent: it does not expire. The host gives a fresh one when asked. */
  expiresAt: z.optional(z.number()),
});

const failureSchema = z.object({
  code: z.enum([...endpointFailureCodes, 'usage', 'config', 'input', 'local']),
  message: z.string(),
});

/** Host → measuring process. */
export const toMeasureSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('start'),
    runDir: z.string(),
    title: z.string(),
    plan: planSchema,
    prompts: z.array(runPromptSchema),
    keys: z.array(boundKeySchema),
    network: networkSchema,
    version: z.string(),
  }),
  z.object({
    type: z.literal('resume'),
    runDir: z.string(),
    /** USD: a new ceiling in place of the run's. */
    maxCostUsd: z.optional(z.number()),
    /** Tokens: the same. */
    maxTotalTokens: z.optional(z.number()),
    keys: z.array(boundKeySchema),
    network: networkSchema,
    version: z.string(),
  }),
  /** Judges the answers of a run that has ended; the same again goes on where it was interrupted, anything else begins anew. */
  z.object({
    type: z.literal('evaluate'),
    runDir: z.string(),
    /** Absent: as the run was last judged. */
    evaluation: z.optional(planSchema.shape.evaluation),
    /** Endpoints of judge and embedding model that the plan does not have. */
    endpoints: z.optional(planSchema.shape.endpoints),
    /** In place of a prompt's own, by the prompt's id; absent: as the run was last judged. */
    checks: z.optional(z.array(z.object({ prompt: z.string(), checks: z.array(checkSchema) }))),
    /** USD: a ceiling for the whole run, in place of its own. */
    maxCostUsd: z.optional(z.number()),
    /** Tokens: the same. */
    maxTotalTokens: z.optional(z.number()),
    keys: z.array(boundKeySchema),
    network: networkSchema,
    version: z.string(),
  }),
  z.object({ type: z.literal('cancel') }),
  /** Answers `needKey`. */
  z.object({
    type: z.literal('key'),
    endpoint: z.string(),
    key: z.optional(boundKeySchema),
    failure: z.optional(failureSchema),
  }),
  /** Part of the answer to `ask`. */
  z.object({ type: z.literal('askText'), id: z.number(), text: z.string() }),
  /** The end of the answer to `ask`. Tokens are counted with the model's own tokenizer. */
  z.object({
    type: z.literal('askEnd'),
    id: z.number(),
    failure: z.optional(failureSchema),
    tokens: z.optional(z.object({ input: z.number(), output: z.number() })),
  }),
]);

export const progressSchema = z.object({
  type: z.literal('progress'),
  /**
   * Absent: measured requests are sent. `calibrating`: the instrument measures its own error; `warming`: the requests that are
   * sent count in no figure; `evaluating`: answers are judged, and it is verdicts that are counted.
   */
  phase: z.optional(z.enum(['calibrating', 'warming', 'evaluating'])),
  /** Where a run of several stages is, from 1; of a search nobody knows how many there will be. */
  stage: z.optional(z.object({ number: z.number(), of: z.optional(z.number()), load: stageSchema.shape.load })),
  /** Requests finished (warm-up included) of all planned. */
  done: z.number(),
  total: z.number(),
  errors: z.number(),
  inFlight: z.number(),
  /** USD so far; absent while nothing is known. */
  costUsd: z.optional(z.number()),
  requestsPerSecond: z.number(),
  elapsedMs: z.number(),
  /** Estimated ms to go; absent while unknown. */
  etaMs: z.optional(z.number()),
});

/** Measuring process → host. */
export const fromMeasureSchema = z.discriminatedUnion('type', [
  progressSchema,
  z.object({ type: z.literal('done') }),
  z.object({ type: z.literal('failed'), ...failureSchema.shape }),
  /** The key of an endpoint is about to expire. */
  z.object({ type: z.literal('needKey'), endpoint: z.string() }),
  /** Asks one of VS Code's own models, which only the extension host can reach. */
  z.object({
    type: z.literal('ask'),
    id: z.number(),
    model: z.string(),
    prompt: z.string(),
    maxTokens: z.optional(z.number()),
  }),
  z.object({ type: z.literal('cancelAsk'), id: z.number() }),
]);

export type Network = z.infer<typeof networkSchema>;
export type BoundKey = z.infer<typeof boundKeySchema>;
export type ToMeasure = z.infer<typeof toMeasureSchema>;
export type FromMeasure = z.infer<typeof fromMeasureSchema>;
export type Progress = z.infer<typeof progressSchema>;
/** What a measuring process is made for. */
export type MeasureTask = Extract<ToMeasure, { type: 'start' | 'resume' | 'evaluate' }>;
