import { describe, expect, it } from 'vitest';
import { datasetFormat, maxProblems, maxRows, parseDataset } from './dataset.ts';
import { maxYamlLength } from './datasets/yaml-tree.ts';
import { maxRowLength } from './jsonl.ts';

const jsonl = (text: string) => parseDataset(text, 'jsonl', 'set.jsonl');
const yaml = (text: string) => parseDataset(text, 'yaml', 'set.yaml');

it('a data set has its format by the name of its file', () => {
  expect(['a.jsonl', 'A.NDJSON', 'a.yaml', 'a.YML', 'a.md', 'jsonl', '-'].map(datasetFormat)).toEqual([
    'jsonl',
    'jsonl',
    'yaml',
    'yaml',
    'text',
    'text',
    'text',
  ]);
});

describe('a text', () => {
  it('is one prompt with the name of the file, unchanged but for a byte order mark', () => {
    expect(parseDataset('\ufeff Hi\r\n', 'text', 'hi.txt')).toMatchObject({
      prompts: [{ id: 'hi.txt', text: ' Hi\r\n' }],
      problems: [],
    });
  });

  it('that is empty or binary is a problem', () => {
    expect(parseDataset(' \n', 'text', 'x').problems).toEqual([
      { line: 1, message: expect.stringContaining('no prompt') },
    ]);
    expect(parseDataset('\u007fELF\0\0', 'text', 'x')).toMatchObject({
      prompts: [],
      problems: [{ line: 1, message: expect.stringContaining('NUL') }],
    });
  });
});

describe('JSONL', () => {
  it('gives rows in order, with ids of their own or of their line', () => {
    expect(
      jsonl(
        '\ufeff{"id":"a","prompt":"A"}\r\n\r\n{"prompt":"B"}\n{"id":3,"prompt":"C","more":[]}\n{"id":null,"prompt":"D"}',
      ),
    ).toMatchObject({
      prompts: [
        { id: 'a', text: 'A' },
        { id: 'row:3', text: 'B' },
        { id: '3', text: 'C' },
        { id: 'row:5', text: 'D' },
      ],
      problems: [],
    });
  });

  it('keeps good rows beside bad ones, and says line, fault and cure of each bad one', () => {
    const rows = [
      '{"prompt":"ok"}',
      '{"prompt":',
      '[1]',
      'null',
      '{"texts":"x"}',
      '{"prompt":["x"]}',
      '{"prompt":""}',
      '{"id":{},"prompt":"x"}',
      '{"id":" ","prompt":"x"}',
      '{"prompt":"last"}',
    ];
    const { prompts, problems } = jsonl(rows.join('\n'));
    expect(prompts.map(({ id }) => id)).toEqual(['row:1', 'row:10']);
    expect(problems.map(({ line }) => line)).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
    const messages = problems.map(({ message }) => message);
    expect(messages[0]).toMatch(/not JSON\. Write one object a line/);
    expect(messages[1]).toMatch(/not an object/);
    expect(messages[3]).toMatch(/There is no "prompt"\. The row has "texts"\. Give each row a text/);
    expect(messages[4]).toMatch(/"prompt" is a list/);
    expect(messages[5]).toMatch(/empty/);
    expect(messages[6]).toMatch(/"id" is an object\. Give a text of 1 to 200 characters/);
    expect(messages[7]).toMatch(/"id" is empty or too long/);
  });

  it('refuses an id that is taken', () => {
    const { prompts, problems } = jsonl('{"id":"row-2","prompt":"A"}\n{"prompt":"B"}\n{"id":"row-2","prompt":"C"}');
    expect(prompts).toEqual([
      { id: 'row-2', text: 'A' },
      { id: 'row:2', text: 'B' },
    ]);
    expect(problems).toEqual([{ line: 3, message: expect.stringMatching(/"row-2" is taken by line 1/) }]);
  });

  it('refuses an id that could be taken for that of a row without one', () => {
    const { prompts, problems } = jsonl('{"id":"row:2","prompt":"A"}\n{"prompt":"B"}\n{"id":"row:2x","prompt":"C"}');
    expect(prompts.map(({ id }) => id)).toEqual(['row:2', 'row:2x']);
    expect(problems).toEqual([{ line: 1, message: expect.stringMatching(/"id" is "row:2", as a row without id/) }]);
  });

  it('takes ids that are names of built-in properties as any other', () => {
    const { prompts, problems } = jsonl(
      '{"id":"__proto__","prompt":"A"}\n{"id":"constructor","prompt":"B"}\n{"__proto__":{"prompt":"x"}}',
    );
    expect(prompts.map(({ id }) => id)).toEqual(['__proto__', 'constructor']);
    expect(problems).toEqual([{ line: 3, message: expect.stringContaining('no "prompt"') }]);
  });

  it('is bounded: a huge line, deep nesting, too many rows, too many problems', () => {
    const huge = jsonl(`{"prompt":"${'a'.repeat(maxRowLength)}"}\n{"prompt":"b"}`);
    expect(huge.prompts).toEqual([{ id: 'row:2', text: 'b' }]);
    expect(huge.problems).toEqual([
      { line: 1, message: expect.stringMatching(/2,000,013 characters; at most 2,000,000/) },
    ]);

    expect(jsonl(`${'['.repeat(200_000)}\n{"prompt":"b"}`).prompts).toHaveLength(1);

    const many = jsonl('{"prompt":"a"}\n'.repeat(maxRows + 5));
    expect(many.prompts).toHaveLength(maxRows);
    expect(many.problems).toEqual([
      { line: maxRows + 1, message: expect.stringMatching(/Only the first 100,000 rows/) },
    ]);

    const broken = jsonl('x\n'.repeat(5_000));
    expect(broken.problems).toHaveLength(maxProblems + 1);
    expect(broken.problems.at(-1)!.message).toMatch(/4,900 more problems/);
  });

  it('that is empty, binary or decoded wrongly is a problem and not an exception', () => {
    expect(jsonl('').problems).toEqual([{ line: 1, message: expect.stringContaining('There is no row') }]);
    expect(jsonl('\n \r\n').problems).toHaveLength(1);
    expect(jsonl('\0\u0001\ufffd').problems[0]?.message).toMatch(/not JSON/);
    expect(jsonl('{\0"\0p\0').problems).toHaveLength(1);
  });
});

