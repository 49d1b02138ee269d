import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type DatasetFormat, parseDataset } from '../dataset.ts';
import { checkTypes } from './row-checks.ts';

const text = readFileSync(join(import.meta.dirname, '../../../../docs/datasets.md'), 'utf8');
const examples = [...text.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, format = '', example = '']) => ({
  format: format as DatasetFormat,
  example,
}));

it('the examples of docs/datasets.md are read as it says', () => {
  const read = examples.map(({ format, example }) => parseDataset(example, format, 'example'));
  expect(read.flatMap(({ problems }) => problems)).toEqual([]);
  expect(read.map(({ prompts }) => prompts.length)).toEqual([4, 2, 2, 1, 2]);
  expect(read[0]?.prompts[2]?.text).toBe('Translate into French: Good morning');
  expect(read[0]?.prompts[3]?.text).toBe('Be brief.\n\nWhat is DNS?');
  expect(read[1]?.prompts[1]).toEqual({
    id: 'quote',
    text: 'Who said "I think, therefore I am"; and\nwhen?',
    reference: 'Descartes',
  });
  expect(read[2]?.prompts[1]).toMatchObject({
    text: 'Answer in one word. Who wrote Faust?',
    checks: [{ type: 'max-tokens' }, { type: 'contains', ignoreCase: true }],
  });
  expect(read[4]?.prompts[1]).toMatchObject({
    text: 'Translate into German: Good morning',
    checks: [{ type: 'contains', value: 'good morning', ignoreCase: true, not: true }],
  });
  expect(read[4]?.notes.map(({ line }) => line)).toEqual([5, 10]);
});

it('docs/datasets.md has every type of check', () => {
  const [, table = ''] = /## Checks\n([\s\S]*?)\n## /.exec(text) ?? [];
  expect([...table.matchAll(/^\| `([\w-]+)`/gm)].map(([, type]) => type)).toEqual(checkTypes);
});
