import { latencyCounts } from './attempts.ts';
import type { Load, Slo, Stage } from './load.ts';
import type { RunRecord } from './record.ts';
import { tpotOf } from './tpot.ts';

/**
 * Whether a request is good: it succeeded at its first attempt and keeps every limit of the SLO; one that lacks a figure
 * which is asked for (no token, not streamed) is not. TTFT and E2E count from sending, or with `fromSchedule` from the
 * moment the request was due.
 */
export function meetsSlo(record: RunRecord, slo: Slo, fromSchedule: boolean): boolean {
  if (!latencyCounts(record)) return false;
  const { sent, firstToken, lastToken } = record.times;
  const start = fromSchedule ? 0 : sent;
  return (
    within(firstToken === undefined ? undefined : firstToken - start, slo.ttftMs) &&
    within(lastToken === undefined ? undefined : lastToken - start, slo.e2eMs) &&
    within(slo.tpotMs === undefined ? undefined : tpotOf(record), slo.tpotMs)
  );
}

/**
 * Whether an SLO counts from schedule. Where requests arrive by the clock, waiting for a slot is waiting for the endpoint; where
 * a fixed number is in flight, a request is due only once there is a slot.
 */
export function sloFromSchedule(load: Stage['load'] | Load | undefined): boolean {
  if (load === undefined) return false;
  if ('kind' in load) return load.kind !== 'closed';
  if (load.pattern === 'steady') return load.load.kind === 'open';
  // The stages of a sweep say it for themselves.
  return load.pattern !== 'sweep';
}

function within(ms: number | undefined, most: number | undefined): boolean {
  return most === undefined || (ms !== undefined && ms <= most);
}
