import { describe, expect, it } from 'vitest';
import { reasoningWords, seedScorer } from './seed-scorer.ts';

const scoreOf = (prompt: string): number => seedScorer.score(prompt).score;
const rawOf = (prompt: string): Record<string, number> =>
  Object.fromEntries(seedScorer.score(prompt).factors.map(({ id, raw }) => [id, raw]));
const all = reasoningWords.join(' ');

describe('the seed formula', () => {
  it.each<[what: string, prompt: string, score: number]>([
    ['nothing', '', 0],
    // 13 characters .0039, 1 question .02, compare .02
    ['a short question', 'Compare: why?', 0.0439],
    // 1,000 characters .3
    ['exactly the length that counts in full', 'a'.repeat(1000), 0.3],
    ['more than that length', 'a'.repeat(100_000), 0.3],
    // 12 characters .0036, code .2, 1 question .02
    ['a code block', '```js\nx\n```?', 0.2236],
    ['three backticks in a sentence', 'a```', 0.2012],
    ['two backticks only', 'a``', 0.0009],
    // 5 characters .0015, 5 of 10 symbols .1
    ['each symbol once', '∑∫√±∞', 0.1015],
    // 23 characters .0069, reason and explain .04
    ['words inside longer words', 'Reasonable explaination', 0.0469],
    // 7 characters .0021, prove .02
    ['prove within improve', 'IMPROVE', 0.0221],
    // 9 characters .0027, explain .02: repeated words count once; 14 characters
    ['a word twice', 'explainexplain', 0.0242],
    // 7 characters .0021, 7 questions count as 5 .1
    ['more questions than count', '???????', 0.1021],
    // 77 characters .0231, ten words .2
    ['all ten words', all, 0.2231],
    ['emoji count as one character each', '😀😀', 0.0006],
    ['lone surrogates count as one character each', '\ud800a\udc00', 0.0009],
    // 20 symbols count as 10: .2 + .006
    ['more symbols than count', '√'.repeat(20), 0.206],
  ])('gives the hand-computed score for %s', (_, prompt, score) => {
    expect(scoreOf(prompt)).toBeCloseTo(score, 10);
  });

  it('reaches 1 when every factor is full', () => {
    const prompt = `\`\`\`${'∞'.repeat(10)}${'?'.repeat(5)}${all}${'a'.repeat(1000)}`;
    expect(scoreOf(prompt)).toBeCloseTo(1, 10);
    expect(scoreOf(prompt)).toBeLessThanOrEqual(1);
  });

  it.each([...reasoningWords])('finds %s in any case, alone and inside other text', (word) => {
    for (const prompt of [word, word.toUpperCase(), `x${word}x`, `é${word}`, `${word.slice(0, -1)}${word}`]) {
      expect(rawOf(prompt).reasoning, prompt).toBe(1);
    }
    expect(rawOf(word.slice(0, -1)).reasoning).toBe(0);
    expect(rawOf(`${word.slice(0, 3)}\u200b${word.slice(3)}`).reasoning).toBe(0);
  });

  it('finds overlapping words', () => {
    expect(rawOf('comparevaluate').reasoning).toBe(2);
    expect(rawOf('justifyprovexplaindeduceargue').reasoning).toBe(5);
  });

  it('agrees with a plain transcription of the formula on many made-up prompts', () => {
    const pieces = [
      ...reasoningWords,
      'PROVE',
      'İ',
      '`',
      '``',
      '```',
      '?',
      '∑',
      '±',
      '😀',
      '\ud83d',
      '\ude00',
      'K',
      'ß',
      ' ',
      '\n',
      'exp',
      'lain',
    ];
    let state = 42;
    const next = (below: number): number => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
    for (let i = 0; i < 3000; i++) {
      const prompt = Array.from({ length: next(40) }, () => pieces[next(pieces.length)]).join('');
      expect(scoreOf(prompt), JSON.stringify(prompt)).toBeCloseTo(transcription(prompt), 12);
    }
  });
});

function transcription(prompt: string): number {
  const characters = Array.from(prompt);
  const lower = prompt.toLowerCase();
  return (
    Math.min(characters.length / 1000, 1) * 0.3 +
    (prompt.includes('```') ? 0.2 : 0) +
    Math.min(characters.filter((one) => '∑∫√±∞'.includes(one)).length / 10, 1) * 0.2 +
    Math.min((prompt.split('?').length - 1) / 5, 1) * 0.1 +
    Math.min(reasoningWords.filter((word) => lower.includes(word)).length / 10, 1) * 0.2
  );
}

describe('the factors', () => {
  it('sum to the score exactly, each being value times weight', () => {
    for (const prompt of ['', 'Explain ∑ and prove it?', '```\n√\n```'.repeat(400)]) {
      const { score, factors } = seedScorer.score(prompt);
      expect(factors.reduce((sum, { contribution }) => sum + contribution, 0)).toBe(score);
      for (const { value, weight, contribution } of factors) expect(contribution).toBe(value! * weight!);
    }
  });

  it('say in words what was counted', () => {
    const { factors } = seedScorer.score('Compare, prove and explain ∑ to me? ```x```');
    expect(factors.map(({ words }) => words)).toEqual([
      '43 characters',
      'a code block',
      '1 mathematical symbol (of ∑ ∫ √ ± ∞)',
      '1 question mark',
      '3 of 10 reasoning words (compare, explain, prove)',
    ]);
    expect(seedScorer.score('').factors.map(({ words }) => words)).toEqual([
      'no characters',
      'no code block',
      'no mathematical symbols (of ∑ ∫ √ ± ∞)',
      'no question marks',
      'no reasoning words',
    ]);
    expect(seedScorer.score('a'.repeat(12_345)).factors[0]?.words).toBe('12,345 characters');
  });

  it('carry no uncertainty, because the formula is not calibrated', () => {
    expect(seedScorer.score('x').uncertainty).toBeUndefined();
  });
});
