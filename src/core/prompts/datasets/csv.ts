import Papa from 'papaparse';
import { grouped } from '../../numbers.ts';
import { fieldNames } from './fields.ts';

/** Longer CSV is not read. UTF-16 units. */
export const maxCsvLength = 100_000_000;
/** A table with more columns is not read. */
export const maxColumns = 1_000;
/** A longer cell is not read: mostly a quote that is never closed. UTF-16 units. */
export const maxCellLength = 2_000_000;
/** A longer header is not read. UTF-16 units. */
const maxHeaderLength = 200_000;

const delimiters = [',', ';', '\t', '|'] as const;

/** Where a record of a table stands: half-open UTF-16 offsets, without its line end. */
export interface CsvRecord {
  readonly cells: readonly string[];
  /** Of its first line, counted from 1. */
  readonly line: number;
  readonly start: number;
  readonly end: number;
}

export interface CsvSink {
  /** False ends the reading. */
  record(record: CsvRecord, header: readonly string[]): boolean;
  problem(line: number, message: string): void;
}

/**
 * Reads a table with a header, record by record. The delimiter is the one of , ; tab and | that cuts the header into the
 * most known names, else the most names. Blank lines are passed over; a quoted cell may hold line breaks and delimiters. Never
 * throws; gives the delimiter that it used, undefined where the table cannot be read at all.
 */
export function readCsv(text: string, sink: CsvSink): string | undefined {
  if (text.length > maxCsvLength) {
    const limit = `at most ${grouped(maxCsvLength)} are read`;
    sink.problem(1, `The table has ${grouped(text.length)} characters; ${limit}. Split it, or use JSONL.`);
    return undefined;
  }
  const delimiter = sniffed(text);
  let header: readonly string[] | undefined;
  let start = 0;
  let line = 1;
  Papa.parse<string[]>(text, {
    delimiter,
    // One record at a time: a table that is refused on its way costs no more than what was read of it.
    step({ data: cells, errors, meta }, parser) {
      const end = endOf(text, start, meta.cursor);
      const record = { cells, line, start, end };
      for (let at = text.indexOf('\n', start); at !== -1 && at < meta.cursor; at = text.indexOf('\n', at + 1)) line++;
      start = meta.cursor;
      const quote = errors.find(({ type }) => type === 'Quotes');
      const goOn = take(record, quote?.code);
      if (!goOn) parser.abort();
    },
  });
  return header === undefined ? undefined : delimiter;

  function take(record: CsvRecord, quote: string | undefined): boolean {
    const { cells, line: at } = record;
    if (cells.length === 1 && cells[0]?.trim() === '') return true;
    if (quote === 'MissingQuotes') {
      sink.problem(
        at,
        'A quote that opens in this row is never closed. Close it, and write a quote within quotes twice ("").',
      );
      return false;
    }
    if (header === undefined) {
      if (cells.length > maxColumns || record.end - record.start > maxHeaderLength) {
        const limit = `at most ${grouped(maxColumns)} are read`;
        sink.problem(at, `The first row has ${grouped(cells.length)} columns; ${limit}. It must name the columns.`);
        return false;
      }
      header = cells.map((name) => name.trim());
      const twice = header.find((name, column) => name !== '' && header?.indexOf(name) !== column);
      if (twice === undefined) return true;
      sink.problem(at, `Two columns are called "${twice.slice(0, 40)}". Give each its own name.`);
      header = undefined;
      return false;
    }
    const problem = wrongRecord(cells, header, quote, delimiter);
    if (problem === undefined) return sink.record(record, header);
    sink.problem(at, problem);
    return true;
  }
}

function wrongRecord(
  cells: readonly string[],
  header: readonly string[],
  quote: string | undefined,
  delimiter: string,
): string | undefined {
  if (quote !== undefined) {
    return 'The quotes of this row are not well formed. Put quotes around the whole cell, and write a quote within it twice ("").';
  }
  if (cells.length > header.length) {
    const shown = delimiter === '\t' ? 'tab' : `"${delimiter}"`;
    return `The row has ${grouped(cells.length)} cells, the header ${header.length}. Put quotes around cells that hold a ${shown}.`;
  }
  const long = cells.find((cell) => cell.length > maxCellLength);
  if (long === undefined) return undefined;
  return `A cell has ${grouped(long.length)} characters; at most ${grouped(maxCellLength)} are read. Split it.`;
}

function endOf(text: string, start: number, cursor: number): number {
  let end = cursor;
  while (end > start && (text[end - 1] === '\n' || text[end - 1] === '\r')) end--;
  return end;
}

/** The delimiter of the header. */
function sniffed(text: string): string {
  const first = /\S/.exec(text.slice(0, maxHeaderLength))?.index ?? 0;
  const newline = text.indexOf('\n', first);
  const header = text.slice(first, Math.min(newline === -1 ? text.length : newline, first + maxHeaderLength));
  const names: ReadonlySet<string> = new Set([...fieldNames.prompt, ...fieldNames.reference, 'id', 'checks']);
  let best: { delimiter: string; known: number; count: number } = { delimiter: ',', known: -1, count: 0 };
  for (const delimiter of delimiters) {
    const columns = header.split(delimiter);
    const known = columns.filter((name) =>
      names.has(
        name
          .trim()
          .replace(/^"(.*)"$/, '$1')
          .toLowerCase(),
      ),
    ).length;
    const count = columns.length;
    if (known > best.known || (known === best.known && count > best.count)) best = { delimiter, known, count };
  }
  return best.delimiter;
}
