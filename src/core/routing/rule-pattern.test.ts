import { describe, expect, it } from 'vitest';
import { Failure } from '../failure.ts';
import { compilePattern } from './rule-pattern.ts';

/** Numbers in [0,1) that are the same in every run. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

describe('a pattern', () => {
  it.each<[pattern: string, text: string]>([
    ['stack ?trace', 'The StackTrace says'],
    ['^fix', 'fix this'],
    ['^fix', 'please fix'],
    ['done$', 'all done'],
    ['done$', 'done?'],
    ['\\bsql\\b', 'some SQL, please'],
    ['\\bsql\\b', 'mysql'],
    ['\\Bsql', 'mysql'],
    ['[a-f0-9]{8,}', 'commit DEADBEEF12'],
    ['[^\\]\\s]+\\]', 'x]'],
    ['(?:ab|cd){2}e', 'abcde'],
    ['(?<year>\\d{4})-\\d\\d', 'in 2026-11'],
    ['a{0}b', 'b'],
    ['a.c', 'a\nc'],
    ['straße', 'STRASSE'],
    ['\\p{Script=Han}+', 'これは漢字'],
    ['\\u{1f600}', 'well 😀'],
    ['\\ud83d\\ude00', 'well 😀'],
    ['^.$', '😀'],
    ['\\x41\\cJ?', 'a'],
    ['k', '\u212a'],
    ['', ''],
    ['^$', 'x'],
    ['(a?)*b', 'aab'],
    ['(?:)*x', 'x'],
    ['x*?y+?', 'xxy'],
    ['[]|a', 'a'],
  ])('%j means to %j what it means to RegExp', (source, text) => {
    expect(compilePattern(source).found(text)).toBe(new RegExp(source, 'iu').test(text));
  });

  it('means what it means to RegExp for thousands of patterns and texts made at random', () => {
    const random = numbers(7);
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
    const pattern = (depth: number): string => {
      const kind = random();
      if (depth === 0 || kind < 0.3) return pick(['a', 'b', 'B', 'c', '.', '[ab]', '[^a]', '\\w', '\\s', '\\d']);
      if (kind < 0.4) return pick(['^', '$', '\\b', '\\B']);
      if (kind < 0.7) return pattern(depth - 1) + pattern(depth - 1);
      if (kind < 0.8) return `(?:${pattern(depth - 1)}|${pattern(depth - 1)})`;
      return `(${pattern(depth - 1)})${pick(['*', '+', '?', '{2}', '{1,3}', '{2,}', '*?'])}`;
    };
    let found = 0;
    for (let i = 0; i < 4_000; i++) {
      const source = pattern(4);
      const compiled = compilePattern(source);
      const expression = new RegExp(source, 'iu');
      for (let j = 0; j < 6; j++) {
        const text = Array.from({ length: Math.floor(random() * 9) }, () =>
          pick(['a', 'b', 'A', '1', ' ', '\n', 'é']),
        ).join('');
        const expected = expression.test(text);
        if (expected) found++;
        expect({ source, text, found: compiled.found(text) }).toEqual({ source, text, found: expected });
      }
    }
    expect(found).toBeGreaterThan(5_000);
    expect(found).toBeLessThan(20_000);
  });

  it('is searched in a part of a text, whose edges are not the text’s', () => {
    const text = 'one two three';
    expect(compilePattern('two').found(text, 0, 6)).toBe(false);
    expect(compilePattern('two').found(text, 4)).toBe(true);
    expect(compilePattern('^two').found(text, 4)).toBe(false);
    expect(compilePattern('two$').found(text, 0, 7)).toBe(false);
    expect(compilePattern('\\bwo').found(text, 5)).toBe(false);
    expect(compilePattern('tw\\b').found(text, 0, 6)).toBe(false);
  });

  // A backtracking engine does not end on these within a person's life; that this test ends is what it shows.
  it.each([
    '(a+)+$',
    '(a|a)*b$',
    '(a|aa)+$',
    '(.*a){25}$',
    '([a-z]+)*\\d',
    '^(([a-z])+.)+[A-Z]([a-z])+$0',
    '(a*)*b',
    'a*a*a*a*a*a*b',
    '(?:a?){40}a{40}b',
    '(a|b)*a(a|b){30}!',
  ])('%s ends on a hundred thousand characters', (source) => {
    expect(compilePattern(source).found(`${'a'.repeat(100_000)}!?`)).toBe(source.endsWith('!'));
  });

  it.each<[pattern: string, message: RegExp]>([
    ['(', /is no regular expression \(Unterminated group/],
    ['a{2,1}', /is no regular expression/],
    ['(a)\\1', /refers back to a group/],
    ['(?<x>a)\\k<x>', /refers back to a group/],
    ['(?=a)', /looks around/],
    ['(?<!a)b', /looks around/],
    ['(?:a{100}){100}', /over 400 steps/],
    ['x{1000000}', /over 400 steps/],
    ['(?:x?){700}', /over 400 steps/],
    [Array.from({ length: 130 }, (_, i) => String.fromCodePoint(0x4e00 + i)).join(''), /over 120 characters/],
  ])('%s is refused, with what to do', (source, message) => {
    expect(() => compilePattern(source)).toThrow(message);
    expect(() => compilePattern(source)).toThrow(Failure);
  });

  it('that repeats nothing without end is made at once', () => {
    expect(compilePattern('(?:(?:(?:(?:){900}){900}){900}){900}').found('x')).toBe(true);
  });
});
