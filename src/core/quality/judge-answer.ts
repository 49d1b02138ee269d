/** What a judge said: its score as it wrote it, or why there is none; and its reasons. */
export interface JudgeReading<T> {
  readonly verdict?: T | undefined;
  /** The judge's reasons; without a verdict, why there is none. */
  readonly why: string;
}

export type PairWinner = 'first' | 'second' | 'tie';

/** Characters at the end of what a judge wrote that are looked at. */
const lookedAt = 20_000;
const keptReasons = 600;

/**
 * Reads a score between 1 and `scale`, in this order: a last line that is nothing but a JSON object with `score`, as the prompt
 * asks for (also in a fence); such lines elsewhere; such objects within lines; “Score: 4”, a line “4/5” and their likes. Where
 * the first kind that is there gives two different scores, or one out of bounds, or of another scale, there is no score: nothing is
 * guessed, nothing clamped.
 */
export function readScore(text: string, scale: number): JudgeReading<number> {
  return readVerdict(text, 'score', (said) => scoreOf(said, scale), saidScores);
}

/** Reads which of two answers a judge prefers; ambiguous: no verdict. */
export function readWinner(text: string): JudgeReading<PairWinner> {
  return readVerdict(text, 'winner', winnerOf, saidWinners);
}

/** A raw score from 1 to `scale`, in [0,1]. */
export function scaledScore(raw: number, scale: number): number {
  return (raw - 1) / (scale - 1);
}

type Said<T> = { readonly value: T } | { readonly why: string };

function readVerdict<T>(
  text: string,
  member: string,
  verdictOf: (said: unknown) => Said<T>,
  inWords: (text: string) => Iterable<unknown>,
): JudgeReading<T> {
  const spoken = withoutThoughts(text).slice(-lookedAt);
  const lines = spoken.split('\n').map((line) => line.trim());
  for (const saids of [
    lastLine(lines, member),
    wholeLines(lines, member),
    withinText(spoken, member),
    [...inWords(spoken)],
  ]) {
    if (saids.length === 0) continue;
    const read = saids.map(verdictOf);
    const broken = read.find((each) => 'why' in each);
    if (broken && 'why' in broken) return { why: broken.why };
    const values = new Set(read.flatMap((each) => ('value' in each ? [each.value] : [])));
    const [value] = values;
    if (values.size !== 1 || value === undefined) {
      return { why: `The judge gave several: ${[...values].slice(0, 4).map(String).join(', ')}.` };
    }
    return { verdict: value, why: reasonsOf(spoken) };
  }
  return { why: spoken.trim() === '' ? 'The judge said nothing.' : `The judge gave no ${member}.` };
}

/**
 * What a model thinks aloud, before all else, is not its verdict; thoughts that never end leave none. Marks of thoughts further
 * on are quoted: the answer that is judged may hold them.
 */
