import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type CheckTools, runCheck } from '../../core/quality/checks.ts';
import { answerChunks, simulatedAnswer } from '../simulator/answer.ts';
import { keyedRandom } from '../simulator/random.ts';
import { readAllPrompts, readDataset, readPrompts } from './read-prompts.ts';

const folder = mkdtempSync(join(tmpdir(), 'tierwise-prompts-'));
const file = (name: string, content: string): string => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};
const streamed = async (path: string) => {
  const rows: unknown[] = [];
  for await (const row of readPrompts(path)) rows.push(row);
  return rows;
};

describe('reading prompts', () => {
  it('gives the same ids row by row as all at once', async () => {
    const path = file(
      'rows.jsonl',
      '{"prompt":"a"}\n\n{"id":null,"prompt":"b"}\n{"id":"row:1x","prompt":"c"}\n{"id":9,"prompt":"d"}\n',
    );
    const ids = ['row:1', 'row:3', 'row:1x', '9'];
    expect((await readAllPrompts(path)).map(({ id }) => id)).toEqual(ids);
    expect(await streamed(path)).toMatchObject(ids.map((id) => ({ id })));
  });

  it('refuses an id that reads as that of a row without one, row by row as all at once', async () => {
    const path = file('own.jsonl', '{"id":"row:2","prompt":"a"}\n{"prompt":"b"}\n{"id":"row-2","prompt":"c"}\n');
    expect(await streamed(path)).toMatchObject([
      { line: 1, message: expect.stringMatching(/"id" is "row:2"/) },
      { id: 'row:2', text: 'b' },
      { id: 'row-2', text: 'c' },
    ]);
    await expect(readAllPrompts(path)).rejects.toThrow(/own\.jsonl:1: "id" is "row:2"/);
  });

  it('refuses a whole data set for one bad row, and names the row', async () => {
    const path = file('bad.jsonl', '{"prompt":"a"}\n{"prompt":""}\n{"prompt":[]}\n');
    await expect(readAllPrompts(path)).rejects.toMatchObject({
      code: 'input',
      message: expect.stringMatching(/bad\.jsonl:2: .*\(and 1 more\)$/),
    });
    expect(await streamed(path)).toMatchObject([{ id: 'row:1' }, { line: 2 }, { line: 3 }]);
  });

  it('refuses an anchor bomb at once', async () => {
    const bomb = ['a: &a ["x","x","x","x","x","x","x","x","x"]'];
    for (const [from, to] of ['ab', 'bc', 'cd', 'de', 'ef', 'fg', 'gh'])
      bomb.push(`${to}: &${to} [${Array(9).fill(`*${from}`).join(',')}]`);
    await expect(readAllPrompts(file('bomb.yaml', `${bomb.join('\n')}\nprompts: *h\n`))).rejects.toMatchObject({
      code: 'input',
    });
  });

  it('refuses a data set without a row', async () => {
    await expect(readAllPrompts(file('none.jsonl', '\n\n'))).rejects.toThrow(/none\.jsonl:1: There is no row/);
    expect(await streamed(join(folder, 'none.jsonl'))).toMatchObject([{ line: 1 }]);
  });

  it('takes the body of a prompt file, and any other file as it stands', async () => {
    expect(await readAllPrompts(file('a.prompt.md', '---\nx: y\n---\nBody\n'))).toEqual([
      { id: 'a.prompt.md', text: 'Body' },
    ]);
    expect(await readAllPrompts(file('a.md', '---\nx: y\n---\nBody\n'))).toEqual([
      { id: 'a.md', text: '---\nx: y\n---\nBody\n' },
    ]);
  });
});

