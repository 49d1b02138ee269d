import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseAllDocuments } from 'yaml';
import { isMissing } from '../benchmark/disk.ts';
import { patternLimitMs, withTimeLimit } from './time-limit.ts';

type TreeSitter = typeof import('@vscode/tree-sitter-wasm');

/** Languages with a grammar, and its file's name. TypeScript is tried as TSX, too, because answers do not tell them apart. */
const grammars: Readonly<Record<string, readonly string[]>> = {
  javascript: ['javascript'],
  typescript: ['typescript', 'tsx'],
  tsx: ['tsx'],
  python: ['python'],
  java: ['java'],
  go: ['go'],
};

/** The files that parsing needs, in the folder that is given to `codeParser`. */
export const grammarFiles = [
  'tree-sitter.js',
  'tree-sitter.wasm',
  ...[...new Set(Object.values(grammars).flat())].map((name) => `tree-sitter-${name}.wasm`),
];

/** Whether code can be parsed; undefined: there is no grammar for its language, or it took too long. */
export type CodeParser = (language: string, code: string) => Promise<boolean | undefined>;

/**
 * Parses code and executes nothing. Grammars are WebAssembly, loaded from `folder` when a language is first met: code without
 * access to anything but the text. Where the folder lacks a file, its language has no grammar.
 */
export function codeParser(folder: string): CodeParser {
  let module: Promise<TreeSitter | undefined> | undefined;
  const languages = new Map<string, Promise<import('@vscode/tree-sitter-wasm').Language | undefined>>();

  async function load(): Promise<TreeSitter | undefined> {
    return missingIsNone(async () => {
      const wasmBinary = readFileSync(join(folder, 'tree-sitter.wasm'));
      const loaded: TreeSitter = createRequire(pathToFileURL(join(folder, 'index.js')))('./tree-sitter.js');
      await loaded.Parser.init({ wasmBinary } as unknown as Parameters<typeof loaded.Parser.init>[0]);
      return loaded;
    });
  }

  async function language(name: string) {
    module ??= load();
    const loaded = await module;
    if (!loaded) return undefined;
    return missingIsNone(async () => loaded.Language.load(await readFile(join(folder, `tree-sitter-${name}.wasm`))));
  }

  async function parsesAs(name: string, code: string): Promise<boolean | undefined> {
    let loading = languages.get(name);
    if (!loading) {
      loading = language(name);
      languages.set(name, loading);
    }
    const grammar = await loading;
    const loaded = await module;
    if (!grammar || !loaded) return undefined;
    const parser = new loaded.Parser();
    try {
      parser.setLanguage(grammar);
      const until = performance.now() + patternLimitMs;
      const stop = () => performance.now() > until;
      const tree = parser.parse(code, null, { progressCallback: stop });
      try {
        return tree === null ? undefined : !tree.rootNode.hasError;
      } finally {
        tree?.delete();
      }
    } finally {
      parser.delete();
    }
  }

  return async (name, code) => {
    if (name === 'json') return parsesAsJson(code);
    if (name === 'ndjson') return code.split('\n').every((line) => line.trim() === '' || parsesAsJson(line));
    if (name === 'yaml') return parsesAsYaml(code);
    let answer: boolean | undefined;
    for (const grammar of Object.hasOwn(grammars, name) ? (grammars[name] ?? []) : []) {
      const parses = await parsesAs(grammar, code);
      if (parses === true) return true;
      answer ??= parses;
    }
    return answer;
  };
}

function parsesAsJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function parsesAsYaml(text: string): boolean | undefined {
  try {
    return withTimeLimit(patternLimitMs, () => parseAllDocuments(text))?.value.every(
      ({ errors }) => errors.length === 0,
    );
  } catch {
    // Nested too deep for the reader's own recursion.
    return undefined;
  }
}

async function missingIsNone<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (isMissing(error) || (error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}
