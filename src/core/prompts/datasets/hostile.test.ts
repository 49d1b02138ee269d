import { describe, expect, it } from 'vitest';
import { type DatasetFormat, parseDataset, parseJsonlLine } from '../dataset.ts';

const formats: readonly DatasetFormat[] = ['jsonl', 'csv', 'json', 'yaml', 'text'];

function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const pieces = [
  ...[
    'prompts:\n',
    'tests:\n',
    '- vars: {a: [1, 2]}\n',
    '- vars: &v {x: y}\n',
    '  assert:\n',
    '    - type: contains\n',
  ],
  ...[
    '      value: ',
    '{{a}}',
    '\\{{a}}',
    '{% raw %}',
    '{% endraw %}',
    '{{ a | b }}',
    'file://a.txt',
    'file://../a',
    '<<: *v\n',
  ],
  ...[
    'template: "{{a}}"\n',
    'checks: [{type: json}]\n',
    'defaultTest:\n',
    '  vars: file://v.yaml\n',
    'rows:\n',
    '- {a: 1}\n',
  ],
  ...[
    'prompt,checks,id,__expected\n',
    '"a,b"',
    '""',
    '"',
    ',',
    ';',
    '\t',
    '|',
    '\n',
    '\r\n',
    '\r',
    'contains-any: x',
    ':',
  ],
  ...[
    '{"prompt":',
    '"x"',
    '{"vars":{"a":[1,2]},"prompt":"{{a}}"}',
    '"assert":[{"type":',
    '"checks":[',
    '"messages":[{"role":"user"',
  ],
  ...[
    '[',
    ']',
    '{',
    '}',
    '\0',
    '\ufeff',
    '\ud800',
    '\u2028',
    '__proto__',
    'constructor',
    '1e999',
    '-',
    '  ',
    '&a ',
    '*a',
    '!!js/function',
  ],
];

describe('whatever is given', () => {
  it('a data set has its prompts with texts and ids that differ, its problems with lines, and nothing is thrown', () => {
    const next = generator(11);
    const files = new Map([
      ['a.txt', { text: 'A {{a}}' }],
      ['v.yaml', { text: 'a: [1, 2]' }],
    ]);
    let prompts = 0;
    for (let i = 0; i < 4_000; i++) {
      const made = Array.from({ length: next(24) }, () => pieces[next(pieces.length)]).join('');
      for (const format of formats) {
        const options = { files, ...(next(4) === 0 ? { template: 'T {{a}}' } : {}) };
        const read = parseDataset(made, format, 'name', options);
        expect(new Set(read.prompts.map(({ id }) => id)).size).toBe(read.prompts.length);
        expect(read.prompts.every(({ text }) => text.trim() !== '')).toBe(true);
        for (const { line, message } of [...read.problems, ...read.notes]) {
          expect(line).toBeGreaterThanOrEqual(1);
          expect(message.length).toBeGreaterThan(20);
        }
        expect(read.prompts.length + read.problems.length + read.notes.length + read.wanted.length).toBeGreaterThan(0);
        prompts += read.prompts.length;
      }
      parseJsonlLine(made, 1);
    }
    expect(prompts).toBeGreaterThan(2_000);
  });

  it('random bytes are read without an exception, as UTF-8 or as Latin-1', () => {
    const next = generator(12);
    for (let i = 0; i < 1_500; i++) {
      const bytes = Buffer.from(Array.from({ length: next(300) }, () => next(256)));
      for (const text of [bytes.toString('utf8'), bytes.toString('latin1')]) {
        for (const format of formats) parseDataset(text, format, 'name');
      }
    }
  });

  it.each<[string, DatasetFormat, string]>([
    ['nested lists in JSON', 'json', '['.repeat(1_000_000)],
    ['nested maps in JSON', 'json', '{"a":'.repeat(500_000)],
    ['brackets within a text in JSON', 'json', `[{"prompt": "${'['.repeat(500_000)}"}]`],
    ['a long line of JSONL', 'jsonl', `{"prompt":"${'a'.repeat(20_000_000)}"}`],
    ['nesting in JSONL', 'jsonl', `{"prompt":"x","vars":${'['.repeat(300_000)}${']'.repeat(300_000)}}`],
    ['nested variables in JSONL', 'jsonl', `{"prompt":"x","vars":{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}}`],
    ['JSON with many parts', 'json', `[${'1,'.repeat(3_000_000)}1]`],
    ['quotes in CSV', 'csv', `prompt\n${'"'.repeat(5_000_000)}`],
    ['a quote in CSV that is never closed', 'csv', `prompt\n"${'a,b\n'.repeat(2_000_000)}`],
    ['places without variables', 'jsonl', JSON.stringify({ prompt: '{{'.repeat(500_000) })],
    ['raw blocks that never end', 'yaml', `tests: [{vars: {a: 1}}]\nprompts: ["${'{% raw %}'.repeat(80_000)}"]`],
  ])('%s are bounded', (_, format, text) => {
    const { prompts, problems } = parseDataset(text, format, 'name');
    expect(prompts.length + problems.length).toBeGreaterThan(0);
    expect(problems.length).toBeLessThan(150);
  });

  it('aliases of aliases cost no more than they say: as rows, fields, variables, assertions and merged keys', () => {
    const bomb = [
      'a0: &a0 [lol]',
      ...Array.from({ length: 60 }, (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i},`.repeat(9)}*a${i}]`),
    ].join('\n');
    const chain = ['b0: &b0 [x]', ...Array.from({ length: 5_000 }, (_, i) => `b${i + 1}: &b${i + 1} [*b${i}]`)].join(
      '\n',
    );
    for (const [text, last] of [
      [bomb, '*a60'],
      [chain, '*b5000'],
    ] as const) {
      expect(parseDataset(`${text}\nprompts: ${last}`, 'yaml', 'x').prompts).toEqual([]);
      const fields = parseDataset(`${text}\nprompts:\n- prompt: x\n  more: ${last}\n- prompt: ok`, 'yaml', 'x');
      expect(fields).toMatchObject({
        prompts: [{ text: 'ok' }],
        problems: [{ message: expect.stringMatching(/too much/) }],
      });
      const config = `${text}\nprompts: [Hi]\ndefaultTest: {assert: ${last}}\ntests:\n- vars: {v: ${last}}\n  assert: [{type: equals, value: ${last}}]\n`;
      expect(parseDataset(config, 'yaml', 'x').prompts.length).toBeLessThanOrEqual(10);
    }
    const merged = `- &a {prompt: x}\n${Array.from({ length: 300 }, () => '- &a {<<: *a, more: 1}').join('\n')}`;
    expect(parseDataset(merged, 'yaml', 'x').prompts).toHaveLength(301);
    const growing = Array.from({ length: 8_000 }, (_, i) => `- &a {<<: *a, k${i}: 1}`).join('\n');
    expect(parseDataset(`- &a {prompt: x}\n${growing}`, 'yaml', 'x').problems[0]?.message).toMatch(/merges too much/);
    expect(parseDataset('- &a {prompt: x, me: *a}\n- &b [*b]\n', 'yaml', 'x').prompts).toHaveLength(1);
  });

  it('names of built-in properties are names like any other', () => {
    const row = '{"__proto__": "p", "constructor": "c", "prompt": "{{__proto__}} {{constructor}}", "vars": null}';
    expect(parseDataset(row, 'jsonl', 'x').prompts).toEqual([{ id: 'row:1', text: 'p c' }]);
    expect(parseDataset('{"prompt": "{{toString}}"}', 'jsonl', 'x').problems[0]?.message).toMatch(
      /"toString" is missing/,
    );
  });
});
