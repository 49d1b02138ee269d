import { grouped } from '../numbers.ts';
import { Collector } from './datasets/collector.ts';
import { readCsv } from './datasets/csv.ts';
import type { GivenFiles } from './datasets/file-reference.ts';
import { jsonTree } from './datasets/json-tree.ts';
import { looksLikePromptfoo, readPromptfoo } from './datasets/promptfoo.ts';
import { type RowRules, takeRow } from './datasets/row.ts';
import { readChecks } from './datasets/row-checks.ts';
import { applyTemplate } from './datasets/template.ts';
import { part, type Tree, type TreeDocument, textOf, writtenOut } from './datasets/tree.ts';
import { rowsIn } from './datasets/tree-rows.ts';
import { yamlTree } from './datasets/yaml-tree.ts';
import { jsonlRow, maxRowLength } from './jsonl.ts';
import type { Prompt } from './prompt.ts';
import { promptFileFinder } from './prompt-file.ts';

export { maxProblems, maxRows } from './datasets/collector.ts';
export type { GivenFile, GivenFiles } from './datasets/file-reference.ts';
export { applyTemplate };

export type DatasetFormat = 'jsonl' | 'csv' | 'json' | 'yaml' | 'text';

/** What is wrong with a row, and how to mend it. `line` counts from 1. */
export interface DatasetProblem {
  readonly line: number;
  readonly message: string;
}

export interface Dataset {
  readonly prompts: Prompt[];
  /** What cost a prompt. */
  readonly problems: DatasetProblem[];
  /** What was left out while its prompt stays: assertions that are code, need a judge or are gates of a run. */
  readonly notes: DatasetProblem[];
  /**
   * Files of its folder that it refers to and that were not given, relative, with `/` between. While there are any, the rest is
   * provisional: read them and parse again.
   */
  readonly wanted: string[];
}

export interface DatasetOptions {
  /** `{{name}}` is put in from each row's fields; takes the place of the prompts that the data set has. */
  readonly template?: string | undefined;
  /**
   * Only what the prompts say is wanted, as for an estimate: a reference or check that cannot be read costs no prompt, and
   * `{{name}}` without a variable stays as it is written.
   */
  readonly textOnly?: boolean | undefined;
  /** Files that the data set refers to. */
  readonly files?: GivenFiles | undefined;
}

export function datasetFormat(fileName: string): DatasetFormat {
  if (/\.(jsonl|ndjson)$/i.test(fileName)) return 'jsonl';
  if (/\.(csv|tsv)$/i.test(fileName)) return 'csv';
  if (/\.json$/i.test(fileName)) return 'json';
  return /\.ya?ml$/i.test(fileName) ? 'yaml' : 'text';
}

/**
 * Reads a data set: rows of JSONL or CSV, a list of rows in YAML or JSON (or under `prompts:`, `tests:` or `rows:`), a
 * promptfoo configuration, or a text that is one prompt called `name`. A row without id is called `row:<line>`. Good rows
 * are kept whatever else is wrong; never throws.
 */
export function parseDataset(text: string, format: DatasetFormat, name: string, options: DatasetOptions = {}): Dataset {
  const content = text.startsWith('\ufeff') ? text.slice(1) : text;
  const into = new Collector();
  const rules = rulesFor(options);
  if (format === 'text') takeText(content, name, rules, into);
  else if (format === 'jsonl') readJsonl(content, rules, into);
  else if (format === 'csv') readTable(content, rules, into);
  else readTree(format === 'json' ? jsonTree(content) : yamlTree(content), rules, into);
  return into.dataset();
}

function rulesFor({ template, textOnly, files = new Map() }: DatasetOptions): RowRules {
  return { template, textOnly, checks: [], files };
}

function takeText(given: string, name: string, { template }: RowRules, into: Collector): void {
  const text = bodyOf(given, name);
  if (text.includes('\0')) into.problem(1, 'This is not text: it holds NUL characters. Give a UTF-8 text file.');
  else if (text.trim() === '') into.problem(1, 'There is no prompt: the text is empty.');
  else if (template === undefined) into.take({ line: 1, ownId: name, text });
  else {
    const filled = applyTemplate(template, new Map([['prompt', text]]));
    if (filled.problem === undefined) into.take({ line: 1, ownId: name, text: filled.text });
    else into.problem(1, filled.problem);
  }
}

