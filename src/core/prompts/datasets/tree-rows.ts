import { type Fields, kindOf } from './fields.ts';
import { part, type Tree, writtenOut } from './tree.ts';

/** Keys of the outermost map under which a list of rows may stand. */
export const listKeys: readonly string[] = ['prompts', 'tests', 'rows'];

export type TreeRow =
  | { readonly line: number; readonly tree: Tree; readonly fields: Fields; readonly problem?: undefined }
  | { readonly line: number; readonly problem: string };

const SHAPE = 'Write a list of {id, prompt}, or put that list under "prompts:".';

/**
 * The rows of a list, or of the lists under `prompts:`, `tests:` and `rows:` of a map; an item of `prompts:` may also be the
 * text itself. Undefined where there is no such list.
 */
export function* rowsOf(root: Tree): Generator<TreeRow> {
  for (const { items, texts } of listsOf(root)) for (const item of items) yield rowOf(item, texts);
}

/** As `rowsOf`; undefined where there is no list of rows. */
export function rowsIn(root: Tree): Iterable<TreeRow> | undefined {
  return listsOf(root).length === 0 ? undefined : rowsOf(root);
}

function listsOf(root: Tree): { items: readonly Tree[]; texts: boolean }[] {
  if (root.kind === 'list') return [{ items: root.items, texts: false }];
  return listKeys.flatMap((key) => {
    const list = part(root, key);
    return list?.kind === 'list' ? [{ items: list.items, texts: key === 'prompts' }] : [];
  });
}

function rowOf(item: Tree, texts: boolean): TreeRow {
  const { line } = item;
  if (texts && item.kind === 'scalar' && typeof item.value === 'string') {
    return { line, tree: item, fields: new Map([['prompt', item.value]]) };
  }
  if (item.kind !== 'map') {
    const found = item.kind === 'list' ? 'a list' : kindOf(item.value);
    return { line, problem: `The row is not a map but ${found}. ${SHAPE}` };
  }
  const fields = new Map<string, unknown>();
  for (const [name, field] of item.entries) {
    const value = writtenOut(field);
    if (value === undefined) {
      return { line: field.line, problem: `"${name.slice(0, 40)}" stands for too much. Write out what is meant.` };
    }
    fields.set(name, value);
  }
  return { line, tree: item, fields };
}
