import { describe, expect, it } from 'vitest';
import { type DatasetFormat, parseDataset } from '../dataset.ts';
import { checkTypes } from './row-checks.ts';
import { applyTemplate } from './template.ts';

const read = (text: string, format: DatasetFormat = 'jsonl', template?: string) =>
  parseDataset(text, format, 'set', { template });
const row = (fields: object) => {
  const { prompts, problems } = read(JSON.stringify(fields));
  return problems[0]?.message ?? prompts[0];
};

describe('a row', () => {
  it.each([
    { type: 'regex', pattern: '^{{name}}' },
    { type: 'json-schema', schema: { const: '{{name}}' } },
  ])('is a problem where a pattern or a schema has a place for a variable: %j', (check) => {
    expect(row({ prompt: 'Hi', name: 'x', checks: [check] })).toMatch(/place for a variable.*Write it out/);
    expect(row({ prompt: 'Hi', checks: [{ type: 'regex', pattern: '[{][{]name}}' }] })).toMatchObject({ text: 'Hi' });
  });

  it.each(['prompt', 'question', 'input', 'text', 'Question', ' INPUT '])('says its prompt under %j', (name) => {
    expect(row({ [name]: 'Hi' })).toMatchObject({ text: 'Hi' });
  });

  it('says it under the first of these names, and has the others as variables', () => {
    expect(row({ text: 'T', input: 'I', question: 'Q {{input}} {{text}}' })).toMatchObject({ text: 'Q I T' });
  });

  it.each(['reference', 'answer', 'expected', 'ideal', 'Answer'])('says its reference under %s', (name) => {
    expect(row({ prompt: 'x', [name]: 'right' })).toMatchObject({ reference: 'right' });
    expect(row({ prompt: 'x', [name]: 4.5 })).toMatchObject({ reference: '4.5' });
    expect(row({ prompt: 'x', [name]: ['a'] })).toMatch(/is a list\. Give a text or a number/);
    expect(row({ prompt: 'x', [name]: null })).toEqual({ id: 'row:1', text: 'x' });
  });

  it('may be one question in messages of OpenAI, also under input', () => {
    const [system, user, answer] = [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: [{ type: 'text', text: 'Hi' }] },
      { role: 'assistant', content: 'Hello' },
    ];
    expect(row({ messages: [user] })).toMatchObject({ text: 'Hi' });
    expect(row({ messages: [system, user, answer] })).toMatchObject({ text: 'Be brief.\n\nHi', reference: 'Hello' });
    expect(row({ input: [system, user], ideal: 'Yo' })).toMatchObject({ text: 'Be brief.\n\nHi', reference: 'Yo' });
    expect(read(JSON.stringify({ messages: [system, user] })).notes[0]?.message).toMatch(/sent as one text/);
    expect(row({ messages: [user, answer, user] })).toMatch(/not one question \(roles: user assistant user\)/);
    expect(row({ messages: [user, answer, user, answer] })).toMatch(/There are 4 messages/);
    expect(row({ messages: [{ role: 'tool', content: 'x' }] })).toMatch(/not one question/);
    expect(row({ messages: [{ role: 'user', content: [{ type: 'image_url' }] }] })).toMatch(/with more than text/);
    expect(row({ messages: [5] })).toMatch(/no "role"/);
    expect(row({ messages: [] })).toMatch(/not one question/);
  });
});

describe('a template', () => {
  it('is filled from the row that it stands in, or that it is given for', () => {
    expect(row({ prompt: 'To {{lang}}: {{ text }}', lang: 'de', text: 7 })).toMatchObject({ text: 'To de: 7' });
    const given = read('{"question": "Why?", "id": "q"}\n', 'jsonl', 'Be brief. {{question}} {{prompt}} ({{id}})');
    expect(given.prompts).toEqual([{ id: 'q', text: 'Be brief. Why? Why? (q)' }]);
    const yaml = 'template: "{{a}}-{{b}}"\nrows:\n- {a: 1, b: 2}\n- {a: x, b: "{{a}}"}\n';
    expect(read(yaml, 'yaml').prompts.map(({ text }) => text)).toEqual(['1-2', 'x-{{a}}']);
    expect(read(yaml, 'yaml', '{{b}}').prompts.map(({ text }) => text)).toEqual(['2', '{{a}}']);
    expect(read('Hi', 'text', '{{prompt}}!').prompts).toEqual([{ id: 'set', text: 'Hi!' }]);
    expect(read('template: [x]\nrows: [{a: 1}]', 'yaml').problems).toEqual([
      { line: 1, message: expect.stringMatching(/"template" is no text/) },
    ]);
  });

  it('names the row and the variable that is missing, and how to send braces', () => {
    expect(read('\n{"prompt": "{{lang}}", "lan": "de"}').problems).toEqual([
      {
        line: 2,
        message:
          'The variable "lang" is missing. It has "lan". Add it, or write \\{{lang}} to send the braces as they are.',
      },
    ]);
    expect(row({ prompt: '{{a}}', a: { b: 1 } })).toMatch(/"a" is an object/);
  });

  it.each([
    ['\\{{a}} {{a}}', '{{a}} 1'],
    [
      '{{ a | upper }} {{a.b}} {{a()}} {{1}} {{}} {{ {% if a %}',
      '{{ a | upper }} {{a.b}} {{a()}} {{1}} {{}} {{ {% if a %}',
    ],
    ['\\frac{{{a}}}{2}', '\\frac{1}{2}'],
    ['{{\n a }}', '{{\n a }}'],
    ['{a} %a% <%= a %>', '{a} %a% <%= a %>'],
  ])('%j is %j', (template, text) => {
    expect(applyTemplate(template, new Map([['a', 1]]))).toEqual({ text });
  });

  it('is bounded: texts that are put in many times', () => {
    const { problem } = applyTemplate('{{a}}'.repeat(100_000), new Map([['a', 'x'.repeat(100_000)]]));
    expect(problem).toMatch(/longer prompt than is read: at most 2,000,000/);
    expect(applyTemplate('{{ '.repeat(300_000), new Map())).toEqual({ text: '{{ '.repeat(300_000) });
  });
});

