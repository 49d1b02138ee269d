import * as z from 'zod/mini';
import { planDefaults, planLimits } from '../core/benchmark/plan-limits.ts';
import { count, endpointSchema, preferenceSchema, tiersSchema } from '../engine/config/schema.ts';
import { localPorts } from '../engine/endpoints/local-ports.ts';

/**
 * Who may set a value. `application`: only the person, never a workspace, because money, network or privacy hang on it.
 * `window`: a workspace as well, once it is trusted.
 */
export type SettingScope = 'application' | 'window';

export interface SettingDefinition<T extends z.ZodMiniType = z.ZodMiniType> {
  readonly schema: T;
  readonly default: z.output<T>;
  readonly scope: SettingScope;
}

const define = <T extends z.ZodMiniType>(definition: SettingDefinition<T>): SettingDefinition<T> => definition;

/**
 * Every setting of the extension under `tierwise.`, in the order in which the settings editor shows them. package.json's
 * `contributes.configuration` is generated from here and from setting-texts.ts, and the values read at run time are checked against the same schemas.
 */
export const settingDefinitions = {
  endpoints: define({
    schema: z.array(endpointSchema),
    default: [],
    scope: 'application',
  }),
  tiers: define({
    schema: tiersSchema,
    default: {},
    scope: 'window',
  }),
  preference: define({
    schema: preferenceSchema,
    default: 'balanced',
    scope: 'window',
  }),
  scorer: define({
    schema: z.enum(['seed']),
    default: 'seed',
    scope: 'window',
  }),
  'codeLens.enabled': define({
    schema: z.boolean(),
    default: true,
    scope: 'window',
  }),
  'hover.enabled': define({
    schema: z.boolean(),
    default: true,
    scope: 'window',
  }),
  'statusBar.enabled': define({
    schema: z.boolean(),
    default: true,
    scope: 'window',
  }),
  expectedOutputTokens: define({
    schema: z.nullable(count(...planLimits.maxTokens)),
    default: null,
    scope: 'window',
  }),
  'discovery.ports': define({
    schema: z.array(count(1, 65_535)).check(z.maxLength(32)),
    default: [...localPorts],
    scope: 'application',
  }),
  'benchmark.concurrency': define({
    schema: count(...planLimits.concurrency),
    default: planDefaults.concurrency,
    scope: 'window',
  }),
  'benchmark.requests': define({
    schema: z.nullable(count(...planLimits.requests)),
    default: null,
    scope: 'window',
  }),
  'benchmark.warmup': define({
    schema: count(...planLimits.warmup),
    default: planDefaults.warmup,
    scope: 'window',
  }),
  'benchmark.maxTokens': define({
    schema: count(...planLimits.maxTokens),
    default: planDefaults.maxTokens,
    scope: 'window',
  }),
  'benchmark.timeoutSeconds': define({
    schema: count(1, planLimits.timeoutMs[1] / 1_000),
    default: planDefaults.timeoutMs / 1_000,
    scope: 'window',
  }),
  'benchmark.adaptiveTimeout': define({
    schema: z.boolean(),
    default: false,
    scope: 'window',
  }),
  'benchmark.maxRetries': define({
    schema: count(...planLimits.maxRetries),
    default: 0,
    scope: 'window',
  }),
  'benchmark.maxCostUsd': define({
    schema: z.nullable(z.number().check(z.positive())),
    default: 1,
    scope: 'application',
  }),
  'benchmark.keepAnswers': define({
    schema: z.boolean(),
    default: planDefaults.keepAnswers,
    scope: 'application',
  }),
} as const;

export type SettingName = keyof typeof settingDefinitions;
export type SettingValue<N extends SettingName> = z.output<(typeof settingDefinitions)[N]['schema']>;
