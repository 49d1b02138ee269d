import type { Slo } from '../core/benchmark/load.ts';
import { planLimits } from '../core/benchmark/plan-limits.ts';
import { Failure } from '../core/failure.ts';
import { grouped } from '../core/numbers.ts';

// What a person types about a load, read. Each throws a `usage` failure that says in plain words what is wanted.

/** Stages of a sweep. */
const mostStages = 100;

/** A whole number; thousands may be set apart by commas or blanks. */
export function wholeIn(text: string, [least, most]: readonly [number, number]): number {
  const value = Number(text.trim().replace(/(?<=\d)[, ](?=\d{3}(\D|$))/g, ''));
  if (text.trim() !== '' && Number.isInteger(value) && value >= least && value <= most) return value;
  throw usage(`Type a whole number from ${grouped(least)} to ${grouped(most)}.`);
}

/** Requests per second. */
export function rateIn(text: string): number {
  const value = Number(text.trim().replace(/\/s$/, ''));
  if (text.trim() !== '' && value > 0 && value <= planLimits.perSecond) return value;
  throw usage(`Type a number above 0 and up to ${grouped(planLimits.perSecond)}, for example 5 or 0.5.`);
}

/** Two rates: `1 to 20`, `1..20`, `1-20`. */
export function rangeIn(text: string, up: boolean): { from: number; to: number } {
  const [from, to, ...more] = text.split(/\.\.|\bto\b|[–-]/).map((part) => part.trim());
  if (!from || !to || more.length > 0) throw usage('Type two rates, for example 1 to 20.');
  const range = { from: rateIn(from), to: rateIn(to) };
  if (up && range.from > range.to) throw usage('The second rate must not be below the first.');
  return range;
}

/** Requests in flight, one number for each stage: `1, 4, 16`. */
export function concurrenciesIn(text: string): number[] {
  const wanted = `Type whole numbers from 1 to ${grouped(planLimits.concurrency[1])}, for example 1, 4, 16.`;
  return listIn(text, wanted, (part) => wholeIn(part, planLimits.concurrency));
}

/** Rates, one for each stage: `1, 2, 5`. */
export function ratesIn(text: string): number[] {
  return listIn(text, 'Type rates above 0, for example 1, 2, 5.', rateIn);
}

function listIn(text: string, wanted: string, read: (part: string) => number): number[] {
  const parts = text.split(/[,;\s]+/).filter((part) => part !== '');
  if (parts.length === 0) throw usage(wanted);
  if (parts.length > mostStages) throw usage(`At most ${mostStages} stages, please; these are ${parts.length}.`);
  return parts.map((part) => {
    try {
      return read(part);
    } catch {
      throw usage(wanted);
    }
  });
}

const sloNames = { ttft: 'ttftMs', tpot: 'tpotMs', e2e: 'e2eMs' } as const;

/** Limits in ms, or in s where that is said: `ttft 800, e2e 5 s`. Nothing: no limit. */
export function sloIn(text: string): Slo {
  const limits: { -readonly [key in keyof Slo]: Slo[key] } = {};
  for (const part of text.split(',').filter((one) => one.trim() !== '')) {
    const found = /^\s*(?<name>ttft|tpot|e2e)(_ms)?\s*(<=?|≤|:|=)?\s*(?<limit>\d+(\.\d+)?)\s*(?<unit>ms|s)?\s*$/i.exec(
      part,
    );
    const { name = '', limit = '', unit } = found?.groups ?? {};
    const key = sloNames[name.toLowerCase() as keyof typeof sloNames];
    const ms = Number(limit) * (unit?.toLowerCase() === 's' ? 1_000 : 1);
    if (key === undefined || !(ms > 0)) {
      throw usage(
        'Type limits in ms for ttft (first token), tpot (each further token) or e2e (whole answer), for example ttft 800, e2e 5000.',
      );
    }
    if (limits[key] !== undefined) throw usage(`There are two limits for ${name.toLowerCase()}. Type one.`);
    limits[key] = ms;
  }
  return limits;
}

/** As `sloIn` reads it. */
export function sloText({ ttftMs, tpotMs, e2eMs }: Slo): string {
  return Object.entries({ ttft: ttftMs, tpot: tpotMs, e2e: e2eMs })
    .flatMap(([name, ms]) => (ms === undefined ? [] : [`${name} ${ms}`]))
    .join(', ');
}

function usage(message: string): Failure {
  return new Failure({ code: 'usage', message });
}
