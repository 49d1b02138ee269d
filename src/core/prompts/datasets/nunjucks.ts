import { plainText } from '../plain-text.ts';
import { applyTemplate, type Filled, type Variables } from './template.ts';

/** A text of promptfoo's, in pieces: what stands between `{% raw %}` and `{% endraw %}` stays as it is. */
function pieces(text: string): { readonly text: string; readonly raw: boolean }[] {
  const found: { text: string; raw: boolean }[] = [];
  let from = 0;
  for (;;) {
    const open = find(text, from, RAW);
    const close = open && find(text, open.end, ENDRAW);
    if (open === undefined || close === undefined) break;
    found.push(
      { text: text.slice(from, open.start), raw: false },
      { text: text.slice(open.end, close.start), raw: true },
    );
    from = close.end;
  }
  found.push({ text: text.slice(from), raw: false });
  return found;
}

const RAW = /\{%-? {0,9}raw {0,9}-?%\}/g;
const ENDRAW = /\{%-? {0,9}endraw {0,9}-?%\}/g;

function find(text: string, from: number, pattern: RegExp): { start: number; end: number } | undefined {
  pattern.lastIndex = from;
  const match = pattern.exec(text);
  return match === null ? undefined : { start: match.index, end: match.index + match[0].length };
}

const PLAIN = /\{\{[ \t]{0,20}[\p{L}_][\p{L}\p{N}_-]{0,99}[ \t]{0,20}\}\}/gu;
const CODE = /\{\{|\{%/;

/** Whether a text asks for more of promptfoo's template language than plain `{{name}}` and `{% raw %}`. */
export function hasCode(text: string): boolean {
  return codeIn(text) !== undefined;
}

/** The beginning of the first piece of code. */
function codeIn(text: string): string | undefined {
  if (!text.includes('{{') && !text.includes('{%')) return undefined;
  for (const { text: piece, raw } of pieces(text)) {
    if (raw) continue;
    const rest = piece.replace(PLAIN, '');
    const at = rest.search(CODE);
    if (at !== -1) return plainText(rest.slice(at, at + 60), 40);
  }
  return undefined;
}

/** Fills a template of promptfoo's. Code is not run: it is a problem. */
export function fillNunjucks(template: string, variables: Variables): Filled {
  const code = codeIn(template);
  if (code !== undefined) {
    const mend = 'Write the text out, or put {% raw %}…{% endraw %} around braces that are meant as they are';
    return { problem: `The template holds code, which is never run: ${code} ${mend}.` };
  }
  const parts: string[] = [];
  for (const { text, raw } of pieces(template)) {
    const filled = raw ? { text } : applyTemplate(text, variables);
    if (filled.problem !== undefined) return filled;
    parts.push(filled.text);
  }
  return { text: parts.join('') };
}