/** The front matter of a prompt file is not part of its prompt. */
function bodyOf(text: string, name: string): string {
  const document = { fileName: name.slice(name.lastIndexOf('/') + 1), languageId: '', text };
  return promptFileFinder.accepts(document) ? (promptFileFinder.find(document)[0]?.text ?? '') : text;
}

function readJsonl(text: string, rules: RowRules, into: Collector): void {
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
      takeJsonlLine(text.slice(start, end), line, rules, into);
    }
    start = end + 1;
  }
}

/** One line of JSONL, at most `maxRowLength` long. */
function takeJsonlLine(text: string, line: number, rules: RowRules, into: Collector): void {
  const row = jsonlRow(text);
  if (typeof row === 'string') into.problem(line, row);
  else takeRow(row, line, rules, into);
}

/**
 * The prompts of one line of JSONL, read by itself: whoever reads line by line holds no more than one, and does not see ids that
 * are given twice.
 * @param line its number, counted from 1
 */
export function parseJsonlLine(text: string, line: number, options: DatasetOptions = {}): Dataset {
  const into = new Collector();
  const rules = rulesFor(options);
  if (text.length > maxRowLength) {
    const limit = `at most ${grouped(maxRowLength)} are read`;
    into.problem(line, `The line has ${grouped(text.length)} characters; ${limit}. Split it.`);
  } else takeJsonlLine(text, line, rules, into);
  return into.dataset();
}

function readTable(text: string, rules: RowRules, into: Collector): void {
  if (text.includes('\0')) {
    into.problem(1, 'This is not text: it holds NUL characters. Save it as CSV in UTF-8.');
    return;
  }
  readCsv(text, {
    record({ cells, line }, header) {
      if (into.full(line)) return false;
      const row = new Map<string, unknown>();
      for (const [column, name] of header.entries()) {
        const cell = cells[column] ?? '';
        // An empty cell of these says that there is none; an empty variable is an empty text.
        if (name !== '' && !(cell === '' && (name === 'id' || name === 'checks'))) row.set(name, cell);
      }
      takeRow(row, line, rules, into);
      return true;
    },
    problem: (line, message) => into.problem(line, message),
  });
}

const SHAPE = 'Write a list of {id, prompt}, or put that list under "prompts:".';

function readTree({ root, problem }: TreeDocument, rules: RowRules, into: Collector): void {
  if (problem !== undefined) into.problem(problem.line, `${problem.message} ${SHAPE}`);
  if (root === undefined) return;
  if (looksLikePromptfoo(root)) {
    readPromptfoo(root, into, rules.files, rules.template);
    return;
  }
  const rows = rowsIn(root);
  if (rows === undefined) {
    into.problem(root.line, `There is no list of prompts here. ${SHAPE}`);
    return;
  }
  const own = rulesOf(root, rules, into);
  if (own === undefined) return;
  for (const row of rows) {
    if (into.full(row.line)) return;
    if (row.problem === undefined) takeRow(row.fields, row.line, own, into);
    else into.problem(row.line, row.problem);
  }
}

/** The rules of the whole file; undefined when they cannot be read, which is then a problem. */
function rulesOf(root: Tree, rules: RowRules, into: Collector): RowRules | undefined {
  const given = part(root, 'template');
  const template = textOf(given);
  if (given !== undefined && template === undefined) {
    into.problem(given.line, '"template" is no text. Write "template: |" and the text with {{name}} below it.');
    return undefined;
  }
  const list = part(root, 'checks');
  const checks = list === undefined ? [] : readChecks(writtenOut(list));
  if (typeof checks === 'string') {
    into.problem(list?.line ?? 1, checks);
    return undefined;
  }
  return { ...rules, template: rules.template ?? template, checks };
}
