import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildCli, type Cli, everythingIn, jsonLines } from '../../test/spawned-cli.ts';
import { recordSchema } from '../core/benchmark/record.ts';
import { summarySchema } from '../core/benchmark/summary.ts';
import { type Simulator, startSimulator } from '../engine/simulator/server.ts';
import type { TruthEntry } from '../engine/simulator/truth.ts';

const canary = 'canary-7f3a91c2e5';
let cli: Cli;
let simulator: Simulator;
let truth: TruthEntry[] = [];
let config: string;
let prompts: string;

const endpointAt = (baseUrl: string, models: object[], more: object = {}) => ({
  endpoints: [{ id: 'sim', protocol: 'openai', baseUrl, apiKey: { env: 'SIM_KEY' }, models, ...more }],
});
const env = { SIM_KEY: canary };
const bench = (out: string, args: string[] = [], options: Parameters<Cli['run']>[1] = { env }) =>
  cli.run(
    ['bench', '--config', config, '--prompts', prompts, '--out', join(cli.folder, out), '--no-calibrate', ...args],
    options,
  );
const readJson = (...path: string[]) => JSON.parse(readFileSync(join(cli.folder, ...path), 'utf8'));
const recordsOf = (run: string) => jsonLines(readFileSync(join(cli.folder, run, 'records.jsonl'), 'utf8'));

beforeAll(async () => {
  cli = await buildCli();
  simulator = await startSimulator({ apiKey: canary, speed: 5, truth: (entry) => truth.push(entry) });
  config = cli.file(
    'tierwise.json',
    endpointAt(simulator.baseUrl, [
      { id: 'instant', inputPrice: 1, outputPrice: 2 },
      { id: 'paced', inputPrice: 1, outputPrice: 2 },
      { id: 'instant+500', inputPrice: 1, outputPrice: 2 },
      { id: 'unpriced+instant' },
      { id: 'instant+echo-key' },
    ]),
  );
  prompts = cli.file(
    'prompts.jsonl',
    '{"id":"a","prompt":"Hello?"}\n{"id":"b","prompt":"Explain why."}\n{"id":"c","prompt":"Go"}\n',
  );
}, 60_000);
afterAll(async () => {
  cli.stop();
  await simulator.close();
});

