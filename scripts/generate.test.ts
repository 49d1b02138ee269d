import { describe, expect, it } from 'vitest';
import { current, generated } from './generate.ts';

describe('generated files', () => {
  for (const { path, text } of generated()) {
    it(`${path} is what the schemas say (npm run generate)`, () => {
      expect(current(path)).toBe(text);
    });
  }
});
