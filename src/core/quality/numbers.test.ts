import { describe, expect, it } from 'vitest';
import { numberOf, numbersIn } from './numbers.ts';

describe('the number of an answer', () => {
  it.each<[string, number]>([
    ['42', 42],
    ['It is -7.', -7],
    ['It is −7.5 °C.', -7.5],
    ['1,234,567 people', 1_234_567],
    ['1.234.567 Menschen', 1_234_567],
    ['1.234,56 €', 1234.56],
    ['1,234.56 USD', 1234.56],
    ["1'234.5 Franken", 1234.5],
    ['12\u202f345 km', 12_345],
    ['3,14', 3.14],
    ['0,123', 0.123],
    ['about .5 of it', 0.5],
    ['6.02e23', 6.02e23],
    ['1.5E-3 s', 0.0015],
    ['6.02 × 10^23', 6.02e23],
    ['$3 \\times 10^{-4}$', 0.0003],
    ['2*10**3', 2000],
    ['7-3', 3],
    ['10–20', 20],
    ['First 3, then 4, so 12.', 12],
    ['The answer is 5, because 2 + 3 = 5 and not 6.', 5],
    ['**Answer:** $1,200 for 3 of them', 1200],
    ['9 of 12 are red.\n#### 9\nThat took 3 steps.', 9],
    ['Die Antwort ist 8; 7 wäre falsch.', 8],
    ['所以答案是 15，而不是 16。', 15],
    ['We get $\\boxed{17}$ out of 20.', 17],
    ['\\boxed{3} is wrong, so \\boxed{\\text{about } 4{,}500}', 4500],
    ['\\boxed{-\\frac{3}{4}}', -0.75],
    ['\\boxed{1/8}', 0.125],
  ])('of “%s” is %d', (answer, value) => {
    expect(numberOf(answer)?.value).toBeCloseTo(value, 12);
  });

  it.each(['', 'none', 'H2O', 'gpt_4', '\\boxed{x}'])('is none for “%s”', (answer) => {
    expect(numberOf(answer)).toBeUndefined();
  });

  it('says where a per cent sign follows', () => {
    expect([...numbersIn('45% or 46 \\% or 47')]).toEqual([
      { value: 45, percent: true },
      { value: 46, percent: true },
      { value: 47, percent: false },
    ]);
  });

  it('is found in linear time in text that was made to take long', () => {
    for (const piece of ['1,111', '1.111', 'answer ', '答 ', '9', '- ', '1 × ', '\\boxed{', '{', '1e']) {
      numberOf(piece.repeat(20_000));
    }
  });
});
