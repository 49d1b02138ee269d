import { basename } from 'node:path';
import { Failure } from '../../core/failure.ts';
import { type Dataset, type DatasetProblem, datasetFormat, parseDataset } from '../../core/prompts/dataset.ts';
import { jsonlRow } from '../../core/prompts/jsonl.ts';
import type { Prompt } from '../../core/prompts/prompt.ts';
import { promptFileFinder } from '../../core/prompts/prompt-file.ts';
import { generatedId } from '../../core/prompts/row-id.ts';
import { readLines, readText, sourceName } from './read-text.ts';

/**
 * All prompts of a file, or of standard input for `-`: a data set by its ending, else one prompt.
 * @throws Failure `input`: unreadable, or any row is no prompt; names file, line and what to mend. Half a data set is not measured.
 */
export async function readAllPrompts(path: string): Promise<Prompt[]> {
  const format = datasetFormat(path);
  const text = await readText(path);
  const { prompts, problems } = format === 'text' ? onePrompt(text, path) : parseDataset(text, format, nameOf(path));
  const [first, ...others] = problems;
  if (first !== undefined) {
    const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
    throw new Failure({ code: 'input', message: `${sourceName(path)}:${first.line}: ${first.message}${more}` });
  }
  return prompts;
}

/**
 * The prompts of a JSONL file row by row, in memory that does not grow with the file; any other file is one prompt.
 * A row that is no prompt comes as a problem.
 */
export async function* readPrompts(path: string): AsyncGenerator<Prompt | DatasetProblem> {
  if (datasetFormat(path) !== 'jsonl') {
    const { prompts, problems } = onePrompt(await readText(path), path);
    yield* prompts;
    yield* problems;
    return;
  }
  let line = 0;
  let rows = 0;
  for await (const text of readLines(path)) {
    line += 1;
    if (text.trim() === '') continue;
    rows += 1;
    const { prompts, problems } = parseDataset(text, 'jsonl', nameOf(path));
    for (const problem of problems) yield { ...problem, line };
    // Each line is parsed as a data set of its own, in which a row without id is always the first.
    for (const prompt of prompts) yield { ...prompt, id: hasId(text) ? prompt.id : generatedId(line) };
  }
  if (rows === 0) yield* parseDataset('', 'jsonl', nameOf(path)).problems;
}

function hasId(line: string): boolean {
  const row = jsonlRow(line);
  return typeof row !== 'string' && row.id !== undefined && row.id !== null;
}

/** A file that is one prompt; the front matter of a prompt file is not part of it. */
function onePrompt(text: string, path: string): Dataset {
  const fileName = nameOf(path);
  const document = { fileName, languageId: '', text };
  const body = promptFileFinder.accepts(document) ? (promptFileFinder.find(document)[0]?.text ?? '') : text;
  return parseDataset(body, 'text', fileName);
}

function nameOf(path: string): string {
  return path === '-' ? 'stdin' : basename(path);
}
