import { describe, expect, it } from 'vitest';
import { maxFenceLines } from './fenced.ts';
import { findPrompts, promptAt } from './finders.ts';
import { maxRowLength } from './jsonl.ts';
import { maxFoundPrompts, type PromptDocument } from './prompt.ts';
import { maxYamlFindLength } from './yaml-finder.ts';

const doc = (fileName: string, text: string, languageId = 'plaintext'): PromptDocument => ({
  fileName,
  languageId,
  text,
});
const texts = (document: PromptDocument): string[] => findPrompts(document).map(({ text }) => text);
/** What the range of each prompt covers. */
const covered = (document: PromptDocument): string[] =>
  findPrompts(document).map(({ range }) => document.text.slice(range.start, range.end));

describe('a prompt file', () => {
  it.each(['review.prompt.md', 'chat.prompty', 'Plan.agent.md', 'old.chatmode.md', 'SKILL.md', 'skill.md'])(
    '%s is one prompt: its body without front matter and surrounding white space',
    (name) => {
      const document = doc(name, '---\nname: x\ndescription: "a --- b"\n---\n\n  Review this.\n---\nShort.\n\n');
      expect(findPrompts(document)).toEqual([
        { text: 'Review this.\n---\nShort.', range: { start: 42, end: 65 }, kind: 'prompt-file', id: name },
      ]);
      expect(covered(document)).toEqual(texts(document));
    },
  );

  it.each(['prompt', 'chatagent', 'skill'])('is known by the language %s under any name', (languageId) => {
    expect(texts(doc('x.txt', 'Body', languageId))).toEqual(['Body']);
  });

  it.each([
    ['no front matter', 'Body', ['Body']],
    ['CRLF and a byte order mark', '\ufeff---\r\na: 1\r\n---\r\nBody\r\nmore\r\n', ['Body\r\nmore']],
    ['front matter ended by dots', '---\na: 1\n...\nBody', ['Body']],
    ['front matter that is never closed', '---\na: 1\nBody', ['---\na: 1\nBody']],
    ['dashes that are no rule', '----\na\n----', ['----\na\n----']],
    ['an indented rule within front matter', '---\na: |\n  ---\n---\nBody', ['Body']],
    ['front matter only', '---\na: 1\n---\n', []],
    ['front matter only, without line end', '---\na: 1\n---', []],
    ['nothing', '', []],
    ['white space', ' \n\t\n', []],
  ])('with %s is understood', (_, text, found) => {
    expect(texts(doc('a.prompt.md', text))).toEqual(found);
  });

  it('is not an instructions file or other Markdown', () => {
    expect(texts(doc('x.instructions.md', 'Body', 'instructions'))).toEqual([]);
    expect(texts(doc('README.md', 'Body', 'markdown'))).toEqual([]);
    expect(texts(doc('my-skill.md', 'Body', 'markdown'))).toEqual([]);
  });
});

