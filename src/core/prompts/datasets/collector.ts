import { grouped } from '../../numbers.ts';
import type { Check } from '../../quality/check.ts';
import type { Dataset, DatasetProblem } from '../dataset.ts';
import { plainText } from '../plain-text.ts';
import type { Prompt } from '../prompt.ts';
import { generatedId, looksGenerated } from '../row-id.ts';
import { kindOf } from './fields.ts';

/** Rows beyond this are not read. */
export const maxRows = 100_000;
/** Problems beyond this are counted, not listed. */
export const maxProblems = 100;
/** A longer id is a mistake, and would not fit any table. */
export const maxIdLength = 200;
/** Prompts stop when they hold this much text together: a small file of templates can ask for any amount. UTF-16 units. */
const maxTotalLength = 200_000_000;

/** A row on its way to be a prompt. */
export interface TakenRow {
  readonly line: number;
  /** As it is given; absent: `ownId`, or one made from the line. */
  readonly id?: unknown;
  /** What the row is called that gives no id of its own; absent: after its line. */
  readonly ownId?: string | undefined;
  readonly text: string;
  readonly reference?: string | undefined;
  readonly checks?: readonly Check[] | undefined;
  readonly conversation?: string | undefined;
}

/** Takes rows in, gives ids, and keeps what is wrong with them. */
export class Collector {
  private readonly prompts: Prompt[] = [];
  private readonly problems = new Messages();
  private readonly notes = new Messages();
  private readonly lineOf = new Map<string, number>();
  private readonly wanted = new Set<string>();
  private length = 0;
  private cut = false;

  /** Something that cost a prompt. */
  problem(line: number, message: string): void {
    this.problems.add(line, message);
  }

  /** Something that was left out while its prompt stays. The same of the same line is said once. */
  note(line: number, message: string): void {
    this.notes.addOnce(line, message);
  }

  /** A file that must be read first. */
  want(path: string): void {
    this.wanted.add(path);
  }

  /** True when a file must be read before anything is certain. */
  get waits(): boolean {
    return this.wanted.size > 0;
  }

  /** True when no further row is taken; says so once. */
  full(line: number, coming = 1): boolean {
    const tooLong = this.length >= maxTotalLength;
    if (!tooLong && this.prompts.length + coming <= maxRows) return false;
    if (!this.cut) {
      const limit = tooLong
        ? `Only rows of ${grouped(maxTotalLength)} characters together`
        : `Only the first ${grouped(maxRows)} rows`;
      this.problem(line, `${limit} are read. Split the data set.`);
    }
    this.cut = true;
    return true;
  }

  take({ line, id: given, ownId, text, reference, checks, conversation }: TakenRow): void {
    if (text.trim() === '') {
      this.problem(line, 'The prompt is empty. Give it a text or remove the row.');
      return;
    }
    const id = this.idOf(given, line, ownId);
    if (id === undefined) return;
    this.lineOf.set(id, line);
    this.length += text.length;
    this.prompts.push({
      id,
      text,
      ...(reference === undefined ? {} : { reference }),
      ...(checks === undefined || checks.length === 0 ? {} : { checks }),
      ...(conversation === undefined ? {} : { conversation }),
    });
  }

  /** The id of a row; undefined when it has a wrong one, which is then a problem. */
  private idOf(given: unknown, line: number, ownId: string | undefined): string | undefined {
    if (given === undefined || given === null) {
      const made = ownId ?? generatedId(line);
      // Several rows may stand on one line of YAML or JSON.
      if (!this.lineOf.has(made)) return made;
      for (let next = 2; ; next++) if (!this.lineOf.has(`${made}.${next}`)) return `${made}.${next}`;
    }
    const id = givenId(given);
    if (id === undefined) {
      const found = typeof given === 'string' ? 'empty or too long' : kindOf(given);
      this.problem(
        line,
        `"id" is ${found}. Give a text of 1 to ${maxIdLength} characters or a number, or leave it out.`,
      );
      return undefined;
    }
    const shown = plainText(id, 60);
    if (typeof given === 'string' && looksGenerated(id)) {
      this.problem(
        line,
        `"id" is "${shown}", as a row without id is called after its line. Give another, or leave it out.`,
      );
      return undefined;
    }
    const before = this.lineOf.get(id);
    if (before !== undefined) {
      this.problem(
        line,
        `The id "${shown}" is taken by line ${before}. Give each row its own id; this row is left out.`,
      );
      return undefined;
    }
    return id;
  }

  dataset(): Dataset {
    if (this.prompts.length === 0 && this.problems.isEmpty && this.wanted.size === 0) {
      this.problem(1, 'There is no row. Give one {"id", "prompt"} a line, or a list of them.');
    }
    return {
      prompts: this.prompts,
      problems: this.problems.list('problems'),
      notes: this.notes.list('notes'),
      wanted: [...this.wanted],
    };
  }
}

class Messages {
  private readonly kept: DatasetProblem[] = [];
  private readonly known = new Set<string>();
  private unlisted = 0;

  get isEmpty(): boolean {
    return this.kept.length === 0;
  }

  add(line: number, message: string): void {
    if (this.kept.length < maxProblems) this.kept.push({ line, message });
    else this.unlisted++;
  }

  addOnce(line: number, message: string): void {
    const key = `${line} ${message}`;
    if (this.known.has(key)) return;
    if (this.kept.length < maxProblems) this.known.add(key);
    this.add(line, message);
  }

  list(what: string): DatasetProblem[] {
    if (this.unlisted === 0) return [...this.kept];
    const message = `${grouped(this.unlisted)} more ${what} follow. Mend the first ones and try again.`;
    return [...this.kept, { line: this.kept.at(-1)?.line ?? 1, message }];
  }
}

function givenId(id: unknown): string | undefined {
  if (typeof id === 'number' && Number.isFinite(id)) return String(id);
  return typeof id === 'string' && id.trim() !== '' && id.length <= maxIdLength ? id : undefined;
}
