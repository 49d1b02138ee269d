import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type ParsedNode,
  parseDocument,
  type Scalar,
  type YAMLSeq,
} from 'yaml';
import { grouped } from '../numbers.ts';
import type { TextRange } from './prompt.ts';

/** Longer YAML is not read: its parser is slow. UTF-16 units. */
export const maxYamlLength = 1_000_000;
/** YAML of more lexemes is not read: they, not characters, make parsing slow, at some microseconds each. */
const maxYamlLexemes = 400_000;

/** What stands under `id` and `prompt` of one item, or what is wrong with it. `line` counts from 1. */
export interface YamlRow {
  readonly line: number;
  readonly id?: unknown;
  readonly prompt?: unknown;
  /** Where the prompt's literal stands, with its quotes or block header; absent where the row only refers to it. */
  readonly range?: TextRange | undefined;
  readonly problem?: string | undefined;
}

export interface YamlRows {
  readonly rows: readonly YamlRow[];
  readonly problems: readonly { readonly line: number; readonly message: string }[];
}

const SHAPE = 'Write a list of {id, prompt}, or put that list under "prompts:".';
/** Keys of the outermost map under which a list of rows may stand. */
export const listKeys: readonly string[] = ['prompts', 'tests'];

/**
 * The rows of a YAML list, or of the lists under `prompts:` and `tests:` of a map; an item of `prompts:` may also be the text
 * itself. Nodes are walked, never expanded, so an alias costs nothing however much it stands for; an alias of a scalar is
 * read, any other is not. Never throws.
 */
export function yamlRows(text: string, maxLexemes = maxYamlLexemes): YamlRows {
  const lines = new LineCounter();
  const failed = (offset: number, message: string): YamlRows => ({
    rows: [],
    problems: [{ line: lines.linePos(offset).line, message }],
  });
  if (hasMoreLexemes(text, maxLexemes)) {
    const message = `The YAML has more than ${grouped(maxLexemes)} parts. Split it, or use JSONL: one {"id", "prompt"} a line.`;
    return { rows: [], problems: [{ line: 1, message }] };
  }
  let contents: ParsedNode | null;
  try {
    // Duplicate keys are looked for by comparing all pairs: left out.
    const options = { lineCounter: lines, prettyErrors: false, uniqueKeys: false, logLevel: 'silent' } as const;
    const document = parseDocument(text, options);
    const [error] = document.errors;
    if (error !== undefined) {
      return failed(error.pos[0], `This is not YAML that can be read (${error.message.slice(0, 200)}). ${SHAPE}`);
    }
    contents = document.contents;
  } catch {
    // The parser is recursive: nesting that is too deep ends in a RangeError.
    return { rows: [], problems: [{ line: 1, message: `The YAML is nested too deeply. ${SHAPE}` }] };
  }
  if (contents === null) return { rows: [], problems: [] };
  const lists = listsOf(contents);
  if (lists.length === 0) return failed(contents.range[0], `The YAML holds no list of prompts. ${SHAPE}`);
  const reader = new RowReader(lines);
  return { rows: lists.flatMap(({ items, texts }) => items.map((item) => reader.row(item, texts))), problems: [] };
}

function hasMoreLexemes(text: string, limit: number): boolean {
  let count = 0;
  for (const _ of new Lexer().lex(text)) if (++count > limit) return true;
  return false;
}

interface RowList {
  readonly items: readonly (ParsedNode | null)[];
  /** True when an item may be the prompt itself. */
  readonly texts: boolean;
}

function listsOf(contents: ParsedNode): RowList[] {
  if (isSeq(contents)) return [{ items: itemsOf(contents), texts: false }];
  if (!isMap(contents)) return [];
  return contents.items.flatMap(({ key, value }) =>
    isScalar(key) && listKeys.includes(String(key.value)) && isSeq(value)
      ? [{ items: itemsOf(value), texts: key.value === 'prompts' }]
      : [],
  );
}

/** The parser makes sequences of parsed nodes; a pair among the items belongs to `{a, b: c}` inside brackets. */
function itemsOf(list: YAMLSeq): (ParsedNode | null)[] {
  return list.items as (ParsedNode | null)[];
}

class RowReader {
  private readonly anchors = new Map<string, Scalar>();
  private last = 0;

  constructor(lines: LineCounter) {
    this.lines = lines;
  }

  private readonly lines: LineCounter;

  row(item: ParsedNode | null, texts: boolean): YamlRow {
    const offset = item?.range?.[0] ?? this.last;
    this.last = offset;
    const line = this.lines.linePos(offset).line;
    if (texts && isScalar(item) && typeof item.value === 'string') {
      return { line, prompt: item.value, range: rangeOf(item) };
    }
    if (isAlias(item)) return { line, problem: 'The row is an alias. Write out its prompt.' };
    if (!isMap(item)) return { line, problem: `The row is not a map. ${SHAPE}` };
    let id: unknown;
    let prompt: unknown;
    let range: TextRange | undefined;
    for (const { key, value } of item.items) {
      const name = isScalar(key) ? key.value : undefined;
      const scalar = this.scalar(value);
      if (name === 'id') id = scalar === undefined ? {} : scalar.value;
      if (name === 'prompt') {
        prompt = scalar === undefined ? (isSeq(value) ? [] : {}) : scalar.value;
        range = isScalar(value) ? rangeOf(value) : undefined;
      }
    }
    return { line, id, prompt, range };
  }

  /** The scalar that a node is or refers to; remembers its anchor for rows to come. */
  private scalar(node: unknown): Scalar | undefined {
    if (isAlias(node)) return this.anchors.get(node.source);
    if (!isScalar(node)) return undefined;
    if (node.anchor !== undefined) this.anchors.set(node.anchor, node);
    return node;
  }
}

function rangeOf(node: Scalar): TextRange | undefined {
  return node.range ? { start: node.range[0], end: node.range[1] } : undefined;
}
