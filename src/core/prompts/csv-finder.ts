import { type CsvRecord, readCsv } from './datasets/csv.ts';
import { fieldOf } from './datasets/fields.ts';
import { type FoundPrompt, maxFoundPrompts, type PromptDocument, type PromptFinder, type TextRange } from './prompt.ts';
import { generatedId } from './row-id.ts';

/** Prompts of longer tables are not listed. UTF-16 units. */
export const maxCsvFindLength = 200_000;

/** Columns whose cells are surely prompts; `input` and `text` may be anything in tables that are no data sets. */
const promptColumns = ['prompt', 'question'];

/** Cells of the prompt column of CSV data sets; the range covers the cell with its quotes. */
export const csvFinder: PromptFinder = {
  accepts: ({ fileName, languageId }) => languageId === 'csv' || languageId === 'tsv' || /\.(csv|tsv)$/i.test(fileName),
  find({ text }: PromptDocument): FoundPrompt[] {
    if (text.length > maxCsvFindLength || !/prompt|question/i.test(text)) return [];
    const bom = text.startsWith('\ufeff') ? 1 : 0;
    const table = text.slice(bom);
    const records: { record: CsvRecord; column: number; id: string | undefined }[] = [];
    const delimiter = readCsv(table, {
      record(record, header) {
        const columns = new Map(header.map((name, column) => [name, column]));
        const column = fieldOf(columns, promptColumns)?.value;
        if (typeof column !== 'number') return false;
        if ((record.cells[column] ?? '').trim() === '') return true;
        const id = columns.get('id');
        records.push({ record, column, id: id === undefined ? undefined : record.cells[id]?.trim() });
        return records.length < maxFoundPrompts;
      },
      // What is wrong with a row is said when the data set is used.
      problem: () => {},
    });
    if (delimiter === undefined) return [];
    return records.map(({ record, column, id }) => {
      const { start, end } = cellRange(table, record, column, delimiter);
      return {
        text: record.cells[column] ?? '',
        range: { start: start + bom, end: end + bom },
        kind: 'dataset-row',
        id: id === undefined || id === '' ? generatedId(record.line) : id,
      };
    });
  },
};

/** Where a cell of a well-formed record stands. */
function cellRange(text: string, { start, end }: CsvRecord, column: number, delimiter: string): TextRange {
  let at = start;
  for (let number = 0; ; number++) {
    const cellEnd = text[at] === '"' ? afterQuotes(text, at, end) : before(text.indexOf(delimiter, at), end);
    if (number === column || cellEnd >= end) return { start: at, end: cellEnd };
    at = before(text.indexOf(delimiter, cellEnd), end) + 1;
  }
}

function afterQuotes(text: string, from: number, end: number): number {
  for (let at = from + 1; at < end; at++) {
    if (text[at] !== '"') continue;
    if (text[at + 1] !== '"') return at + 1;
    at++;
  }
  return end;
}

function before(at: number, end: number): number {
  return at === -1 || at > end ? end : at;
}
