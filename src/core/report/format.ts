import { grouped, UNKNOWN } from '../numbers.ts';

/** How figures of a report are written, the same in every format and on every machine. Unknown is a word, never 0. */

/** For a figure that cannot be: the TTFT of a request that got no token. */
export const NONE = '–';

/** Three significant digits below 1,000, whole numbers above. For ms, tokens/s, requests/s. */
export function figure(value: number | undefined, missing = UNKNOWN): string {
  if (value === undefined || !Number.isFinite(value)) return missing;
  const size = Math.abs(value);
  if (size === 0) return '0';
  return grouped(value, size < 9.995 ? 2 : size < 99.95 ? 1 : 0);
}

/** A share in [0,1] as a percentage. A share that is not 0 never reads 0, one that is not 1 never reads 100. */
export function percent(share: number | undefined, missing = NONE): string {
  if (share === undefined || !Number.isFinite(share)) return missing;
  const value = share * 100;
  if (value === 0 || value === 100) return `${value}%`;
  if (value < 0.1) return '<0.1%';
  if (value > 99.9) return '>99.9%';
  return `${value.toFixed(value < 10 ? 1 : value > 99 ? 1 : 0)}%`;
}

/** A duration in ms for a person: `850 ms`, `12.4 s`, `3 min 20 s`, `2 h 5 min`. */
export function duration(ms: number | undefined): string {
  if (ms === undefined || !Number.isFinite(ms)) return UNKNOWN;
  if (ms < 1_000) return `${figure(ms)} ms`;
  const seconds = ms / 1_000;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const minutes = Math.floor(Math.round(seconds) / 60);
  if (minutes < 60) return `${minutes} min ${Math.round(seconds) - minutes * 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** ISO time as `2026-11-23 09:30:00 UTC`, whatever zone the reader is in; other text unchanged. */
export function instant(iso: string): string {
  const parts = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2})(?:\.\d+)?Z$/.exec(iso);
  return parts ? `${parts[1]} ${parts[2]} UTC` : iso;
}
