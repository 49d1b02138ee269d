import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LINE_LIMIT, readLines, readText } from './read-text.ts';

const folder = mkdtempSync(join(tmpdir(), 'tierwise-text-'));
const file = (name: string, content: string | Buffer): string => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};
const linesOf = async (path: string): Promise<string[]> => {
  const lines: string[] = [];
  for await (const line of readLines(path)) lines.push(line);
  return lines;
};

describe('reading text', () => {
  it('keeps every character, also one that two pieces share', async () => {
    const text = `${'x'.repeat(65_535)}é∑漢\u{1f600}`;
    expect(await readText(file('split.txt', text))).toBe(text);
  });

  it('drops a byte-order mark', async () => {
    expect(await readText(file('bom.txt', '\ufeffhello'))).toBe('hello');
  });

  it('splits lines at line feeds only, over the borders of pieces', async () => {
    const long = 'y'.repeat(200_000);
    expect(await linesOf(file('lines.txt', `a\r\n\n${long}\nb\u2028c`))).toEqual(['a', '', long, 'b\u2028c']);
    expect(await linesOf(file('ended.txt', 'a\nb\n'))).toEqual(['a', 'b']);
    expect(await linesOf(file('nothing.txt', ''))).toEqual([]);
  });

  it.each([
    ['binary', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 0, 1]), /is binary/],
    ['utf16le', Buffer.from('\ufeffhello', 'utf16le'), /is UTF-16/],
    ['utf16 without mark', Buffer.from('hello', 'utf16le'), /is UTF-16 without a byte order mark/],
    [
      'latin1 further on',
      Buffer.from('a\nb\ncaf\u00e9', 'latin1'),
      /line 3 holds bytes of another encoding, such as Latin-1/,
    ],
    ['latin1', Buffer.from('caf\u00e9 au lait', 'latin1'), /is not UTF-8/],
    ['cut', Buffer.from('é').subarray(0, 1), /is not UTF-8/],
  ])('refuses a file that is %s', async (name, content, message) => {
    await expect(readText(file(name, content))).rejects.toMatchObject({ code: 'input', message });
  });

  it('refuses a file over its limit and a line over its own, naming the line', async () => {
    await expect(readText(file('big.txt', 'x'.repeat(2000)), 1000)).rejects.toThrow(/is larger than/);
    const path = file('line.txt', `short\n${'x'.repeat(LINE_LIMIT + 1)}\n`);
    await expect(linesOf(path)).rejects.toThrow(/line\.txt:2: the line is longer than 10 MB/);
  });
});
