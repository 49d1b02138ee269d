import * as z from 'zod/mini';
import { planDefaults, planLimits } from '../core/benchmark/plan-limits.ts';
import {
  benchmarkDefaultsSchema,
  count,
  endpointSchema,
  evaluationSettingSchema,
  judgeSettingSchema,
  loadSettingSchema,
  preferenceSchema,
  sloSettingSchema,
  tiersSchema,
} from '../engine/config/schema.ts';
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

/** What the configuration file says of a benchmark, under the same name and by the same rules; null: not said. */
const { maxTotalTokens, template, gates } = benchmarkDefaultsSchema.shape;

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
  // A trace is a file, and a workspace must not say which file is read: the person picks it.
  'benchmark.load': define({
    schema: z.omit(loadSettingSchema, { trace: true, traceUnit: true }),
    default: {},
    scope: 'window',
  }),
  'benchmark.slo': define({
    schema: sloSettingSchema,
    default: {},
    scope: 'window',
  }),
  'benchmark.requests': define({
    schema: z.nullable(count(...planLimits.requests)),
    default: null,
    scope: 'window',
  }),
  'benchmark.repeats': define({
    schema: z.nullable(count(...planLimits.repeats)),
    default: null,
    scope: 'window',
  }),
  'benchmark.warmup': define({
    schema: z.nullable(count(...planLimits.warmup)),
    default: null,
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
  'benchmark.calibrate': define({
    schema: z.boolean(),
    default: planDefaults.calibrate,
    scope: 'window',
  }),
  'benchmark.template': define({
    schema: z.nullable(template.def.innerType),
    default: null,
    scope: 'window',
  }),
  'benchmark.gates': define({
    schema: gates.def.innerType,
    default: [],
    scope: 'window',
  }),
  // The answers go to whom it names, and that costs.
  'benchmark.judge': define({
    schema: z.nullable(judgeSettingSchema),
    default: null,
    scope: 'application',
  }),
  'benchmark.embeddingModel': define({
    schema: z.nullable(evaluationSettingSchema.shape.embeddingModel.def.innerType),
    default: null,
    scope: 'application',
  }),
  'benchmark.maxTotalTokens': define({
    schema: z.nullable(maxTotalTokens.def.innerType),
    default: null,
    scope: 'application',
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
