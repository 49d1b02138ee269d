import { createHash } from 'node:crypto';
import { closeSync, existsSync, fstatSync, openSync, readSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Decision, decisionOf, decisionSchema } from '../../core/routing/decision.ts';
import type { Route } from '../../core/routing/route.ts';
import { diskFailure, makeFolder } from '../benchmark/disk.ts';
import { readLines } from '../benchmark/jsonl.ts';
import { parseJson } from '../endpoints/failures.ts';

/** Bytes from which on a log is put aside and a new one begun. One old one is kept: there are never more than twice as many. */
const rotateAt = 10 * 1024 * 1024;
/** ms after which the lock of a process that died is taken away. */
const lockStaleMs = 10_000;

/** SHA-256 of a prompt, the first 16 hexadecimal digits: tells prompts apart without saying what they are. */
export function promptHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** The log before this one. */
export function oldLog(path: string): string {
  return `${path}.1`;
}

/**
 * Adds a line to a log, making it and its folder if need be. Several processes may do so at once: each line is one write at
 * the end. After a line that a killed process left in halves a new one is begun.
 * @throws Failure `local`
 */
export function appendDecision(path: string, decision: Decision, limit = rotateAt): void {
  makeFolder(dirname(path));
  try {
    if (sizeOf(path) >= limit) rotate(path, limit);
    const file = openSync(path, 'a+');
    try {
      const line = Buffer.from(`${endsInLine(file) ? '' : '\n'}${JSON.stringify(decision)}\n`);
      writeSync(file, line);
    } finally {
      closeSync(file);
    }
  } catch (cause) {
    throw diskFailure('write', path, cause);
  }
}

/** Logs what was advised for a prompt now, and which model was used. @throws Failure `local` */
export function logRoute(path: string, prompt: string, route: Route, used?: string): void {
  const facts = { at: new Date().toISOString(), hash: promptHash(prompt), characters: prompt.length, used };
  appendDecision(path, decisionOf(route, facts));
}

/**
 * The decisions of a log, those of the one before it first, line by line. Lines that are none, such as half of one that a
 * killed process left, are counted in `damaged`.
 * @throws Failure `local`, also when there is no such file
 */
export function* readDecisions(path: string, count: { damaged: number } = { damaged: 0 }): Generator<Decision> {
  const there = [oldLog(path), path].filter((file) => existsSync(file));
  for (const file of there.length === 0 ? [path] : there) {
    for (const { text } of readLines(file)) {
      if (text.trim() === '') continue;
      const decision = decisionSchema.safeParse(parseJson(text));
      if (decision.success) yield decision.data;
      else count.damaged++;
    }
  }
}

/** Only one process renames: a second would put the new log over the old one. The others go on writing where they are. */
function rotate(path: string, limit: number): void {
  const lock = `${path}.lock`;
  if (existsSync(lock) && Date.now() - statSync(lock).mtimeMs > lockStaleMs) rmSync(lock, { force: true });
  try {
    closeSync(openSync(lock, 'wx'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return;
    throw error;
  }
  try {
    if (sizeOf(path) >= limit) renameSync(path, oldLog(path));
  } finally {
    rmSync(lock, { force: true });
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function endsInLine(file: number): boolean {
  const { size } = fstatSync(file);
  if (size === 0) return true;
  const last = Buffer.alloc(1);
  return readSync(file, last, 0, 1, size - 1) === 0 || last[0] === 10;
}
