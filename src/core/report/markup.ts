/** HTML or SVG that may be written as it stands. Only `markup` makes it, so that all other text is escaped. */
export interface Markup {
  readonly markup: string;
}

type Part = string | number | Markup | readonly Markup[] | false | undefined;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '`': '&#96;',
};

/** Text for HTML and XML, in content and in quoted attributes. Control characters, which XML forbids, are dropped. */
export function escapeMarkup(text: string): string {
  if (!/[&<>"'`\p{Cc}\p{Cs}]/u.test(text)) return text;
  return text.replace(/[&<>"'`]/g, (character) => ENTITIES[character] ?? '').replace(/(?![\t\n])[\p{Cc}\p{Cs}]/gu, '');
}

/** Template tag: what is put in is escaped unless it is markup itself. `false` and `undefined` leave nothing. */
export function markup(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  let result = strings[0] ?? '';
  for (const [index, part] of parts.entries()) result += written(part) + (strings[index + 1] ?? '');
  return { markup: result };
}

function written(part: Part): string {
  if (part === undefined || part === false) return '';
  if (typeof part === 'number') return String(part);
  if (typeof part === 'string') return escapeMarkup(part);
  if ('markup' in part) return part.markup;
  return part.map((piece) => piece.markup).join('');
}
