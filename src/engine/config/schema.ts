import * as z from 'zod/mini';
import { arrivalKinds } from '../../core/benchmark/load.ts';
import { planLimits } from '../../core/benchmark/plan-limits.ts';
import { traceUnits } from '../../core/benchmark/trace.ts';
import { modelTasks, protocols, pyfuncInputs } from '../../core/catalog/protocol.ts';
import { scorerIds } from '../../core/complexity/scorers.ts';
import { maxRules, ruleSchema } from '../../core/routing/rule.ts';
import { tierNames } from '../../core/routing/tier.ts';

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
  reasoningPrice: z.optional(
    described(
      z.number().check(z.nonnegative()),
      'USD per million output tokens spent on thinking. Leave out to count them at outputPrice.',
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

export const scorerSchema = z.enum(scorerIds);
export const unsureTierSchema = z.enum(tierNames);
export const rulesSchema = z.array(ruleSchema).check(z.maxLength(maxRules));
export const allowedModelsSchema = z
  .array(
    described(
      z.string().check(z.minLength(1), z.maxLength(300)),
      'Model as endpoint/model; * is any text: local/*, */gpt-*.',
    ),
  )
  .check(z.maxLength(200));

/** Requests per second. */
const rate = (description: string) =>
  described(z.number().check(z.positive(), z.lte(planLimits.perSecond)), description);
const ratesBetween = (description: string, from: string, to: string) =>
  described(z.strictObject({ from: rate(from), to: rate(to) }), description);
/** Most stages of a sweep. */
const mostStages = 100;

/** How requests arrive: one of rate, ramp, sweep, searchRate and trace; load-setting.ts makes a plan's load of it. */
export const loadSettingSchema = z.strictObject({
  rate: z.optional(rate('Requests per second to each model, sent by the clock whatever the endpoint does.')),
  ramp: z.optional(
    ratesBetween(
      'A rate that grows or falls over the run.',
      'Requests per second to each model at the beginning.',
      'Requests per second to each model at the end.',
    ),
  ),
  sweep: z.optional(
    described(
      z.strictObject({
        concurrency: z.optional(
          described(
            z.array(count(...planLimits.concurrency)).check(z.minLength(1), z.maxLength(mostStages)),
            'Requests in flight at once, one number for each stage.',
          ),
        ),
        rate: z.optional(
          described(
            z.array(rate('Requests per second to each model.')).check(z.minLength(1), z.maxLength(mostStages)),
            'Requests per second to each model, one number for each stage.',
          ),
        ),
      }),
      'One stage after another, each with all requests: give concurrency or rate.',
    ),
  ),
  searchRate: z.optional(
    ratesBetween(
      'Finds the highest rate at which enough requests keep the slo.',
      'Requests per second to begin with.',
      'Requests per second to go up to.',
    ),
  ),
  trace: z.optional(
    described(
      z.string().check(z.minLength(1), z.maxLength(4096)),
      'File with a timestamp for each request (.jsonl or .csv), to send them as they came then; from this file’s folder.',
    ),
  ),
  traceUnit: z.optional(
    described(z.enum(traceUnits), 'Unit of the trace’s numbers, where its column does not name one.'),
  ),
  arrivals: z.optional(
    described(
      z.enum(arrivalKinds),
      'constant: evenly spaced; poisson (unless said): at random, as independent people do.',
    ),
  ),
  goodShare: z.optional(
    described(
      z.number().check(z.positive(), z.lte(1)),
      'Of searchRate: the share of requests that must keep the slo; 0.95 unless said.',
    ),
  ),
  trialSeconds: z.optional(
    described(
      z.number().check(z.positive(), z.lte(planLimits.trialSeconds[1])),
      'Of searchRate: how long each trial lasts at least; unless said 10, or five times the slo where that is longer.',
    ),
  ),
});

const milliseconds = (description: string) => z.optional(described(z.number().check(z.positive()), description));

export const sloSettingSchema = z.strictObject({
  ttftMs: milliseconds('Milliseconds to the first token.'),
  tpotMs: milliseconds('Milliseconds for each further token.'),
  e2eMs: milliseconds('Milliseconds to the last token.'),
});

/** Most characters of a rubric or template. */
export const textLimit = 20_000;
const modelName = (description: string) => described(z.string().check(z.minLength(1), z.maxLength(300)), description);

export const judgeSettingSchema = z.strictObject({
  model: modelName('The model that judges, by name or endpoint/model.'),
  rubric: described(
    z.string().check(z.minLength(1), z.maxLength(textLimit)),
    'What a good answer is, in words; the judge gives a score for it.',
  ),
  scale: z.optional(described(count(2, 100), 'Best score that the judge can give; the worst is 1. 5 unless said.')),
  repeats: z.optional(described(count(1, 20), 'How often each answer is judged; 1 unless said.')),
  pairs: z.optional(
    described(z.boolean(), 'Also compare answers of different models to one prompt, two at a time and in both orders.'),
  ),
  maxTokens: z.optional(
    described(count(...planLimits.maxTokens), 'Most output tokens of a judgement; 512 unless said.'),
  ),
});

export const evaluationSettingSchema = z.strictObject({
  judge: z.optional(described(judgeSettingSchema, 'A model that judges the answers.')),
  embeddingModel: z.optional(
    modelName('Model, by name or endpoint/model, whose embeddings the checks of type similarity compare.'),
  ),
});

export const benchmarkDefaultsSchema = z.strictObject({
  concurrency: z.optional(described(count(...planLimits.concurrency), 'Requests in flight at once, over all models.')),
  load: z.optional(
    described(
      loadSettingSchema,
      'How requests arrive; absent: as many as concurrency says are kept in flight. Give one of rate, ramp, sweep, searchRate and trace.',
    ),
  ),
  slo: z.optional(described(sloSettingSchema, 'What a request must keep to count as good.')),
  requests: z.optional(described(count(...planLimits.requests), 'Measured requests for each model.')),
  repeats: z.optional(
    described(
      count(...planLimits.repeats),
      'How often each prompt is sent to each model, in place of a number of requests.',
    ),
  ),
  warmup: z.optional(
    described(
      count(...planLimits.warmup),
      'Requests for each model before measuring starts. Leave out for as many as fill the load.',
    ),
  ),
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
  maxTotalTokens: z.optional(
    described(count(...planLimits.maxTotalTokens), 'Input and output tokens that a run may use, over all models.'),
  ),
  template: z.optional(
    described(
      z.string().check(z.minLength(1), z.maxLength(textLimit)),
      'Text around each prompt, with {{variables}} of its row of the data set.',
    ),
  ),
  evaluation: z.optional(
    described(evaluationSettingSchema, 'How answers are judged, beside the data set’s own checks.'),
  ),
  gates: z.optional(
    described(
      z
        .array(described(z.string().check(z.minLength(1), z.maxLength(200)), 'For example p95_ttft_ms<800.'))
        .check(z.maxLength(100)),
      'What a run must keep; tierwise bench exits with 1 when one fails. For example quality>=0.8.',
    ),
  ),
  calibrate: z.optional(
    described(z.boolean(), 'Before a run, measure the instrument’s own error at its load; true unless said.'),
  ),
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
  scorer: z.optional(
    described(scorerSchema, 'learned predicts from what models failed on; seed counts words and characters.'),
  ),
  profile: z.optional(
    described(
      z.string().check(z.minLength(1), z.maxLength(4096)),
      'Profile that tierwise calibrate made of your own results: its name, or a file from this file’s folder.',
    ),
  ),
  unsureTier: z.optional(
    described(unsureTierSchema, 'Tier of prompts that the scorer does not know. Leave out to go by the score.'),
  ),
  rules: z.optional(described(rulesSchema, 'Your own rules above the score, asked in this order.')),
  allowedModels: z.optional(described(allowedModelsSchema, 'Models that may be recommended. Leave out to allow all.')),
  benchmark: z.optional(described(benchmarkDefaultsSchema, 'Defaults for tierwise bench; its options override them.')),
});

export type ConfiguredModel = z.infer<typeof configuredModelSchema>;
export type ConfiguredEndpoint = z.infer<typeof endpointSchema>;
export type DatabricksAuth = z.infer<typeof databricksAuthSchema>;
export type TiersSetting = z.infer<typeof tiersSchema>;
export type LoadSetting = z.infer<typeof loadSettingSchema>;
export type JudgeSetting = z.infer<typeof judgeSettingSchema>;
export type EvaluationSetting = z.infer<typeof evaluationSettingSchema>;
export type BenchmarkDefaults = z.infer<typeof benchmarkDefaultsSchema>;
export type TierwiseConfig = z.infer<typeof configSchema>;
