import { grouped } from '../../numbers.ts';
import { type Dataset, type DatasetFormat, type DatasetOptions, parseDataset } from '../dataset.ts';
import { plainText } from '../plain-text.ts';
import { Collector } from './collector.ts';
import type { GivenFile } from './file-reference.ts';

/** What a folder holds. A link is neither file nor folder: where it leads is not looked at. */
export interface FolderEntry {
  readonly name: string;
  readonly kind: 'file' | 'folder' | 'link' | 'other';
}

/** A folder that may be read and nothing beside it, on a disk or in a virtual workspace. Paths are relative, with `/` between. */
export interface Folder {
  /** In any order. Throws where it cannot be read. */
  list(path: string): Promise<readonly FolderEntry[]>;
  /** The text of a file of at most that many bytes; a problem where it is none, or a link leads out of the folder. */
  read(path: string, maxBytes: number): Promise<GivenFile>;
}

/** Bytes of a file that a data set refers to, or of a prompt file in a folder. */
const maxFileBytes = 10 * 1024 * 1024;
/** Files that a data set may refer to. */
const maxReferences = 1_000;
/** Characters of all of them. */
const maxReferencedLength = 50_000_000;
/** Rounds of reading files that files refer to: a configuration, its tests, their variables, what these name. */
const maxRounds = 6;

/** Reads a data set with the files of its folder that it refers to. Never throws, except as `Folder.read`. */
export async function loadDataset(
  text: string,
  format: DatasetFormat,
  name: string,
  folder: Folder | undefined,
  options: DatasetOptions = {},
): Promise<Dataset> {
  const files = new Map<string, GivenFile>();
  let length = 0;
  for (let round = 0; ; round++) {
    const dataset = parseDataset(text, format, name, { ...options, files });
    if (dataset.wanted.length === 0 || round === maxRounds) return dataset;
    for (const path of dataset.wanted) {
      const tooMany = files.size >= maxReferences || length > maxReferencedLength;
      const file = tooMany ? { problem: tooManyReferences(path) } : await referencedFile(folder, path);
      if ('text' in file) length += file.text.length;
      files.set(path, file);
    }
  }
}

async function referencedFile(folder: Folder | undefined, path: string): Promise<GivenFile> {
  if (folder !== undefined) return folder.read(path, maxFileBytes);
  return { problem: `"${plainText(path, 80)}" is not read: this data set has no folder. Save it beside that file.` };
}

function tooManyReferences(path: string): string {
  const limit = `${grouped(maxReferences)} files and ${grouped(maxReferencedLength)} characters`;
  return `"${plainText(path, 80)}" is not read: the data set refers to more than ${limit}. Put the rows into one file.`;
}

/** Files of a folder that are prompts: text, Markdown, and prompt files with or without front matter. */
const PROMPT_FILE = /\.(txt|md|markdown|prompt|prompty)$/i;
/** Files that speak of a folder rather than being a prompt. */
const ABOUT = /^(readme|license|licence|changelog|contributing|code_of_conduct|security)(\.\w+)?$/i;
const skippedFolders: ReadonlySet<string> = new Set(['node_modules', '__pycache__', 'venv']);
/** Prompt files of a folder. */
const maxFiles = 10_000;
/** Files and folders that are looked at. */
const maxEntries = 100_000;
const maxFolderDepth = 20;

/**
 * The prompts of a folder: each text, Markdown or prompt file in it and below is one, called by its path, in the order of
 * the paths. Folders that begin with a dot, node_modules and links are left out.
 * @throws what `Folder.list` throws for the folder itself
 */
export async function loadFolder(folder: Folder, options: DatasetOptions = {}): Promise<Dataset> {
  const into = new Collector();
  for (const path of await promptFiles(folder, into)) {
    const file = await folder.read(path, maxFileBytes);
    const shown = plainText(path, 80);
    if ('problem' in file) {
      into.problem(1, `${shown}: ${file.problem}`);
      continue;
    }
    const dataset = parseDataset(file.text, 'text', path, options);
    for (const { message } of dataset.problems) into.problem(1, `${shown}: ${message}`);
    if (into.full(1)) break;
    for (const { text } of dataset.prompts) into.take({ line: 1, ownId: path, text });
  }
  const { prompts, problems, ...rest } = into.dataset();
  if (prompts.length > 0 || problems.length > 1 || problems[0]?.message.startsWith('There is no row') !== true) {
    return { prompts, problems, ...rest };
  }
  const message = 'The folder holds no prompt. Put .txt, .md, .prompt.md, .prompt or .prompty files into it.';
  return { prompts, problems: [{ line: 1, message }], ...rest };
}

async function promptFiles(folder: Folder, into: Collector): Promise<string[]> {
  const found: string[] = [];
  let left = maxEntries;
  const walk = async (path: string, depth: number): Promise<void> => {
    if (depth > maxFolderDepth) {
      into.note(1, `${plainText(path, 80)}: folders below are left out: at most ${maxFolderDepth} levels are read.`);
      return;
    }
    for (const { name, kind } of await listed(folder, path, depth, into)) {
      if (--left < 0 || found.length > maxFiles) return;
      const inner = path === '' ? name : `${path}/${name}`;
      if (kind === 'folder') {
        if (!name.startsWith('.') && !skippedFolders.has(name)) await walk(inner, depth + 1);
      } else if (!PROMPT_FILE.test(name) || name.startsWith('.')) continue;
      else if (kind === 'link')
        into.note(1, `${plainText(inner, 80)} is a link and is left out. Put the file itself there.`);
      else if (kind === 'file' && ABOUT.test(name))
        into.note(1, `${plainText(inner, 80)} is left out: it reads as a note.`);
      else if (kind === 'file') found.push(inner);
    }
  };
  await walk('', 0);
  if (left < 0 || found.length > maxFiles) {
    const limit = `only ${grouped(maxFiles)} prompts among ${grouped(maxEntries)} files are read`;
    into.problem(1, `The folder holds too much: ${limit}. Choose a folder below it.`);
  }
  return found.slice(0, maxFiles).sort(byName);
}

async function listed(folder: Folder, path: string, depth: number, into: Collector): Promise<readonly FolderEntry[]> {
  try {
    return [...(await folder.list(path))].sort((a, b) => byName(a.name, b.name));
  } catch (error) {
    if (depth === 0) throw error;
    into.problem(1, `${plainText(path, 80)} cannot be read. Change its permissions, or choose another folder.`);
    return [];
  }
}

/** By code units: the same order on every machine. */
function byName(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
