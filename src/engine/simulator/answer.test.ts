import { describe, expect, it } from 'vitest';
import { answerChunks, simulatedAnswer } from './answer.ts';
import { keyedRandom } from './random.ts';

const choice = 'Which planet is largest?\nA) Mars\nB) Jupiter\nC) Venus\nD) Earth\nAnswer with the letter.';
const prompts = [
  'What is 17 * 23?',
  '1 + 1',
  'What is 3 - 3?',
  '0.1 * 0.1',
  choice,
  'Is the earth round? Answer yes or no.',
  'The sea is dry. True or false?',
  'Write a poem about autumn.',
  '',
];
const answer = (prompt: string, wrong: boolean, tokens = 40, seed = 1) =>
  answerChunks('small', prompt, { tokens, wrong, random: keyedRandom(seed) }).join('');

describe('the simulated answer', () => {
  it('computes arithmetic, and keeps to the options of a choice', () => {
    expect(simulatedAnswer('What is 17 * 23?')).toBe('391');
    expect(simulatedAnswer(choice)).toMatch(/^[A-D]$/);
    expect(simulatedAnswer('Is it so? Yes or no.')).toMatch(/^(yes|no)$/);
    expect(simulatedAnswer('True or false: it is so.')).toMatch(/^(true|false)$/);
  });

  it('uses every letter for some prompt, so that a constant guess does not win', () => {
    const letters = Array.from({ length: 200 }, (_, index) => simulatedAnswer(`${index}\n${choice}`));
    expect(new Set(letters)).toEqual(new Set(['A', 'B', 'C', 'D']));
  });

  it('depends on nothing but the prompt', () => {
    expect(prompts.map(simulatedAnswer)).toEqual(prompts.map(simulatedAnswer));
    expect(simulatedAnswer('one prompt')).not.toBe(simulatedAnswer('another prompt'));
  });

  it.each(prompts)('is in a right answer and not in a wrong one: %s', (prompt) => {
    for (let seed = 0; seed < 50; seed += 1) {
      const key = new RegExp(`(?<![\\w.])${simulatedAnswer(prompt).replace(/[.-]/g, '\\$&')}(?![\\w])(?!\\.\\d)`);
      expect(answer(prompt, false, 40, seed).slice(18)).toMatch(key);
      expect(answer(prompt, true, 40, seed).slice(18)).not.toMatch(key);
    }
  });

  it('keeps the answer convention of the prompt', () => {
    expect(answer('What is 1 + 1? \\boxed{}', false)).toContain('\\boxed{');
    expect(answer('Count.\nEnd with #### and the number.', false)).toContain('#### ');
    expect(answer(`${choice}\nFinish with "Answer: X".`, false)).toMatch(/Answer: [A-D] /);
  });

  it('says first that it is simulated, has the wanted length, and never loses its key', () => {
    expect(answer('Write.', false)).toMatch(/^\[simulated small\] The answer is /);
    expect(answerChunks('small', 'Write.', { tokens: 64, wrong: false, random: keyedRandom(1) })).toHaveLength(64);
    expect(answer('Write.', false, 0)).toContain(simulatedAnswer('Write.'));
  });
});
