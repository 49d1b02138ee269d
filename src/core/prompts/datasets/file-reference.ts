import { plainText } from '../plain-text.ts';

/** A file of the data set's folder as its reader found it: its text, or why there is none. */
export type GivenFile = { readonly text: string } | { readonly problem: string };

/** By path, as `Dataset.wanted` names them. */
export type GivenFiles = ReadonlyMap<string, GivenFile>;

export type Referenced =
  | { readonly state: 'read'; readonly path: string; readonly text: string }
  /** The reader must lookUp it. */
  | { readonly state: 'wanted'; readonly path: string }
  /** It is not read, for the reason that the message gives. */
  | { readonly state: 'refused'; readonly message: string };

const READ = /\.(txt|md|json|jsonl|ya?ml|csv|tsv|j2)$/i;
const CODE = /\.(c|m)?(j|t)sx?(:|$)|\.(py|rb|sh|go|exe|bat|ps1|wasm)(:|$)/i;
/** A path on one line that ends as a file does, or a reference in so many words. */
const PATH =
  /^(?:file:\/\/\S.{0,999}|[\w.@/*?[\]{}-]{1,300}\.(?:txt|md|json|jsonl|ya?ml|csv|tsv|j2|[cm]?[jt]sx?|py|rb)(?::\w+)?)$/i;

/** Whether a text stands for a file. */
export function isReference(text: string): boolean {
  return text.length <= 1_000 && PATH.test(text.trim());
}

/** Whether a text begins with `file://`. */
export function isFileUrl(text: string): boolean {
  return /^\s*file:\/\//i.test(text);
}

/** Whether a reference names a program. */
export function namesCode(reference: string): boolean {
  return CODE.test(reference.trim());
}

/**
 * The file that a data set refers to (`file://tests/a.yaml`). It lies in the data set's own folder or below: no `..`, no
 * absolute path, no drive, no pattern. Programs are never read, let alone run.
 */
export function referenced(reference: string, files: GivenFiles): Referenced {
  const written = reference.trim().replace(/^file:\/\//i, '');
  const shown = plainText(written, 80);
  const refused = (message: string): Referenced => ({ state: 'refused', message });
  if (namesCode(written)) {
    return refused(`"${shown}" is code, which is never run. Write its results into a data file and refer to that.`);
  }
  if (/[*?[\]{}]/.test(written)) {
    return refused(`"${shown}" is a pattern, which is not searched for. Name each file.`);
  }
  const segments = written.split('/').filter((segment) => segment !== '.');
  if (
    /[\\:\p{Cc}]/u.test(written) ||
    segments.some((segment) => segment === '' || segment === '..') ||
    segments.length > 20
  ) {
    return refused(
      `"${shown}" is outside the data set's own folder. Put the file beside the data set or in a folder below it.`,
    );
  }
  if (!READ.test(written)) {
    return refused(
      `"${shown}" is not read: only .txt, .md, .json, .jsonl, .yaml, .csv and .tsv are. Save it as one of them.`,
    );
  }
  const path = segments.join('/');
  const file = files.get(path);
  if (file === undefined) return { state: 'wanted', path };
  return 'text' in file ? { state: 'read', path, text: file.text } : refused(file.problem);
}
