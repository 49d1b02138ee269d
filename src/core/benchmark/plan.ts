import * as z from 'zod/mini';

/** An endpoint as a run remembers it: everything but the secret. Prices are USD per million tokens. */
const plannedEndpointSchema = z.object({
  id: z.string(),
  protocol: z.literal('openai'),
  baseUrl: z.string(),
  /** How to find the key again on resume: the name of an environment variable. Never the key. */
  apiKeyEnv: z.optional(z.string()),
});

export const plannedModelSchema = z.object({
  endpoint: z.string(),
  model: z.string(),
  inputPrice: z.optional(z.number()),
  outputPrice: z.optional(z.number()),
});

/**
 * What a run will do. Every model receives `requests` measured requests (prompts are taken in turn) after
 * `warmup` requests that are recorded but excluded from every figure.
 */
export const planSchema = z.object({
  endpoints: z.array(plannedEndpointSchema),
  models: z.array(plannedModelSchema),
  /** Requests in flight at once, over all models. */
  concurrency: z.number(),
  /** Measured requests for each model. */
  requests: z.number(),
  /** Warm-up requests for each model. */
  warmup: z.number(),
  /** Most output tokens asked of the model. */
  maxTokens: z.number(),
  temperature: z.optional(z.number()),
  stream: z.boolean(),
  /** Milliseconds that one request may take. */
  timeoutMs: z.number(),
  /** Milliseconds after which no further request is sent. */
  timeLimitMs: z.optional(z.number()),
  /** USD that the run may cost; held by reservation. */
  maxCostUsd: z.optional(z.number()),
  /** False: answers are not stored. */
  keepAnswers: z.boolean(),
  /** Orders requests; same seed, same order. */
  seed: z.number(),
});

export type PlannedEndpoint = z.infer<typeof plannedEndpointSchema>;
export type PlannedModel = z.infer<typeof plannedModelSchema>;
export type Plan = z.infer<typeof planSchema>;
