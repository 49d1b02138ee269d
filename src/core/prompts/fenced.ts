import { type FoundPrompt, maxFoundPrompts, type PromptDocument, type PromptFinder } from './prompt.ts';

/** Fenced blocks of Markdown whose info string begins with the word `prompt`. */
export const fencedFinder: PromptFinder = {
  accepts: ({ fileName, languageId }) => languageId === 'markdown' || /\.(md|markdown|mdx)$/i.test(fileName),
  find({ text }: PromptDocument): FoundPrompt[] {
    const found: FoundPrompt[] = [];
    for (const prompt of fencedPrompts(text)) {
      found.push(prompt);
      if (found.length === maxFoundPrompts) break;
    }
    return found;
  },
  at({ text }: PromptDocument, offset: number): FoundPrompt | undefined {
    for (const prompt of fencedPrompts(text)) {
      if (prompt.range.start > offset) return undefined;
      if (offset <= prompt.range.end) return prompt;
    }
    return undefined;
  },
};

/** What may stand before a fence on its line: white space, or the marker of a list item. */
const BEFORE = /^[ \t]*((?:[-*+]|\d{1,9}[.)])[ \t]+)?$/;
/** Longer beginnings of a line hold no fence; keeps a line of white space from being matched again and again. */
const MAX_BEFORE = 200;

interface Fence {
  /** Where its line starts and ends (before the line feed). */
  readonly lineStart: number;
  readonly lineEnd: number;
  /** Columns before it, a tab counted as one. */
  readonly indent: number;
  /** True when the marker of a list item stands before it: it can open a block, not close one. */
  readonly inItem: boolean;
  readonly mark: '`' | '~';
  readonly size: number;
  /** What follows it on its line, trimmed. */
  readonly info: string;
}

function* fencedPrompts(text: string): Generator<FoundPrompt> {
  const fences = fencesOf(text);
  let opening: Fence | undefined;
  for (const fence of fences) {
    if (opening === undefined) {
      // An info string with a backtick makes the line inline code.
      if (!(fence.mark === '`' && fence.info.includes('`'))) opening = fence;
    } else if (closes(fence, opening)) {
      const prompt = promptOf(text, opening, fence.lineStart);
      opening = undefined;
      if (prompt !== undefined) yield prompt;
    }
  }
  const last = opening && promptOf(text, opening, text.length);
  if (last !== undefined) yield last;
}

function closes(fence: Fence, opening: Fence): boolean {
  return (
    fence.mark === opening.mark &&
    fence.size >= opening.size &&
    fence.info === '' &&
    !fence.inItem &&
    fence.indent < opening.indent + 4
  );
}

/** The block's content up to `end`, without its last line end; undefined when the block is no prompt or is blank. */
function promptOf(text: string, opening: Fence, end: number): FoundPrompt | undefined {
  if (!/^prompt(?![\w-])/i.test(opening.info)) return undefined;
  const start = Math.min(opening.lineEnd + 1, text.length);
  let stop = Math.max(start, end);
  if (stop > start && end < text.length && text[stop - 1] === '\n') stop--;
  if (stop > start && end < text.length && text[stop - 1] === '\r') stop--;
  const content = text.slice(start, stop);
  const unindented = opening.indent === 0 ? content : content.replace(indentation(opening.indent), '');
  if (unindented.trim() === '') return undefined;
  return { text: unindented, range: { start, end: stop }, kind: 'fenced' };
}

function indentation(columns: number): RegExp {
  return new RegExp(`^[ \\t]{1,${columns}}`, 'gm');
}

/** Lines that begin with three or more backticks or tildes, in order. Jumps from mark to mark, so long texts are cheap. */
function* fencesOf(text: string): Generator<Fence> {
  const nextMark = { '`': text.indexOf('```'), '~': text.indexOf('~~~') };
  for (;;) {
    const mark = earlier(nextMark['`'], nextMark['~']);
    if (mark === undefined) return;
    const position = nextMark[mark];
    const lineStart = text.lastIndexOf('\n', position) + 1;
    const newline = text.indexOf('\n', position);
    const lineEnd = newline === -1 ? text.length : newline;
    const indent = position - lineStart;
    const before = indent <= MAX_BEFORE ? BEFORE.exec(text.slice(lineStart, position)) : null;
    if (before !== null) {
      let after = position + 3;
      while (text[after] === mark) after++;
      const info = text.slice(after, lineEnd).trim();
      yield { lineStart, lineEnd, indent, inItem: before[1] !== undefined, mark, size: after - position, info };
    }
    for (const one of ['`', '~'] as const) {
      if (nextMark[one] !== -1 && nextMark[one] < lineEnd) nextMark[one] = text.indexOf(one.repeat(3), lineEnd);
    }
  }
}

function earlier(backticks: number, tildes: number): '`' | '~' | undefined {
  if (backticks === -1) return tildes === -1 ? undefined : '~';
  return tildes === -1 || backticks < tildes ? '`' : '~';
}
