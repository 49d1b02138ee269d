import { type Node, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser';
import { grouped } from '../../numbers.ts';
import { maxDepth, type Tree, type TreeDocument } from './tree.ts';

/** Longer JSON is not read as a whole; JSONL has no such limit. UTF-16 units. */
export const maxJsonLength = 10_000_000;
/** Nor is JSON with more brackets, commas and colons. */
const maxJsonMarks = 2_000_000;

/** The tree of a JSON document; comments and commas at the end of a list are let pass. Never throws. */
export function jsonTree(text: string): TreeDocument {
  const tooLarge =
    text.length > maxJsonLength
      ? `${grouped(text.length)} characters; at most ${grouped(maxJsonLength)} are`
      : hasMoreMarks(text)
        ? `more than ${grouped(maxJsonMarks)} parts, which are not`
        : undefined;
  if (tooLarge !== undefined) {
    const message = `The JSON has ${tooLarge} read. Use JSONL for large data sets: one {"id", "prompt"} a line.`;
    return { problem: { line: 1, message } };
  }
  if (text.trim() === '') return {};
  if (isTooDeep(text)) {
    return { problem: { line: 1, message: `The JSON is nested too deeply: at most ${maxDepth} levels are read.` } };
  }
  const errors: ParseError[] = [];
  const root = parseTree(text, errors, { allowTrailingComma: true });
  const lineOf = lineCounter(text);
  const [error] = errors;
  if (error !== undefined || root === undefined) {
    const what = error === undefined ? 'it is empty' : printParseErrorCode(error.error);
    return { problem: { line: lineOf(error?.offset ?? 0), message: `This is not JSON that can be read (${what}).` } };
  }
  return { root: treeOfNode(root, lineOf) };
}

function hasMoreMarks(text: string): boolean {
  let count = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if ((unit === COMMA || unit === COLON || unit === BRACE || unit === BRACKET) && ++count > maxJsonMarks) return true;
  }
  return false;
}

/** The parser is recursive: what is deep is refused before it is asked. */
function isTooDeep(text: string): boolean {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (inString) {
      if (unit === BACKSLASH) i++;
      else if (unit === QUOTE || unit === LINE_FEED) inString = false;
    } else if (unit === QUOTE) inString = true;
    else if (unit === BRACE || unit === BRACKET) {
      if (++depth > maxDepth) return true;
    } else if (unit === CLOSING_BRACE || unit === CLOSING_BRACKET) depth--;
  }
  return false;
}

function treeOfNode(node: Node, lineOf: (offset: number) => number): Tree {
  const line = lineOf(node.offset);
  const range = { start: node.offset, end: node.offset + node.length };
  if (node.type === 'array') {
    return { kind: 'list', line, range, items: (node.children ?? []).map((child) => treeOfNode(child, lineOf)) };
  }
  if (node.type !== 'object') return { kind: 'scalar', line, range, value: node.value as unknown };
  const entries = new Map<string, Tree>();
  for (const { children } of node.children ?? []) {
    const [key, value] = children ?? [];
    if (key !== undefined && value !== undefined) entries.set(String(key.value), treeOfNode(value, lineOf));
  }
  return { kind: 'map', line, range, entries };
}

/** Counts lines from 1; offsets come in rising order. */
function lineCounter(text: string): (offset: number) => number {
  let line = 1;
  let next = text.indexOf('\n');
  return (offset) => {
    while (next !== -1 && next < offset) {
      line += 1;
      next = text.indexOf('\n', next + 1);
    }
    return line;
  };
}

const LINE_FEED = 0x0a;
const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSING_BRACKET = 0x5d;
const BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;
