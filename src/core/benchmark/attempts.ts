import type { RunRecord } from './record.ts';

/** Whether a request's times stand in latency figures: its first attempt succeeded, and no retry hides in them. */
export function latencyCounts({ status, attempts }: Pick<RunRecord, 'status' | 'attempts'>): boolean {
  return status === 'ok' && attempts.length < 2;
}
