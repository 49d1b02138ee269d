/**
 * Names and long texts from outside made safe for a report; running text on one line is `plainText`'s. Escaping for a format is
 * the writer's work; this is about what no escaping mends: characters that hide, reorder or end a text.
 */

/** Characters that turn the reading direction, so that a text can read as another one. */
const BIDI = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;
/** Everything without a shape of its own: control, bidi, zero-width, tags, variation selectors, lone surrogates. */
const SHAPELESS = /[\p{Cc}\p{Cs}\p{Default_Ignorable_Code_Point}\u2028\u2029\ufff9-\ufffb]/gu;
/** Shapeless characters that writing systems and emoji need: joiners and variation selectors. */
const NEEDED = /\u200c|\u200d|[\ufe00-\ufe0f]/u;

/** A name (model, endpoint, title, id): every shapeless character is written out, so that two different names look different. */
export function safeName(name: string, max = 120): string {
  return cut(name.slice(0, max * 2).replace(SHAPELESS, writtenOut), max);
}

/** What a report calls one of its requests: its id without that of the run, which all of them share. */
export function requestName(id: string, { runId }: { readonly runId: string }): string {
  return safeName(id.startsWith(`${runId}.`) ? id.slice(runId.length + 1) : id);
}

/** Text over many lines, for a detail view: direction marks written out, other shapeless characters dropped; lines and indentation stay. */
export function safeBlock(text: string, max = 200_000): string {
  const block = text
    .slice(0, max)
    .replace(/\r\n?/gu, '\n')
    .replace(BIDI, writtenOut)
    .replace(SHAPELESS, (character) =>
      character === '\n' || character === '\t' || NEEDED.test(character) ? character : '',
    );
  return text.length > max ? `${block}…` : block;
}

function writtenOut(character: string): string {
  return `‹U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}›`;
}

/** Cuts by code point, never inside a surrogate pair. */
function cut(text: string, max: number): string {
  if (text.length <= max) return text;
  const points = Array.from(text);
  return points.length <= max ? text : `${points.slice(0, max - 1).join('')}…`;
}
