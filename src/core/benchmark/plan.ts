import * as z from 'zod/mini';
import { modelTasks, protocols, pyfuncInputs } from '../catalog/protocol.ts';

/** An endpoint as a run remembers it: everything but the secret. Prices are USD per million tokens. */
const plannedEndpointSchema = z.object({
  id: z.string(),
  protocol: z.enum(protocols),
  /** Empty for VS Code's own models. */
  baseUrl: z.string(),
  apiVersion: z.optional(z.string()),
  /** Most requests in flight at once on this endpoint. */
  concurrency: z.optional(z.number()),
  /** How to find the key again on resume: the name of an environment variable. Never the key. */
  apiKeyEnv: z.optional(z.string()),
});

export const plannedModelSchema = z.object({
  endpoint: z.string(),
  model: z.string(),
  inputPrice: z.optional(z.number()),
  outputPrice: z.optional(z.number()),
  cachedInputPrice: z.optional(z.number()),
  cacheWritePrice: z.optional(z.number()),
  task: z.optional(z.enum(modelTasks)),
  pyfunc: z.optional(z.object({ input: z.enum(pyfuncInputs), column: z.string() })),
  /** True: the endpoint may sleep; a request sent before all others wakes it and counts in no figure. */
  wake: z.optional(z.boolean()),
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
  /** Milliseconds that one attempt may take; with `adaptiveTimeout` the most. */
  timeoutMs: z.number(),
  /** True: an attempt's limit follows the prompt's complexity and the endpoint's recent answers. */
  adaptiveTimeout: z.optional(z.boolean()),
  /** Further tries after a rate limit or an overload; absent: none. */
  maxRetries: z.optional(z.number()),
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

/** Whether a model's answers come in pieces; if not, there is no first token to speak of. Custom (pyfunc) models never stream. */
export function isStreamed({ stream }: Pick<Plan, 'stream'>, { task }: Pick<PlannedModel, 'task'>): boolean {
  return stream && task !== 'pyfunc';
}
