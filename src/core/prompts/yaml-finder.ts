import { isFileUrl } from './datasets/file-reference.ts';
import { part } from './datasets/tree.ts';
import { listKeys, rowsOf } from './datasets/tree-rows.ts';
import { yamlTree } from './datasets/yaml-tree.ts';
import { type FoundPrompt, maxFoundPrompts, type PromptDocument, type PromptFinder } from './prompt.ts';
import { generatedId } from './row-id.ts';

/** Prompts of longer YAML are not listed. UTF-16 units. */
export const maxYamlFindLength = 100_000;
/** Prompts of YAML with more lexemes are not listed. */
const maxYamlFindLexemes = 30_000;
/** A hover parses a document of this length as a whole, of a longer one the item around it. UTF-16 units. */
const maxYamlWholeLength = 4_000;
/** A longer item is not parsed for a hover. UTF-16 units. */
const maxYamlItemLength = 100_000;
/** Nor is one of more lexemes. */
const maxYamlItemLexemes = 4_000;

/** `prompt` strings of YAML data sets. */
export const yamlFinder: PromptFinder = {
  accepts: ({ fileName, languageId }) => languageId === 'yaml' || /\.ya?ml$/i.test(fileName),
  find({ text }: PromptDocument): FoundPrompt[] {
    return text.length > maxYamlFindLength ? [] : promptsOf(text, 0, 1, maxYamlFindLexemes);
  },
  at({ text }: PromptDocument, offset: number): FoundPrompt | undefined {
    const around = ({ range }: FoundPrompt): boolean => range.start <= offset && offset <= range.end;
    if (text.length <= maxYamlWholeLength) return promptsOf(text, 0, 1, maxYamlFindLexemes).find(around);
    const item = blockItemAt(text, offset);
    if (item === undefined || item.end - item.start > maxYamlItemLength) return undefined;
    return promptsOf(text.slice(item.start, item.end), item.start, item.line, maxYamlItemLexemes).find(around);
  },
};

/** @param start offset of `text` in its document; @param line its first line there, counted from 1. */
function promptsOf(text: string, start: number, line: number, maxLexemes: number): FoundPrompt[] {
  if (!text.includes('prompt')) return [];
  const found: FoundPrompt[] = [];
  const { root } = yamlTree(text, maxLexemes);
  for (const row of root === undefined ? [] : rowsOf(root)) {
    if (row.problem !== undefined) continue;
    const [id, prompt] = [row.fields.get('id'), row.fields.get('prompt')];
    const range = (row.tree.kind === 'map' ? part(row.tree, 'prompt') : row.tree)?.range;
    if (typeof prompt !== 'string' || prompt.trim() === '' || isFileUrl(prompt) || range === undefined) continue;
    found.push({
      text: prompt,
      range: { start: start + range.start, end: start + range.end },
      kind: 'dataset-row',
      id:
        typeof id === 'string' && id.trim() !== ''
          ? id
          : typeof id === 'number'
            ? String(id)
            : generatedId(line + row.line - 1),
    });
    if (found.length === maxFoundPrompts) break;
  }
  return found;
}

const CARRIAGE_RETURN = 0x0d;
const SPACE = 0x20;
const HASH = 0x23;
const PERCENT = 0x25;
const DASH = 0x2d;
const BYTE_ORDER_MARK = 0xfeff;

function isIndentation(unit: number): boolean {
  return unit === SPACE || unit === BYTE_ORDER_MARK;
}

interface BlockItem {
  readonly start: number;
  readonly end: number;
  /** Counted from 1. */
  readonly line: number;
}

const LIST_KEY = new RegExp(`^(?:${listKeys.join('|')}):\\s*(?:#.*)?$`);

/**
 * The item of a block list of rows around an offset, cut out by indentation alone, without parsing the rest. What belongs to an
 * item is indented deeper than its dash, so the next dash in the same column begins the next item.
 */
function blockItemAt(text: string, offset: number): BlockItem | undefined {
  /** Column of the dashes; undefined outside a list of rows. */
  let column: number | undefined;
  let awaited = true;
  let item: { start: number; line: number } | undefined;
  let start = 0;
  for (let line = 1; start < text.length; line++) {
    const newline = text.indexOf('\n', start);
    const end = newline === -1 ? text.length : newline;
    let content = start;
    while (content < end && isIndentation(text.charCodeAt(content))) content++;
    const first = text.charCodeAt(content);
    if (content < end && first !== CARRIAGE_RETURN && first !== HASH) {
      const indent = content - start;
      const dash = first === DASH && (content + 1 >= end || text.charCodeAt(content + 1) <= SPACE);
      if (dash && (indent === column || awaited)) {
        if (item !== undefined && offset < start) return { ...item, end: start };
        if (start > offset) return undefined;
        column = indent;
        awaited = false;
        item = { start, line };
      } else if (column === undefined || indent <= column) {
        if (item !== undefined && offset < start) return { ...item, end: start };
        if (start > offset) return undefined;
        item = undefined;
        column = undefined;
        const rule = text.startsWith('---', content) || first === PERCENT;
        awaited =
          (awaited && rule) || (indent === 0 && LIST_KEY.test(text.slice(start, Math.min(end, start + 200)).trimEnd()));
      }
    }
    start = end + 1;
  }
  return item && { ...item, end: text.length };
}