describe('YAML', () => {
  it('gives rows of a list or of prompts and tests, with aliases of scalars read', () => {
    expect(yaml('- id: a\n  prompt: &p A\n- prompt: *p\n- id: 3\n  prompt: |\n    C\n')).toMatchObject({
      prompts: [
        { id: 'a', text: 'A' },
        { id: 'row:3', text: 'A' },
        { id: '3', text: 'C\n' },
      ],
      problems: [],
    });
    expect(yaml('\ufeffprompts:\r\n- A\r\n- prompt: B\r\n').prompts.map(({ text }) => text)).toEqual(['A', 'B']);
  });

  it('keeps good rows beside bad ones, with their lines', () => {
    const { prompts, problems } = yaml(
      '- prompt: A\n- 5\n- prompt: [x]\n- prompt: 7\n-\n- id: [1]\n  prompt: B\n- *gone\n'.replace('- *gone\n', ''),
    );
    expect(prompts.map(({ id }) => id)).toEqual(['row:1']);
    expect(problems.map(({ line }) => line)).toEqual([2, 3, 4, 5, 6]);
    expect(problems[0]?.message).toMatch(/not a map/);
    expect(problems[1]?.message).toMatch(/"prompt" is a list/);
    expect(problems[2]?.message).toMatch(/"prompt" is a number/);
  });

  it('that cannot be read, or holds no list of prompts, says where and how to mend it', () => {
    expect(yaml('- prompt: "open\n').problems).toEqual([
      { line: expect.any(Number), message: expect.stringMatching(/not YAML that can be read.*Write a list/s) },
    ]);
    expect(yaml('a: 1\n').problems).toEqual([{ line: 1, message: expect.stringMatching(/no list of prompts/) }]);
    expect(yaml('').problems).toEqual([{ line: 1, message: expect.stringMatching(/no row/) }]);
    expect(yaml('- *missing').problems).toHaveLength(1);
  });

  it('is bounded: an alias bomb, deep nesting, a long text', () => {
    const bomb = [
      '- &a0 {prompt: lol}',
      ...Array.from({ length: 40 }, (_, i) => `- &a${i + 1} [${`*a${i},`.repeat(9)}*a${i}]`),
    ].join('\n');
    expect(yaml(`${bomb}\n- prompt: ok`).prompts.map(({ text }) => text)).toEqual(['lol', 'ok']);
    for (const deep of ['['.repeat(50_000), '- '.repeat(50_000), '{a: '.repeat(30_000)]) {
      expect(yaml(deep).prompts).toEqual([]);
      expect(yaml(deep).problems).toHaveLength(1);
    }
    expect(yaml(`- prompt: ${'a'.repeat(maxYamlLength)}`).problems).toEqual([
      { line: 1, message: expect.stringMatching(/at most 1,000,000 are read\. Use JSONL/) },
    ]);
  });
});
