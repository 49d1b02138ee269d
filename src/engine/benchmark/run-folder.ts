import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type * as z from 'zod/mini';
import { type Manifest, manifestSchema, type RunPrompt, runPromptSchema } from '../../core/benchmark/manifest.ts';
import { type RunRecord, recordSchema } from '../../core/benchmark/record.ts';
import { summarise } from '../../core/benchmark/summarise.ts';
import { type Summary, summarySchema } from '../../core/benchmark/summary.ts';
import { Failure } from '../../core/failure.ts';
import type { Outcome } from '../../core/quality/outcome.ts';
import { diskFailure, isMissing } from './disk.ts';
import { asEvaluated, readEvaluation } from './evaluation-file.ts';
import { type Line, readLines } from './jsonl.ts';
import { isLocked } from './lock.ts';
import { readOutcomes } from './outcomes.ts';
import { schemaCheck } from './schema-check.ts';

/** Where the parts of a run lie. */
export function runPaths(dir: string) {
  return {
    manifest: join(dir, 'manifest.json'),
    prompts: join(dir, 'prompts.jsonl'),
    records: join(dir, 'records.jsonl'),
    /** Verdicts on records: checks, judges, people. */
    outcomes: join(dir, 'outcomes.jsonl'),
    summary: join(dir, 'summary.json'),
  };
}

export interface Run {
  readonly manifest: Manifest;
  readonly prompts: RunPrompt[];
  readonly records: RunRecord[];
  /** What checks, judges and people said of them, the last of each key. */
  readonly outcomes: Outcome[];
  /** Made from the records; `summary.json` is for other programs. */
  readonly summary: Summary;
  /** What was wrong with the folder and could be mended while reading. */
  readonly notes: string[];
}

/**
 * Reads a run, whatever became of it. Half a record at the end, which a killed process leaves, is dropped, and of two
 * records of one request the first counts; both are said in `notes`.
 * @throws Failure `input` for what is damaged otherwise, with file and line; `local` when the disk fails.
 */
export async function readRun(dir: string): Promise<Run> {
  const { manifest, prompts } = readAsEvaluated(dir);
  const notes: string[] = [];
  const records = [...readRecords(dir, notes)];
  const outcomes = readOutcomes(dir, notes);
  return { manifest, prompts, records, outcomes, summary: summarise(manifest, prompts, records, outcomes), notes };
}

/**
 * As `readRun`, for runs of any length: the records are read from the file anew each time that somebody goes through them, and never
 * held. What another process appends meanwhile is seen by later readings only. @throws Failure as `readRun`, also while reading.
 */
export async function openRun(dir: string): Promise<Omit<Run, 'records'> & { readonly records: Iterable<RunRecord> }> {
  const { manifest, prompts } = readAsEvaluated(dir);
  const notes: string[] = [];
  const outcomes = readOutcomes(dir, notes);
  const summary = summarise(manifest, prompts, readRecords(dir, notes), outcomes);
  return { manifest, prompts, records: { [Symbol.iterator]: () => readRecords(dir) }, outcomes, summary, notes };
}

/** Manifest and prompts with the judge and the checks that hold now. */
function readAsEvaluated(dir: string): Pick<Run, 'manifest' | 'prompts'> {
  return asEvaluated({ manifest: readManifest(dir), prompts: readPrompts(dir) }, readEvaluation(dir));
}