describe('checks of a row', () => {
  it('are those of the row and of the whole file, with variables in their values', () => {
    const yaml = [
      'checks: [{type: contains, value: "{{city}}"}, {type: refusal, not: true}]',
      'prompts:',
      '- {prompt: Where?, city: Bonn, checks: [{type: max-tokens, most: 20}]}',
      '- {prompt: "And {{city}}?", city: Ulm, reference: 3, checks: [{type: number, tolerance: 0.5}]}',
    ].join('\n');
    const { prompts, problems } = read(yaml, 'yaml');
    expect(problems).toEqual([]);
    expect(prompts.map(({ checks }) => checks)).toEqual([
      [
        { type: 'contains', value: 'Bonn' },
        { type: 'refusal', not: true },
        { type: 'max-tokens', most: 20 },
      ],
      [
        { type: 'contains', value: 'Ulm' },
        { type: 'refusal', not: true },
        { type: 'number', tolerance: 0.5 },
      ],
    ]);
  });

  it('stand in a cell as JSON', () => {
    const csv = 'prompt,checks\nHi,"[{""type"": ""json""}]"\nBye,\nNo,[x\n';
    const { prompts, problems } = read(csv, 'csv');
    expect(prompts).toEqual([
      { id: 'row:2', text: 'Hi', checks: [{ type: 'json' }] },
      { id: 'row:3', text: 'Bye' },
    ]);
    expect(problems).toEqual([{ line: 4, message: expect.stringMatching(/"checks" is no JSON/) }]);
  });

  it.each<[unknown, RegExp]>([
    ['x', /"checks" is no JSON/],
    [{ type: 'json' }, /"checks" is an object\. Write a list/],
    [[{ type: 'json' }, 5], /^Check 2 is a number/],
    [[{ value: 'x' }], /^Check 1 has no "type"\..*There are equals, contains, regex/],
    [[{ type: 'javascript', value: 'x' }], /^Check 1 has the type "javascript", which there is not\. There are equals/],
    [[{ type: 'contains', vallue: 'x' }], /\(contains\) has no field "vallue"\. It may have value, all, ignoreCase/],
    [[{ type: 'contains', value: 5 }], /\(contains\): "value" is a number\. Give a text or a list of texts/],
    [[{ type: 'contains', value: [] }], /empty list/],
    [[{ type: 'regex' }], /\(regex\): "pattern" is missing\. Give a text/],
    [[{ type: 'regex', pattern: '(' }], /"pattern" cannot be read/],
    [[{ type: 'regex', pattern: 'x', flags: 'zz' }], /"pattern" cannot be read/],
    [[{ type: 'number', value: '5' }], /"value" is a string\. Give a number/],
    [[{ type: 'number', value: 5, tolerance: -1 }], /"tolerance" is below 0/],
    [[{ type: 'json', not: 'yes' }], /"not" is a string\. Give true or false/],
    [[{ type: 'json-schema', schema: [] }], /"schema" is a list\. Give an object/],
    [[{ type: 'json', weight: -1 }], /"weight" is below 0/],
    [[{ type: 'similarity', least: 80, value: 'x' }], /"least" is a cosine/],
    [[{ type: 'max-tokens', most: 0 }], /"most" is below 1/],
    [[{ type: 'equals' }], /^Check 1 \(equals\): there is no "value" and the row has no reference/],
    [[{ type: 'equals', value: '{{x}}' }], /^Check 1 \(equals\): The variable "x" is missing/],
    [Array(101).fill({ type: 'json' }), /There are 101 checks/],
  ])('%j are wrong, and it is said where', (checks, message) => {
    expect(row({ prompt: 'x', checks })).toMatch(message);
  });

  it('know every type that there is', () => {
    expect(checkTypes).toEqual([
      ...[
        'equals',
        'contains',
        'regex',
        'json',
        'json-schema',
        'number',
        'code',
        'similarity',
        'max-tokens',
        'refusal',
      ],
      'language',
    ]);
  });
});
