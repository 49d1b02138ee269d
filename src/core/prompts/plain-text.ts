/** Text from outside (prompts, names, answers) made safe for a label or for Markdown. */

/** Control characters, lone surrogates, and the marks that turn the reading direction: they can make a text read as another one. */
const DECEIVING = /[\p{Cc}\p{Cs}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufff9-\ufffb]/gu;
/** Scripts whose letters are shaped by the joiners between them. */
const JOINED = String.raw`[\p{scx=Arab}\p{scx=Syrc}\p{scx=Deva}\p{scx=Beng}\p{scx=Guru}\p{scx=Gujr}\p{scx=Orya}\p{scx=Taml}\p{scx=Telu}\p{scx=Knda}\p{scx=Mlym}\p{scx=Sinh}]`;
/** Shapeless characters whose loss would be seen: the joiner and the selector of emoji, joiners between letters. */
const NEEDED = String.raw`(?<=\p{Extended_Pictographic}|\p{Emoji_Modifier}|\ufe0f)\u200d(?=\p{Extended_Pictographic})|(?<=\p{Extended_Pictographic})\ufe0f|(?<=${JOINED})[\u200c\u200d](?=${JOINED})`;
/** Characters without a shape of their own: zero-width, soft hyphen, variation selectors, tags. */
const SHAPELESS = new RegExp(String.raw`(?!${NEEDED})\p{Default_Ignorable_Code_Point}`, 'gu');
const WHITE_SPACE = /[\s\u0085]+/gu;

/**
 * One line for a label: white space becomes single spaces, zero-width characters vanish, control characters, lone surrogates
 * and direction marks become `\ufffd`. At most `maxLength` characters; what is cut ends in `…`.
 */
export function plainText(text: string, maxLength = 200): string {
  // Four units a character leaves room for what vanishes, and keeps a prompt of 5 MB from being walked for a label.
  const taken = text.slice(0, maxLength * 4);
  const line = visible(taken.replace(WHITE_SPACE, ' ')).trim();
  const characters = Array.from(line);
  if (characters.length <= maxLength && taken.length === text.length) return line;
  return `${characters
    .slice(0, maxLength - 1)
    .join('')
    .trimEnd()}…`;
}

function visible(text: string): string {
  return text.replace(DECEIVING, '\ufffd').replace(SHAPELESS, '');
}

/**
 * Markdown that shows `text` as it is written and does nothing else: no link, image, autolink, HTML, code, heading, list, table
 * cell or `$(icon)`. Deceiving and zero-width characters are treated as by `plainText`. Line ends become hard breaks; for a
 * table cell or a heading, pass the text through `plainText` first.
 */
export function escapeMarkdown(text: string): string {
  return text
    .split(/\r\n|[\n\r\u2028\u2029]/u)
    .map(escapeLine)
    .join('\\\n');
}

function escapeLine(line: string): string {
  return (
    visible(line.replaceAll('\t', '    '))
      .replace(/[\\`*_[\]~|@]/g, '\\$&')
      .replace(/[&<>]/g, (character) => `&#${character.charCodeAt(0)};`)
      // Theme icons are looked for in the HTML, where no escape is left: a word joiner, unseen, parts the two characters.
      .replaceAll('$(', '$\u2060(')
      // Bare addresses would become links.
      .replace(/:(?=\/)|(?<=www)\./gi, '\\$&')
      // A heading, a list item, a rule, the alignment of a table.
      .replace(/^(\s*)([#+=:-])/, '$1\\$2')
      .replace(/^(\s*\d+)([.)])/, '$1\\$2')
      // Leading white space would make a code block; a line of nothing would end the paragraph.
      .replace(/^ +|^$/, (spaces) => '&nbsp;'.repeat(Math.max(1, spaces.length)))
  );
}