describe('tierwise bench', () => {
  it('fills the folder that the contract describes, and prints the table', async () => {
    truth = [];
    const { code, stdout, stderr } = await bench('run', [
      '--models',
      'instant,sim/paced',
      '--requests',
      '4',
      '--warmup',
      '1',
      '--concurrency',
      '2',
    ]);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^10 requests to 2 models\. They will cost \$[\d.]+ to \$[\d.]+\.\n/);
    expect(stdout).toMatch(/sim\/instant +4 +4/);
    expect(stdout).toMatch(/time to first token/i);

    const manifest = readJson('run', 'manifest.json');
    expect(manifest).toMatchObject({ state: 'complete', title: 'prompts.jsonl', simulated: true });
    const records = recordsOf('run').map((record) => recordSchema.parse(record));
    expect(records).toHaveLength(10);
    expect(records.filter(({ warmup }) => warmup === true)).toHaveLength(2);
    for (const record of records) {
      expect(record).toMatchObject({ status: 'ok', endpoint: 'sim', tokens: { output: 64, source: 'server' } });
      expect(record.costUsd).toBeCloseTo(((record.tokens?.input ?? 0) + 2 * 64) / 1e6, 12);
      expect(record.times.firstToken).toBeLessThanOrEqual(record.times.lastToken ?? 0);
    }
    const summary = summarySchema.parse(readJson('run', 'summary.json'));
    expect(summary.models.map(({ model, counts }) => [model, counts.requests, counts.ok])).toEqual([
      ['instant', 4, 4],
      ['paced', 4, 4],
    ]);
    expect(truth.map(({ requestId }) => requestId).sort()).toEqual(records.map(({ id }) => id).sort());
  });

  it('prints the summary with --json, keeps stdout clean, and leaves answers out with --no-answers', async () => {
    const { code, stdout } = await bench('json', [
      '--models',
      'instant',
      '--json',
      '--no-answers',
      '--no-stream',
      '--title',
      'Mine',
    ]);
    expect(code).toBe(0);
    expect(summarySchema.parse(JSON.parse(stdout)).totals).toMatchObject({ requests: 3, ok: 3 });
    expect(recordsOf('json').every((record) => !('answer' in record))).toBe(true);
    expect(readJson('json', 'manifest.json').title).toBe('Mine');
  });

  it('takes defaults from the configuration, and options over them', async () => {
    const own = cli.file('defaults.json', {
      ...endpointAt(simulator.baseUrl, [{ id: 'instant' }]),
      benchmark: { requests: 2, warmup: 0, maxTokens: 5, concurrency: 1, maxRetries: 5, adaptiveTimeout: true },
    });
    const out = join(cli.folder, 'defaults');
    const args = ['--requests', '1', '--max-retries', '2'];
    await cli.run(['bench', '--config', own, '--prompts', prompts, '--out', out, ...args], { env });
    expect(readJson('defaults', 'manifest.json').plan).toMatchObject({
      requests: 1,
      warmup: 0,
      maxTokens: 5,
      concurrency: 1,
      maxRetries: 2,
      adaptiveTimeout: true,
    });
    expect(recordsOf('defaults')).toHaveLength(1);
  });

  it('retries on wish, leaves embeddings out where all models are meant, and refuses them by name', async () => {
    const own = cli.file(
      'several.json',
      endpointAt(simulator.baseUrl, [{ id: 'instant' }, { id: 'vectors', task: 'embeddings' }]),
    );
    const run = (out: string, ...args: string[]) =>
      cli.run(['bench', '--config', own, '--prompts', prompts, '--out', join(cli.folder, out), ...args], { env });
    expect((await run('several', '--max-retries', '1', '--adaptive-timeout')).code).toBe(0);
    const { plan } = readJson('several', 'manifest.json');
    expect(plan).toMatchObject({ maxRetries: 1, adaptiveTimeout: true, models: [{ model: 'instant' }] });
    expect(recordsOf('several')[0].attempts[0].timeout).toMatchObject({ basis: 'complexity' });
    const refused = await run('vectors', '--models', 'vectors');
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('makes embeddings');
  });

  it('exits 3 when an endpoint never answered, and says what to mend', async () => {
    const { code, stderr } = await bench('closed', ['--models', 'instant', '--requests', '200'], {
      env: { SIM_KEY: 'another-key-1234' },
    });
    expect(code).toBe(3);
    expect(stderr).toMatch(/sim failed from the first of 2\d requests on: .*401/);
    expect(recordsOf('closed').length).toBeLessThan(40);
  });

  it('holds the cost ceiling, says so, and exits 0 because that was asked for', async () => {
    const { code, stderr } = await bench('ceiling', [
      '--models',
      'instant',
      '--requests',
      '50',
      '--max-tokens',
      '64',
      '--max-cost',
      '0.002',
    ]);
    expect(code).toBe(0);
    expect(stderr).toMatch(/ceiling of \$0\.002/);
    expect(stderr).toMatch(/tierwise resume \S*ceiling\S* --max-cost USD/);
    const spent = recordsOf('ceiling').reduce((sum, record) => sum + record.costUsd, 0);
    expect(spent).toBeGreaterThan(0.001);
    expect(spent).toBeLessThanOrEqual(0.002);
  });

  it('refuses a ceiling that cannot be held, because a price is unknown', async () => {
    const own = cli.file('unpriced.json', endpointAt(simulator.baseUrl, [{ id: 'instant' }]));
    const out = join(cli.folder, 'unpriced');
    const { code, stderr } = await cli.run(
      ['bench', '--config', own, '--prompts', prompts, '--out', out, '--max-cost', '1'],
      { env },
    );
    expect(code).toBe(2);
    expect(stderr).toMatch(/price is unknown/);
    expect(existsSync(out)).toBe(false);
  });

  it('exits 3 when no request succeeds, with the reason', async () => {
    const failing = await bench('failing', ['--models', 'instant+500', '--requests', '2', '--warmup', '0']);
    expect(failing.code).toBe(3);
    expect(failing.stderr).toMatch(/no request succeeded.*500/i);
    expect(readJson('failing', 'summary.json').models[0].errors).toEqual({ server: 2 });
  });

  it('exits 3 at an address where nobody listens, naming it', async () => {
    const free = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => free.once('listening', resolve));
    const { port } = free.address() as AddressInfo;
    await new Promise((resolve) => free.close(resolve));
    const own = cli.file('nobody.json', endpointAt(`http://127.0.0.1:${port}/v1`, [{ id: 'm' }]));
    const ended = await cli.run(
      ['bench', '--config', own, '--prompts', prompts, '--out', join(cli.folder, 'nobody'), '--requests', '1'],
      { env },
    );
    expect(ended.code).toBe(3);
    expect(ended.stderr).toContain(`127.0.0.1:${port}`);
  });

  it('exits 3 with a wrong key and says that the key was refused', async () => {
    const { code, stderr } = await bench('wrong-key', ['--models', 'instant', '--requests', '1'], {
      env: { SIM_KEY: 'wrong-key-value-1' },
    });
    expect(code).toBe(3);
    expect(stderr).toMatch(/key/i);
    expect(stderr).not.toContain('wrong-key-value-1');
  });

  it('writes the key nowhere, also when a server repeats it', async () => {
    const { stdout, stderr } = await bench('echo', ['--models', 'instant+echo-key,instant', '--requests', '2']);
    const report = await cli.run(['report', join(cli.folder, 'echo'), '--format', 'html']);
    expect(recordsOf('echo').some(({ error }) => error?.code === 'auth')).toBe(true);
    expect(stdout + stderr + report.stdout + everythingIn(cli.folder)).not.toContain(canary);
  });

  it.each<[string, (out: string) => string[], RegExp]>([
    ['an unknown model', () => ['--models', 'nobody'], /There is no model "nobody"\. Known: sim\/instant/],
    ['an empty list of models', () => ['--models', ','], /No model is chosen/],
    [
      'a number that is none',
      () => ['--requests', '1.5'],
      /--requests must be a whole number.*Type: tierwise bench --config FILE/,
    ],
    ['an option that is none', () => ['--fast'], /unknown option '--fast'/],
  ])('refuses %s in one line, before anything is written', async (_name, args, message) => {
    const { code, stdout, stderr } = await bench('refused', args('refused'));
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).toMatch(message);
    expect(existsSync(join(cli.folder, 'refused'))).toBe(false);
  });

  it('refuses a key that is not set, a broken data set, and a configuration with a mistake', async () => {
    expect((await bench('no', [], {})).stderr).toMatch(/SIM_KEY is not set.*"sim"/);
    const rows = cli.file('rows.jsonl', '{"prompt":"fine"}\n{"prompt":\n');
    const run = (file: string, data: string) =>
      cli.run(['bench', '--config', file, '--prompts', data, '--out', join(cli.folder, 'no')], { env });
    expect(await run(config, rows)).toMatchObject({ code: 2, stderr: expect.stringMatching(/rows\.jsonl:2: /) });
    const broken = cli.file('broken.json', '{ "endpoints": [ { "id": "x", "protocol": "soap" } ] }');
    expect(await run(broken, prompts)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/broken\.json:1:\d+: endpoints\[0\]\.protocol: unknown protocol; known: openai/),
    });
    expect(existsSync(join(cli.folder, 'no'))).toBe(false);
  });

  it('refuses a folder that holds another run, and a place that cannot be written', async () => {
    expect(await bench('run')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/holds a run.*tierwise resume/),
    });
    cli.file('in-the-way', 'a file');
    const ended = await bench('in-the-way/run', ['--models', 'instant']);
    expect(ended.code).toBe(2);
    expect(ended.stderr).toMatch(/a part of the path is a file/);
  });

  it('keeps what is done when the disk fails, says why, and can be resumed', async () => {
    const shell = `ulimit -f 80; tierwise bench --config ${config} --prompts ${prompts} --out full --models instant --requests 200 --no-calibrate`;
    const { code, stderr } = await cli.run([], { shell, env });
    expect(code).toBe(2);
    expect(stderr).toMatch(/records\.jsonl: the file may not grow further.*tierwise resume full/);
    const kept = recordsOf('full').length;
    expect(kept).toBeGreaterThan(10);
    expect(kept).toBeLessThan(204);
    expect((await cli.run(['resume', 'full'], { env })).code).toBe(0);
    expect(recordsOf('full')).toHaveLength(204);
  });

  it('asks for agreement before plain http leaves this machine', async () => {
    const own = cli.file('far.json', endpointAt('http://models.example:8000/v1', [{ id: 'm' }]));
    const out = join(cli.folder, 'far');
    expect(await cli.run(['bench', '--config', own, '--prompts', prompts, '--out', out], { env })).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/unencrypted.*--allow-origin http:\/\/models\.example:8000/),
    });
  });
});