describe('reading data sets of other kinds', () => {
  const tree = (name: string, files: Record<string, string | Buffer>): string => {
    const root = mkdtempSync(join(tmpdir(), `tierwise-${name}-`));
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), content);
    }
    return root;
  };

  it('takes a template and a format from whoever reads', async () => {
    const path = file('plain.txt', 'question,id\nWhy?,q\n');
    expect(await readAllPrompts(path, { format: 'csv', template: 'Short: {{question}}' })).toEqual([
      { id: 'q', text: 'Short: Why?' },
    ]);
    expect(await streamed(file('rows.csv', 'prompt\nHi\n'))).toEqual([{ id: 'row:2', text: 'Hi' }]);
  });

  it('gives the prompts of a folder by their paths, without front matter, dot-folders, notes about it and other files', async () => {
    const root = tree('folder', {
      'b.txt': 'B',
      'a/z.prompt.md': '---\nmodel: x\n---\nZ\n',
      'a/chat.prompty': '---\nname: x\n---\nChat\n',
      'A.md': '# A\n',
      'README.md': 'about',
      'image.png': Buffer.from([0, 1]),
      '.git/x.txt': 'no',
      'node_modules/p/x.md': 'no',
    });
    const { name, prompts, notes } = await readDataset(root);
    expect(name).toBe(basename(root));
    expect(prompts).toEqual([
      { id: 'A.md', text: '# A\n' },
      { id: 'a/chat.prompty', text: 'Chat' },
      { id: 'a/z.prompt.md', text: 'Z' },
      { id: 'b.txt', text: 'B' },
    ]);
    expect(notes).toEqual([{ line: 1, message: expect.stringMatching(/^README\.md is left out/) }]);
  });

  it('refuses a folder with a file that is no prompt, and names the file', async () => {
    await expect(readAllPrompts(tree('empty', {}))).rejects.toThrow(/The folder holds no prompt/);
    await expect(readAllPrompts(tree('blank', { 'a.txt': ' ' }))).rejects.toThrow(/a\.txt: There is no prompt/);
    await expect(readAllPrompts(tree('binary', { 'a.txt': Buffer.from([0]) }))).rejects.toThrow(
      /"a\.txt" cannot be read/,
    );
    await expect(readAllPrompts(tree('latin', { 'a.txt': Buffer.from('é', 'latin1') }))).rejects.toThrow(
      /is not UTF-8/,
    );
  });

  it('follows no link out of a folder, and reads no pipe', async () => {
    const secret = tree('secret', { 'key.txt': 'a secret' });
    const root = tree('links', { 'a.txt': 'A', 'set/one.yaml': 'prompts: [file://out.txt]\nproviders: [x]\n' });
    symlinkSync(join(secret, 'key.txt'), join(root, 'b.txt'));
    symlinkSync(secret, join(root, 'linked'));
    symlinkSync(root, join(root, 'circle'));
    const { prompts, notes } = await readDataset(root);
    expect(prompts).toEqual([{ id: 'a.txt', text: 'A' }]);
    expect(notes).toEqual([{ line: 1, message: expect.stringMatching(/^b\.txt is a link and is left out/) }]);

    symlinkSync(join(secret, 'key.txt'), join(root, 'set/out.txt'));
    await expect(readAllPrompts(join(root, 'set/one.yaml'))).rejects.toThrow(
      /one\.yaml:1: "out\.txt" is a link that leads out/,
    );
    symlinkSync(secret, join(root, 'set/dir'));
    const through = join(root, 'set/two.yaml');
    writeFileSync(through, 'prompts: [file://dir/key.txt]\nproviders: [x]\n');
    await expect(readAllPrompts(through)).rejects.toThrow(/"dir\/key\.txt" is a link that leads out/);
    if (process.platform === 'win32') return;
    execFileSync('mkfifo', [join(root, 'set/pipe.txt')]);
    const pipe = join(root, 'set/three.yaml');
    writeFileSync(pipe, 'prompts: [file://pipe.txt]\nproviders: [x]\n');
    await expect(readAllPrompts(pipe)).rejects.toThrow(/"pipe\.txt" is not a file/);
  });

  it('reads the files that a configuration of promptfoo refers to, and those that these refer to', async () => {
    const root = tree('promptfoo', {
      'promptfooconfig.yaml': 'prompts: [file://p/a.txt]\nproviders: [exec:./evil.sh]\ntests: file://tests.yaml\n',
      'p/a.txt': 'Tell {{who}} about {{what}}',
      'tests.yaml':
        '- vars: file://vars.yaml\n  assert: [{type: javascript, value: "1"}, {type: contains, value: "{{who}}"}]\n',
      'vars.yaml': 'who: [Ann, Bob]\nwhat: file://what.txt\n',
      'what.txt': 'tea\n',
      'evil.sh': 'touch ran',
    });
    const { prompts, notes } = await readDataset(join(root, 'promptfooconfig.yaml'));
    expect(prompts.map(({ id, text, checks }) => [id, text, checks])).toEqual([
      ['row:1/tests.yaml/v1', 'Tell Ann about tea', [{ type: 'contains', value: 'Ann' }]],
      ['row:1/tests.yaml/v2', 'Tell Bob about tea', [{ type: 'contains', value: 'Bob' }]],
    ]);
    expect(notes.map(({ message }) => message)).toEqual([
      expect.stringMatching(/providers are left out/),
      expect.stringMatching(/^In tests\.yaml, line 2: The assertion "javascript" is code, which is never run/),
    ]);
    expect(existsSync(join(root, 'ran'))).toBe(false);
    writeFileSync(join(root, 'vars.yaml'), 'who: x\nwhat: file://gone.txt\n');
    await expect(readAllPrompts(join(root, 'promptfooconfig.yaml'))).rejects.toThrow(
      /promptfooconfig\.yaml:3: In vars\.yaml, line 2: "gone\.txt" cannot be read: there is no such file/,
    );
  });

  it('reads the samples', async () => {
    const samples = join(import.meta.dirname, '../../../samples');
    expect((await readDataset(join(samples, 'dataset.yaml'))).prompts).toHaveLength(4);
    const { prompts, notes } = await readDataset(join(samples, 'checked.yaml'));
    expect([prompts.length, notes]).toEqual([12, []]);
    expect(prompts.every(({ checks }) => (checks?.length ?? 0) > 1)).toBe(true);
    // The simulated endpoint's right answers pass, its wrong ones fail.
    const tools: CheckTools = {
      limited: (work) => ({ value: work() }),
      parses: async () => undefined,
      similarity: async () => ({}),
    };
    for (const { id, text, reference, checks = [] } of prompts.slice(0, 9)) {
      expect(simulatedAnswer(text), id).toBe(reference);
      for (const wrong of [false, true]) {
        const answer = answerChunks('small', text, { tokens: 60, wrong, random: keyedRandom(1) }).join('');
        const scores = await Promise.all(checks.map((check) => runCheck(check, { answer, reference }, tools)));
        expect(
          scores.map(({ score }) => score),
          `${id}: ${answer}`,
        ).toEqual([1, wrong ? 0 : 1]);
      }
    }
  });
});
