import * as z from 'zod/mini';
import { provenances } from '../catalog/model.ts';
import { modelTasks, protocols, pyfuncInputs } from '../catalog/protocol.ts';
import { loadSchema, sloSchema } from './load.ts';

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
  /** Of output tokens spent on thinking; absent: they cost `outputPrice`. */
  reasoningPrice: z.optional(z.number()),
  /** Where the prices come from, and the ISO date on which they were true. */
  priceSource: z.optional(z.enum(provenances)),
  priceAsOf: z.optional(z.string()),
  task: z.optional(z.enum(modelTasks)),
  pyfunc: z.optional(z.object({ input: z.enum(pyfuncInputs), column: z.string() })),
  /** True: the endpoint may sleep; a request sent before all others wakes it and counts in no figure. */
  wake: z.optional(z.boolean()),
});

/**
 * How answers are judged once all of a run's requests have been sent; checks stand with the prompts. A judge's and an embedding model's
 * endpoints are among the plan's, its costs under the plan's ceilings.
 */
const evaluationSchema = z.object({
  judge: z.optional(
    z.object({
      model: plannedModelSchema,
      /** What a good answer is, in words. */
      rubric: z.string(),
      /** Best raw score; the worst is 1. Scores are scaled to [0,1]. */
      scale: z.number(),
      /** How often each answer is judged. */
      repeats: z.number(),
      /** True: answers of different models to one prompt are also compared pair by pair, in both orders. */
      pairs: z.boolean(),
      maxTokens: z.number(),
      /** Absent: the endpoint's own; some models know no other. */
      temperature: z.optional(z.number()),
    }),
  ),
  /** Makes the embeddings that `similarity` checks compare. */
  embedding: z.optional(plannedModelSchema),
});

/**
 * What a run will do. Every model receives `requests` measured requests (prompts are taken in turn) after
 * `warmup` requests that are recorded but excluded from every figure.
 */
export const planSchema = z.object({
  endpoints: z.array(plannedEndpointSchema),
  models: z.array(plannedModelSchema),
  /** Requests in flight at once, over all models; in an open loop the most. */
  concurrency: z.number(),
  /** How requests arrive; absent: `concurrency` are kept in flight. */
  load: z.optional(loadSchema),
  /** What counts as a good request. */
  slo: z.optional(sloSchema),
  /** Measured requests for each model, in each stage of the load; in a trial of a search the least. */
  requests: z.number(),
  /** Warm-up requests for each model, at the beginning of each stage. */
  warmup: z.number(),
  /** In a stage whose requests arrive by the clock, warm-up lasts at least so many ms at its first rate; absent: however long. */
  warmupMs: z.optional(z.number()),
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
  /** Milliseconds after which a session sends no further request and begins no further verdict. */
  timeLimitMs: z.optional(z.number()),
  /** USD that the run may cost; held by reservation. */
  maxCostUsd: z.optional(z.number()),
  /** Input and output tokens that the run may use; held by reservation. */
  maxTotalTokens: z.optional(z.number()),
  evaluation: z.optional(evaluationSchema),
  /** True: before the first request the instrument measures its own error at this load, against the built-in simulator. */
  calibrate: z.optional(z.boolean()),
  /** False: answers are not stored. */
  keepAnswers: z.boolean(),
  /** Orders requests; same seed, same order. */
  seed: z.number(),
});

export type PlannedEndpoint = z.infer<typeof plannedEndpointSchema>;
export type Evaluation = z.infer<typeof evaluationSchema>;
export type PlannedModel = z.infer<typeof plannedModelSchema>;
export type Plan = z.infer<typeof planSchema>;

/** Whether a model's answers come in pieces; if not, there is no first token to speak of. Custom (pyfunc) models never stream. */
export function isStreamed({ stream }: Pick<Plan, 'stream'>, { task }: Pick<PlannedModel, 'task'>): boolean {
  return stream && task !== 'pyfunc';
}

/** The models of a plan that are sent prompts or answers: those that are measured, a judge, one that makes embeddings. */
export function paidModels({ models, evaluation }: Pick<Plan, 'models' | 'evaluation'>): PlannedModel[] {
  const { judge, embedding } = evaluation ?? {};
  return [...models, ...(judge ? [judge.model] : []), ...(embedding ? [embedding] : [])];
}
