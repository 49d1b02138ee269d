import { describe, expect, it } from 'vitest';
import { maxRows, parseDataset } from '../dataset.ts';
import type { GivenFile } from './file-reference.ts';

const read = (text: string, files: Record<string, string> = {}, template?: string, format: 'yaml' | 'json' = 'yaml') =>
  parseDataset(text, format, 'promptfooconfig.yaml', {
    template,
    files: new Map(Object.entries(files).map(([path, content]): [string, GivenFile] => [path, { text: content }])),
  });
const config = (assert: string): string =>
  `prompts: ['Say {{word}}']\ntests:\n  - vars: {word: hi}\n    assert:\n${assert
    .trim()
    .split('\n')
    .map((line) => `      ${line}\n`)
    .join('')}`;
const checksOf = (assert: string) => {
  const { prompts, problems, notes } = read(config(assert));
  expect(problems).toEqual([]);
  return { checks: prompts[0]?.checks ?? [], notes: notes.map(({ message }) => message) };
};

describe('a configuration of promptfoo', () => {
  it('asks each prompt with each test and each combination of its lists', () => {
    const { prompts, problems } = read(
      [
        'prompts:',
        "  - 'Translate to {{language}}: {{input}}'",
        '  - id: polite',
        '    raw: Please say {{ input }} in {{language}}.',
        'tests:',
        '  - vars:',
        '      language: [French, German]',
        '      input: [Hello, Bye]',
        '  - vars: {language: Thai, input: 7}',
      ].join('\n'),
    );
    expect(problems).toEqual([]);
    expect(prompts.map(({ id, text }) => `${id} ${text}`)).toEqual([
      'row:6/p1/v1 Translate to French: Hello',
      'row:6/p1/v2 Translate to French: Bye',
      'row:6/p1/v3 Translate to German: Hello',
      'row:6/p1/v4 Translate to German: Bye',
      'row:6/p2/v1 Please say Hello in French.',
      'row:6/p2/v2 Please say Bye in French.',
      'row:6/p2/v3 Please say Hello in German.',
      'row:6/p2/v4 Please say Bye in German.',
      'row:9/p1 Translate to Thai: 7',
      'row:9/p2 Please say 7 in Thai.',
    ]);
  });

  it('gives every test the default variables, assertions and options', () => {
    const { prompts, problems } = read(
      [
        'prompts: "{{a}}{{b}}"',
        'defaultTest:',
        '  vars: {a: 1, b: 2}',
        '  assert: [{type: contains, value: "{{b}}"}]',
        '  options: {prefix: "<", suffix: ">"}',
        'tests:',
        '  - vars: {b: 3}',
        '    assert: [{type: icontains, value: x}]',
        '  - description: nothing of its own',
      ].join('\n'),
    );
    expect(problems).toEqual([]);
    expect(prompts).toEqual([
      {
        id: 'row:7',
        text: '<13>',
        checks: [
          { type: 'contains', value: '3' },
          { type: 'contains', value: 'x', ignoreCase: true },
        ],
      },
      { id: 'row:9', text: '<12>', checks: [{ type: 'contains', value: '2' }] },
    ]);
  });

  it('is read from JSON, with aliases and merge keys from YAML, and without tests', () => {
    const json =
      '{"prompts": ["Hi {{x}}"], "providers": ["openai:gpt"], "tests": [{"vars": {"x": 1}}, {"vars": {"x": 2}}]}';
    expect(read(json, {}, undefined, 'json').prompts).toEqual([
      { id: 'row:1', text: 'Hi 1' },
      { id: 'row:1.2', text: 'Hi 2' },
    ]);
    const merged = 'prompts: ["{{x}}{{y}}"]\ntests:\n- vars: &v {x: 1, y: 2}\n- vars: {<<: *v, y: 3}\n';
    expect(read(merged).prompts.map(({ text }) => text)).toEqual(['12', '13']);
    expect(read('prompts: [One, Two]\nproviders: [x]\n').prompts.map(({ text }) => text)).toEqual(['One', 'Two']);
  });

  it('turns static assertions into checks', () => {
    const { checks, notes } = checksOf(`
- {type: equals, value: "{{word}}", weight: 2, metric: same}
- {type: not-contains, value: 5}
- {type: icontains-any, value: "red, green"}
- {type: contains-all, value: [a, b]}
- {type: regex, value: '^\\d+$'}
- {type: starts-with, value: 'a.b'}
- {type: is-json}
- {type: contains-json, value: {type: object, required: [a]}}
- {type: is-json, value: '{"type": "array"}'}
- {type: similar, value: hello, threshold: 0.8}
- {type: not-is-refusal}
- type: assert-set
  assert: [{type: contains, value: inner}]
`);
    expect(checks).toEqual([
      { type: 'equals', value: 'hi', weight: 2, name: 'same' },
      { type: 'contains', value: '5', not: true },
      { type: 'contains', value: ['red', 'green'], ignoreCase: true },
      { type: 'contains', value: ['a', 'b'], all: true },
      { type: 'regex', pattern: '^\\d+$' },
      { type: 'regex', pattern: '^a\\.b' },
      { type: 'json' },
      { type: 'json-schema', schema: { type: 'object', required: ['a'] } },
      { type: 'json-schema', schema: { type: 'array' } },
      { type: 'similarity', value: 'hello', least: 0.8 },
      { type: 'refusal', not: true },
      { type: 'contains', value: 'inner' },
    ]);
    expect(notes).toEqual([]);
  });

  it('leaves out what is code, needs a judge or is a gate, with its line and what to do instead', () => {
    const { prompts, problems, notes } = read(
      config(`
- {type: javascript, value: "process.exit(1)"}
- {type: python, value: file://check.py}
- {type: webhook, value: "https://example.com"}
- {type: equals, value: file://gen.js}
- {type: contains, value: x, transform: "output.trim()"}
- {type: contains, value: "{{ word | upper }}"}
- {type: llm-rubric, value: is polite}
- {type: cost, threshold: 0.002}
- {type: latency, threshold: 3000}
- {type: bleu, value: x}
- {type: regex, value: "("}
- {$ref: "#/assertionTemplates/x"}
- {value: x}
`),
    );
    expect(problems).toEqual([]);
    expect(prompts).toEqual([{ id: 'row:3', text: 'Say hi' }]);
    expect(notes.map(({ line }) => line)).toEqual([5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17]);
    const messages = notes.map(({ message }) => message);
    for (const at of [0, 1, 2, 3, 4, 5]) expect(messages[at]).toMatch(/never run/);
    expect(messages[6]).toMatch(/"llm-rubric" needs a judge \(--judge\).*is polite/);
    expect(messages[7]).toMatch(/--gate "cost_usd_per_1k<=2"/);
    expect(messages[8]).toMatch(/--gate "p95_e2e_ms<=3000"/);
    expect(messages[9]).toMatch(/there is no such check/);
    expect(messages[10]).toMatch(/"pattern" cannot be read/);
  });

  it.each([
    [
      'a prompt function',
      'prompts: [file://make.js]\ntests: [{vars: {x: 1}}]',
      /make\.js" is code, which is never run/,
    ],
    [
      'a prompt function without file://',
      'prompts: [make.py:build]\ntests: [{vars: {x: 1}}]',
      /is code, which is never run/,
    ],
    ['an exec prompt', "prompts: ['exec:rm -rf /']\ntests: [{vars: {x: 1}}]", /is code, which is never run/],
    ['a test generator', 'prompts: [Hi]\ntests: file://tests.py', /tests\.py" is code, which is never run/],
    [
      'a variable that is a program',
      'prompts: ["{{x}}"]\ntests: [{vars: {x: file://x.js}}]',
      /x\.js" is code, which is never run/,
    ],
    [
      'a filter',
      'prompts: ["{{ x | upper }}"]\ntests: [{vars: {x: 1}}]',
      /holds code, which is never run: \{\{ x \| upper/,
    ],
    ['a call', 'prompts: ["{{ x.constructor() }}"]\ntests: [{vars: {x: 1}}]', /holds code, which is never run/],
    [
      'a loop',
      'prompts: ["{% for a in x %}{{a}}{% endfor %}"]\ntests: [{vars: {x: 1}}]',
      /holds code, which is never run/,
    ],
    ['the environment', 'prompts: ["{{env.SECRET}}"]\ntests: [{vars: {x: 1}}]', /holds code, which is never run/],
    [
      'a template in a variable',
      'prompts: ["{{x}}"]\ntests: [{vars: {x: "{{y}}", y: 1}}]',
      /"x" holds a template itself/,
    ],
    ['a file outside', 'prompts: [file://../secret.txt]\ntests: [{vars: {x: 1}}]', /outside the data set's own folder/],
    [
      'an absolute path',
      'prompts: [file:///etc/passwd.txt]\ntests: [{vars: {x: 1}}]',
      /outside the data set's own folder/,
    ],
    ['a drive', 'prompts: ["file://C:/x.txt"]\ntests: [{vars: {x: 1}}]', /outside the data set's own folder/],
    ['a backslash', 'prompts: ["file://..\\\\x.txt"]\ntests: [{vars: {x: 1}}]', /outside the data set's own folder/],
    ['a key file', 'prompts: ["file://id_rsa"]\ntests: [{vars: {x: 1}}]', /is not read: only \.txt/],
    ['a pattern', 'prompts: [file://p/*.txt]\ntests: [{vars: {x: 1}}]', /is a pattern, which is not searched for/],
    ['tests at an address', 'prompts: [Hi]\ntests: huggingface://datasets/x', /at an address are not fetched/],
    ['scenarios', 'prompts: [Hi]\nscenarios: [{config: []}]', /Scenarios are not read/],
    [
      'a missing variable',
      'prompts: ["{{x}} {{y}}"]\ntests: [{vars: {x: 1}}]',
      /The variable "y" is missing\. It has "x"/,
    ],
    ['a map as variable', 'prompts: ["{{x}}"]\ntests: [{vars: {x: {a: 1}}}]', /The variable "x" is an object/],
    ['tests without a prompt', '- vars: {x: 1}', /1 test and no prompt that can be read.*--template/],
  ])('says what is wrong with %s, and runs nothing', (_, text, message) => {
    const { prompts, problems } = read(text);
    expect(problems.map((problem) => problem.message).join('\n')).toMatch(message);
    expect(problems.every(({ line }) => line >= 1)).toBe(true);
    if (!text.includes('scenarios')) expect(prompts).toEqual([]);
  });

  it('says of providers, extensions and transforms that they are left out', () => {
    const { prompts, notes } = read(
      'providers: ["exec:./evil.sh"]\nextensions: [file://hook.js]\nprompts: [Hi]\ntests:\n- vars: {x: 1}\n  options: {transform: "x"}\n',
    );
    expect(prompts).toHaveLength(1);
    expect(notes.map(({ line }) => line)).toEqual([1, 2, 6]);
    expect(notes.map(({ message }) => message).join('\n')).toMatch(
      /providers are left out[\s\S]*extensions are code[\s\S]*"transform" is code/,
    );
  });

  it('reads files of its folder: prompts, tests, variables, defaults; asks for those that are not given', () => {
    const text = [
      'prompts: [file://p/one.txt, two.md, file://chat.json]',
      'defaultTest: file://default.yaml',
      'tests: [file://tests.yaml, file://tests.csv, "file://tests.jsonl", {vars: {x: file://x.txt}}]',
    ].join('\n');
    expect(read(text)).toMatchObject({
      problems: [],
      wanted: ['p/one.txt', 'two.md', 'chat.json', 'default.yaml', 'tests.yaml', 'tests.csv', 'tests.jsonl'],
    });
    const files = {
      'p/one.txt': 'One {{x}}\n---\nUno {{x}}\n',
      'two.md': 'Two {{x}}\n---\nmore\n',
      'chat.json': '[{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Three {{x}}"}]',
      'default.yaml': 'assert: [{type: contains, value: "{{x}}"}]',
      'tests.yaml': '- vars: {x: a}\n- vars: vars.yaml\n',
      'vars.yaml': 'x: b\n',
      'tests.csv': 'x,__expected\nc,icontains: see\n',
      'tests.jsonl': '{"vars": {"x": "d"}}\n',
      'x.txt': 'from a file\n',
    };
    const { prompts, problems, wanted } = read(text, files);
    expect([problems, wanted]).toEqual([[], []]);
    expect(prompts).toHaveLength(20);
    expect(prompts.slice(0, 4).map((prompt) => prompt.text)).toEqual([
      'One a',
      'Uno a',
      'Two a\n---\nmore',
      'Be brief.\n\nThree a',
    ]);
    expect(prompts[8]).toEqual({
      id: 'row:2/tests.csv/p1',
      text: 'One c',
      checks: [
        { type: 'contains', value: 'c' },
        { type: 'contains', value: 'see', ignoreCase: true },
      ],
    });
    expect(prompts.at(-4)?.text).toBe('One from a file');
    const broken = read(text, { ...files, 'tests.yaml': '- vars: {x: a}\n- vars: {y: a}\n' });
    expect(broken.problems).toHaveLength(4);
    expect(broken.problems[0]).toEqual({
      line: 3,
      message: expect.stringMatching(/^In tests\.yaml, line 2: With prompt 1: The variable "x" is missing/),
    });
  });

  it('is bounded: combinations without end, files that name each other', () => {
    const list = `[${Array.from({ length: 1_000 }, (_, i) => i).join(',')}]`;
    const { prompts, problems } = read(
      `prompts: [Hi]\ntests:\n- vars: {a: ${list}, b: ${list}, c: ${list}}\n- vars: {a: 1}\n`,
    );
    expect(prompts).toHaveLength(1);
    expect(problems).toEqual([{ line: 3, message: expect.stringMatching(/make 1,000,000,000 rows; at most 100,000/) }]);
    const many = read(
      `prompts: ["{{a}}{{b}}"]\ntests:\n${`- vars: {a: ${list}, b: [1,2,3,4,5,6,7,8,9]}\n`.repeat(12)}`,
    );
    expect(many.prompts).toHaveLength(maxRows);
    expect(many.problems).toEqual([{ line: 14, message: expect.stringMatching(/Only the first 100,000 rows/) }]);
    const self = read('prompts: [file://a.yaml]\ntests: file://a.yaml', { 'a.yaml': '- file://a.yaml\n' });
    expect(self.prompts).toEqual([]);
  });

  it('takes a template in place of its prompts, for lists of tests that have none', () => {
    const { prompts } = read('- vars: {x: 1}\n- vars: {x: 2}\n', {}, 'Say {{x}}');
    expect(prompts.map(({ text }) => text)).toEqual(['Say 1', 'Say 2']);
    expect(
      parseDataset('{"vars": {"x": [1, 2]}, "id": "t"}\n', 'jsonl', 'x', { template: 'Say {{x}}' }).prompts.map(
        ({ id, text }) => `${id} ${text}`,
      ),
    ).toEqual(['t/v1 Say 1', 't/v2 Say 2']);
  });

  it('keeps braces between {% raw %} and {% endraw %}, and behind a backslash', () => {
    const { prompts } = read("prompts: ['{% raw %}{{a}}{% endraw %} \\{{b}} {{x}}']\ntests: [{vars: {x: 1}}]");
    expect(prompts[0]?.text).toBe('{{a}} {{b}} 1');
  });
});

describe("promptfoo's __prefix and __suffix columns", () => {
  it('stand around the prompt, in a file of tests and in one with prompts of its own', () => {
    const files = { 'tests.csv': 'x,__prefix,__suffix\na,Dear {{x}}: ,!\nb,,\n' };
    const { prompts, notes, problems } = read('prompts: ["Hi {{x}}"]\ntests: file://tests.csv\n', files);
    expect([notes, problems]).toEqual([[], []]);
    expect(prompts.map(({ text }) => text)).toEqual(['Dear a: Hi a!', 'Hi b']);
    const own = parseDataset('prompt,__prefix,__suffix\nHi,Dear: ,!\nHo,,\n', 'csv', 'x.csv');
    expect(own.prompts.map(({ text }) => text)).toEqual(['Dear: Hi!', 'Ho']);
  });
});

describe('a pattern or schema of promptfoo with a place for a variable', () => {
  it.each([
    "{type: starts-with, value: '{{word}}'}",
    "{type: not-regex, value: '^{{ word }}$'}",
    "{type: regex, value: '{% raw %}a{% endraw %}'}",
    "{type: is-json, value: {type: object, required: ['{{word}}']}}",
    '{type: contains-json, value: \'{"const": "{{word}}"}\'}',
  ])('is left out and said: %s', (assertion) => {
    const { checks, notes } = checksOf(`\n- ${assertion}\n`);
    expect(checks).toEqual([]);
    expect(notes).toEqual([expect.stringMatching(/variables are not put into patterns and schemas/)]);
  });
});

describe("promptfoo's __expected columns", () => {
  it.each([
    ['Paris', [{ type: 'equals', value: 'Paris' }], 'Paris'],
    ['equals: Paris', [{ type: 'equals', value: 'Paris' }], 'Paris'],
    ['not-icontains: as an AI', [{ type: 'contains', value: 'as an AI', ignoreCase: true, not: true }], undefined],
    ['contains-all: a, b', [{ type: 'contains', value: ['a', 'b'], all: true }], undefined],
    ['similar(0.9): hello', [{ type: 'similarity', value: 'hello', least: 0.9 }], undefined],
    ['is-json', [{ type: 'json' }], undefined],
    ['Note: a colon', [{ type: 'equals', value: 'Note: a colon' }], 'Note: a colon'],
    ['javascript: output.length', undefined, undefined],
    ['fn: output.length', undefined, undefined],
    ['file://check.js', undefined, undefined],
    ['grade: is polite', undefined, undefined],
  ])('%s', (cell, checks, reference) => {
    const csv = `prompt\t__expected\nHi\t${cell}\n`;
    const { prompts, notes, problems } = parseDataset(csv, 'csv', 'x.csv');
    expect(problems).toEqual([]);
    expect(prompts).toEqual([
      { id: 'row:2', text: 'Hi', ...(reference ? { reference } : {}), ...(checks ? { checks } : {}) },
    ]);
    expect(notes).toHaveLength(checks ? 0 : 1);
  });
});
