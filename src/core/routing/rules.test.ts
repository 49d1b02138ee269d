import { describe, expect, it } from 'vitest';
import { Failure } from '../failure.ts';
import type { Rule, RuleContext } from './rule.ts';
import { compileGlob } from './rule-glob.ts';
import { compileRules, loadRules, ruleProblems, searched } from './rules.ts';

const verdicts = (rules: readonly Rule[], text: string, context: RuleContext = {}, tokens = 10) =>
  compileRules(rules).verdicts({ text, tokens, context });
const holds = (condition: NonNullable<Rule['if']>, text: string, context: RuleContext = {}, tokens = 10): boolean =>
  verdicts([{ if: condition, tier: 'complex' }], text, context, tokens).decides !== undefined;

describe('rules', () => {
  it('are decided by the first that holds and names a tier', () => {
    const rules: Rule[] = [
      { name: 'migrations', if: { path: 'db/**' }, tier: 'complex' },
      { if: { pattern: 'commit message' }, tier: 'simple' },
      { if: { pattern: 'message' }, tier: 'medium' },
    ];
    expect(verdicts(rules, 'Write a commit message').decides).toEqual({ rule: 'rule 2', named: false, tier: 'simple' });
    expect(verdicts(rules, 'Write a message').decides).toEqual({ rule: 'rule 3', named: false, tier: 'medium' });
    expect(verdicts(rules, 'Write a message', { path: 'db/a/b.sql' }).decides).toEqual({
      rule: 'migrations',
      named: true,
      tier: 'complex',
    });
    expect(verdicts(rules, 'Hello')).toEqual({ decides: undefined, atLeast: undefined });
  });

  it('set the highest of all lowest tiers that hold', () => {
    const rules: Rule[] = [
      { name: 'one', atLeast: 'medium' },
      { name: 'two', if: { pattern: 'security' }, atLeast: 'complex' },
      { name: 'three', if: { pattern: 'security' }, atLeast: 'medium', tier: 'simple' },
    ];
    expect(verdicts(rules, 'hello').atLeast).toEqual({ rule: 'one', named: true, tier: 'medium' });
    expect(verdicts(rules, 'a security review')).toEqual({
      decides: { rule: 'three', named: true, tier: 'simple' },
      atLeast: { rule: 'two', named: true, tier: 'complex' },
    });
  });

  it('hold when all their conditions do', () => {
    const both = { path: '*.sql', pattern: 'select', tokensAbove: 5, hasImages: false };
    expect(holds(both, 'Explain this SELECT', { path: 'a/b.sql' })).toBe(true);
    expect(holds(both, 'Explain this SELECT', { path: 'a/b.sql' }, 5)).toBe(false);
    expect(holds(both, 'Explain this SELECT', { path: 'a/b.sql', hasImages: true })).toBe(false);
    expect(holds(both, 'Explain this', { path: 'a/b.sql' })).toBe(false);
    expect(holds(both, 'Explain this SELECT', { path: 'a/b.ts' })).toBe(false);
    expect(holds(both, 'Explain this SELECT')).toBe(false);
    expect(holds({ hasImages: true }, 'x')).toBe(false);
    expect(holds({}, 'x')).toBe(true);
  });

  it('search the beginning and the end of a long prompt, and not its middle', () => {
    const around = (before: number, after: number) => `${'x'.repeat(before)} needle ${'y'.repeat(after)}`;
    expect(holds({ pattern: '\\bneedle\\b' }, around(searched.first - 20, 1e6))).toBe(true);
    expect(holds({ pattern: '\\bneedle\\b' }, around(1e6, searched.last - 20))).toBe(true);
    expect(holds({ pattern: '\\bneedle\\b' }, around(500_000, 500_000))).toBe(false);
    expect(holds({ pattern: '\\bneedle\\b' }, around(10_000, 10_000))).toBe(true);
  });

  it('ask for the language only where they name one, and once', async () => {
    let asked = 0;
    const reader = () => {
      asked++;
      return { language: 'de' };
    };
    const none = compileRules([{ if: { pattern: 'x' }, tier: 'simple' }], reader);
    none.verdicts({ text: 'x', tokens: 1 });
    expect(asked).toBe(0);
    const two: Rule[] = [
      { if: { language: 'fr' }, tier: 'simple' },
      { if: { language: 'de' }, tier: 'complex' },
    ];
    expect(compileRules(two, reader).verdicts({ text: 'x', tokens: 1 }).decides?.rule).toBe('rule 2');
    expect(asked).toBe(1);
  });

  it('tell the language of a prompt', async () => {
    const book = await loadRules([
      { name: 'Deutsch', if: { language: 'de' }, tier: 'complex' },
      { name: '日本語', if: { language: 'ja' }, tier: 'medium' },
    ]);
    const rule = (text: string) => book.verdicts({ text, tokens: 1 }).decides?.rule;
    expect(rule('Schreibe bitte einen Test für die Funktion, die das Datum aus der Zeile liest.')).toBe('Deutsch');
    expect(rule('この関数のテストを書いてください。')).toBe('日本語');
    expect(rule('Write a test for the function that reads the date of the line.')).toBeUndefined();
    expect(rule('ok')).toBeUndefined();
  });

  it('that cannot be used are named by their place', async () => {
    const rules: Rule[] = [
      { tier: 'simple' },
      { if: { path: 'x'.repeat(400) + '{a,b}'.repeat(20), pattern: '(a' }, tier: 'simple' },
      { if: { pattern: '(a)\\1' } },
    ];
    expect(ruleProblems(rules).map(({ path }) => path.join('.'))).toEqual(['1.if.pattern', '2', '2.if.pattern']);
    expect(() => compileRules(rules)).toThrow(/^rules\[1\]\.if\.pattern: is no regular expression/);
    expect(() => compileRules(rules)).toThrow(Failure);
    const large = Array.from({ length: 8 }, (): Rule => ({ if: { pattern: 'a{0,150}' }, tier: 'simple' }));
    expect(() => compileRules(large)).toThrow(/^rules\[6\]\.if\.pattern: and the patterns before it are too large/);
    await expect(loadRules([{ if: { language: 'xx' }, tier: 'simple' }])).rejects.toThrow(
      /^rules\[0\]\.if\.language: "xx" cannot be told/,
    );
  });
});

