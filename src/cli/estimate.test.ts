import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildCli, type Cli, jsonLines } from '../../test/spawned-cli.ts';

let cli: Cli;
beforeAll(async () => {
  cli = await buildCli();
}, 60_000);
afterAll(() => cli.stop());

const estimates = async (args: string[], input?: string | Buffer) =>
  jsonLines((await cli.run(['estimate', '--json', ...args], input === undefined ? {} : { input })).stdout);

describe('tierwise estimate --json', () => {
  it('prints id, tokens, score, tier and factors of every row, in input order', async () => {
    const rows = [
      { id: 'b', prompt: 'hi' },
      { prompt: 'Why? Explain.' },
      { id: 7, prompt: `${'x'.repeat(1000)}\`\`\`∑∑∑∑∑∑∑∑∑∑?????` },
    ];
    const { code, stdout, stderr } = await cli.run([
      'estimate',
      '--json',
      cli.file('rows.jsonl', rows.map((row) => JSON.stringify(row)).join('\n')),
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = jsonLines(stdout);
    expect(lines.map((line) => Object.keys(line))).toEqual(
      rows.map(() => ['id', 'tokens', 'score', 'tier', 'factors']),
    );
    expect(lines.map((line) => line.id)).toEqual(['b', 'row:2', '7']);
    expect(lines.map((line) => line.tier)).toEqual(['simple', 'simple', 'complex']);
    expect(lines[0].score).toBeCloseTo(0.0006, 10);
    expect(lines[1].score).toBeCloseTo(0.0039 + 0.02 + 0.02, 10);
    expect(lines[2].score).toBeCloseTo(0.8, 10);
    for (const line of lines) {
      expect(line.factors.reduce((sum: number, factor: any) => sum + factor.contribution, 0)).toBeCloseTo(
        line.score,
        10,
      );
    }
  });

  it('takes any other file, and standard input, as one prompt', async () => {
    const text = '{"prompt": "not a row here"}\nProve it?\n';
    const [fromFile] = await estimates([cli.file('note.txt', text)]);
    const [fromInput, ...none] = await estimates(['-'], text);
    expect(none).toEqual([]);
    expect(fromFile).toEqual({ ...fromInput, id: 'note.txt' });
    expect(fromInput.id).toBe('stdin');
    expect(fromInput.score).toBeCloseTo((text.length / 1000) * 0.3 + 0.02 + 0.02, 10);
  });

  it('leaves the front matter of a prompt file out', async () => {
    const [found] = await estimates([cli.file('x.prompt.md', '---\nmodel: prove explain argue\n---\nhello')]);
    expect(found.score).toBeCloseTo(0.0015, 10);
  });

  it('applies the preference to the tier and leaves the score as it is', async () => {
    const file = cli.file('p.txt', `${'x'.repeat(900)}?`);
    const [balanced] = await estimates([file]);
    const [quality] = await estimates(['--preference', 'quality', file]);
    expect([balanced.tier, quality.tier]).toEqual(['simple', 'medium']);
    expect(quality.score).toBe(balanced.score);
  });

  it('finds all three tiers in the sample prompts', async () => {
    const tiers = (await estimates([join(import.meta.dirname, '../../samples/prompts.jsonl')])).map(({ tier }) => tier);
    expect(tiers.length).toBeGreaterThanOrEqual(48);
    expect(new Set(tiers)).toEqual(new Set(['simple', 'medium', 'complex']));
  });

  it('names each bad row, estimates the others, and exits 2', async () => {
    const file = cli.file('bad.jsonl', '{"prompt":"a"}\nnot json\n{"prompt":5}\n{"id":"d","prompt":"d"}\n');
    const { code, stdout, stderr } = await cli.run(['estimate', '--json', file]);
    expect(code).toBe(2);
    expect(jsonLines(stdout).map(({ id }) => id)).toEqual(['row:1', 'd']);
    expect(
      stderr
        .trim()
        .split('\n')
        .map((line) => /bad\.jsonl:(\d): /.exec(line)?.[1]),
    ).toEqual(['2', '3']);
  });

  it('streams a large file without holding it', async () => {
    const row = JSON.stringify({ prompt: 'y'.repeat(2000) });
    const file = cli.file('large.jsonl', `${row}\n`.repeat(30_000));
    const shell = `ulimit -v unlimited; NODE_OPTIONS=--max-old-space-size=40 tierwise estimate --json ${file} | wc -l`;
    const { stdout, stderr } = await cli.run([], { shell });
    expect(stderr).toBe('');
    expect(Number(stdout)).toBe(30_000);
  });

  it('ends quietly when its reader has seen enough', async () => {
    const { code, stdout, stderr } = await cli.run([], {
      shell: `set -o pipefail; tierwise estimate --json ${join(cli.folder, 'large.jsonl')} | head -1`,
    });
    expect(jsonLines(stdout)).toHaveLength(1);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });
});

describe('tierwise estimate', () => {
  it('prints a table for people', async () => {
    const { stdout } = await cli.run(['estimate', cli.file('q.txt', 'Why? Explain.')]);
    expect(stdout).toMatch(
      /^prompt +score +tier +tokens +because of\n[- ]+\nq\.txt +0\.04\d* +simple +~\d+ +.*explain/,
    );
  });

  it.each<[string, string | Buffer, RegExp]>([
    ['an empty file', '', /is empty/],
    ['a binary file', readFileSync(process.execPath).subarray(0, 4096), /is binary/],
    ['a UTF-16 file', Buffer.from('\ufeffhello', 'utf16le'), /UTF-16/],
  ])('refuses %s in one line', async (_name, content, message) => {
    const { code, stdout, stderr } = await cli.run(['estimate', cli.file('odd.txt', content)]);
    expect(code).toBe(2);
    expect(stdout.split('\n').length).toBeLessThan(3);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).toMatch(message);
  });

  it('refuses a missing file, a folder without a prompt, and an unknown scorer', async () => {
    expect(await cli.run(['estimate', 'none.txt'])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/none\.txt: there is no such file/),
    });
    mkdirSync(join(cli.folder, 'empty'), { recursive: true });
    expect(await cli.run(['estimate', 'empty'])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/The folder holds no prompt/),
    });
    expect(await cli.run(['estimate', '--scorer', 'other', '-'], { input: 'x' })).toMatchObject({ code: 2 });
  });

  it('says that the disk is full', async () => {
    const { code, stderr } = await cli.run([], { shell: 'echo hi | tierwise estimate > /dev/full' });
    expect({ code, stderr }).toEqual({ code: 2, stderr: 'tierwise: cannot write the output: the disk is full.\n' });
  });
});