describe('an interrupted run', () => {
  it('keeps what is done, exits 130, and is finished by resume without sending anything twice', async () => {
    truth = [];
    const out = join(cli.folder, 'cut');
    const running = cli.start(
      [
        'bench',
        '--config',
        config,
        '--prompts',
        prompts,
        '--out',
        out,
        '--models',
        'paced',
        '--requests',
        '40',
        '--warmup',
        '0',
        '--concurrency',
        '2',
        '--no-calibrate',
      ],
      { env },
    );
    while (truth.length < 4) await new Promise((resolve) => setTimeout(resolve, 20));
    running.child.kill('SIGINT');
    const { code, stderr } = await running.ended;
    expect(code).toBe(130);
    expect(stderr).toContain(`tierwise resume ${out}`);
    const kept = recordsOf('cut').map(({ id }) => id);
    expect(kept.length).toBeGreaterThanOrEqual(4);
    expect(kept.length).toBeLessThan(40);
    expect(readJson('cut', 'manifest.json').state).toBe('cancelled');

    truth = [];
    const resumed = await cli.run(['resume', out], { env });
    expect(resumed.code).toBe(0);
    expect(recordsOf('cut')).toHaveLength(40);
    expect(truth.filter(({ requestId }) => kept.includes(requestId))).toEqual([]);
    expect(readJson('cut', 'manifest.json')).toMatchObject({ state: 'complete', resumed: 1 });

    const again = await cli.run(['resume', out], { env });
    expect(again).toMatchObject({ code: 0, stderr: expect.stringMatching(/is complete/) });
  });

  it('goes on after a cost ceiling when it is given a higher one', async () => {
    const dir = join(cli.folder, 'ceiling');
    expect((await cli.run(['resume', dir], { env })).stderr).toMatch(/--max-cost USD/);
    expect(readJson('ceiling', 'manifest.json')).toMatchObject({ state: 'stopped', stopReason: 'cost-ceiling' });
    expect((await cli.run(['resume', dir, '--max-cost', '5'], { env })).code).toBe(0);
    expect(readJson('ceiling', 'manifest.json')).toMatchObject({ state: 'complete', maxCostUsd: 5 });
  });

  it('sends a key beyond this machine only when the configuration vouches for the address', async () => {
    const folder = join(cli.folder, 'stranger');
    mkdirSync(folder);
    const manifest = readJson('ceiling', 'manifest.json');
    manifest.state = 'cancelled';
    manifest.plan.endpoints[0].baseUrl = 'https://evil.example/v1';
    writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifest));
    writeFileSync(join(folder, 'prompts.jsonl'), readFileSync(join(cli.folder, 'ceiling', 'prompts.jsonl')));

    const alone = await cli.run(['resume', folder], { env });
    expect(alone).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/would send the key in SIM_KEY to https:\/\/evil\.example.*--config FILE/),
    });
    const other = await cli.run(['resume', folder, '--config', config], { env });
    expect(other).toMatchObject({ code: 2, stderr: expect.stringMatching(/"sim" is at http:\/\/127\.0\.0\.1/) });
    expect(existsSync(join(folder, 'records.jsonl'))).toBe(false);
  });

  it('in a folder that holds none is refused', async () => {
    expect(await cli.run(['resume', cli.folder])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/holds no run/),
    });
  });
});

