import { isAlias, isMap, isScalar, isSeq, Lexer, LineCounter, type ParsedNode, parseDocument } from 'yaml';
import { grouped } from '../../numbers.ts';
import { type MapTree, maxDepth, type Tree, type TreeDocument } from './tree.ts';

/** Longer YAML is not read: its parser is slow. UTF-16 units. */
export const maxYamlLength = 1_000_000;
/** YAML of more lexemes is not read: they, not characters, make parsing slow, at some microseconds each. */
const maxYamlLexemes = 400_000;
/** Keys that `<<` may take in, over the whole document. */
const maxMerged = 200_000;

/**
 * The tree of a YAML document. Aliases share what they name, and `<<` takes in the keys of a map; an alias of nothing that
 * stands before it is no part. Never throws.
 */
export function yamlTree(text: string, maxLexemes = maxYamlLexemes): TreeDocument {
  if (text.length > maxYamlLength) {
    const limit = `at most ${grouped(maxYamlLength)} are read`;
    const message = `The YAML has ${grouped(text.length)} characters; ${limit}. Use JSONL for large data sets: one {"id", "prompt"} a line.`;
    return { problem: { line: 1, message } };
  }
  if (hasMoreLexemes(text, maxLexemes)) {
    const message = `The YAML has more than ${grouped(maxLexemes)} parts. Split it, or use JSONL: one {"id", "prompt"} a line.`;
    return { problem: { line: 1, message } };
  }
  const lines = new LineCounter();
  try {
    // Duplicate keys are looked for by comparing all pairs: left out.
    const options = { lineCounter: lines, prettyErrors: false, uniqueKeys: false, logLevel: 'silent' } as const;
    const { errors, contents } = parseDocument(text, options);
    const [error] = errors;
    if (error !== undefined) {
      const { line } = lines.linePos(error.pos[0]);
      return { problem: { line, message: `This is not YAML that can be read (${error.message.slice(0, 200)}).` } };
    }
    return contents === null ? {} : { root: new Builder(lines).tree(contents, 0) };
  } catch {
    // The parser is recursive: nesting that is too deep ends in a RangeError. So does what merges more than it may.
    return {
      problem: {
        line: 1,
        message: `The YAML is nested too deeply, or merges too much: at most ${maxDepth} levels are read.`,
      },
    };
  }
}

function hasMoreLexemes(text: string, limit: number): boolean {
  let count = 0;
  for (const _ of new Lexer().lex(text)) if (++count > limit) return true;
  return false;
}

class Builder {
  private readonly anchors = new Map<string, Tree>();
  private readonly lines: LineCounter;
  private last = 0;
  private merged = 0;

  constructor(lines: LineCounter) {
    this.lines = lines;
  }

  tree(node: ParsedNode | null, depth: number): Tree {
    if (depth > maxDepth) throw new RangeError('too deep');
    const offset = node?.range?.[0] ?? this.last;
    this.last = offset;
    const { line } = this.lines.linePos(offset);
    if (isAlias(node)) {
      const named = this.anchors.get(node.source);
      return named === undefined ? { kind: 'scalar', line, value: null } : { ...named, line, range: undefined };
    }
    const range = node?.range ? { start: node.range[0], end: node.range[1] } : undefined;
    let tree: Tree;
    if (isSeq(node)) {
      // A pair among the items belongs to `{a, b: c}` inside brackets.
      const items = (node.items as (ParsedNode | null)[]).map((item) => this.tree(item, depth + 1));
      tree = { kind: 'list', line, range, items };
    } else if (isMap(node)) tree = { kind: 'map', line, range, entries: this.entries(node.items, depth) };
    else tree = { kind: 'scalar', line, range, value: isScalar(node) ? node.value : null };
    // Known only when it is complete: what names itself within itself is an alias of nothing.
    if (node !== null && 'anchor' in node && typeof node.anchor === 'string') this.anchors.set(node.anchor, tree);
    return tree;
  }

  private entries(pairs: readonly { key: unknown; value: unknown }[], depth: number): MapTree['entries'] {
    const own = new Map<string, Tree>();
    const taken = new Map<string, Tree>();
    for (const { key, value } of pairs) {
      const tree = this.tree((value ?? null) as ParsedNode | null, depth + 1);
      if (!isScalar(key)) continue;
      if (key.value !== '<<') own.set(String(key.value), tree);
      else if (tree.kind === 'map') {
        this.merged += tree.entries.size;
        if (this.merged > maxMerged) throw new RangeError('too much');
        for (const [name, part] of tree.entries) taken.set(name, part);
      }
    }
    if (taken.size === 0) return own;
    for (const [name, part] of own) taken.set(name, part);
    return taken;
  }
}
