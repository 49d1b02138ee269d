import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { codeParser } from './parse-code.ts';

const parses = codeParser(join(import.meta.dirname, '../../../node_modules/@vscode/tree-sitter-wasm/wasm'));

describe('code', () => {
  it.each([
    ['javascript', 'const f = async (x) => x?.y ?? 1;', 'const = ;'],
    ['typescript', 'type A<T> = { readonly [K in keyof T]: T[K] };\nconst x = <number>y;', 'const x: = 3'],
    ['typescript', 'const e = <p className="x">{y}</p>;', 'class { {'],
    ['tsx', 'const e: JSX.Element = <A b={1} />;', 'const e = <A;'],
    ['python', 'def f(x: int) -> int:\n    return x + 1\n', 'def f(x:\n    return x'],
    ['java', 'class A { int f(int x) { return x; } }', 'class A { int f( }'],
    ['go', 'package main\n\nfunc f(x int) int { return x }\n', 'package main\nfunc f( {'],
    ['json', '{"a": [1, 2]}', '{"a": }'],
    ['ndjson', '{"a": 1}\n{"a": 2}\n', '{"a": 1}\n{'],
    ['yaml', 'a:\n  - b: 1\n', 'a: [1, 2'],
  ])('in %s is parsed', async (language, good, bad) => {
    expect(await parses(language, good)).toBe(true);
    expect(await parses(language, bad)).toBe(false);
  });

  it('in a language without a grammar is left open, and so is every language where the grammars are not there', async () => {
    expect(await parses('cobol', 'MOVE A TO B.')).toBeUndefined();
    expect(await parses('constructor', 'x')).toBeUndefined();
    expect(await codeParser('/nowhere')('python', 'x = 1')).toBeUndefined();
  });

  it('that nests without end is answered all the same', async () => {
    expect(await parses('javascript', '('.repeat(20_000))).not.toBe(true);
    expect(await parses('python', '['.repeat(20_000))).not.toBe(true);
    expect(await parses('yaml', '['.repeat(20_000))).not.toBe(true);
  });

  // What a stranger's code would do if it ran.
  it('is not executed', async () => {
    (globalThis as { hit?: boolean }).hit = false;
    expect(await parses('javascript', 'globalThis.hit = true;')).toBe(true);
    expect((globalThis as { hit?: boolean }).hit).toBe(false);
  });
});
