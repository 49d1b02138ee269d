import { type FoundPrompt, maxFoundPrompts, type PromptDocument, type PromptFinder } from './prompt.ts';

/** Fenced blocks of Markdown whose info string begins with the word `prompt`. */
export const fencedFinder: PromptFinder = {
  accepts: ({ fileName, languageId }) => languageId === 'markdown' || /\.(md|markdown|mdx)$/i.test(fileName),
  find({ text }: PromptDocument): FoundPrompt[] {
    const found: FoundPrompt[] = [];
    for (const block of blocksOf(text)) {
      const prompt = promptOf(text, block);
      if (prompt !== undefined) found.push(prompt);
      if (found.length === maxFoundPrompts) break;
    }
    return found;
  },
  at({ text }: PromptDocument, offset: number): FoundPrompt | undefined {
    for (const block of blocksOf(text)) {
      if (block.start > offset) return undefined;
      if (offset <= block.end) return promptOf(text, block);
    }
    return undefined;
  },
};

type Mark = '`' | '~';

/** Lines with three marks beyond this are not looked at. */
export const maxFenceLines = 20_000;

interface Budget {
  left: number;
}

interface Fence {
  /** Where its line starts and ends (before the line feed). */
  readonly lineStart: number;
  readonly lineEnd: number;
  /** Columns before it, a tab counted as one. */
  readonly indent: number;
  /** True when the marker of a list item stands before it: it can open a block, not close one. */
  readonly inItem: boolean;
  readonly mark: Mark;
  readonly size: number;
  /** Where what follows it on its line begins. */
  readonly infoStart: number;
}

/** The content of a block marked `prompt`, without its last line end. */
interface Block {
  readonly start: number;
  readonly end: number;
  /** Columns to take off each line. */
  readonly indent: number;
}

/** Blocks marked `prompt`, in order. Jumps from mark to mark, so that a long text is cheap. */
function* blocksOf(text: string): Generator<Block> {
  const ahead: Record<Mark, number> = { '`': text.indexOf('```'), '~': text.indexOf('~~~') };
  const budget = { left: maxFenceLines };
  for (let from = 0; ; ) {
    const opening = nextOpening(text, from, ahead, budget);
    if (opening === undefined) return;
    const closing = closingOf(text, opening, budget);
    if (budget.left <= 0) return;
    if (isPrompt(text, opening)) {
      const start = Math.min(opening.lineEnd + 1, text.length);
      yield { start, end: closing ? endBefore(text, start, closing) : text.length, indent: opening.indent };
    }
    if (closing === undefined) return;
    from = closing.lineEnd;
  }
}

/** @param ahead the next place of either mark, kept between calls so that a text with one kind is not searched twice. */
function nextOpening(text: string, from: number, ahead: Record<Mark, number>, budget: Budget): Fence | undefined {
  for (let position = from; budget.left-- > 0; ) {
    for (const mark of ['`', '~'] as const) {
      if (ahead[mark] !== -1 && ahead[mark] < position) ahead[mark] = text.indexOf(mark.repeat(3), position);
    }
    const { '`': backticks, '~': tildes } = ahead;
    if (backticks === -1 && tildes === -1) return undefined;
    const mark = tildes === -1 || (backticks !== -1 && backticks < tildes) ? '`' : '~';
    const fence = fenceAt(text, ahead[mark], mark);
    // An info string with a backtick makes the line inline code.
    if (fence.size > 0 && (mark === '~' || !text.slice(fence.infoStart, fence.lineEnd).includes('`'))) return fence;
    position = fence.lineEnd;
  }
  return undefined;
}

function closingOf(text: string, opening: Fence, budget: Budget): Fence | undefined {
  const three = opening.mark.repeat(3);
  for (let at = text.indexOf(three, opening.lineEnd); at !== -1 && budget.left-- > 0; ) {
    const fence = fenceAt(text, at, opening.mark);
    const closes = fence.size >= opening.size && !fence.inItem && fence.indent < opening.indent + 4;
    if (closes && isBlank(text, fence.infoStart, fence.lineEnd)) return fence;
    at = text.indexOf(three, fence.lineEnd);
  }
  return undefined;
}

/** What may stand before a fence on its line: white space, or the marker of a list item. */
const BEFORE = /^[ \t]*((?:[-*+]|\d{1,9}[.)])[ \t]+)?$/;
/** A longer beginning of a line holds no fence. */
const MAX_BEFORE = 200;

/** The fence whose first mark is at `position`; of size 0 when something else stands before it on its line. */
function fenceAt(text: string, position: number, mark: Mark): Fence {
  const newline = text.indexOf('\n', position);
  const lineEnd = newline === -1 ? text.length : newline;
  const lineStart = text.lastIndexOf('\n', position) + 1;
  const indent = position - lineStart;
  const before = indent === 0 ? [''] : indent > MAX_BEFORE ? null : BEFORE.exec(text.slice(lineStart, position));
  let infoStart = position;
  while (before !== null && text[infoStart] === mark) infoStart++;
  return { lineStart, lineEnd, indent, inItem: before?.[1] !== undefined, mark, size: infoStart - position, infoStart };
}

function isPrompt(text: string, { infoStart, lineEnd }: Fence): boolean {
  return /^[ \t]*prompt(?![\w-])/i.test(text.slice(infoStart, Math.min(lineEnd, infoStart + 100)));
}

function isBlank(text: string, start: number, end: number): boolean {
  return start === end || text.slice(start, end).trim() === '';
}

function endBefore(text: string, start: number, { lineStart }: Fence): number {
  let end = Math.max(start, lineStart - 1);
  if (end > start && text[end - 1] === '\r') end--;
  return end;
}

/** Undefined when the block is blank. */
function promptOf(text: string, { start, end, indent }: Block): FoundPrompt | undefined {
  const content = text.slice(start, end);
  const prompt = indent === 0 ? content : content.replace(new RegExp(`^[ \\t]{1,${indent}}`, 'gm'), '');
  if (prompt.trim() === '') return undefined;
  return { text: prompt, range: { start, end }, kind: 'fenced' };
}
