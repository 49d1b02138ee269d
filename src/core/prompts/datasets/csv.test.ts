import { describe, expect, it } from 'vitest';
import { maxRows, parseDataset } from '../dataset.ts';
import { maxCellLength, maxColumns } from './csv.ts';

const read = (text: string) => parseDataset(text, 'csv', 'set.csv');

describe('CSV', () => {
  it.each([
    ['commas', ','],
    ['semicolons', ';'],
    ['tabs', '\t'],
    ['bars', '|'],
  ])('is read with %s between, a byte order mark, quotes and line breaks within', (_, d) => {
    const text = `\ufeffid${d}Question${d}answer${d}city\r\na${d}"Hi ""you"",\r\n;|\tin {{city}}"${d}42${d}Bonn\r\n\r\n${d}Bye${d}${d}\r\n`;
    expect(read(text)).toMatchObject({
      prompts: [
        { id: 'a', text: 'Hi "you",\r\n;|\tin Bonn', reference: '42' },
        { id: 'row:5', text: 'Bye' },
      ],
      problems: [],
    });
  });

  it('of one column may hold no commas without quotes', () => {
    const { prompts, problems } = read('prompt\nPlain\n"Say, what?"\nSay, what?\n');
    expect(prompts.map(({ text }) => text)).toEqual(['Plain', 'Say, what?']);
    expect(problems).toEqual([
      { line: 4, message: 'The row has 2 cells, the header 1. Put quotes around cells that hold a ",".' },
    ]);
  });

  it('takes the delimiter that finds known columns, not the most frequent one', () => {
    expect(read('id;prompt;a,b,c,d\n1;Hi;x\n').prompts).toEqual([{ id: '1', text: 'Hi' }]);
  });

  it.each([
    ['no prompt column', 'a,b\n1,2\n', 2, /There is no "prompt"\. The row has "a", "b"/],
    ['columns of one name', 'prompt,prompt\nx,y\n', 1, /Two columns are called "prompt"/],
    ['a quote that is never closed', 'prompt\nx\n"open\ny\n', 3, /never closed/],
    ['text behind a quote', 'prompt,b\n"x" y,z\n', 2, /quotes of this row/],
    ['an empty prompt', 'prompt,b\n,z\n', 2, /prompt is empty/],
    ['NUL characters', 'prompt\nx\0\n', 1, /NUL/],
    ['nothing', '', 1, /no row/],
    ['a header alone', 'prompt,id\n', 1, /no row/],
  ])('with %s says so', (_, text, line, message) => {
    expect(read(text).problems).toEqual([{ line, message: expect.stringMatching(message) }]);
  });

  it('is bounded: a giant cell, columns without end, too many rows', () => {
    const giant = 'a'.repeat(maxCellLength + 1);
    expect(read(`prompt\n${giant}\nb\n`)).toMatchObject({
      prompts: [{ text: 'b' }],
      problems: [{ line: 2, message: expect.stringMatching(/2,000,001 characters; at most 2,000,000/) }],
    });
    expect(read(`prompt\n"${giant}\n`.repeat(2)).problems).toHaveLength(1);
    expect(read(`prompt${',x'.repeat(1_000_000)}\n`).problems).toEqual([
      { line: 1, message: expect.stringMatching(new RegExp(`at most ${maxColumns.toLocaleString('en')} are read`)) },
    ]);
    expect(read(`prompt\nx${','.repeat(1_000_000)}\ny\n`)).toMatchObject({
      prompts: [{ text: 'y' }],
      problems: [{ line: 2, message: expect.stringMatching(/1,000,001 cells/) }],
    });
    const many = read(`prompt\n${'a\n'.repeat(maxRows + 5)}`);
    expect(many.prompts).toHaveLength(maxRows);
    expect(many.problems).toEqual([{ line: maxRows + 2, message: expect.stringMatching(/Only the first 100,000/) }]);
  });
});
