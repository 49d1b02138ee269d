import { expect, it } from 'vitest';
import { checkTools } from './check-tools.ts';
import type { ModelCaller } from './model-caller.ts';

it('gives up a pattern that took too long for several answers, and no other', () => {
  const tools = checkTools(async () => true, {} as ModelCaller, undefined);
  const text = `${'a'.repeat(60)}b`;
  let begun = 0;
  const tried = () =>
    tools.limited(() => {
      begun++;
      return /^(a+)+$/.test(text);
    }, '^(a+)+$');
  for (let answer = 0; answer < 10; answer++) expect(tried()).toBeUndefined();
  expect(begun).toBe(3);
  expect(tools.limited(() => /b$/.test(text), 'b$')).toEqual({ value: true });
});
