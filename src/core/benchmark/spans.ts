import type { RunRecord } from './record.ts';

/** More stages than any run has. */
const stageRoom = 100_000;

/**
 * Spans of wall time, one for each stage in each session of a run: the clock may have been set between two sessions, and
 * between two stages another model may have had its turn.
 */
export class Spans {
  readonly #spans = new Map<number, { from: number; to: number }>();

  /** `scheduled`: when it was due, ms since the epoch; `fromMs`: where its span begins, ms from there. */
  add(record: RunRecord, scheduled: number, fromMs: number): void {
    const from = scheduled + fromMs;
    const to = scheduled + (record.attempts.at(-1)?.times.end ?? record.times.end);
    const key = (record.session ?? 0) * stageRoom + (record.stage ?? 0);
    const span = this.#spans.get(key);
    if (span) {
      if (from < span.from) span.from = from;
      if (to > span.to) span.to = to;
    } else this.#spans.set(key, { from, to });
  }

  totalMs(): number {
    let total = 0;
    for (const { from, to } of this.#spans.values()) total += to - from;
    return total;
  }
}

/**
 * Milliseconds in which a run was measuring, from its records: from the first schedule to the last end of each stage
 * in each session. What a run that was killed could not write down itself.
 */
export function measuredMs(records: Iterable<RunRecord>): number {
  const spans = new Spans();
  for (const record of records) spans.add(record, Date.parse(record.scheduledAt), 0);
  return spans.totalMs();
}