describe('fenced blocks of Markdown', () => {
  const found = (text: string): string[] => {
    const document = doc('a.md', text, 'markdown');
    for (const { text: prompt, range } of findPrompts(document)) {
      const unindented = document.text.slice(range.start, range.end).replace(/^[ \t]+/gm, '');
      expect(unindented).toBe(prompt.replace(/^[ \t]+/gm, ''));
    }
    return texts(document);
  };

  it.each<[what: string, text: string, prompts: string[]]>([
    ['backticks', 'x\n```prompt\nA?\nB\n```\ny', ['A?\nB']],
    ['tildes', '~~~prompt\nA\n~~~', ['A']],
    [
      'a space, capitals and attributes after the mark',
      '``` Prompt title="x"\nA\n```\n~~~prompt{.x}\nB\n~~~',
      ['A', 'B'],
    ],
    ['other languages beside', '```js\nA\n```\n```prompt\nB\n```\n```\nC\n```', ['B']],
    ['words that only begin alike', '```prompts\nA\n```\n```prompt-template\nB\n```', []],
    ['a longer fence around code', '````prompt\nFix:\n```js\nx\n```\n````', ['Fix:\n```js\nx\n```']],
    ['tildes around backticks', '~~~prompt\n```\nx\n```\n~~~', ['```\nx\n```']],
    ['a block shown within another', '````markdown\n```prompt\nno\n```\n````', []],
    ['a closing fence that is longer', '```prompt\nA\n`````', ['A']],
    ['a fence with an info string, which does not close', '```prompt\nA\n```js\nB\n```', ['A\n```js\nB']],
    ['no end', 'x\n```prompt\nA\nB', ['A\nB']],
    ['no end but a line end', '```prompt\nA\n', ['A\n']],
    ['no content', '```prompt\n```\n```prompt\n \n```', []],
    ['nothing after the opening', '```prompt', []],
    ['CRLF', '```prompt\r\nA\r\nB\r\n```\r\nx', ['A\r\nB']],
    ['indentation, which is taken off', '1. x\n\n   ```prompt\n   A\n     B\n\n   C\n   ```', ['A\n  B\n\nC']],
    ['a list item on the line of the fence', '- ```prompt\n  A\n  ```', ['A']],
    ['a list item that shows a fence', '```prompt\n- ```\nA\n```', ['- ```\nA']],
    ['a fence indented as code within the block', '```prompt\nA\n    ```\nB\n```', ['A\n    ```\nB']],
    ['inline code', 'use ```prompt``` here\nand ```prompt\nA\n```', []],
    ['an info string with a backtick', '```prompt `x`\nA\n', []],
    ['two blocks in a row', '```prompt\nA\n```\n```prompt\nB\n```', ['A', 'B']],
  ])('are found with %s', (_, text, prompts) => {
    expect(found(text)).toEqual(prompts);
  });

  it('have the exact range of their content', () => {
    expect(covered(doc('a.markdown', 'x\n```prompt\nA\nB\n```\n'))).toEqual(['A\nB']);
    expect(covered(doc('a.md', '- x\n  ~~~prompt\n  A\n  B\n  ~~~\n'))).toEqual(['  A\n  B']);
  });
});

describe('rows of JSONL', () => {
  it('are found with id, decoded text and the exact range of the literal', () => {
    const text = [
      '{"id": "a", "prompt": "Say \\"hi\\"\\n\\u00e9\\\\"}',
      '',
      '  { "prompt" : "B" , "id" : 7 }\r',
      '{"id": "", "prompt": "C"}',
    ].join('\n');
    const document = doc('set.jsonl', text);
    expect(findPrompts(document).map(({ id, text: prompt }) => [id, prompt])).toEqual([
      ['a', 'Say "hi"\né\\'],
      ['7', 'B'],
      ['row:4', 'C'],
    ]);
    expect(covered(document)).toEqual(['"Say \\"hi\\"\\n\\u00e9\\\\"', '"B"', '"C"']);
  });

  it('are found only at the outermost level, by the key that JSON.parse takes', () => {
    const rows = [
      '{"meta": {"prompt": "inner"}, "tags": ["prompt", {"prompt": "x"}], "prompt": "outer"}',
      '{"prompt": "first", "prompt": "last"}',
      '{"prompt": "first", "prompt": 5}',
      '{"note": "\\"prompt\\": \\"no\\"", "\\u0070rompt": "escaped key"}',
      '{"a": "prompt", "b": "c"}',
    ];
    expect(texts(doc('a.ndjson', rows.join('\n')))).toEqual(['outer', 'last', 'escaped key']);
    expect(covered(doc('a.ndjson', rows.join('\n')))).toEqual(['"outer"', '"last"', '"escaped key"']);
  });

  it('that are broken, empty or of another shape are passed over', () => {
    const rows = [
      '{"prompt": "a"',
      '["prompt"]',
      '"prompt"',
      '{"prompt": 5}',
      '{"prompt": " "}',
      '{"prompt": null}',
      '{"prompt": "ok"}',
    ];
    expect(texts(doc('a.jsonl', rows.join('\n')))).toEqual(['ok']);
  });

  it('are found behind a byte order mark', () => {
    expect(covered(doc('a.jsonl', '\ufeff{"prompt": "a"}'))).toEqual(['"a"']);
  });

  it('are found at any nesting of their neighbours', () => {
    const deep = '['.repeat(50_000) + ']'.repeat(50_000);
    expect(covered(doc('a.jsonl', `{"x": ${deep}, "prompt": "a"}`))).toEqual(['"a"']);
  });

  it('are listed up to a limit, and found at an offset beyond it', () => {
    const text = Array.from({ length: maxFoundPrompts + 500 }, (_, i) => `{"prompt": "p${i}"}`).join('\n');
    const document = doc('a.jsonl', text);
    expect(findPrompts(document)).toHaveLength(maxFoundPrompts);
    expect(promptAt(document, text.lastIndexOf('p1499') + 2)).toMatchObject({ text: 'p1499', id: 'row:1500' });
  });

  it('that are longer than the limit are passed over', () => {
    const text = `{"prompt": "${'a'.repeat(maxRowLength)}"}\n{"prompt": "b"}`;
    expect(texts(doc('a.jsonl', text))).toEqual(['b']);
    expect(promptAt(doc('a.jsonl', text), 100)).toBeUndefined();
  });
});

