import Papa from 'papaparse';
import { Failure } from '../failure.ts';
import { plainText } from '../prompts/plain-text.ts';

/** What a trace's numbers count. */
export const traceUnits = ['s', 'ms'] as const;
export type TraceUnit = (typeof traceUnits)[number];

/** Requests that a trace may hold. */
export const mostTraceRows = 1_000_000;

/** Columns that hold the time of a request, without regard to case; the ending says the unit. */
const timeColumn = /^(?:timestamp|time|offset|arrival|arrived_at|arrival_time)(?:_?(?<unit>ms|s|sec|seconds))?$/i;
/** ISO 8601, also with a blank in place of the T, and with more digits of a second than JavaScript knows. */
const isoTime =
  /^(?<date>\d{4}-\d\d-\d\d)[T ](?<clock>\d\d:\d\d:\d\d)(?:\.(?<fraction>\d{1,9}))?(?<zone>Z|[+-]\d\d(?::?\d\d)?)?$/;
/** Numbers from here on are times since 1970: in s from 1973, in ms from 1970-04 on; no trace lasts as long as that. */
const epochSeconds = 1e8;
const epochMilliseconds = 1e10;

/**
 * The times of requests in a trace, as ms from the first, ascending. Traces are CSV with a header, or JSONL, with a column
 * `timestamp` (or time, offset, arrival) of ISO times or numbers. What numbers count is told by `unit`, else by the column's ending
 * (`_s`, `_ms`), else by their size (times since 1970), else they are s where one has a fraction and ms where all are whole. So the
 * published traces of Azure (`TIMESTAMP,ContextTokens,GeneratedTokens`) and Mooncake (`{"timestamp": 27482, …}`) read as they are.
 * `name` is what messages call the trace. @throws Failure `input` with the line.
 */
export function parseTrace(text: string, name: string, unit?: TraceUnit): number[] {
  const source = plainText(name, 200);
  const rows = /^\s*\{/.test(text) ? jsonRows(text, source) : csvRows(text, source);
  if (rows.cells.length === 0) throw input(`${source} holds no request. Give a file with a line for each.`);
  const named = unitOf(rows.column);
  const times = rows.cells.map(({ value, line }) => timeOf(value, source, line));
  const [first] = times;
  const mixed = times.findIndex(({ kind }) => kind !== first?.kind);
  if (mixed >= 0) {
    throw input(`${source}:${rows.cells[mixed]?.line}: some times are dates and others numbers. Write all alike.`);
  }
  const values = times.map(({ value }) => value).sort((a, b) => a - b);
  const scale = first?.kind === 'date' || (unit ?? named ?? guessed(values)) === 'ms' ? 1 : 1000;
  const start = values[0] ?? 0;
  // To the µs: differences of large floats have more digits than meaning.
  return values.map((value) => Math.round((value - start) * scale * 1000) / 1000);
}

interface Rows {
  readonly column: string;
  readonly cells: readonly { readonly value: unknown; readonly line: number }[];
}

function jsonRows(text: string, source: string): Rows {
  let column: string | undefined;
  const cells: { value: unknown; line: number }[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    let row: unknown;
    try {
      row = JSON.parse(line);
    } catch {
      throw input(`${source}:${index + 1}: not valid JSON. Write one request a line.`);
    }
    if (typeof row !== 'object' || row === null) throw input(`${source}:${index + 1}: must be an object { … }.`);
    column ??= timeColumnOf(Object.keys(row), source);
    cells.push({ value: (row as Record<string, unknown>)[column], line: index + 1 });
    refuseMany(cells.length, source);
  }
  return { column: column ?? '', cells };
}

function csvRows(text: string, source: string): Rows {
  const parsed = Papa.parse<string[]>(text, { skipEmptyLines: 'greedy', preview: mostTraceRows + 2 });
  const [header = [], ...rows] = parsed.data;
  if (header.length === 0) return { column: '', cells: [] };
  refuseMany(rows.length, source);
  const column = timeColumnOf(
    header.map((cell) => cell.trim()),
    source,
  );
  const at = header.findIndex((cell) => cell.trim() === column);
  return { column, cells: rows.map((row, index) => ({ value: row[at], line: index + 2 })) };
}

function timeColumnOf(names: readonly string[], source: string): string {
  const found = names.find((name) => timeColumn.test(name));
  if (found !== undefined) return found;
  const seen = plainText(names.slice(0, 8).join(', '), 200);
  throw input(`${source} has no column of times, only: ${seen}. Name one timestamp, timestamp_s or timestamp_ms.`);
}

function refuseMany(rows: number, source: string): void {
  if (rows > mostTraceRows) throw input(`${source} holds more than ${mostTraceRows} requests. Cut it.`);
}

function unitOf(column: string): TraceUnit | undefined {
  const unit = timeColumn.exec(column)?.groups?.unit?.toLowerCase();
  return unit === undefined ? undefined : unit === 'ms' ? 'ms' : 's';
}

/** Of ascending numbers. */
function guessed(values: readonly number[]): TraceUnit {
  const first = values[0] ?? 0;
  if (first >= epochMilliseconds) return 'ms';
  if (first >= epochSeconds) return 's';
  return values.every(Number.isInteger) ? 'ms' : 's';
}

/** A date in ms, or a number as it stands. */
function timeOf(value: unknown, source: string, line: number): { kind: 'date' | 'number'; value: number } {
  const text = typeof value === 'string' ? value.trim() : value;
  const number = typeof text === 'string' && text !== '' ? Number(text) : text;
  if (typeof number === 'number' && Number.isFinite(number)) return { kind: 'number', value: number };
  const parts = typeof text === 'string' ? isoTime.exec(text)?.groups : undefined;
  if (parts !== undefined) {
    const { date, clock, fraction = '0', zone = 'Z' } = parts;
    const ms = Date.parse(
      `${date}T${clock}${/^[+-]\d\d$/.test(zone) ? `${zone}:00` : zone.replace(/(\d\d)(\d\d)$/, '$1:$2')}`,
    );
    if (!Number.isNaN(ms)) return { kind: 'date', value: ms + Number(`0.${fraction}`) * 1000 };
  }
  const shown = value === undefined ? 'is missing' : `is no time: ${plainText(String(value), 40)}`;
  throw input(`${source}:${line}: the time ${shown}. Write a number, or a date as 2026-11-24T10:00:00.123Z.`);
}

function input(message: string): Failure {
  return new Failure({ code: 'input', message });
}
