import type { TextRange } from '../prompt.ts';

/**
 * What a YAML or JSON document holds, with the place of each part. Parts that the document names again (aliases) are shared,
 * not copied, so a tree is never larger than its text, however much it stands for; and it has no circles.
 */
export type Tree = ScalarTree | ListTree | MapTree;

interface Place {
  /** Counted from 1. */
  readonly line: number;
  /** Where it is written; absent where the document only refers to it, or it was made from a value. */
  readonly range?: TextRange | undefined;
}

export interface ScalarTree extends Place {
  readonly kind: 'scalar';
  readonly value: unknown;
}

export interface ListTree extends Place {
  readonly kind: 'list';
  readonly items: readonly Tree[];
}

export interface MapTree extends Place {
  readonly kind: 'map';
  readonly entries: ReadonlyMap<string, Tree>;
}

/** A document as a tree, or what is wrong with it. Both absent: it is empty. */
export interface TreeDocument {
  readonly root?: Tree | undefined;
  readonly problem?: { readonly line: number; readonly message: string } | undefined;
}

/** Deeper documents are not read. */
export const maxDepth = 100;
/** A part that stands for more values than this, its aliases written out, is not read. */
const maxValues = 100_000;

/** The part under a key of a map. */
export function part(tree: Tree | undefined, key: string): Tree | undefined {
  return tree?.kind === 'map' ? tree.entries.get(key) : undefined;
}

/** The text that a part is; undefined where it is anything else. */
export function textOf(tree: Tree | undefined): string | undefined {
  return tree?.kind === 'scalar' && typeof tree.value === 'string' ? tree.value : undefined;
}

/** What a tree stands for, its aliases written out; undefined when that is too much. */
export function writtenOut(tree: Tree): unknown {
  let left = maxValues;
  const written = (node: Tree, depth: number): unknown => {
    // Aliases of aliases are deeper than any text may be written.
    if (depth > 2 * maxDepth) left = 0;
    if (--left < 0) return undefined;
    if (node.kind === 'scalar') return node.value;
    if (node.kind === 'list') {
      const list: unknown[] = [];
      for (const item of node.items) {
        if (left < 0) break;
        list.push(written(item, depth + 1));
      }
      return list;
    }
    const map = new Map<string, unknown>();
    for (const [key, item] of node.entries) {
      if (left < 0) break;
      map.set(key, written(item, depth + 1));
    }
    // Own properties, also one that is called __proto__.
    return Object.fromEntries(map);
  };
  const value = written(tree, 0);
  return left < 0 ? undefined : value;
}

/** The tree of a value that JSON can hold, all on one line. Deeper parts than `maxDepth` are left out. */
export function treeOf(value: unknown, line: number, depth = 0): Tree {
  if (typeof value !== 'object' || value === null) return { kind: 'scalar', line, value };
  if (depth >= maxDepth) return { kind: 'scalar', line, value: null };
  if (Array.isArray(value)) {
    return { kind: 'list', line, items: value.map((item) => treeOf(item, line, depth + 1)) };
  }
  const entries = Object.entries(value).map(([key, item]) => [key, treeOf(item, line, depth + 1)] as const);
  return { kind: 'map', line, entries: new Map(entries) };
}
