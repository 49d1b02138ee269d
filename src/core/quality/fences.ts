/** A fenced block of code in an answer. */
export interface CodeBlock {
  /** First word after the fence, in lower case; empty: none. */
  readonly language: string;
  readonly code: string;
  /** False: the answer ended within the block. */
  readonly closed: boolean;
}

const opening = /^ {0,3}(`{3,}|~{3,})[ \t]*([^\s`{]*)([^`]*)$/;

/** The fenced blocks of an answer in order, by CommonMark's rules for fences outside lists and quotes. */
export function* codeBlocks(answer: string): Generator<CodeBlock> {
  let fence: { mark: string; language: string; lines: string[] } | undefined;
  for (const line of answer.split(/\r?\n/)) {
    if (fence === undefined) {
      const [, mark, language = ''] = opening.exec(line) ?? [];
      // What follows a fence of tildes may hold backticks, but nobody writes that.
      if (mark !== undefined) fence = { mark, language: language.toLowerCase(), lines: [] };
    } else if (closes(line, fence.mark)) {
      yield { language: fence.language, code: fence.lines.join('\n'), closed: true };
      fence = undefined;
    } else fence.lines.push(line);
  }
  if (fence) yield { language: fence.language, code: fence.lines.join('\n'), closed: false };
}

function closes(line: string, mark: string): boolean {
  const text = line.trim();
  return (
    text.length >= mark.length &&
    /^ {0,3}\S/.test(line) &&
    text === text.charAt(0).repeat(text.length) &&
    text.startsWith(mark)
  );
}

/** The answer without its fenced blocks: what is written in a human language. */
export function proseOf(answer: string): string {
  const lines: string[] = [];
  let mark: string | undefined;
  for (const line of answer.split(/\r?\n/)) {
    if (mark === undefined) {
      mark = opening.exec(line)?.[1];
      if (mark === undefined) lines.push(line);
    } else if (closes(line, mark)) mark = undefined;
  }
  return lines.join('\n');
}
