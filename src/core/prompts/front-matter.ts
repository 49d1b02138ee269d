import type { TextRange } from './prompt.ts';

/**
 * Where the body of a text with optional YAML front matter stands, without white space around it; start = end when there is
 * none. Front matter that is never closed is no front matter.
 */
export function bodyRange(text: string): TextRange {
  const bom = text.startsWith('\ufeff') ? 1 : 0;
  let start = afterFrontMatter(text, bom);
  let end = text.length;
  while (start < end && isSpace(text.charCodeAt(start))) start++;
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--;
  return { start, end };
}

function afterFrontMatter(text: string, start: number): number {
  const opening = lineEnd(text, start);
  if (!isRule(text, start, opening, '---')) return start;
  for (let line = opening + 1; line < text.length; ) {
    const end = lineEnd(text, line);
    if (isRule(text, line, end, '---') || isRule(text, line, end, '...')) return end;
    line = end + 1;
  }
  return start;
}

function lineEnd(text: string, from: number): number {
  const newline = text.indexOf('\n', from);
  return newline === -1 ? text.length : newline;
}

function isRule(text: string, start: number, end: number, rule: string): boolean {
  return text.startsWith(rule, start) && end - start <= 80 && text.slice(start + rule.length, end).trim() === '';
}

function isSpace(unit: number): boolean {
  return unit <= 0x20 ? unit === 0x20 || (unit >= 0x09 && unit <= 0x0d) : unit === 0xa0 || unit === 0x3000;
}
