import { stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { Failure } from '../../core/failure.ts';
import {
  type Dataset,
  type DatasetFormat,
  type DatasetProblem,
  datasetFormat,
  parseDataset,
  parseJsonlLine,
} from '../../core/prompts/dataset.ts';
import { loadDataset, loadFolder } from '../../core/prompts/datasets/load.ts';
import type { Prompt } from '../../core/prompts/prompt.ts';
import { diskFolder } from './disk-folder.ts';
import { readLines, readText, sourceName } from './read-text.ts';

export interface ReadOptions {
  /** `{{name}}` is put in from each row's fields; takes the place of the prompts that the data set has. */
  readonly template?: string | undefined;
  /** See `DatasetOptions`. */
  readonly textOnly?: boolean | undefined;
  /** Absent: by the file's ending; standard input is one prompt. */
  readonly format?: DatasetFormat | undefined;
}

/** A data set all of whose rows could be read. */
export interface ReadDataset {
  /** Base name of the file or folder; `stdin`. */
  readonly name: string;
  readonly prompts: Prompt[];
  /** What was left out of rows that are there all the same: to be told before anything is measured. */
  readonly notes: DatasetProblem[];
}

/**
 * The data set in a file, in a folder of prompt files, or on standard input for `-`; a file of another kind is one prompt.
 * @throws Failure `input`: unreadable, or any row is no prompt; names file, line and what to mend. Half a data set is not measured.
 */
export async function readDataset(path: string, options: ReadOptions = {}): Promise<ReadDataset> {
  const { prompts, problems, notes } = await read(path, options);
  const [first, ...others] = problems;
  if (first !== undefined) {
    const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
    throw new Failure({ code: 'input', message: `${sourceName(path)}:${first.line}: ${first.message}${more}` });
  }
  return { name: nameOf(path), prompts, notes };
}

/** The prompts of `readDataset`, where nobody is told of its notes. @throws Failure `input`, as `readDataset` */
export async function readAllPrompts(path: string, options: ReadOptions = {}): Promise<Prompt[]> {
  return (await readDataset(path, options)).prompts;
}

/**
 * The prompts of a JSONL file row by row, in memory that does not grow with the file; of anything else one after the other.
 * A row that is no prompt comes as a problem.
 */
export async function* readPrompts(path: string, options: ReadOptions = {}): AsyncGenerator<Prompt | DatasetProblem> {
  if (await isJsonl(path, options)) yield* readRows(path, options);
  else {
    const { prompts, problems } = await read(path, options);
    yield* prompts;
    yield* problems;
  }
}

async function* readRows(path: string, options: ReadOptions): AsyncGenerator<Prompt | DatasetProblem> {
  let line = 0;
  let rows = 0;
  for await (const text of readLines(path)) {
    line += 1;
    if (text.trim() === '') continue;
    rows += 1;
    const { prompts, problems } = parseJsonlLine(text, line, options);
    yield* problems;
    yield* prompts;
  }
  if (rows === 0) yield* parseDataset('', 'jsonl', nameOf(path)).problems;
}

async function read(path: string, options: ReadOptions): Promise<Dataset> {
  if (await isFolder(path)) return loadFolder(diskFolder(path), options);
  const folder = path === '-' ? undefined : diskFolder(dirname(resolve(path)));
  return loadDataset(await readText(path), options.format ?? datasetFormat(path), nameOf(path), folder, options);
}

async function isJsonl(path: string, { format }: ReadOptions): Promise<boolean> {
  return (format ?? datasetFormat(path)) === 'jsonl' && !(await isFolder(path));
}

/** False where there is nothing: whoever reads it then says so. */
async function isFolder(path: string): Promise<boolean> {
  if (path === '-') return false;
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

function nameOf(path: string): string {
  return path === '-' ? 'stdin' : basename(resolve(path));
}
