import { isFileUrl, isReference, namesCode } from './file-reference.ts';
import { jsonTree } from './json-tree.ts';
import { looksLikeMessages, oneQuestion } from './messages.ts';
import type { Source } from './promptfoo-source.ts';
import { part, type Tree, textOf, writtenOut } from './tree.ts';
import { yamlTree } from './yaml-tree.ts';

/** One of promptfoo's prompts: a text with places for variables. */
export interface PromptTemplate {
  readonly text: string;
  readonly line: number;
}

/** Prompts beyond this are a mistake. */
const maxTemplates = 1_000;

/** The prompts of a configuration: texts, files, maps with `raw`; a list of them or one. What is code is a problem. */
export function promptTemplates(prompts: Tree | undefined, source: Source): PromptTemplate[] {
  const found: PromptTemplate[] = [];
  const items = prompts === undefined ? [] : prompts.kind === 'list' ? prompts.items : [prompts];
  for (const item of items) {
    if (found.length >= maxTemplates) {
      source.problem(item.line, `Only the first ${maxTemplates} prompts are read.`);
      break;
    }
    readPrompt(item, source, found, 0);
  }
  return found;
}

function readPrompt(item: Tree, source: Source, into: PromptTemplate[], depth: number): void {
  const { line } = item;
  if (item.kind === 'map') {
    const raw = part(item, 'raw') ?? part(item, 'file') ?? part(item, 'id') ?? part(item, 'prompt');
    if (part(item, 'function') === undefined && textOf(raw) !== undefined && raw !== undefined) {
      readPrompt(raw, source, into, depth);
      return;
    }
  }
  const text = textOf(item);
  if (text === undefined) {
    source.problem(line, 'The prompt is no text. Write the text, or "file://prompt.txt".');
  } else if (/^(exec|python|package):/i.test(text.trim())) {
    source.problem(line, 'The prompt is code, which is never run. Write its text, or "file://prompt.txt".');
  } else if (!isReference(text) && !isFileUrl(text) && !namesWholeCode(text)) {
    readText(text, line, source, into);
  } else {
    const file = source.need(text, line);
    if (file !== undefined) readFile(file, source.of(file.path, line), into, depth, line);
  }
}

/** `prompt.py` and `prompt.js:function` are code even without `file://`. */
function namesWholeCode(text: string): boolean {
  return text.length < 300 && /^[\w./-]+$/.test(text.split(':')[0] ?? '') && !/\s/.test(text) && namesCode(text);
}

function readText(text: string, line: number, source: Source, into: PromptTemplate[]): void {
  const messages = messagesIn(text);
  if (messages === undefined) {
    into.push({ text, line });
    return;
  }
  const question = oneQuestion(messages);
  if (typeof question === 'string') source.problem(line, question);
  else {
    if (question.system)
      source.note(line, 'The system message is put before the question, and both are sent as one text.');
    into.push({ text: question.text, line });
  }
}

/** A prompt may be the JSON of a conversation. */
function messagesIn(text: string): readonly unknown[] | undefined {
  if (!/^\s*\[\s*\{/.test(text.slice(0, 1_000))) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return looksLikeMessages(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function readFile(
  { path, text }: { path: string; text: string },
  source: Source,
  into: PromptTemplate[],
  depth: number,
  line: number,
): void {
  if (/\.(json|ya?ml)$/i.test(path)) {
    const { root, problem } = /\.json$/i.test(path) ? jsonTree(text) : yamlTree(text);
    if (problem !== undefined) source.problem(problem.line, problem.message);
    else if (root !== undefined && looksLikeMessages(writtenOut(root))) {
      readText(JSON.stringify(writtenOut(root)), root.line, source, into);
    } else if (root?.kind === 'list' && depth === 0) for (const item of root.items) readPrompt(item, source, into, 1);
    else source.problem(1, 'The file holds no prompt. Write a list of prompts, or of messages with role and content.');
  } else if (/\.(jsonl|csv|tsv)$/i.test(path)) {
    source.problem(
      1,
      'Prompts in a table are not read here. Write each into a text file, with a line "---" between two.',
    );
  } else {
    for (const one of /\.txt$/i.test(path) ? text.split(/^---[ \t]*$/m) : [text]) {
      if (one.trim() !== '') readText(one.trim(), 1, source, into);
    }
  }
  if (into.length === 0 && text.trim() === '') source.problem(line, 'The file is empty. Give it a text.');
}
