import type { Load } from './load.ts';

/** The bounds of a search, requests per second. */
export type Search = Pick<Extract<Load, { pattern: 'search' }>, 'fromPerSecond' | 'toPerSecond' | 'precision'>;

/** A rate that was tried, and whether the endpoint held it. */
export interface Trial {
  readonly perSecond: number;
  readonly held: boolean;
}

/** What a search knows: the highest rate that held, the lowest that failed. Absent: there is none. */
export interface Bracket {
  readonly perSecond?: number;
  readonly failedAt?: number;
}

/** What trials say of a model's capacity, in whatever order they were made. */
export function bracketOf(trials: readonly Trial[]): Bracket {
  const failed = trials.filter(({ held }) => !held).map(({ perSecond }) => perSecond);
  const failedAt = Math.min(...failed);
  const held = trials.filter((trial) => trial.held && trial.perSecond < failedAt).map(({ perSecond }) => perSecond);
  return {
    ...(held.length > 0 ? { perSecond: Math.max(...held) } : {}),
    ...(failed.length > 0 ? { failedAt } : {}),
  };
}

/**
 * The rate to try next: doubled until one fails or the highest held, then the geometric middle, until what held and what failed
 * are within `precision` (0.1: 10 %) of each other. Undefined: the search is over. One that fails at its first rate ends there.
 */
export function nextRate(search: Search, { perSecond: held, failedAt }: Bracket): number | undefined {
  if (held === undefined) return failedAt === undefined ? search.fromPerSecond : undefined;
  if (failedAt === undefined) {
    return held >= search.toPerSecond ? undefined : Math.min(search.toPerSecond, 2 * held);
  }
  return failedAt / held <= 1 + search.precision ? undefined : middle(held, failedAt);
}

/** What the trials that are still needed take at most; `takes`: what one at a rate does. */
export function mostLeft(search: Search, bracket: Bracket, takes: (perSecond: number) => number): number {
  const next = nextRate(search, bracket);
  if (next === undefined) return 0;
  const after = (held: boolean) =>
    mostLeft(search, held ? { ...bracket, perSecond: next } : { ...bracket, failedAt: next }, takes);
  return takes(next) + Math.max(after(true), after(false));
}

/** Rounded, as more digits would only be noise in reports. */
function middle(low: number, high: number): number {
  return Number(Math.sqrt(low * high).toPrecision(4));
}
