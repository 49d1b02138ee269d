/** A number as an answer gives it. */
export interface NumberRead {
  readonly value: number;
  /** True: a per cent sign follows. */
  readonly percent: boolean;
}

// Digits in groups of three, or plain. A sign belongs to the number where no word or digit stands before it. No part can match
// one text in two ways, so that this takes linear time.
const groups = [
  '[1-9]\\d{0,2}(?:,\\d{3})+(?!\\d)',
  '[1-9]\\d{0,2}(?:\\.\\d{3})+(?=,\\d)',
  '[1-9]\\d{0,2}(?:\\.\\d{3}){2,}(?!\\d)',
  "[1-9]\\d{0,2}(?:['’\\u202f\\u00a0\\u2009]\\d{3})+(?!\\d)",
].join('|');
const power =
  '[eE][-+]?\\d{1,3}(?!\\d)|\\s?(?:×|·|\\\\times|\\\\cdot|\\*)\\s?10(?:\\^\\{?([-+−]?\\d{1,3})\\}?|\\*\\*([-+]?\\d{1,3}))';
const pattern = new RegExp(
  `(?<![\\p{L}\\p{N}_])([-+−–]?)(${groups}|\\d+)((?:[.,]\\d+)?)(${power})?(?:\\s?(\\\\?%|％))?`,
  'gu',
);

/** All numbers of a text in order. */
export function* numbersIn(text: string): Generator<NumberRead> {
  for (const match of text.matchAll(pattern)) {
    const read = readMatch(match, text);
    if (read) yield read;
  }
}

function readMatch(match: RegExpMatchArray, text: string): NumberRead | undefined {
  const [, sign = '', whole = '', fraction = '', exponent = '', braced, starred, percent] = match;
  const before = text.slice(Math.max(0, (match.index ?? 0) - 2), match.index);
  const decimal = /(?:^|[\s(=$])\.$/.test(before) ? `0.${whole}` : decimalOf(whole, fraction);
  const ten = Number((braced ?? starred ?? /^[eE]([-+]?\d+)$/.exec(exponent)?.[1] ?? '0').replace('−', '-'));
  const size = Number(`${decimal}e${ten}`);
  // “(2)-3” subtracts.
  const negative = sign !== '' && sign !== '+' && !/[)\]]$/.test(before);
  return Number.isFinite(size) ? { value: negative ? -size : size, percent: percent !== undefined } : undefined;
}

/** Digits with a decimal point. A dot or comma before other than three digits is decimal, and so is the last of two kinds. */
function decimalOf(whole: string, fraction: string): string {
  const digits = whole.replace(/\D/g, '');
  return fraction === '' ? digits : `${digits}.${fraction.slice(1)}`;
}

// What may stand between is bounded, so that a long run of spaces costs nothing.
const between = '[\\s*$`:=："“]{0,8}';
const statedAnswer = new RegExp(
  `(?:\\b(?:answer|antwort|réponse|respuesta|resposta|risposta|antwoord|odpowiedź|cevap)${between}(?:is|ist|lautet|est|es|é|è|to)?` +
    `|(?<!\\p{L})ответ|(?:答案|答え|答|정답|答えは)(?:は|是|为|為|은)?|####)${between}(?=[-+−–€£¥\\d\\\\])`,
  'giu',
);

/**
 * The number that an answer gives: what its last `\boxed{}` holds; else what follows the last “answer is”, “####” or their
 * likes in other languages; else its last number. Thousands may be parted by comma, apostrophe or narrow space, by
 * dots where there are two or more; a single comma before three digits parts thousands, a single dot is decimal.
 */
export function numberOf(answer: string): NumberRead | undefined {
  const boxed = lastBoxed(answer);
  if (boxed !== undefined) {
    const fraction = fractionOf(boxed);
    if (fraction !== undefined) return { value: fraction, percent: false };
    const inside = last(numbersIn(plainTex(boxed)));
    if (inside) return inside;
  }
  const text = plainTex(answer);
  const stated = last(text.matchAll(statedAnswer));
  if (stated) {
    const from = stated.index + stated[0].length;
    const [first] = numbersIn(text.slice(from, from + 80));
    if (first) return first;
  }
  return last(numbersIn(text));
}

/** TeX's own separators out of the way. */
function plainTex(text: string): string {
  return text.replace(/\{,\}/g, ',').replace(/(\d)\\[,;!](?=\d{3})/g, '$1,');
}

const boxMark = '\\boxed{';

/** What the last `\boxed{…}` holds, its braces balanced. */
export function lastBoxed(text: string): string | undefined {
  const at = text.lastIndexOf(boxMark);
  if (at < 0) return undefined;
  const from = at + boxMark.length;
  let depth = 1;
  for (let end = from; end < text.length; end++) {
    if (text[end] === '{') depth++;
    else if (text[end] === '}' && --depth === 0) return text.slice(from, end);
  }
  return undefined;
}

/** `\frac{a}{b}` or `a/b`, alone. */
function fractionOf(text: string): number | undefined {
  const [, sign, ...parts] =
    /^\s*([-−]?)\s*(?:\\[dt]?frac\{\s*(-?[\d.]+)\s*\}\{\s*([\d.]+)\s*\}|([\d.]+)\s*\/\s*([\d.]+))\s*$/.exec(text) ?? [];
  const [above, below] = parts.filter((part) => part !== undefined).map(Number);
  if (above === undefined || !below) return undefined;
  const value = above / below;
  return Number.isFinite(value) ? (sign ? -value : value) : undefined;
}

function last<T>(items: Iterable<T>): T | undefined {
  let latest: T | undefined;
  for (const item of items) latest = item;
  return latest;
}
