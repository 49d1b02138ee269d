import type { ArrivalKind, Slo } from '../core/benchmark/load.ts';
import { planLimits } from '../core/benchmark/plan-limits.ts';
import type { TraceUnit } from '../core/benchmark/trace.ts';
import { loadPatterns, loadProblem } from '../engine/config/load-setting.ts';
import type { LoadSetting } from '../engine/config/schema.ts';
import { positive, quoted, whole, wrongUse } from './options.ts';

/** How requests arrive, as the options of `bench` say it. */
export interface LoadOptions {
  readonly rate?: number;
  readonly arrivals?: ArrivalKind;
  readonly ramp?: RateRange;
  readonly sweep?: NonNullable<LoadSetting['sweep']>;
  readonly searchRate?: RateRange;
  readonly goodShare?: number;
  readonly trialSeconds?: number;
  readonly trace?: string;
  readonly traceUnit?: TraceUnit;
  readonly slo?: Slo;
}

interface RateRange {
  readonly from: number;
  readonly to: number;
}

const optionNames: Readonly<Record<keyof LoadSetting, string>> = {
  rate: '--rate',
  ramp: '--ramp',
  sweep: '--sweep',
  searchRate: '--search-rate',
  trace: '--trace',
  traceUnit: '--trace-unit',
  arrivals: '--arrivals',
  goodShare: '--good-share',
  trialSeconds: '--trial-seconds',
};

/**
 * The load of the options over that of the configuration: another pattern replaces the configured one, arrivals and share alone
 * change it. @throws Failure `usage` for what does not go together.
 */
export function chosenLoad(options: LoadOptions, configured: LoadSetting): LoadSetting {
  const { rate, ramp, sweep, searchRate, trace, arrivals, goodShare, trialSeconds, traceUnit } = options;
  const pattern = { rate, ramp, sweep, searchRate, trace };
  const replaces = loadPatterns.some((key) => pattern[key] !== undefined);
  const base: LoadSetting = !replaces
    ? configured
    : {
        ...pattern,
        arrivals: byRate(pattern) ? configured.arrivals : undefined,
        goodShare: searchRate === undefined ? undefined : configured.goodShare,
        trialSeconds: searchRate === undefined ? undefined : configured.trialSeconds,
      };
  const setting: LoadSetting = {
    ...base,
    arrivals: arrivals ?? base.arrivals,
    goodShare: goodShare ?? base.goodShare,
    trialSeconds: trialSeconds ?? base.trialSeconds,
    traceUnit: traceUnit ?? base.traceUnit,
  };
  const problem = loadProblem(setting, (key) => optionNames[key]);
  if (problem !== undefined) throw wrongUse(problem);
  return setting;
}

function byRate({ rate, ramp, sweep, searchRate }: LoadSetting): boolean {
  return (rate ?? ramp ?? sweep?.rate ?? searchRate) !== undefined;
}

/** Reads `A..B`, two rates above 0. For commander's `argParser`. */
export function rateRange(name: string): (text: string) => RateRange {
  return (text) => {
    const [from, to, ...more] = text.split('..');
    if (from === undefined || to === undefined || more.length > 0) {
      throw wrongUse(`${name} must be two rates, for example 1..20, not ${quoted(text)}.`);
    }
    return { from: positive(name)(from), to: positive(name)(to) };
  };
}

/** Reads `concurrency=1,4,16` or `rate=1,2,5`. */
export function sweep(text: string): NonNullable<LoadSetting['sweep']> {
  const [what, values, ...more] = text.split('=').map((part) => part.trim());
  if (values === undefined || values === '' || more.length > 0 || (what !== 'concurrency' && what !== 'rate')) {
    throw wrongUse(`--sweep must be concurrency=1,4,16 or rate=1,2,5, not ${quoted(text)}.`);
  }
  const list = values.split(',');
  if (what === 'rate') return { rate: list.map(positive('--sweep rate')) };
  return { concurrency: list.map(whole('--sweep concurrency', ...planLimits.concurrency)) };
}

const sloNames = { ttft_ms: 'ttftMs', tpot_ms: 'tpotMs', e2e_ms: 'e2eMs' } as const;

/** Reads `ttft_ms<800,e2e_ms<5000`. */
export function slo(text: string): Slo {
  const limits: { -readonly [key in keyof Slo]: Slo[key] } = {};
  for (const part of text.split(',')) {
    const found = /^\s*(?<name>[a-z0-9_]+)\s*<=?\s*(?<limit>\d+(?:\.\d+)?)\s*$/i.exec(part)?.groups;
    const key = sloNames[(found?.name?.toLowerCase() ?? '') as keyof typeof sloNames];
    const limit = Number(found?.limit);
    if (key === undefined || !(limit > 0)) {
      throw wrongUse(
        `--slo must be limits as ttft_ms<800,e2e_ms<5000 (of ${Object.keys(sloNames).join(', ')}), not ${quoted(part)}.`,
      );
    }
    if (limits[key] !== undefined) throw wrongUse(`--slo names ${found?.name} twice. Give one limit for it.`);
    limits[key] = limit;
  }
  return limits;
}
