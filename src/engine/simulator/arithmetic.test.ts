import { describe, expect, it } from 'vitest';
import { plainArithmetic } from './arithmetic.ts';

describe('plain arithmetic', () => {
  it.each([
    ['What is 17 * 23?', '391'],
    ["what's 17 × 23", '391'],
    ['12+30', '42'],
    ['12 + 30 =', '42'],
    ['Calculate (3 + 4) * -5. Give only the final number.', '-35'],
    ['Compute 1,250 divided by 8', '156.25'],
    ['What is 100 minus 58?', '42'],
    ['2 + 3 * 4 - 1', '13'],
    ['8 / 4 / 2', '1'],
    ['10 - 4 - 3', '3'],
    ['0.1 + 0.2', '0.3'],
    ['.5 + 1', '1.5'],
  ])('%s is %s', (prompt, value) => {
    expect(plainArithmetic(prompt)).toBe(value);
  });

  it.each([
    ['Explain why 2 + 2 is 4'],
    ['If I have 3 apples and buy 4 more, how many apples?'],
    ['What is 3 + 4 and 5 + 6?'],
    ['2024-01-15'],
    ['pages 10-20'],
    ['10-20'],
    ['1 / 0'],
    ['(1 + 2'],
    ['1 + 2)'],
    ['1 + * 2'],
    [''],
    ['hello'],
    ['-'],
    [`1 + ${'('.repeat(300)}2`],
    [`${'1 + '.repeat(10_000)}1`],
  ])('%s is not', (prompt) => {
    expect(plainArithmetic(prompt)).toBeUndefined();
  });
});
