import * as z from 'zod/mini';
import { planLimits } from '../../core/benchmark/plan-limits.ts';
import type { tierNames } from '../../core/routing/tier.ts';

/**
 * The one definition of endpoints, tiers and benchmark defaults: the config file, the VS Code settings and the JSON Schemas
 * for both come from here. Objects are strict, so that a misspelt key is an error and not a silent default.
 */

const described = <T extends z.ZodMiniType>(schema: T, description: string): T =>
  schema.check(z.describe(description)) as T;

/** Letters, digits, dot, dash, underscore: safe in a reference `endpoint/model`, in a label and in a file name. */
export const endpointIdPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
/** One line of visible text: no control characters, no bidirectional or zero-width ones that would change how a label reads. */
export const modelIdPattern = /^[^\p{C}\p{Zl}\p{Zp}]{1,200}$/u;
const envNamePattern = /^[A-Za-z_][A-Za-z0-9_]*$/;

const price = (what: string) =>
  z.optional(described(z.number().check(z.nonnegative()), `USD per million ${what} tokens. Leave out when unknown.`));
/** A whole number from `least` to `most`. */
export const count = (least: number, most: number) => z.int().check(z.gte(least), z.lte(most));

export const configuredModelSchema = z.strictObject({
  id: described(z.string().check(z.regex(modelIdPattern)), 'Name of the model as the endpoint knows it.'),
  inputPrice: price('input'),
  outputPrice: price('output'),
  contextWindow: z.optional(described(count(1, 1_000_000_000), 'Most tokens of prompt and answer together.')),
});

/** A reference to a key. The key itself never stands in a file. */
export const apiKeySchema = described(
  z.strictObject({
    env: described(z.string().check(z.regex(envNamePattern)), 'Environment variable that holds the key.'),
  }),
  'Where to find the API key. The key itself never stands in this file.',
);

export const endpointSchema = z.strictObject({
  id: described(
    z.string().check(z.regex(endpointIdPattern)),
    'What you call the endpoint: letters, digits, dot, dash and underscore.',
  ),
  protocol: described(z.literal('openai'), 'How the endpoint speaks: OpenAI-compatible chat completions.'),
  baseUrl: described(z.string(), 'Address up to and with /v1, for example https://api.example.com/v1.'),
  apiKey: z.optional(apiKeySchema),
  models: described(z.array(configuredModelSchema), 'Models to use on this endpoint.'),
  simulated: z.optional(described(z.boolean(), 'True for the built-in simulated endpoint: reports then say so.')),
});

const tierSettingSchema = z.strictObject({
  upTo: z.optional(
    described(z.number().check(z.gte(0), z.lte(1)), 'Highest complexity score, in [0, 1], that belongs to this tier.'),
  ),
  model: z.optional(described(z.string(), 'Preferred model as endpoint/model. Leave out to choose by price.')),
});

export const tiersSchema = z.strictObject({
  simple: z.optional(described(tierSettingSchema, 'Prompts that a small model answers.')),
  medium: z.optional(described(tierSettingSchema, 'Prompts in between.')),
  complex: z.optional(described(tierSettingSchema, 'Prompts that need a large model.')),
} satisfies Record<(typeof tierNames)[number], unknown>);

export const preferenceSchema = z.enum(['balanced', 'cost', 'quality']);

export const benchmarkDefaultsSchema = z.strictObject({
  concurrency: z.optional(described(count(...planLimits.concurrency), 'Requests in flight at once, over all models.')),
  requests: z.optional(described(count(...planLimits.requests), 'Measured requests for each model.')),
  warmup: z.optional(described(count(...planLimits.warmup), 'Requests for each model before measuring starts.')),
  maxTokens: z.optional(described(count(...planLimits.maxTokens), 'Most output tokens to ask for.')),
  timeoutMs: z.optional(described(count(...planLimits.timeoutMs), 'Milliseconds that one request may take.')),
  timeLimitMs: z.optional(
    described(count(...planLimits.timeLimitMs), 'Milliseconds after which no further request is sent.'),
  ),
  maxCostUsd: z.optional(described(z.number().check(z.positive()), 'USD that a run may cost.')),
  stream: z.optional(described(z.boolean(), 'Stream answers, so that time to first token can be measured.')),
  keepAnswers: z.optional(described(z.boolean(), 'Store the answers in the run folder.')),
  seed: z.optional(described(count(...planLimits.seed), 'Orders the requests: same seed, same order.')),
});

export const configSchema = z.strictObject({
  $schema: z.optional(z.string()),
  endpoints: described(z.array(endpointSchema), 'Where your models are served.'),
  tiers: z.optional(described(tiersSchema, 'Bounds and preferred models of the tiers.')),
  preference: z.optional(
    described(preferenceSchema, 'cost multiplies every score by 0.7, quality by 1.3, balanced leaves it.'),
  ),
  benchmark: z.optional(described(benchmarkDefaultsSchema, 'Defaults for tierwise bench; its options override them.')),
});

export type ConfiguredModel = z.infer<typeof configuredModelSchema>;
export type ConfiguredEndpoint = z.infer<typeof endpointSchema>;
export type TiersSetting = z.infer<typeof tiersSchema>;
export type BenchmarkDefaults = z.infer<typeof benchmarkDefaultsSchema>;
export type TierwiseConfig = z.infer<typeof configSchema>;
