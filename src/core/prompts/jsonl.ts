import type { Fields } from './datasets/fields.ts';
import { type FoundPrompt, maxFoundPrompts, type PromptDocument, type PromptFinder, type TextRange } from './prompt.ts';
import { generatedId } from './row-id.ts';

/** Longer lines are not read: parsing one must not stop a person's hover. UTF-16 units. */
export const maxRowLength = 2_000_000;

/** The fields of one line, or a sentence that says what is wrong with it. `line` is at most `maxRowLength` long. */
export function jsonlRow(line: string): Fields | string {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return 'The line is not JSON. Write one object a line: {"id": "…", "prompt": "…"}.';
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return 'The line is not an object. Write one object a line: {"id": "…", "prompt": "…"}.';
  }
  return new Map(Object.entries(value));
}

/** `prompt` strings of JSONL, one row a line; the range covers the literal with its quotes. */
export const jsonlFinder: PromptFinder = {
  accepts: ({ fileName, languageId }) => languageId === 'jsonl' || /\.(jsonl|ndjson)$/i.test(fileName),
  find({ text }: PromptDocument): FoundPrompt[] {
    const found: FoundPrompt[] = [];
    let start = 0;
    let read = 0;
    for (let number = 1; start < text.length && found.length < maxFoundPrompts && read < MAX_FIND_LENGTH; number++) {
      const end = lineEnd(text, start);
      read += Math.min(end - start, maxRowLength);
      const prompt = promptOfLine(text, start, end, () => number);
      if (prompt !== undefined) found.push(prompt);
      start = end + 1;
    }
    return found;
  },
  at({ text }: PromptDocument, offset: number): FoundPrompt | undefined {
    const start = offset <= 0 ? 0 : text.lastIndexOf('\n', offset - 1) + 1;
    const prompt = promptOfLine(text, start, lineEnd(text, start), () => lineNumber(text, start));
    return prompt !== undefined && prompt.range.start <= offset && offset <= prompt.range.end ? prompt : undefined;
  },
};

/** `find` reads no further than this many UTF-16 units of rows. */
const MAX_FIND_LENGTH = 4_000_000;

function promptOfLine(text: string, start: number, end: number, number: () => number): FoundPrompt | undefined {
  if (end - start > maxRowLength) return undefined;
  const bom = start === 0 && text.startsWith('\ufeff') ? 1 : 0;
  const line = text.slice(start + bom, end);
  // Cheaper than parsing a row that cannot hold one; `\u` may spell the key.
  if (!line.includes('"prompt"') && !line.includes('\\u')) return undefined;
  const row = jsonlRow(line);
  if (typeof row === 'string') return undefined;
  const [id, prompt] = [row.get('id'), row.get('prompt')];
  if (typeof prompt !== 'string' || prompt.trim() === '') return undefined;
  const literal = stringProperty(line, 'prompt');
  if (literal === undefined) return undefined;
  return {
    text: prompt,
    range: { start: start + bom + literal.start, end: start + bom + literal.end },
    kind: 'dataset-row',
    id: typeof id === 'string' && id.trim() !== '' ? id : typeof id === 'number' ? String(id) : generatedId(number()),
  };
}

/**
 * Where the string literal of a property of the outermost object stands; the last one where a key is repeated, as in
 * `JSON.parse`. `json` is valid JSON. Without recursion, so no depth is too deep.
 */
function stringProperty(json: string, key: string): TextRange | undefined {
  let depth = 0;
  /** The key whose value comes next at depth 1; undefined while a key is expected. */
  let current: string | undefined;
  let found: TextRange | undefined;
  for (let i = 0; i < json.length; i++) {
    const character = json[i];
    if (character === '{' || character === '[') depth++;
    else if (character === '}' || character === ']') depth--;
    else if (character === ',' && depth === 1) current = undefined;
    else if (character === '"') {
      const end = literalEnd(json, i);
      if (depth === 1) {
        if (current === undefined) {
          current = JSON.parse(json.slice(i, end)) as string;
          if (current === key) found = undefined;
        } else if (current === key) found = { start: i, end };
      }
      i = end - 1;
    }
  }
  return found;
}

/** The offset after the string literal that starts at `start`. */
function literalEnd(json: string, start: number): number {
  for (let i = start + 1; i < json.length; i++) {
    const unit = json.charCodeAt(i);
    if (unit === BACKSLASH) i++;
    else if (unit === QUOTE) return i + 1;
  }
  return json.length;
}

const BACKSLASH = 0x5c;
const QUOTE = 0x22;

function lineEnd(text: string, from: number): number {
  const newline = text.indexOf('\n', from);
  return newline === -1 ? text.length : newline;
}

/** Counted from 1. */
function lineNumber(text: string, offset: number): number {
  let number = 1;
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) number++;
  return number;
}
