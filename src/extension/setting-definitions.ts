import * as z from 'zod/mini';
import { endpointSchema, preferenceSchema, tiersSchema } from '../engine/config/schema.ts';

/**
 * Who may set a value. `application`: only the person, never a workspace, because money, network or privacy hang on it.
 * `window`: a workspace as well, once it is trusted.
 */
export type SettingScope = 'application' | 'window';

export interface SettingDefinition<T extends z.ZodMiniType = z.ZodMiniType> {
  readonly schema: T;
  readonly default: z.output<T>;
  readonly scope: SettingScope;
  readonly description: string;
  /** Descriptions of an enum's values, in their order. */
  readonly enumDescriptions?: readonly string[];
}

const define = <T extends z.ZodMiniType>(definition: SettingDefinition<T>): SettingDefinition<T> => definition;
const count = (least: number, most: number) => z.int().check(z.gte(least), z.lte(most));

/**
 * Every setting of the extension under `tierwise.`, in the order in which the settings editor shows them. package.json's
 * `contributes.configuration` is generated from here, and the values read at run time are checked against the same schemas.
 */
export const settingDefinitions = {
  endpoints: define({
    schema: z.array(endpointSchema),
    default: [],
    scope: 'application',
    description:
      'Where your models are served. Add one with the command **Tierwise: Add Endpoint**; API keys are kept in the secret store, never here. A workspace cannot set this.',
  }),
  tiers: define({
    schema: tiersSchema,
    default: {},
    scope: 'window',
    description:
      'Bounds and preferred models of the tiers, for example `{ "simple": { "upTo": 0.3, "model": "local/small" } }`. A tier without a model uses the cheapest model for `simple`, the dearest for `complex`, and one in between for `medium`.',
  }),
  preference: define({
    schema: preferenceSchema,
    default: 'balanced',
    scope: 'window',
    description: 'What to favour when a prompt is put into a tier.',
    enumDescriptions: [
      'The score as it is.',
      'The score is multiplied by 0.7: more prompts go to smaller models.',
      'The score is multiplied by 1.3: more prompts go to larger models.',
    ],
  }),
  scorer: define({
    schema: z.enum(['seed']),
    default: 'seed',
    scope: 'window',
    description: 'How the complexity of a prompt is estimated.',
    enumDescriptions: ['Length, code, mathematical symbols, questions and reasoning words. Works offline.'],
  }),
  'codeLens.enabled': define({
    schema: z.boolean(),
    default: true,
    scope: 'window',
    description: 'Show tier, score and recommended model above every prompt that is found in a file.',
  }),
  'hover.enabled': define({
    schema: z.boolean(),
    default: true,
    scope: 'window',
    description: 'Explain complexity and cost when the mouse rests on a prompt or on the selection.',
  }),
  'statusBar.enabled': define({
    schema: z.boolean(),
    default: true,
    scope: 'window',
    description: 'Show the tier of the selection, or of the prompt at the cursor, in the status bar.',
  }),
  expectedOutputTokens: define({
    schema: z.nullable(count(1, 1_000_000)),
    default: null,
    scope: 'window',
    description:
      'Tokens that an answer is expected to have, for cost estimates made before a prompt is sent. `null`: by tier, 50–400 for `simple`, 150–1,000 for `medium`, 400–2,500 for `complex`.',
  }),
  'benchmark.concurrency': define({
    schema: count(1, 1024),
    default: 4,
    scope: 'window',
    description: 'Requests in flight at once, over all models.',
  }),
  'benchmark.requests': define({
    schema: z.nullable(count(1, 1_000_000)),
    default: null,
    scope: 'window',
    description:
      'Measured requests for each model. Prompts are taken in turn. `null`: one for each prompt, and at least 10.',
  }),
  'benchmark.warmup': define({
    schema: count(0, 10_000),
    default: 1,
    scope: 'window',
    description: 'Requests for each model before measuring starts. They are recorded and paid, but are in no figure.',
  }),
  'benchmark.maxTokens': define({
    schema: count(1, 1_000_000),
    default: 512,
    scope: 'window',
    description: 'Most output tokens to ask of a model, in a benchmark and when a prompt is run.',
  }),
  'benchmark.timeoutSeconds': define({
    schema: count(1, 86_400),
    default: 120,
    scope: 'window',
    description: 'Seconds that one request may take.',
  }),
  'benchmark.maxCostUsd': define({
    schema: z.nullable(z.number().check(z.positive())),
    default: 1,
    scope: 'application',
    description:
      'USD that one benchmark may cost. No request is sent that could go beyond it. `null` means no limit. It can hold only for models whose prices are known. A workspace cannot set this.',
  }),
  'benchmark.keepAnswers': define({
    schema: z.boolean(),
    default: true,
    scope: 'application',
    description: 'Store the models’ answers in the run, so that the report can show them. A workspace cannot set this.',
  }),
} as const;

export type SettingName = keyof typeof settingDefinitions;
export type SettingValue<N extends SettingName> = z.output<(typeof settingDefinitions)[N]['schema']>;
