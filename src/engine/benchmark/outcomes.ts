import { closeSync, existsSync, fsyncSync, openSync, truncateSync, writeFileSync } from 'node:fs';
import { Failure } from '../../core/failure.ts';
import { type Outcome, outcomeKey, outcomeSchema } from '../../core/quality/outcome.ts';
import { diskFailure } from './disk.ts';
import { type Line, readLines } from './jsonl.ts';
import { lockRun } from './lock.ts';
import { readManifest, runPaths } from './run-folder.ts';

/** Bytes of a line beyond which the file is taken to be damaged: what is written here is far below. */
const longestLine = 1024 * 1024;

/**
 * The outcomes of a run, the last of each key, in the order in which each key first came; no file: none. Half a line at the
 * end, which a killed process leaves, is dropped and said in `notes`.
 * @throws Failure `input`, with file and line, for what is damaged otherwise; `local` when the disk fails.
 */
export function readOutcomes(dir: string, notes: string[] = []): Outcome[] {
  const latest = new Map<string, Outcome>();
  for (const outcome of outcomeLines(dir, notes)) latest.set(outcomeKey(outcome), outcome);
  return [...latest.values()];
}

/** Every line of the outcomes of a run, also what a later one replaces. @throws as `readOutcomes` */
export function* outcomeLines(dir: string, notes: string[] = []): Generator<Outcome> {
  const path = runPaths(dir).outcomes;
  if (!existsSync(path)) return;
  let broken: Line | undefined;
  for (const line of readLines(path)) {
    if (broken) throw damaged(path, broken.number, 'it is not JSON');
    if (line.text === '') continue;
    if (line.bytes > longestLine) throw damaged(path, line.number, 'it is too long');
    const value = parseJson(line.text);
    if (value === undefined) {
      broken = line;
      continue;
    }
    const outcome = outcomeSchema.safeParse(value);
    if (!outcome.success) {
      const [issue] = outcome.error.issues;
      throw damaged(path, line.number, `"${issue?.path.join('.')}" is not what it should be (${issue?.message})`);
    }
    yield outcome.data;
  }
  if (broken) notes.push(`Line ${broken.number} of outcomes.jsonl, the last, is incomplete and was left out.`);
}

/** Cuts half a line off the end of a file of JSON lines, or adds the line feed that is missing there. @throws Failure `local` */
export function mendLines(path: string): void {
  if (!existsSync(path)) return;
  let bytes = 0;
  let ended = true;
  for (const line of readLines(path)) {
    if (line.text !== '' && parseJson(line.text) === undefined) continue;
    bytes = line.offset + line.bytes + (line.ended ? 1 : 0);
    ended = line.ended;
  }
  try {
    truncateSync(path, bytes);
    if (!ended) writeFileSync(path, '\n', { flag: 'a' });
  } catch (cause) {
    throw diskFailure('write', path, cause);
  }
}

/**
 * Adds what a person said to a run that nobody is working on: it is on the disk when this returns.
 * @throws Failure `local` while another process works on the run, or when the disk fails; `input` when there is no run
 */
export function addVerdicts(dir: string, verdicts: readonly Extract<Outcome, { kind: 'pair' | 'rating' }>[]): void {
  readManifest(dir);
  const lock = lockRun(dir);
  const path = runPaths(dir).outcomes;
  try {
    mendLines(path);
    const file = openSync(path, 'a');
    try {
      writeFileSync(file, verdicts.map((verdict) => `${JSON.stringify(verdict)}\n`).join(''));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  } catch (cause) {
    throw cause instanceof Failure ? cause : diskFailure('write', path, cause);
  } finally {
    lock.release();
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function damaged(path: string, line: number, why: string): Failure {
  return new Failure({
    code: 'input',
    message: `${path}:${line} is damaged: ${why}. Put back a good copy of the file, or delete it and evaluate the run again.`,
  });
}
