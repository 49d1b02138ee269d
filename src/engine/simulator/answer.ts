import { plainArithmetic } from './arithmetic.ts';
import { hash32, keyedRandom, pick, type Random } from './random.ts';

const salt = 0x51a7;

const words = (text: string) => text.split(' ') as [string, ...string[]];

// Key words and filler words share no word, and no filler holds "yes" or "no", so that a check which looks for the key
// in the answer finds it only where it was given.
const colours = words(
  'amber azure coral crimson emerald golden indigo ivory jade lilac olive pearl ruby silver teal violet',
);
const things = words(
  'anchor bridge candle compass feather garden harbour kettle lantern meadow mirror orchard pebble river sail tower',
);
const filler = words(
  'this text comes from a built in simulated model and fills the reply to its planned length with plain words that carry little weight while chunks arrive at their due time as',
);

const fillerBeyondAscii = words('größere Wörter наполняют 答えを 漢字で ελληνικά עם עברית 💥 🧪 naïve façade Ærø łódź');

/** The key of an answer, and the other keys that would have been wrong. */
interface Key {
  readonly right: string;
  /** A wrong key; contains the right one as little as the right one contains it. */
  wrong(random: Random): string;
}

function keyOf(prompt: string): Key {
  const number = plainArithmetic(prompt);
  if (number !== undefined) return { right: number, wrong: (random) => otherNumber(number, random) };
  const hash = hash32(prompt, salt);
  const choices = choiceLetters(prompt);
  if (choices.length > 1) return oneOf(choices, hash);
  if (/\btrue or false\b|\btrue\/false\b/i.test(prompt)) return oneOf(['true', 'false'], hash);
  if (/\byes or no\b|\byes\/no\b/i.test(prompt)) return oneOf(['yes', 'no'], hash);
  const random = keyedRandom(hash);
  const colour = pick(random, colours);
  const thing = pick(random, things);
  return {
    right: `${colour} ${thing}`,
    wrong: (draw) => `${other(colours, colour, draw)} ${other(things, thing, draw)}`,
  };
}

function oneOf(choices: readonly string[], hash: number): Key {
  const right = choices[hash % choices.length] ?? '';
  return { right, wrong: (random) => other(choices, right, random) };
}

function other(list: readonly string[], right: string, random: Random): string {
  const rest = list.filter((item) => item !== right);
  return rest[Math.floor(random() * rest.length)] ?? right;
}

function otherNumber(right: string, random: Random): string {
  const value = Number(right);
  const step = Math.max(1, Math.round(Math.abs(value) * 0.1));
  for (let times = 1 + Math.floor(random() * 9); ; times += 1) {
    const wrong = String(Number((value + times * step).toFixed(6)));
    if (!wrong.includes(right) && !right.includes(wrong)) return wrong;
  }
}

/** Letters of the options `A) …`, `(B) …`, `C. …` that begin lines, from A without a gap; fewer than two: no choice. */
function choiceLetters(prompt: string): string[] {
  const found = new Set<string>();
  for (const match of prompt.matchAll(/^[ \t]{0,8}\(?([A-J])[).:][ \t]/gm)) if (match[1]) found.add(match[1]);
  const letters: string[] = [];
  for (const letter of 'ABCDEFGHIJ') {
    if (!found.has(letter)) break;
    letters.push(letter);
  }
  return letters.length > 1 ? letters : [];
}

/** How the prompt wants the key to be given. */
function sentence(prompt: string, key: string): string[] {
  if (prompt.includes('\\boxed')) return [`\\boxed{${key}}`];
  if (prompt.includes('####')) return ['####', ` ${key}`];
  if (/\banswer:\s*[<[("'$A-Z]/i.test(prompt)) return ['Answer:', ` ${key}`];
  return ['The', ' answer', ' is', ` ${key}`, '.'];
}

/**
 * The key of the right answer to a prompt: the value of plain arithmetic, an option's letter, yes or no, true or
 * false, else two words drawn from the prompt's hash. A right simulated answer contains it, a wrong one does not.
 * Pure: depends on nothing but the prompt. For data sets that need a reference.
 */
export function simulatedAnswer(prompt: string): string {
  return keyOf(prompt).right;
}

/** What every visible answer begins with. */
function honestyMark(model: string): string {
  return `[simulated ${model}] `;
}

/**
 * The chunks of an answer: the honesty mark, the key, then filler up to `tokens` chunks; never shorter than its key.
 */
export function answerChunks(
  model: string,
  prompt: string,
  options: {
    readonly tokens: number;
    readonly wrong: boolean;
    readonly random: Random;
    readonly beyondAscii?: boolean | undefined;
  },
): string[] {
  const key = keyOf(prompt);
  const chunks = [honestyMark(model), ...sentence(prompt, options.wrong ? key.wrong(options.random) : key.right)];
  const list = options.beyondAscii === true ? fillerBeyondAscii : filler;
  for (let word = 1; chunks.length < options.tokens; word += 1) {
    chunks.push(` ${pick(options.random, list)}${word % 12 === 0 ? '.' : ''}`);
  }
  return chunks;
}

/** Eight to twenty-four chunks of thinking; it does not hold the key. */
export function thoughtChunks(model: string, random: Random): string[] {
  const length = 8 + Math.floor(random() * 17);
  return [honestyMark(model), ...Array.from({ length: length - 1 }, () => `${pick(random, filler)} `)];
}

/** The arguments of a simulated tool call, JSON in chunks. */
export function toolArguments(prompt: string): string[] {
  return ['{"simulated":', 'true,', '"query":', `${JSON.stringify(simulatedAnswer(prompt))}`, '}'];
}
