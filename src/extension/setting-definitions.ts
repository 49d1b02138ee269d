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
}

const define = <T extends z.ZodMiniType>(definition: SettingDefinition<T>): SettingDefinition<T> => definition;
const count = (least: number, most: number) => z.int().check(z.gte(least), z.lte(most));

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
    schema: z.nullable(count(1, 1_000_000)),
    default: null,
    scope: 'window',
  }),
  'benchmark.concurrency': define({
    schema: count(1, 1024),
    default: 4,
    scope: 'window',
  }),
  'benchmark.requests': define({
    schema: z.nullable(count(1, 1_000_000)),
    default: null,
    scope: 'window',
  }),
  'benchmark.warmup': define({
    schema: count(0, 10_000),
    default: 1,
    scope: 'window',
  }),
  'benchmark.maxTokens': define({
    schema: count(1, 1_000_000),
    default: 512,
    scope: 'window',
  }),
  'benchmark.timeoutSeconds': define({
    schema: count(1, 86_400),
    default: 120,
    scope: 'window',
  }),
  'benchmark.maxCostUsd': define({
    schema: z.nullable(z.number().check(z.positive())),
    default: 1,
    scope: 'application',
  }),
  'benchmark.keepAnswers': define({
    schema: z.boolean(),
    default: true,
    scope: 'application',
  }),
} as const;

export type SettingName = keyof typeof settingDefinitions;
export type SettingValue<N extends SettingName> = z.output<(typeof settingDefinitions)[N]['schema']>;
