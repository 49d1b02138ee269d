import * as z from 'zod/mini';
import { planLimits } from '../../core/benchmark/plan-limits.ts';
import { modelTasks, protocols, pyfuncInputs } from '../../core/catalog/protocol.ts';
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
  cachedInputPrice: z.optional(
    described(
      z.number().check(z.nonnegative()),
      'USD per million input tokens that the server reads from its cache. Leave out to count them at inputPrice.',
    ),
  ),
  cacheWritePrice: z.optional(
    described(
      z.number().check(z.nonnegative()),
      'USD per million input tokens that the server writes to its cache. Leave out when unknown.',
    ),
  ),
  priceSource: z.optional(
    described(
      z.enum(['user', 'workspace', 'bundled']),
      'Where the prices come from; leave out for prices that you typed yourself.',
    ),
  ),
  priceAsOf: z.optional(
    described(z.string().check(z.regex(/^\d{4}-\d\d-\d\d$/)), 'Date of the prices, as 2026-11-23.'),
  ),
  contextWindow: z.optional(described(count(1, 1_000_000_000), 'Most tokens of prompt and answer together.')),
  task: z.optional(described(z.enum(modelTasks), 'What the model does; chat unless said.')),
  pyfuncInput: z.optional(
    described(z.enum(pyfuncInputs), 'How a custom (pyfunc) model takes its rows; dataframe_split unless said.'),
  ),
  pyfuncColumn: z.optional(
    described(z.string().check(z.minLength(1), z.maxLength(200)), 'Column that holds the prompt; prompt unless said.'),
  ),
  scaleToZero: z.optional(
    described(
      z.boolean(),
      'True: the endpoint may sleep. A benchmark wakes it first and keeps that request out of the figures.',
    ),
  ),
});

/** What a person can configure; VS Code's own models are not configured but allowed. */
export const configurableProtocols = protocols.filter((protocol) => protocol !== 'vscode-lm');

/** How to sign in to a Databricks workspace. Tokens and secrets never stand here. */
export const databricksAuthSchema = z.strictObject({
  type: z.optional(
    described(
      z.enum(['pat', 'oauth-m2m', 'databricks-cli', 'azure-cli']),
      'Kind of sign-in. Leave out to take the first that works, in Databricks’ documented order.',
    ),
  ),
  profile: z.optional(
    described(z.string().check(z.minLength(1), z.maxLength(200)), 'Profile of ~/.databrickscfg to sign in with.'),
  ),
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
  protocol: described(
    z.enum(configurableProtocols),
    'How the endpoint speaks. openai: OpenAI-compatible chat completions, which most servers have.',
  ),
  baseUrl: described(
    z.string(),
    'Address: for openai up to and with /v1, for example https://api.example.com/v1; for databricks the workspace’s own.',
  ),
  apiKey: z.optional(apiKeySchema),
  auth: z.optional(described(databricksAuthSchema, 'How to sign in to a Databricks workspace.')),
  apiVersion: z.optional(
    described(
      z.string().check(z.regex(/^[A-Za-z0-9._-]{1,40}$/)),
      'Azure OpenAI’s api-version; leave out for addresses that end in /openai/v1.',
    ),
  ),
  concurrency: z.optional(
    described(count(...planLimits.concurrency), 'Most requests in flight at once on this endpoint.'),
  ),
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
  adaptiveTimeout: z.optional(
    described(
      z.boolean(),
      'Give each request the time that its complexity and the endpoint’s recent answers suggest, up to timeoutMs.',
    ),
  ),
  maxRetries: z.optional(
    described(count(...planLimits.maxRetries), 'Further tries after a rate limit (429) or an overload (503).'),
  ),
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
export type DatabricksAuth = z.infer<typeof databricksAuthSchema>;
export type TiersSetting = z.infer<typeof tiersSchema>;
export type BenchmarkDefaults = z.infer<typeof benchmarkDefaultsSchema>;
export type TierwiseConfig = z.infer<typeof configSchema>;
