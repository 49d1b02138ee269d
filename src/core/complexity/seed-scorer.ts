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
    const factors = [
      factor('length', 'Length', 0.3, counts.characters, 1000, 'character', numbered(counts.characters, 'character')),
      factor(
        'code',
        'Code block',
        0.2,
        counts.code ? 1 : 0,
        1,
        'code block',
        counts.code ? 'a code block' : 'no code block',
      ),
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
      factor(
        'reasoning',
        'Reasoning words',
        0.2,
        counts.words.length,
        10,
        'reasoning word',
        reasoningPhrase(counts.words),
      ),
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
  readonly characters: number;
  readonly code: boolean;
  readonly symbols: number;
  readonly questions: number;
  readonly words: readonly string[];
}

/** One pass over UTF-16 units; a surrogate pair is one character, a lone surrogate too. */
function count(prompt: string): Counts {
  const { next, found } = matcher;
  const length = prompt.length;
  let pairs = 0;
  let symbols = 0;
  let questions = 0;
  let state = 0;
  let seen = 0;
  for (let i = 0; i < length; i++) {
    const unit = prompt.charCodeAt(i);
    if (unit < ASCII) {
      state = next[state + unit] as number;
      if (state >= FOUND) {
        state -= FOUND;
        const here = found[state / ASCII] as number;
        if (here & QUESTION) questions++;
        seen |= here;
      }
    } else {
      state = 0;
      if (unit === 0x2211 || unit === 0x222b || unit === 0x221a || unit === 0xb1 || unit === 0x221e) symbols++;
      else if (unit >= 0xd800 && unit < 0xdc00) {
        const low = prompt.charCodeAt(i + 1);
        if (low >= 0xdc00 && low < 0xe000) {
          pairs++;
          i++;
        }
      }
    }
  }
  return {
    characters: length - pairs,
    code: (seen & CODE) !== 0,
    symbols,
    questions,
    words: reasoningWords.filter((_, bit) => (seen & (1 << bit)) !== 0),
  };
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
