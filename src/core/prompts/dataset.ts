import { grouped } from '../numbers.ts';
import { jsonlRow, maxRowLength } from './jsonl.ts';
import { plainText } from './plain-text.ts';
import type { Prompt } from './prompt.ts';
import { generatedId, looksGenerated } from './row-id.ts';
import { maxYamlLength, yamlRows } from './yaml-rows.ts';

export type DatasetFormat = 'jsonl' | 'yaml' | 'text';

/** What is wrong with a row, and how to mend it. `line` counts from 1. */
export interface DatasetProblem {
  readonly line: number;
  readonly message: string;
}

export interface Dataset {
  readonly prompts: Prompt[];
  readonly problems: DatasetProblem[];
}

/** Rows beyond this are not read. */
export const maxRows = 100_000;
/** Problems beyond this are counted, not listed. */
export const maxProblems = 100;
/** A longer id is a mistake, and would not fit any table. */
const MAX_ID_LENGTH = 200;

export function datasetFormat(fileName: string): DatasetFormat {
  if (/\.(jsonl|ndjson)$/i.test(fileName)) return 'jsonl';
  return /\.ya?ml$/i.test(fileName) ? 'yaml' : 'text';
}

/**
 * Reads a data set: rows `{id?, prompt}` of JSONL, a YAML list of them (or under `prompts:` or `tests:`), or a text that is one
 * prompt called `name`. A row without id is called `row:<line>`. Good rows are kept whatever else is wrong; never throws.
 */
export function parseDataset(text: string, format: DatasetFormat, name: string): Dataset {
  const content = text.startsWith('\ufeff') ? text.slice(1) : text;
  if (format === 'text') return textDataset(content, name);
  const collector = new Collector();
  if (format === 'jsonl') readJsonl(content, collector);
  else readYaml(content, collector);
  return collector.dataset();
}

function textDataset(text: string, name: string): Dataset {
  const problem = text.includes('\0')
    ? 'This is not text: it holds NUL characters. Give a UTF-8 text file.'
    : text.trim() === ''
      ? 'There is no prompt: the text is empty.'
      : undefined;
  if (problem !== undefined) return { prompts: [], problems: [{ line: 1, message: problem }] };
  return { prompts: [{ id: name, text }], problems: [] };
}

function readJsonl(text: string, into: Collector): void {
  let start = 0;
  for (let line = 1; start < text.length; line++) {
    const newline = text.indexOf('\n', start);
    const end = newline === -1 ? text.length : newline;
    if (end - start > maxRowLength) {
      into.problem(
        line,
        `The line has ${grouped(end - start)} characters; at most ${grouped(maxRowLength)} are read. Split it.`,
      );
    } else if (/\S/.test(text.slice(start, end))) {
      if (into.full(line)) return;
      const row = jsonlRow(text.slice(start, end));
      if (typeof row === 'string') into.problem(line, row);
      else into.row(line, row.id, row.prompt);
    }
    start = end + 1;
  }
}

function readYaml(text: string, into: Collector): void {
  if (text.length > maxYamlLength) {
    const limit = `at most ${grouped(maxYamlLength)} are read`;
    into.problem(
      1,
      `The YAML has ${grouped(text.length)} characters; ${limit}. Use JSONL for large data sets: one {"id", "prompt"} a line.`,
    );
    return;
  }
  const { rows, problems } = yamlRows(text);
  for (const { line, message } of problems) into.problem(line, message);
  for (const row of rows) {
    if (into.full(row.line)) return;
    if (row.problem === undefined) into.row(row.line, row.id, row.prompt);
    else into.problem(row.line, row.problem);
  }
}

/** Takes rows in, gives ids, and keeps what is wrong with them. */
class Collector {
  private readonly prompts: Prompt[] = [];
  private readonly problems: DatasetProblem[] = [];
  private readonly lineOf = new Map<string, number>();
  private unlisted = 0;
  private cut = false;

  problem(line: number, message: string): void {
    if (this.problems.length < maxProblems) this.problems.push({ line, message });
    else this.unlisted++;
  }

  /** True when no further row is taken; says so once. */
  full(line: number): boolean {
    if (this.prompts.length < maxRows) return false;
    if (!this.cut) this.problem(line, `Only the first ${grouped(maxRows)} rows are read. Split the data set.`);
    this.cut = true;
    return true;
  }

  row(line: number, givenId: unknown, prompt: unknown): void {
    if (typeof prompt !== 'string') {
      const found = prompt === undefined ? 'There is no "prompt"' : `"prompt" is ${kindOf(prompt)}`;
      this.problem(line, `${found}. Give each row a text: {"id": "…", "prompt": "…"}.`);
      return;
    }
    if (prompt.trim() === '') {
      this.problem(line, 'The prompt is empty. Give it a text or remove the row.');
      return;
    }
    const id = idOf(givenId, line);
    if (id === undefined) {
      const found = typeof givenId === 'string' ? 'empty or too long' : kindOf(givenId);
      this.problem(
        line,
        `"id" is ${found}. Give a text of 1 to ${MAX_ID_LENGTH} characters or a number, or leave it out.`,
      );
      return;
    }
    if (typeof givenId === 'string' && looksGenerated(id)) {
      this.problem(
        line,
        `"id" is "${plainText(id, 60)}", as a row without id is called after its line. Give another, or leave it out.`,
      );
      return;
    }
    const before = this.lineOf.get(id);
    if (before !== undefined) {
      this.problem(
        line,
        `The id "${plainText(id, 60)}" is taken by line ${before}. Give each row its own id; this row is left out.`,
      );
      return;
    }
    this.lineOf.set(id, line);
    this.prompts.push({ id, text: prompt });
  }

  dataset(): Dataset {
    if (this.prompts.length === 0 && this.problems.length === 0) {
      this.problem(1, 'There is no row. Give one {"id", "prompt"} a line, or a YAML list of them.');
    }
    const problems = [...this.problems];
    if (this.unlisted > 0) {
      const line = problems.at(-1)?.line ?? 1;
      problems.push({
        line,
        message: `${grouped(this.unlisted)} more problems follow. Mend the first ones and try again.`,
      });
    }
    return { prompts: this.prompts, problems };
  }
}

function idOf(id: unknown, line: number): string | undefined {
  if (id === undefined || id === null) return generatedId(line);
  if (typeof id === 'number' && Number.isFinite(id)) return String(id);
  return typeof id === 'string' && id.trim() !== '' && id.length <= MAX_ID_LENGTH ? id : undefined;
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
