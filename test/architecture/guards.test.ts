import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { guards } from '../guards/guards.ts';
import { root } from './sources.ts';

// Whether the tests notice that a guard is gone is tried by `npm run test:guards`, which takes long.
describe('the guards that can be taken away', () => {
  it.each(guards.map((guard) => [guard.name, guard] as const))('%s: its place is found once', (_, { edits }) => {
    for (const { file, find, replace } of edits) {
      expect(readFileSync(join(root, file), 'utf8').split(find), `${file}: ${find}`).toHaveLength(2);
      expect(replace).not.toBe(find);
    }
  });

  it('have names of their own, and tests that exist', () => {
    expect(new Set(guards.map(({ name }) => name)).size).toBe(guards.length);
    for (const { test } of guards) {
      if ('unit' in test) expect(readFileSync(join(root, test.unit), 'utf8')).toContain('it(');
    }
  });
});