describe('rows of YAML', () => {
  it('are found in a list, with every style of scalar', () => {
    const text = [
      '# comment',
      '- id: a',
      '  prompt: plain text # not this',
      '- prompt: "double \\"quoted\\"\\n"',
      "- prompt: 'single ''quoted'''",
      '- prompt: |',
      '    line one',
      '      indented',
      '    - a list inside',
      '- id: 5',
      '  prompt: >-',
      '    folded',
      '    text',
      '- {id: flow, prompt: inline}',
      '- other: x',
    ].join('\n');
    const document = doc('set.yaml', text, 'yaml');
    expect(findPrompts(document).map(({ id, text: prompt }) => [id, prompt])).toEqual([
      ['a', 'plain text'],
      ['row:4', 'double "quoted"\n'],
      ['row:5', "single 'quoted'"],
      ['row:6', 'line one\n  indented\n- a list inside\n'],
      ['5', 'folded text'],
      ['flow', 'inline'],
    ]);
    const [plain, double, single, block] = covered(document);
    expect([plain, double, single]).toEqual(['plain text', '"double \\"quoted\\"\\n"', "'single ''quoted'''"]);
    expect(block).toBe('|\n    line one\n      indented\n    - a list inside\n');
  });

  it('are found under prompts and tests of a map, where prompts may be plain texts', () => {
    const text =
      'model: x\nprompts:\n  - First\n  - id: b\n    prompt: Second\ntests:\n- prompt: Third\n- Not one\nother:\n- prompt: no\n';
    expect(texts(doc('a.yml', text))).toEqual(['First', 'Second', 'Third']);
  });

  it('are not looked for in other YAML', () => {
    for (const text of [
      'services:\n  web:\n    prompt: x',
      'prompt: x',
      'prompts: x',
      '- [prompt, x]',
      '- prompt: [a]',
      '- prompt: 5',
      'a: [',
      '',
    ]) {
      expect(texts(doc('a.yaml', text)), text).toEqual([]);
    }
  });

  it('that use aliases cost no more than they say, and have no range of their own', () => {
    const bomb = [
      '- &a0 {x: lol}',
      ...Array.from({ length: 30 }, (_, i) => `- &a${i + 1} [${`*a${i},`.repeat(9)}*a${i}]`),
    ].join('\n');
    expect(texts(doc('a.yaml', `${bomb}\n- prompt: ok\n- prompt: *a0`))).toEqual(['ok']);
    expect(texts(doc('a.yaml', '- prompt: &p shared\n- prompt: *p'))).toEqual(['shared']);
  });

  it('that are nested without end are given up', () => {
    for (const unit of ['[', '{a: ', '- ', '? '])
      expect(texts(doc('a.yaml', `prompts: ${unit.repeat(20_000)}`)), unit).toEqual([]);
  });

  it('are found at an offset in a document too long to list, alike', () => {
    const rows = Array.from(
      { length: 4_000 },
      (_, i) => `  - id: q${i}\n    prompt: |\n      Question ${i}?\n\n      - not an item\n`,
    );
    const small = `version: 1\nprompts:\n${rows.slice(0, 50).join('')}`;
    const large = `version: 1\n# prompts:\nprompts:  # all\n${rows.join('')}after:\n  - prompt: not in a list of rows\n`;
    expect(large.length).toBeGreaterThan(maxYamlFindLength);
    expect(findPrompts(doc('a.yaml', large))).toEqual([]);
    const expected = promptAt(doc('a.yaml', small), small.indexOf('Question 33?'));
    expect(expected).toMatchObject({ text: 'Question 33?\n\n- not an item\n', id: 'q33' });
    const document = doc('a.yaml', large);
    const found = promptAt(document, large.indexOf('Question 33?'));
    expect(found).toMatchObject({ text: expected!.text, id: 'q33' });
    expect(large.slice(found!.range.start, found!.range.end)).toBe(
      small.slice(expected!.range.start, expected!.range.end),
    );
    expect(promptAt(document, large.indexOf('id: q33') + 1)).toBeUndefined();
    expect(promptAt(document, large.indexOf('not in a list'))).toBeUndefined();
    expect(promptAt(document, 0)).toBeUndefined();
    expect(promptAt(document, large.indexOf('Question 3999?'))).toMatchObject({ id: 'q3999' });
  });

  it('are numbered by their line also at an offset in a long document', () => {
    const text = `\n${Array.from({ length: 9_000 }, (_, i) => `- prompt: Question ${i}?\n`).join('')}`;
    expect(promptAt(doc('a.yaml', text), text.indexOf('Question 8000?'))).toMatchObject({
      text: 'Question 8000?',
      id: 'row:8002',
    });
  });
});

