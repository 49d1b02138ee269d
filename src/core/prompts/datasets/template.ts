import { grouped } from '../../numbers.ts';
import { plainText } from '../plain-text.ts';

/** A prompt made from a template may be this long. UTF-16 units. */
export const maxFilledLength = 2_000_000;

/** What a template's names stand for. */
export type Variables = ReadonlyMap<string, unknown>;

/** The filled text, or a sentence that says what is wrong and how to mend it. */
export type Filled =
  | { readonly text: string; readonly problem?: undefined }
  | { readonly text?: undefined; readonly problem: string };

/**
 * Puts the variables into a template: `{{name}}`, with or without spaces, becomes the text, number or truth value of that
 * name. Nothing else is understood: no code, no filters, and what is put in is not looked at again. A backslash before it,
 * `\{{name}}`, keeps the braces and goes itself. Other braces stay as they are. Never throws; linear in what it makes.
 */
export function applyTemplate(template: string, variables: Variables): Filled {
  if (!template.includes('{{')) return { text: template };
  const parts: string[] = [];
  let length = 0;
  let from = 0;
  const put = (text: string): void => {
    parts.push(text);
    length += text.length;
  };
  for (const match of template.matchAll(PLACEHOLDER)) {
    const [written, backslash, name = ''] = match;
    put(template.slice(from, match.index));
    from = match.index + written.length;
    if (backslash !== '') {
      put(written.slice(1));
      continue;
    }
    const value = variables.get(name);
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') {
      return { problem: missing(name, value, variables) };
    }
    put(String(value));
    if (length > maxFilledLength) {
      const limit = `at most ${grouped(maxFilledLength)} characters`;
      return { problem: `The template gives a longer prompt than is read: ${limit}. Shorten its variables.` };
    }
  }
  put(template.slice(from));
  return { text: parts.join('') };
}

/** Whether a text has a place for a variable. */
export function hasPlaceholder(text: string): boolean {
  return text.includes('{{') && [...text.matchAll(PLACEHOLDER)].some(([, backslash]) => backslash === '');
}

const PLACEHOLDER = /(\\?)\{\{[ \t]{0,20}([\p{L}_][\p{L}\p{N}_-]{0,99})[ \t]{0,20}\}\}/gu;

function missing(name: string, value: unknown, variables: Variables): string {
  const shown = plainText(name, 60);
  if (value !== undefined && value !== null) {
    return `The variable "${shown}" is ${Array.isArray(value) ? 'a list' : 'an object'}. Give a text or a number for {{${shown}}}.`;
  }
  const known = [...variables.keys()].slice(0, 10).map((key) => `"${plainText(key, 30)}"`);
  const has = known.length === 0 ? 'It has no variables' : `It has ${known.join(', ')}`;
  return `The variable "${shown}" is missing. ${has}. Add it, or write \\{{${shown}}} to send the braces as they are.`;
}
