import { describe, expect, it } from 'vitest';
import { concurrenciesIn, rangeIn, rateIn, ratesIn, sloIn, sloText, wholeIn } from './load-answers.ts';

describe('what a person types about a load', () => {
  it('is read as numbers, with or without thousands set apart', () => {
    expect(wholeIn(' 12 ', [1, 100])).toBe(12);
    expect(wholeIn('1,000', [1, 10_000])).toBe(1000);
    for (const wrong of ['', ' ', '0', '101', '1.5', 'ten', '1e9', 'Infinity']) {
      expect(() => wholeIn(wrong, [1, 100]), wrong).toThrow(/whole number from 1 to 100/);
    }
  });

  it('is read as rates and ranges of rates', () => {
    expect(rateIn('0.5')).toBe(0.5);
    expect(rateIn('5/s')).toBe(5);
    for (const text of ['1 to 20', '1..20', '1-20', '1 – 20']) expect(rangeIn(text, true)).toEqual({ from: 1, to: 20 });
    expect(rangeIn('20 to 1', false)).toEqual({ from: 20, to: 1 });
    expect(() => rangeIn('20 to 1', true)).toThrow(/must not be below/);
    for (const wrong of ['', '5', '1 to', '1 to 2 to 3', 'a to b', '0 to 5', '-1 to 5']) {
      expect(() => rangeIn(wrong, true), wrong).toThrow();
    }
    for (const wrong of ['', '0', '-1', 'NaN', 'Infinity', '100001'])
      expect(() => rateIn(wrong), wrong).toThrow(/above 0/);
  });

  it('is read as stages', () => {
    expect(concurrenciesIn('1, 4,16 64')).toEqual([1, 4, 16, 64]);
    expect(ratesIn('0.5; 1; 2')).toEqual([0.5, 1, 2]);
    expect(() => concurrenciesIn('')).toThrow(/for example 1, 4, 16/);
    expect(() => concurrenciesIn('1, 2.5')).toThrow(/whole numbers from 1 to 1,024, for example 1, 4, 16/);
    expect(() => ratesIn(Array(101).fill('1').join())).toThrow(/At most 100 stages/);
  });

  it('is read as limits, in ms or s, and written as it is read', () => {
    expect(sloIn('ttft 800, e2e 5 s')).toEqual({ ttftMs: 800, e2eMs: 5000 });
    expect(sloIn('ttft_ms<800,tpot≤30')).toEqual({ ttftMs: 800, tpotMs: 30 });
    expect(sloIn(' ')).toEqual({});
    expect(sloIn(sloText({ ttftMs: 1, tpotMs: 2.5, e2eMs: 3 }))).toEqual({ ttftMs: 1, tpotMs: 2.5, e2eMs: 3 });
    for (const wrong of ['800', 'ttft', 'ttft 0', 'speed 5', 'ttft -5'])
      expect(() => sloIn(wrong), wrong).toThrow(/ttft 800/);
    expect(() => sloIn('ttft 1, TTFT 2')).toThrow(/two limits for ttft/);
  });
});
