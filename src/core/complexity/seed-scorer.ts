import { counted } from '../numbers.ts';
import type { Complexity, Factor, Scorer } from './scorer.ts';
import { ASCII, FOUND, substringMatcher } from './substrings.ts';

/** Words whose presence anywhere in the lower-cased prompt, also inside longer words, counts as a call for reasoning. */
export const reasoningWords = [
  'analyze',
  'compare',
  'evaluate',
  'synthesize',
  'reason',
  'explain',
  'justify',
  'argue',
  'prove',
  'deduce',
] as const;

/** The bits of what the matcher finds: the words in their order, then these. */
const CODE = 1 << reasoningWords.length;
const QUESTION = CODE << 1;
const matcher = substringMatcher([...reasoningWords, '```', '?']);

/**
 * The seed formula, a heuristic of five counts:
 *
 *     score = min(chars / 1000, 1) · 0.3 + (contains ``` ? 0.2 : 0) + min(symbols / 10, 1) · 0.2
 *           + min(questions / 5, 1) · 0.1 + min(words / 10, 1) · 0.2
 *
 * chars: Unicode code points; symbols: occurrences of ∑ ∫ √ ± ∞; questions: occurrences of `?`; words: how many of
 * `reasoningWords` occur. It has no calibrated uncertainty. Its highest score is 1.
 */
export const seedScorer: Scorer = {
  id: 'seed',
  score(prompt: string): Complexity {
    const counts = count(prompt);
    const code = (counts.seen & CODE) !== 0;
    const words = reasoningWords.filter((_, bit) => (counts.seen & (1 << bit)) !== 0);
    const factors = [
      factor('length', 'Length', 0.3, counts.characters, 1000, 'character', numbered(counts.characters, 'character')),
      factor('code', 'Code block', 0.2, code ? 1 : 0, 1, 'code block', code ? 'a code block' : 'no code block'),
      factor('symbols', 'Mathematical symbols', 0.2, counts.symbols, 10, 'symbol', symbolWords(counts.symbols)),
      factor(
        'questions',
        'Questions',
        0.1,
        counts.questions,
        5,
        'question mark',
        numbered(counts.questions, 'question mark'),
      ),
      factor('reasoning', 'Reasoning words', 0.2, words.length, 10, 'reasoning word', reasoningPhrase(words)),
    ];
    return { scorer: 'seed', score: factors.reduce((sum, one) => sum + one.contribution, 0), factors };
  },
};

function factor(
  id: string,
  label: string,
  weight: number,
  raw: number,
  full: number,
  unit: string,
  words: string,
): Factor {
  const value = Math.min(raw / full, 1);
  return { id, label, raw, unit: `${unit}s`, value, weight, full, contribution: value * weight, words };
}

interface Counts {
  characters: number;
  symbols: number;
  questions: number;
  /** State of the matcher, and the bits of all that it has found. */
  state: number;
  seen: number;
}

/** So many units at a time: a function that is called often is compiled well after a few calls, one endless loop is not. */
const block = 4096;

function count(prompt: string): Counts {
  const counts: Counts = { characters: prompt.length, symbols: 0, questions: 0, state: 0, seen: 0 };
  for (let from = 0; from < prompt.length; from += block) {
    countBlock(prompt, from, Math.min(from + block, prompt.length), counts);
  }
  return counts;
}

/** One pass over UTF-16 units; a surrogate pair is one character, a lone surrogate too. */
function countBlock(prompt: string, from: number, to: number, counts: Counts): void {
  const { next, found } = matcher;
  let { state } = counts;
  for (let i = from; i < to; i++) {
    const unit = prompt.charCodeAt(i);
    if (unit < ASCII) {
      state = next[state + unit] as number;
      if (state >= FOUND) {
        state -= FOUND;
        const here = found[state / ASCII] as number;
        if (here & QUESTION) counts.questions++;
        counts.seen |= here;
      }
    } else {
      state = 0;
      if (unit === 0x2211 || unit === 0x222b || unit === 0x221a || unit === 0xb1 || unit === 0x221e) counts.symbols++;
      else if (unit >= 0xdc00 && unit < 0xe000 && i > 0) {
        const high = prompt.charCodeAt(i - 1);
        if (high >= 0xd800 && high < 0xdc00) counts.characters--;
      }
    }
  }
  counts.state = state;
}

function numbered(amount: number, one: string): string {
  return amount === 0 ? `no ${one}s` : counted(amount, one);
}

function symbolWords(amount: number): string {
  return `${numbered(amount, 'mathematical symbol')} (of ∑ ∫ √ ± ∞)`;
}

function reasoningPhrase(words: readonly string[]): string {
  if (words.length === 0) return 'no reasoning words';
  return `${words.length} of ${reasoningWords.length} reasoning words (${words.join(', ')})`;
}
