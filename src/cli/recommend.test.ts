import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildCli, type Cli, jsonLines } from '../../test/spawned-cli.ts';

let cli: Cli;
beforeAll(async () => {
  cli = await buildCli();
}, 60_000);
afterAll(() => cli.stop());

const endpoints = [
  {
    id: 'far',
    protocol: 'openai',
    baseUrl: 'https://models.example/v1',
    models: [
      { id: 'cheap', inputPrice: 0.1, outputPrice: 0.2 },
      { id: 'dear', inputPrice: 5, outputPrice: 9 },
    ],
  },
  {
    id: 'near',
    protocol: 'openai',
    baseUrl: 'http://127.0.0.1:9/v1',
    models: [
      { id: 'own', inputPrice: 0, outputPrice: 0 },
      { id: 'vectors', task: 'embeddings', inputPrice: 0, outputPrice: 0 },
    ],
  },
];
const rows = (...list: object[]) => cli.file('rows.jsonl', list.map((row) => JSON.stringify(row)).join('\n'));
const config = (more: object) => cli.file('routing.json', { endpoints, scorer: 'seed', ...more });

describe('tierwise recommend', () => {
  it('goes by the rules and the models allowed of the configuration, and says so', async () => {
    const file = rows(
      { id: 'a', prompt: 'Write the migration', conversation: 1 },
      { id: 'b', prompt: 'weiter', conversation: 1 },
      { id: 'c', prompt: 'Schreibe bitte einen Test für die Funktion, die das Datum aus der Zeile liest.' },
      { id: 'd', prompt: 'hello' },
    );
    const { stdout, stderr } = await cli.run([
      'recommend',
      '--json',
      '--config',
      config({
        allowedModels: ['far/*'],
        rules: [
          { name: 'migrations', if: { pattern: '\\bmigration\\b', path: 'rows.*' }, tier: 'complex' },
          { if: { language: 'de' }, atLeast: 'medium' },
        ],
      }),
      file,
    ]);
    expect(stderr).toBe('');
    const lines = jsonLines(stdout);
    expect(lines.map(({ id, tier, scoreTier, decidedBy, model }) => [id, tier, scoreTier, decidedBy, model])).toEqual([
      ['a', 'complex', 'simple', 'rule', 'far/dear'],
      ['b', 'complex', 'simple', 'conversation', 'far/dear'],
      ['c', 'medium', 'simple', 'rule', 'far/cheap'],
      ['d', 'simple', 'simple', 'score', 'far/cheap'],
    ]);
    expect(lines[0].reasons).toContain('Your rule “migrations” asks for the tier complex.');
    // An embedding model answers no prompt, so three could be chosen.
    expect(lines[0].reasons).toContain('2 of 3 configured models are allowed (allowedModels).');
    expect(lines[0]).toMatchObject({ pFail: null, gain: null, unsure: null, scorer: 'seed', profile: null });
  });

  it('tells people what to do where no model is allowed', async () => {
    const { code, stdout } = await cli.run(['recommend', '--config', config({ allowedModels: ['x/*'] }), '-'], {
      input: 'hello',
    });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^stdin: no model\n/);
    expect(stdout).toMatch(/allowedModels has x\/\*\. Add one of far\/cheap, far\/dear, near\/own to it/);
  });

  it('reads scores by a profile, from the command line or from beside the configuration', async () => {
    const profile = {
      version: 1,
      name: 'mine',
      createdAt: '2026-11-24T00:00:00Z',
      scorer: 'seed',
      from: { title: 'reviews', prompts: 240, simulated: false },
      target: { kind: 'quality', keep: 0.95 },
      tiers: { simple: 0.0001, medium: 0.0002 },
    };
    const file = cli.file('mine.profile.json', profile);
    const run = async (args: string[], more: object) => {
      const { stdout, stderr } = await cli.run(['recommend', '--json', '--config', config(more), ...args, '-'], {
        input: 'hello',
      });
      expect(stderr).toBe('');
      return jsonLines(stdout)[0];
    };
    expect(await run([], {})).toMatchObject({ tier: 'simple', profile: null });
    const named = await run(['--profile', file], {});
    expect(named).toMatchObject({ tier: 'complex', profile: 'mine', decidedBy: 'score' });
    expect(named.reasons).toContain('Read by your profile “mine”, learnt from 240 prompts of reviews.');
    expect(await run([], { profile: './mine.profile.json' })).toMatchObject({ tier: 'complex', profile: 'mine' });
  });

  it.each<[string, object, RegExp]>([
    [
      'a pattern that looks around',
      { rules: [{ tier: 'simple' }, { if: { pattern: '(?=a)' }, tier: 'simple' }] },
      /routing\.json:1:\d+: rules\[1\]\.if\.pattern: looks around/,
    ],
    ['a rule that decides nothing', { rules: [{ name: 'x' }] }, /rules\[0\]: decides nothing\. Give it "tier" or "at/],
    ['an unknown condition', { rules: [{ if: { file: '*' }, tier: 'simple' }] }, /unknown key "file"; known: path,/],
    ['a language in words', { rules: [{ if: { language: 'German' }, tier: 'simple' }] }, /two small letters/],
    ['a language nobody can tell', { rules: [{ if: { language: 'xx' }, tier: 'simple' }] }, /cannot be told from/],
    ['an unknown scorer', { scorer: 'best' }, /scorer: unknown scorer; known: learned, seed/],
    ['an unknown tier', { unsureTier: 'huge' }, /unsureTier: unknown unsureTier; known: simple, medium, complex/],
  ])('refuses %s in one line that says where', async (_, more, message) => {
    const { code, stdout, stderr } = await cli.run(['recommend', '--config', config(more), '-'], { input: 'x' });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).toMatch(message);
  });
});

describe('the decision log', () => {
  it('is written by recommend, holds no text, and is summed up by decisions', async () => {
    const log = join(cli.folder, 'logs', 'decisions.jsonl');
    const file = rows({ id: 'a', prompt: 'the secret of the harbour' }, { id: 'b', prompt: 'hello' });
    const settings = config({ rules: [{ if: { pattern: 'secret' }, tier: 'complex' }] });
    for (let i = 0; i < 2; i++) await cli.run(['recommend', '--config', settings, '--log', log, file]);
    const text = readFileSync(log, 'utf8');
    expect(text).not.toMatch(/harbour/);
    expect(jsonLines(text).map(({ tier, decidedBy, advised, used }) => [tier, decidedBy, advised, used])).toEqual(
      Array.from({ length: 2 }, () => [
        ['complex', 'rule', 'far/dear', undefined],
        ['simple', 'score', 'near/own', undefined],
      ]).flat(),
    );
    const { stdout } = await cli.run(['decisions', log, '--json']);
    expect(JSON.parse(stdout)).toMatchObject({
      decisions: 4,
      damaged: 0,
      advice: { followed: 0, of: 0 },
      decidedBy: { rule: 2, score: 2 },
      tiers: [
        { tier: 'simple', decisions: 2 },
        { tier: 'medium', decisions: 0 },
        { tier: 'complex', decisions: 2 },
      ],
    });
    const people = await cli.run(['decisions', log]);
    expect(people.stdout).toMatch(/^4 decisions from \d{4}-\d\d-\d\d to /);
    expect(people.stdout).toMatch(/Advice was followed: no use was logged\./);
    expect(people.stdout).toMatch(/far\/dear +2 +0/);
  });

  it('that is not there is said in one line', async () => {
    const { code, stderr } = await cli.run(['decisions', 'none.jsonl']);
    expect(code).toBe(2);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });
});
