import { closeSync, existsSync, ftruncateSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { Failure } from '../../core/failure.ts';
import { diskFailure, makeFolder } from '../benchmark/disk.ts';
import { readLines } from '../benchmark/jsonl.ts';
import { parseJson } from '../endpoints/failures.ts';
import { type AnswerRow, answerRowSchema } from './answer-row.ts';

interface Place {
  readonly file: number;
  readonly offset: number;
  readonly bytes: number;
}

/**
 * The answers to a data set in a file that can be continued. While rows come, in any order, they are appended to
 * `FILE.part`; `finish` writes them into FILE in the order of the data set. A process that is killed loses only what was
 * in flight: the next one reads both files.
 */
export class AnswerFile {
  readonly #path: string;
  /** Opened by the first row. */
  #part: number | undefined;
  readonly #files: number[] = [];
  /** Where the latest row of a prompt lies. */
  readonly #places = new Map<string, Place>();
  readonly #answered: ReadonlyMap<string, string>;
  /** USD, at most, that each prompt had cost when the file was opened. */
  readonly #spent = new Map<string, number>();
  #partBytes = 0;

  /**
   * @param mostCost USD that the prompt of a row has cost at most, earlier calls included
   * @throws Failure `local`, or `input` when the file holds something else
   */
  constructor(path: string, mostCost: (row: AnswerRow) => number) {
    this.#path = path;
    makeFolder(dirname(path));
    const answered = new Map<string, string>();
    for (const name of [path, this.#partPath]) {
      if (!existsSync(name)) continue;
      const file = this.#open(name, 'r');
      for (const { text, number, offset, bytes, ended } of readLines(name)) {
        // A process that was killed may have left half a row at the end.
        if (text.trim() === '' || (!ended && name !== path)) continue;
        const row = answerRowSchema.safeParse(parseJson(text));
        if (!row.success) {
          throw new Failure({
            code: 'input',
            message: `${name}:${number} is no row of answers: give another file, or delete this one.`,
          });
        }
        const { id, key, answer } = row.data;
        this.#spent.set(id, mostCost(row.data));
        this.#places.set(id, { file, offset, bytes });
        if (answer === undefined) answered.delete(id);
        else answered.set(id, key);
      }
    }
    this.#answered = answered;
  }

  /** USD, at most, that the prompts of the file had cost when it was opened. */
  get spentUsd(): number {
    return [...this.#spent.values()].reduce((sum, usd) => sum + usd, 0);
  }

  /** Whether this very question has an answer. */
  has({ id, key }: Pick<AnswerRow, 'id' | 'key'>): boolean {
    return this.#answered.get(id) === key;
  }

  /** Keeps a row; it survives a killed process. @throws Failure `local` */
  append(row: AnswerRow): void {
    const line = Buffer.from(`${JSON.stringify({ ...row, earlierUsd: this.#spent.get(row.id) || undefined })}\n`);
    this.#part ??= this.#openPart();
    this.#write(this.#part, line, this.#partBytes, this.#partPath);
    this.#places.set(row.id, { file: this.#part, offset: this.#partBytes, bytes: line.length - 1 });
    this.#partBytes += line.length;
  }

  /**
   * Writes the rows of these prompts, in this order, and after them those of prompts of other data sets, which were paid for
   * too; leaves no other file. Prompts without a row are left out.
   */
  finish(ids: Iterable<string>): void {
    const draft = `${this.#path}.draft`;
    const file = this.#open(draft, 'w');
    let at = 0;
    for (const id of new Set([...ids, ...this.#places.keys()])) {
      const place = this.#places.get(id);
      if (place === undefined) continue;
      const line = Buffer.alloc(place.bytes + 1, 10);
      readSync(place.file, line, 0, place.bytes, place.offset);
      this.#write(file, line, at, draft);
      at += line.length;
    }
    this.close();
    try {
      renameSync(draft, this.#path);
      rmSync(this.#partPath, { force: true });
    } catch (cause) {
      throw diskFailure('write', this.#path, cause);
    }
  }

  close(): void {
    for (const file of this.#files.splice(0)) closeSync(file);
  }

  get #partPath(): string {
    return `${this.#path}.part`;
  }

  /** Rows go after the last whole line. */
  #openPart(): number {
    const there = existsSync(this.#partPath);
    this.#partBytes = there ? wholeLines(this.#partPath) : 0;
    const file = this.#open(this.#partPath, there ? 'r+' : 'w+');
    ftruncateSync(file, this.#partBytes);
    return file;
  }

  #open(path: string, flags: string): number {
    try {
      const file = openSync(path, flags);
      this.#files.push(file);
      return file;
    } catch (cause) {
      throw diskFailure(flags === 'r' ? 'read' : 'write', path, cause);
    }
  }

  #write(file: number, bytes: Buffer, at: number, path: string): void {
    try {
      for (let written = 0; written < bytes.length; ) {
        written += writeSync(file, bytes, written, bytes.length - written, at + written);
      }
    } catch (cause) {
      throw diskFailure('write', path, cause);
    }
  }
}

/** Bytes up to the end of the last whole line. */
function wholeLines(path: string): number {
  let end = 0;
  for (const { offset, bytes, ended } of readLines(path)) if (ended) end = offset + bytes + 1;
  return end;
}