/** The runs in the folders of `parent`, newest first. What is not a run, or cannot be read, is passed over. */
export async function listRuns(parent: string): Promise<{ dir: string; manifest: Manifest; live: boolean }[]> {
  let names: string[];
  try {
    names = readdirSync(parent, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  } catch (error) {
    if (isMissing(error)) return [];
    throw diskFailure('read', parent, error);
  }
  const runs = names.flatMap((name) => {
    const dir = join(parent, name);
    try {
      return [{ dir, manifest: readManifest(dir), live: isLocked(dir) }];
    } catch (error) {
      if (error instanceof Failure) return [];
      throw error;
    }
  });
  return runs.sort((a, b) => (a.manifest.startedAt < b.manifest.startedAt ? 1 : -1));
}

/** @throws Failure `input` when the folder holds no run or a damaged one. */
export function readManifest(dir: string): Manifest {
  const path = runPaths(dir).manifest;
  const text = readText(path);
  if (text === undefined) {
    throw new Failure({ code: 'input', message: `${dir} holds no run: ${path} is missing. Give the folder of a run.` });
  }
  return checked(manifestSchema, path, undefined, text);
}

/** The summary as it was written at the end of the run. @throws Failure `input` when it is missing or damaged. */
export function readSummary(dir: string): Summary {
  const path = runPaths(dir).summary;
  const text = readText(path);
  if (text === undefined) {
    throw new Failure({ code: 'input', message: `${path} is missing: the run was interrupted. Resume it.` });
  }
  return checked(summarySchema, path, undefined, text);
}

/** The prompts as they were when the run began. @throws Failure `input`, with file and line. */
export function readPrompts(dir: string): RunPrompt[] {
  const path = runPaths(dir).prompts;
  const prompts: RunPrompt[] = [];
  const ids = new Set<string>();
  for (const { text, number } of linesOf(path)) {
    if (text === '') continue;
    const prompt = checked(runPromptSchema, path, number, text);
    if (ids.has(prompt.id)) throw damaged(path, number, `a second prompt is called "${prompt.id}"`);
    ids.add(prompt.id);
    prompts.push(prompt);
  }
  return prompts;
}

/**
 * The records of a run, one after the other; no file: none. What was mended is added to `notes` when the reading ends.
 * @throws Failure `input`, with file and line.
 */
export function* readRecords(dir: string, notes: string[] = []): Generator<RunRecord> {
  const path = runPaths(dir).records;
  const ids = new Set<string>();
  let doubles = 0;
  let broken: Line | undefined;
  for (const line of linesOf(path)) {
    if (broken) throw damaged(path, broken.number, 'it is not JSON');
    if (line.text === '') continue;
    const value = parseJson(line.text);
    if (value === undefined) {
      // Only at the very end may a line be broken: that is what a killed process or a full disk leaves.
      broken = line;
      continue;
    }
    // The schema itself is asked only for what is wrong.
    const record = isRecord(value) ? value : matching(recordSchema, path, line.number, value);
    if (ids.has(record.id)) doubles++;
    else {
      ids.add(record.id);
      yield record;
    }
  }
  if (broken) notes.push(`Line ${broken.number} of records.jsonl, the last, is incomplete and was left out.`);
  if (doubles > 0) notes.push(`${doubles} records stood twice in records.jsonl; the first of each counts.`);
}

const recordCheck = schemaCheck(recordSchema);

function isRecord(value: unknown): value is RunRecord {
  return recordCheck(value);
}

/** Where the last whole record of a run ends, in bytes, and whether the line feed after it is missing. */
export function wholeRecords(dir: string): { bytes: number; ended: boolean } {
  let bytes = 0;
  let ended = true;
  for (const line of linesOf(runPaths(dir).records)) {
    if (line.text !== '' && parseJson(line.text) === undefined) continue;
    bytes = line.offset + line.bytes + (line.ended ? 1 : 0);
    ended = line.ended;
  }
  return { bytes, ended };
}

function linesOf(path: string): Iterable<Line> {
  return existsSync(path) ? readLines(path) : [];
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw diskFailure('read', path, error);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function checked<T extends z.ZodMiniType>(schema: T, path: string, line: number | undefined, text: string): z.infer<T> {
  const value = parseJson(text);
  if (value === undefined) throw damaged(path, line, 'it is not JSON');
  return matching(schema, path, line, value);
}

function matching<T extends z.ZodMiniType>(
  schema: T,
  path: string,
  line: number | undefined,
  value: unknown,
): z.infer<T> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const where = issue && issue.path.length > 0 ? `"${issue.path.join('.')}" ` : 'it ';
  throw damaged(path, line, `${where}is not what it should be (${issue?.message ?? 'unknown'})`);
}

function damaged(path: string, line: number | undefined, why: string): Failure {
  const place = line === undefined ? path : `${path}:${line}`;
  return new Failure({
    code: 'input',
    message: `${place} is damaged: ${why}. Put back a good copy of the file, or run the benchmark again.`,
  });
}
