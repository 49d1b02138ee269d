import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { PromptSearch } from '../../core/prompts/code/find.ts';
import type { CodeLanguage } from '../../core/prompts/code/syntax.ts';
import type { FoundPrompt } from '../../core/prompts/prompt.ts';

type TreeSitter = typeof import('@vscode/tree-sitter-wasm');
type Language = import('@vscode/tree-sitter-wasm').Language;
type Tree = import('@vscode/tree-sitter-wasm').Tree;

/** A change of a text, in the shape of VS Code's `TextDocumentContentChangeEvent`. Offsets are UTF-16. */
export interface CodeChange {
  readonly rangeOffset: number;
  readonly rangeLength: number;
  readonly text: string;
}

/** A source text and its syntax tree, kept between changes. */
export interface CodeDocument {
  /**
   * Takes changes in, each to the text that the ones before it left, as VS Code gives them.
   * @param text the whole text after them
   */
  edit(changes: readonly CodeChange[], text: string): void;
  /** The prompts of the text as it is now, in its order. Broken code has fewer; a text that is too long has none. */
  prompts(): FoundPrompt[];
  /** Frees the tree, which lies outside of the garbage collector's reach. */
  dispose(): void;
}

/** Parses source texts of one language. */
export interface CodeParser {
  readonly language: CodeLanguage;
  open(text: string): CodeDocument;
}

/** Longer texts are not searched: parsing would hold up whoever waits. UTF-16 units. */
export const maxCodeLength = 1_000_000;

const grammarOf: Readonly<Record<CodeLanguage, string>> = {
  python: 'python',
  typescript: 'typescript',
  typescriptreact: 'tsx',
  javascript: 'javascript',
  javascriptreact: 'javascript',
  java: 'java',
  go: 'go',
};

const parsers = new Map<string, Promise<CodeParser>>();

/**
 * The parser of a language, loaded when it is first asked for. The grammars are WebAssembly in `grammarFolder` (dist/grammars).
 * @throws Error when the folder lacks a file
 */
export function loadCodeParser(language: CodeLanguage, grammarFolder: string): Promise<CodeParser> {
  const key = `${language}\0${grammarFolder}`;
  let parser = parsers.get(key);
  if (parser === undefined) {
    parser = load(language, grammarFolder);
    parsers.set(key, parser);
    parser.catch(() => parsers.delete(key));
  }
  return parser;
}

async function load(language: CodeLanguage, folder: string): Promise<CodeParser> {
  const module: TreeSitter = createRequire(pathToFileURL(join(folder, 'index.js')))('./tree-sitter.js');
  const wasmBinary = await readFile(join(folder, 'tree-sitter.wasm'));
  await module.Parser.init({ wasmBinary } as unknown as Parameters<typeof module.Parser.init>[0]);
  const grammar = await module.Language.load(await readFile(join(folder, `tree-sitter-${grammarOf[language]}.wasm`)));
  return { language, open: (text) => new OpenDocument(module, grammar, language, text) };
}

class OpenDocument implements CodeDocument {
  private readonly parser: import('@vscode/tree-sitter-wasm').Parser;
  private readonly search: PromptSearch;
  private text: string;
  private tree: Tree | undefined;
  /** Of the text as it is; undefined until asked for. */
  private found: FoundPrompt[] | undefined;

  constructor(module: TreeSitter, grammar: Language, language: CodeLanguage, text: string) {
    this.parser = new module.Parser();
    this.parser.setLanguage(grammar);
    this.search = new PromptSearch(language);
    this.text = text;
  }

  edit(changes: readonly CodeChange[], text: string): void {
    let current = this.text;
    for (const change of changes) {
      const end = change.rangeOffset + change.rangeLength;
      const next =
        changes.length === 1 ? text : current.slice(0, change.rangeOffset) + change.text + current.slice(end);
      const newEnd = change.rangeOffset + change.text.length;
      this.tree?.edit({
        startIndex: change.rangeOffset,
        oldEndIndex: end,
        newEndIndex: newEnd,
        startPosition: positionAt(current, change.rangeOffset),
        oldEndPosition: positionAt(current, end),
        newEndPosition: positionAt(next, newEnd),
      });
      if (current.length - change.rangeLength + change.text.length !== next.length) this.forget();
      current = next;
    }
    // Changes that do not lead to the text: the tree would be of another one.
    if (current.length !== text.length) this.forget();
    this.text = text;
    this.found = undefined;
  }

  prompts(): FoundPrompt[] {
    this.found ??= this.find();
    return this.found;
  }

  dispose(): void {
    this.forget();
    this.parser.delete();
  }

  private find(): FoundPrompt[] {
    if (this.text.length > maxCodeLength) {
      this.forget();
      return [];
    }
    const tree = this.parser.parse(this.text, this.tree);
    this.forget();
    if (tree === null) return [];
    this.tree = tree;
    return this.search.find(tree.rootNode, this.text);
  }

  private forget(): void {
    this.tree?.delete();
    this.tree = undefined;
  }
}

const LINE_FEED = 0x0a;

function positionAt(text: string, offset: number): { row: number; column: number } {
  let row = 0;
  let lineStart = 0;
  for (let at = 0; at < offset; at++) {
    if (text.charCodeAt(at) === LINE_FEED) {
      row += 1;
      lineStart = at + 1;
    }
  }
  return { row, column: offset - lineStart };
}