function withoutThoughts(text: string): string {
  const spoken = text.replace(/^(?:\s*<think(?:ing)?>[\s\S]*?(?:<\/think(?:ing)?>|$))+/i, '');
  if (spoken !== text) return spoken;
  // Some servers leave out the first mark.
  return text.replace(/^[\s\S]*?(?<!["'`“‘«])<\/think(?:ing)?>/i, '');
}

/** Where the judge's own verdict is to stand: what it quotes of an answer stands before. */
function lastLine(lines: readonly string[], member: string): unknown[] {
  const last = lines.findLast((line) => line !== '' && !/^`{3,}$/.test(line)) ?? '';
  return memberOf(unquoted(last), member);
}

function unquoted(line: string): string {
  return line.replace(/^`+(?:json)?|`+$/g, '');
}

/** Lines that are nothing but an object, and objects over several lines that are all there is. */
function wholeLines(lines: readonly string[], member: string): unknown[] {
  const found = lines.flatMap((line) => memberOf(unquoted(line), member));
  if (found.length > 0) return found;
  const unfenced = lines.filter((line) => !line.startsWith('```')).join('\n');
  return memberOf(unfenced.trim(), member);
}

/** Objects without others in them, wherever they stand. */
function withinText(text: string, member: string): unknown[] {
  return [...text.matchAll(/\{[^{}]*\}/g)].slice(-200).flatMap(([object]) => memberOf(object, member));
}

function memberOf(text: string, member: string): unknown[] {
  if (!text.startsWith('{')) return [];
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, member)) return [];
    return [(value as Record<string, unknown>)[member]];
  } catch {
    return [];
  }
}

function* saidScores(text: string): Generator<string> {
  const named =
    /(?:\b(?:score|rating|grade|punktzahl|bewertung|puntuación|nota|оценка)(?!\p{L})|评分|得分|分数|評価|点数)[*_"'’`\s]{0,4}(?:is\b|est\b|ist\b|es\b|=|:|：)[*_"'’`\s]{0,4}(-?\d+(?:\.\d+)?(?:\s?(?:\/|out of)\s?\d+(?:\.\d+)?)?)/giu;
  let any = false;
  for (const [, said = ''] of text.matchAll(named)) {
    any = true;
    yield said;
  }
  if (any) return;
  // On a line of its own, so that “3/5 of the steps” is none.
  for (const [, said = ''] of text.matchAll(ALONE)) yield said;
  // A judge that says nothing else.
  if (/^\s*-?\d+(?:\.\d+)?\s*$/.test(text)) yield text.trim();
}

const ALONE = /^[*_`\s]{0,4}(\d+(?:\.\d+)?\s?(?:\/|out of)\s?\d+(?:\.\d+)?)[*_`\s.]{0,4}$/gm;

function scoreOf(said: unknown, scale: number): Said<number> {
  const text = typeof said === 'number' ? String(said) : typeof said === 'string' ? said.trim() : '';
  const [, number, of] = /^(-?\d+(?:\.\d+)?)(?:\s?(?:\/|out of)\s?(\d+(?:\.\d+)?))?$/.exec(text) ?? [];
  if (number === undefined) return { why: 'What the judge gave as a score is no number.' };
  if (of !== undefined && Number(of) !== scale)
    return { why: `The judge scored on a scale to ${of}, not to ${scale}.` };
  const raw = Number(number);
  if (raw < 1 || raw > scale) return { why: `The judge gave ${raw}, which is not between 1 and ${scale}.` };
  return { value: raw };
}

function* saidWinners(text: string): Generator<string> {
  for (const [, said = ''] of text.matchAll(
    /\b(?:winner|better(?: answer)?|best(?: answer)?|verdict)[*_"'`\s]{0,4}(?:is|=|:)[*_"'`\s]{0,4}(answer [12]\b|[12]\b|tie\b)/gi,
  )) {
    yield said;
  }
  for (const [, said = ''] of text.matchAll(/\[\[([12]|tie)\]\]/gi)) yield said;
}

function winnerOf(said: unknown): Said<PairWinner> {
  const text = String(said)
    .trim()
    .toLowerCase()
    .replace(/^answer /, '');
  if (text === '1') return { value: 'first' };
  if (text === '2') return { value: 'second' };
  if (text === 'tie') return { value: 'tie' };
  return { why: 'The judge named neither answer.' };
}

/** What stands before the verdict. */
function reasonsOf(text: string): string {
  const at = text.lastIndexOf('{');
  const before = (at > 0 ? text.slice(0, at) : text).replace(/```(?:json)?\s*$/i, '').trim();
  return before.length > keptReasons ? `${before.slice(0, keptReasons - 1)}…` : before;
}

/**
 * One verdict from both orders, `a` shown first and `b` shown first: what wins in both has won, a judge that contradicts itself
 * has tied. Without a verdict in one of them there is none.
 */
export function winnerOfOrders(
  aFirst: PairWinner | undefined,
  bFirst: PairWinner | undefined,
): 'a' | 'b' | 'tie' | undefined {
  if (aFirst === undefined || bFirst === undefined) return undefined;
  const one = sideOf(aFirst, 'a');
  return one === sideOf(bFirst, 'b') ? one : 'tie';
}

/** Which answer was meant, when `first` was shown first. */
export function sideOf(winner: PairWinner, first: 'a' | 'b'): 'a' | 'b' | 'tie' {
  if (winner === 'tie') return 'tie';
  return (winner === 'first') === (first === 'a') ? 'a' : 'b';
}
