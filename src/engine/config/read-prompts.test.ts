import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readAllPrompts, readPrompts } from './read-prompts.ts';

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
