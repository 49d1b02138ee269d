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
  jsonLines(
    (await cli.run(['estimate', '--json', '--scorer', 'seed', ...args], input === undefined ? {} : { input })).stdout,
  );

describe('tierwise estimate --json', () => {
  it('prints what is known of every row, in input order', async () => {
    const rows = [
      { id: 'b', prompt: 'hi' },
      { prompt: 'Why? Explain.' },
      { id: 7, prompt: `${'x'.repeat(1000)}\`\`\`∑∑∑∑∑∑∑∑∑∑?????` },
    ];
    const { code, stdout, stderr } = await cli.run([
      'estimate',
      '--json',
      '--scorer',
      'seed',
      cli.file('rows.jsonl', rows.map((row) => JSON.stringify(row)).join('\n')),
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = jsonLines(stdout);
    const keys = 'id tokens score pFail gain unsure low high base scorer profile tier decidedBy factors'.split(' ');
    expect(lines.map((line) => Object.keys(line))).toEqual(rows.map(() => keys));
    // A heuristic knows no probability, and says so.
    expect(lines[0]).toMatchObject({ pFail: null, gain: null, unsure: null, low: null, high: null, base: 0 });
    expect(lines[0]).toMatchObject({ scorer: 'seed', profile: null, decidedBy: 'score' });
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

  it('keeps every id and every prompt as it stands, whatever braces or other fields a row has', async () => {
    const rows = [
      { id: ' spaced ', prompt: 'Solve \\frac{{a}}{{b}} for {{ name }}', answer: ['no', 'text'] },
      { id: 'a/b:c #1', prompt: '{{x}}', checks: 7 },
      { id: '✓ é\u0301', prompt: 'x' },
    ];
    const lines = await estimates([cli.file('odd.jsonl', rows.map((row) => JSON.stringify(row)).join('\n'))]);
    expect(lines.map(({ id }) => id)).toEqual(rows.map(({ id }) => id));
    for (const [index, { prompt }] of rows.entries()) {
      const [length] = lines[index].factors.filter((factor: any) => factor.id === 'length');
      expect(length.raw).toBe(prompt.length);
    }
  });

  it('gives base, contributions and uncertainty of the learned scorer, which sum to its score', async () => {
    const file = cli.file('l.jsonl', '{"id":"a","prompt":"Prove that there are infinitely many primes."}\n');
    const [line] = jsonLines((await cli.run(['estimate', '--json', '--scorer', 'learned', file])).stdout);
    expect(line).toMatchObject({ id: 'a', scorer: 'learned' });
    const sum = line.factors.reduce((total: number, factor: any) => total + factor.contribution, line.base);
    expect(sum).toBeCloseTo(line.score, 9);
  });

  it('goes by the tiers and rules of a configuration, and hands a tier on within a conversation', async () => {
    const config = cli.file('routing.json', {
      endpoints: [],
      scorer: 'seed',
      tiers: { simple: { upTo: 0.01 } },
      rules: [
        { name: 'tables', if: { pattern: '\\bcreate table\\b' }, tier: 'complex' },
        { if: { path: 'talk*.jsonl', tokensAbove: 100 }, atLeast: 'complex' },
      ],
    });
    const rows = [
      { id: '1', prompt: 'Explain CREATE TABLE', conversation: 'x' },
      { id: '2', prompt: 'hello', conversation: 'y' },
      { id: '3', prompt: 'yes, continue', conversation: 'x' },
      { id: '4', prompt: 'yes, continue', conversation: 'y' },
      { id: '5', prompt: 'да', conversation: 'x' },
      { id: '6', prompt: 'say hello', conversation: 'x' },
      { id: '7', prompt: 'yes, continue' },
      { id: '8', prompt: 'word '.repeat(200) },
    ];
    const file = cli.file('talk.jsonl', rows.map((row) => JSON.stringify(row)).join('\n'));
    const { stdout } = await cli.run(['estimate', '--json', '--config', config, file]);
    expect(jsonLines(stdout).map(({ id, tier, decidedBy }) => [id, tier, decidedBy])).toEqual([
      ['1', 'complex', 'rule'],
      ['2', 'simple', 'score'],
      ['3', 'complex', 'conversation'],
      ['4', 'simple', 'conversation'],
      ['5', 'complex', 'conversation'],
      ['6', 'simple', 'score'],
      ['7', 'simple', 'score'],
      ['8', 'complex', 'rule'],
    ]);
    const { stdout: people } = await cli.run(['estimate', '--config', config, file]);
    expect(people).toMatch(/complex \(rule; by score medium\)/);
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
    const { stdout } = await cli.run(['estimate', '--scorer', 'seed', cli.file('q.txt', 'Why? Explain.')]);
    expect(stdout).toMatch(
      /^prompt +score +P\(fail\) +tier +tokens +because of\n[- ]+\nq\.txt +0\.04\d* +unknown +simple +~\d+ +.*explain/,
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
