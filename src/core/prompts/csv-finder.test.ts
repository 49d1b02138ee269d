import { expect, it } from 'vitest';
import { maxCsvFindLength } from './csv-finder.ts';
import { findPrompts, promptAt } from './finders.ts';

const found = (text: string, fileName = 'set.csv') => {
  const document = { fileName, languageId: 'plaintext', text };
  return findPrompts(document).map(({ text: prompt, range, id }) => [id, prompt, text.slice(range.start, range.end)]);
};

it('cells of the prompt column are found with their id and the range of the cell', () => {
  expect(found('\ufeffid,Prompt,x\r\na,"Say ""hi"",\r\nplease",1\r\n,Plain,"2\n3"\r\n,  ,\r\nb,Last')).toEqual([
    ['a', 'Say "hi",\r\nplease', '"Say ""hi"",\r\nplease"'],
    ['row:4', 'Plain', 'Plain'],
    ['b', 'Last', 'Last'],
  ]);
  expect(found('question\tid\nWhy, oh why?\tw\n', 'set.tsv')).toEqual([['w', 'Why, oh why?', 'Why, oh why?']]);
  const text = 'prompt\nOne\nTwo\n';
  expect(promptAt({ fileName: 'a.csv', languageId: 'csv', text }, text.indexOf('Two') + 1)?.text).toBe('Two');
});

it('other tables, broken ones and long ones have none', () => {
  expect(found('text,input\na,b\n')).toEqual([]);
  expect(found('a,b\nprompt,question\n')).toEqual([]);
  expect(found('prompt\n"open\n')).toEqual([]);
  expect(found('prompt,prompt\na,b\n')).toEqual([]);
  expect(found(`prompt\n${'a\n'.repeat(maxCsvFindLength / 2)}`)).toEqual([]);
});

it('files that a promptfoo configuration names are no prompts themselves', () => {
  expect(found("prompts:\n- file://a.txt\n- 'Say {{x}}'\n", 'promptfooconfig.yaml').map(([, text]) => text)).toEqual([
    'Say {{x}}',
  ]);
});
