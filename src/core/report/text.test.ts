import { expect, test } from 'vitest';
import { plainText } from '../prompts/plain-text.ts';
import { requestName, safeBlock, safeName } from './text.ts';

test('two names that differ only in a hidden character look different', () => {
  expect(safeName('gpt\u200b-4')).toBe('gpt‹U+200B›-4');
  expect(safeName('gpt-4')).toBe('gpt-4');
  expect(safeName('a\u202eb\u0000c')).toBe('a‹U+202E›b‹U+0000›c');
});

test('ordinary names in any script stay as they are', () => {
  for (const name of ['meta-llama/Llama-3.1-8B', 'モデル', 'نموذج', 'modèle', '😀']) expect(safeName(name)).toBe(name);
});

test('a line keeps joined emoji and letters and loses hidden text', () => {
  expect(plainText('👩‍👩‍👧 نمی‌خواهم')).toBe('👩‍👩‍👧 نمی‌خواهم');
  expect(plainText('a\u{e0041}\u{e0042}b  \n\t c')).toBe('ab c');
});

test('cutting never splits a character', () => {
  const cut = plainText('😀'.repeat(500), 10);
  expect(Array.from(cut)).toHaveLength(10);
  expect(cut.endsWith('😀…')).toBe(true);
  expect(safeName('x'.repeat(500), 20)).toHaveLength(20);
});

test('a block keeps its lines and is capped', () => {
  expect(safeBlock('a\r\n\tb\rc\u001b[0m')).toBe('a\n\tb\nc[0m');
  expect(safeBlock('x'.repeat(30), 10)).toBe(`${'x'.repeat(10)}…`);
});

test('a request is called by what tells it from the others of its run', () => {
  expect(requestName('20261123-1.r3.m2', { runId: '20261123-1' })).toBe('r3.m2');
  expect(requestName('r3.m2', { runId: '20261123-1' })).toBe('r3.m2');
});