describe('tierwise report', () => {
  it.each([
    ['html', /^<!doctype html>/i],
    ['md', /^# /],
    ['csv', /^\S*id,/],
    ['json', /^\{/],
  ])('writes %s to standard output, or to a file', async (format, start) => {
    const dir = join(cli.folder, 'run');
    const printed = await cli.run(['report', dir, '--format', format]);
    expect(printed).toMatchObject({ code: 0, stderr: '' });
    expect(printed.stdout).toMatch(start);
    const file = join(cli.folder, 'reports', `report.${format}`);
    expect((await cli.run(['report', dir, '--format', format, '--out', file])).code).toBe(0);
    expect(readFileSync(file, 'utf8')).toBe(printed.stdout);
  });

  it('refuses an unknown format, no format, a folder without a run, and a full disk', async () => {
    const dir = join(cli.folder, 'run');
    expect(await cli.run(['report', dir, '--format', 'pdf'])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/one of html, md, csv, json, text, otel, junit/),
    });
    expect(await cli.run(['report', dir])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/--format.*Type: tierwise report DIR/),
    });
    expect(await cli.run(['report', cli.folder, '--format', 'md'])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/holds no run/),
    });
    expect(await cli.run(['report', dir, '--format', 'md', '--out', '/dev/full'])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/\/dev\/full: the disk is full/),
    });
  });
});