describe('the prompt at an offset', () => {
  it('is the one whose range holds the offset, both ends included', () => {
    const text = 'x\n```prompt\nAB\n```\ny\n```prompt\nCD\n```';
    const document = doc('a.md', text);
    const at = (offset: number) => promptAt(document, offset)?.text;
    const start = text.indexOf('AB');
    expect([start - 1, start, start + 2, start + 3].map(at)).toEqual([undefined, 'AB', 'AB', undefined]);
    expect(at(text.indexOf('CD') + 1)).toBe('CD');
    expect(at(text.length)).toBeUndefined();
  });

  it('is the whole body in a prompt file, not its front matter', () => {
    const document = doc('a.prompt.md', '---\na: 1\n---\nBody');
    expect(promptAt(document, 5)).toBeUndefined();
    expect(promptAt(document, 14)?.text).toBe('Body');
  });

  it('is found beyond the limit of a list in Markdown', () => {
    const text = Array.from({ length: maxFoundPrompts + 100 }, (_, i) => `\`\`\`prompt\np${i}\n\`\`\`\n`).join('');
    expect(findPrompts(doc('a.md', text))).toHaveLength(maxFoundPrompts);
    expect(promptAt(doc('a.md', text), text.lastIndexOf('p1099'))?.text).toBe('p1099');
  });

  it('is not guessed where a document has more fences than are looked at', () => {
    const text = `\`\`\`prompt\nfirst\n\`\`\`\n${'```js\n```\n'.repeat(maxFenceLines)}\`\`\`prompt\nlast\n\`\`\``;
    expect(texts(doc('a.md', text))).toEqual(['first']);
    expect(promptAt(doc('a.md', text), text.indexOf('last'))).toBeUndefined();
    expect(texts(doc('a.md', `\`\`\`prompt\n${'~~~\nx ```\n'.repeat(maxFenceLines)}`))).toEqual([]);
  });

  it('is not looked for in documents without a finder', () => {
    expect(promptAt(doc('a.ts', 'const prompt = "x";', 'typescript'), 3)).toBeUndefined();
    expect(findPrompts(doc('a.bin', '\0\u0001'))).toEqual([]);
  });
});
