import { plainText } from '../plain-text.ts';
import type { Collector } from './collector.ts';
import { type GivenFiles, type Referenced, referenced } from './file-reference.ts';

/** A file of a promptfoo configuration: where what is read from it is reported. */
export class Source {
  /** Of a file that the configuration refers to; absent for the configuration itself. */
  readonly path: string | undefined;
  private readonly into: Collector;
  private readonly files: GivenFiles;
  /** The configuration's line that refers to the file. */
  private readonly at: number;

  constructor(into: Collector, files: GivenFiles, path?: string, at = 1) {
    this.into = into;
    this.files = files;
    this.path = path;
    this.at = at;
  }

  /** A file that this one refers to, as a source of its own. */
  of(path: string, line: number): Source {
    return new Source(this.into, this.files, path, this.path === undefined ? line : this.at);
  }

  problem(line: number, message: string): void {
    const [at, text] = this.placed(line, message);
    this.into.problem(at, text);
  }

  note(line: number, message: string): void {
    const [at, text] = this.placed(line, message);
    this.into.note(at, text);
  }

  /** What a row without an id of its own is called. */
  idAt(line: number): string | undefined {
    return this.path === undefined ? undefined : `row:${line}/${this.path}`;
  }

  /** The line to report for a row. */
  lineOf(line: number): number {
    return this.path === undefined ? line : this.at;
  }

  /** A file of the data set's folder; one that is not given yet is asked for. */
  lookUp(reference: string): Referenced {
    const found = referenced(reference, this.files);
    if (found.state === 'wanted') this.into.want(found.path);
    return found;
  }

  /** The same, where a file that is refused costs prompts. */
  need(reference: string, line: number): { readonly path: string; readonly text: string } | undefined {
    const found = this.lookUp(reference);
    if (found.state === 'refused') this.problem(line, found.message);
    return found.state === 'read' ? found : undefined;
  }

  private placed(line: number, message: string): [line: number, message: string] {
    if (this.path === undefined) return [line, message];
    return [this.at, `In ${plainText(this.path, 80)}, line ${line}: ${message}`];
  }
}
