import { dirname, resolve } from 'node:path';
import type { Load, Slo, StageLoad } from '../../core/benchmark/load.ts';
import { parseTrace } from '../../core/benchmark/trace.ts';
import { Failure } from '../../core/failure.ts';
import { readText } from './read-text.ts';
import type { LoadSetting } from './schema.ts';

/** What decides how requests arrive; a load has one of them. */
export const loadPatterns = ['rate', 'ramp', 'sweep', 'searchRate', 'trace'] as const;

export const defaultGoodShare = 0.95;
/** A search ends when what held and what failed are no further apart. */
const searchPrecision = 0.1;

/**
 * What cannot be in a load, in words; undefined: nothing. `name` says what a person calls a key: the key in a file, an option
 * on the command line.
 */
export function loadProblem(
  setting: LoadSetting,
  name: (key: keyof LoadSetting) => string = (key) => key,
): string | undefined {
  const given = loadPatterns.filter((pattern) => setting[pattern] !== undefined);
  const { sweep, searchRate, arrivals, goodShare, trialSeconds, traceUnit, trace } = setting;
  if (given.length > 1) {
    return `${given.map(name).join(' and ')} are different loads. Give one of ${loadPatterns.map(name).join(', ')}.`;
  }
  if (sweep !== undefined && (sweep.rate === undefined) === (sweep.concurrency === undefined)) {
    return `${name('sweep')} goes over concurrency or over rate. Give one of the two.`;
  }
  if (searchRate !== undefined && searchRate.from > searchRate.to) {
    return `${name('searchRate')} must go up: from ${searchRate.to} to ${searchRate.from}?`;
  }
  const byRate = setting.rate ?? setting.ramp ?? sweep?.rate ?? searchRate;
  if (arrivals !== undefined && byRate === undefined) {
    return `${name('arrivals')} belongs to a rate: ${name('rate')}, ${name('ramp')}, a ${name('sweep')} over rates, or ${name('searchRate')}.`;
  }
  if (goodShare !== undefined && searchRate === undefined) {
    return `${name('goodShare')} belongs to ${name('searchRate')}.`;
  }
  if (trialSeconds !== undefined && searchRate === undefined) {
    return `${name('trialSeconds')} belongs to ${name('searchRate')}.`;
  }
  if (traceUnit !== undefined && trace === undefined) return `${name('traceUnit')} belongs to ${name('trace')}.`;
  return undefined;
}

/**
 * What a plan says of a load; undefined where nothing but concurrency is asked for. Reads the trace, if there is one.
 * @throws Failure `usage` for a search without an SLO, `input` for the trace.
 */
export async function plannedLoad(setting: LoadSetting, slo: Slo | undefined): Promise<Load | undefined> {
  const { rate, ramp, sweep, searchRate, trace, arrivals = 'poisson', goodShare = defaultGoodShare } = setting;
  const open = (perSecond: number): StageLoad => ({ kind: 'open', arrivals, perSecond });
  if (rate !== undefined) return { pattern: 'steady', load: open(rate) };
  if (ramp !== undefined) {
    return { pattern: 'steady', load: { kind: 'open', arrivals, perSecond: ramp.from, toPerSecond: ramp.to } };
  }
  if (sweep?.concurrency !== undefined) {
    return { pattern: 'sweep', stages: sweep.concurrency.map((concurrency) => ({ kind: 'closed', concurrency })) };
  }
  if (sweep?.rate !== undefined) return { pattern: 'sweep', stages: sweep.rate.map(open) };
  if (searchRate !== undefined) {
    if (slo === undefined || Object.values(slo).every((limit) => limit === undefined)) {
      throw new Failure({
        code: 'usage',
        message:
          'A search for the highest rate needs to know what a good request is. Give an SLO, for example ttft_ms<800.',
      });
    }
    return {
      pattern: 'search',
      arrivals,
      fromPerSecond: searchRate.from,
      toPerSecond: searchRate.to,
      goodShare,
      precision: searchPrecision,
      ...(setting.trialSeconds === undefined ? {} : { trialSeconds: setting.trialSeconds }),
    };
  }
  if (trace !== undefined) {
    return { pattern: 'trace', offsetsMs: parseTrace(await readText(trace), trace, setting.traceUnit) };
  }
  return undefined;
}

/** A load from a file: its trace lies relative to that file's folder. */
export function loadIn(configFile: string, setting: LoadSetting): LoadSetting {
  const { trace } = setting;
  return trace === undefined ? setting : { ...setting, trace: resolve(dirname(configFile), trace) };
}