describe('a glob', () => {
  it.each<[glob: string, yes: string[], no: string[]]>([
    ['*.sql', ['a.sql', 'x/y/b.sql'], ['a.sqlx', 'sql', 'a.SQL']],
    ['src/*.ts', ['src/a.ts'], ['src/a/b.ts', 'a/src/a.ts', 'src/a.tsx']],
    ['src/**', ['src/a', 'src/a/b.c'], ['src', 'srcs/a']],
    ['**/test/**/*.ts', ['test/a.ts', 'a/b/test/c/d.ts', 'a/test/b.ts'], ['tests/a.ts', 'a/test.ts']],
    ['**/*.{ts,tsx}', ['a.ts', 'b/c.tsx'], ['a.js', 'a.{ts,tsx}']],
    ['{src,lib}/{a,b{1,2}}.?', ['src/a.c', 'lib/b2.h'], ['src/b.c', 'lib/a.cc']],
    ['a/b+(c)[d].{e', ['a/b+(c)[d].{e'], ['a/bbc']],
    ['docs/über?.md', ['docs/über1.md', 'docs/über😀.md'], ['docs/uber1.md']],
  ])('%s takes what it should', (glob, yes, no) => {
    const matches = compileGlob(glob);
    expect(yes.filter((path) => !matches(path))).toEqual([]);
    expect(no.filter((path) => matches(path))).toEqual([]);
  });

  it('with many stars ends on a long path', () => {
    const matches = compileGlob(`${'*a'.repeat(60)}/${'**/'.repeat(20)}*b`);
    expect(matches(`${'a'.repeat(20_000)}/${'a/'.repeat(2_000)}c`)).toBe(false);
    expect(matches(`${'a'.repeat(20_000)}/${'a/'.repeat(2_000)}b`)).toBe(true);
  });
});
