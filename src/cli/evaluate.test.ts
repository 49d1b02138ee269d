import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildCli, type Cli, jsonLines } from '../../test/spawned-cli.ts';
import { manifestSchema } from '../core/benchmark/manifest.ts';
import { summarySchema } from '../core/benchmark/summary.ts';
import { outcomeSchema } from '../core/quality/outcome.ts';
import { type Simulator, startSimulator } from '../engine/simulator/server.ts';

let cli: Cli;
let simulator: Simulator;
let config: string;
let prompts: string;
const folder = (name: string) => join(cli.folder, name);
const bench = (out: string, args: string[], configFile = config) =>
  cli.run([
    ...['bench', '--config', configFile, '--prompts', prompts, '--out', folder(out), '--no-calibrate', '--warmup', '0'],
    ...['--models', 'large,small', ...args],
  ]);
const outcomesOf = (run: string) =>
  jsonLines(readFileSync(join(folder(run), 'outcomes.jsonl'), 'utf8')).map((line) => outcomeSchema.parse(line));
const summaryOf = (text: string) => summarySchema.parse(JSON.parse(text));

const endpoints = () => [
  {
    id: 'sim',
    protocol: 'openai',
    baseUrl: simulator.baseUrl,
    models: [
      { id: 'large', inputPrice: 3, outputPrice: 15 },
      { id: 'small', inputPrice: 0.1, outputPrice: 0.4 },
      { id: 'instant+judge', inputPrice: 1, outputPrice: 2 },
      { id: 'medium', task: 'embeddings', inputPrice: 0.1 },
    ],
  },
];

beforeAll(async () => {
  cli = await buildCli();
  simulator = await startSimulator({ speed: 100 });
  config = cli.file('tierwise.json', { endpoints: endpoints() });
  prompts = cli.file(
    'sums.jsonl',
    [3, 4, 5, 6]
      .map((n) => `{"id":"s${n}","prompt":"What is ${n} * 17?","reference":"${n * 17}","checks":[{"type":"number"}]}\n`)
      .join(''),
  );
}, 60_000);
afterAll(async () => {
  cli.stop();
  await simulator.close();
});

describe('tierwise bench with checks and a judge', () => {
  it('checks and judges answers once all were sent, and says before what that may cost', async () => {
    const rubric = cli.file('rubric.txt', 'The number is right.');
    const { code, stdout, stderr } = await bench('judged', [
      ...['--judge', 'instant+judge', '--rubric', `@${rubric}`, '--judge-repeats', '2', '--judge-pairs', '--json'],
      ...['--gate', 'sim/large:pass_share>=0', '--gate', 'judge>=0', '--junit', join(cli.folder, 'judged.xml')],
    ]);
    // Answers that fail their checks are no failed gates.
    expect(readFileSync(join(cli.folder, 'judged.xml'), 'utf8')).toMatch(/ tests="3" failures="0"/);
    expect({ code, stderr }).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/^8 requests to 2 models, and up to 24 judgements\. They will cost \$/),
    });
    const kinds = outcomesOf('judged').map(({ kind }) => kind);
    const count = (kind: string) => kinds.filter((one) => one === kind).length;
    expect({ check: count('check'), judge: count('judge'), pair: count('pair') }).toEqual({
      check: 8,
      judge: 16,
      pair: 4,
    });
    const { models, totals } = summaryOf(stdout);
    expect(models[0]?.quality).toMatchObject({ n: 4, judge: { n: 4 }, checks: { n: 4 } });
    expect(totals.evaluationUsd).toBeGreaterThan(0);
    const manifest = manifestSchema.parse(JSON.parse(readFileSync(join(folder('judged'), 'manifest.json'), 'utf8')));
    expect(manifest.plan.evaluation?.judge).toMatchObject({ rubric: 'The number is right.', repeats: 2, pairs: true });
    // The report shows it.
    const report = await cli.run(['report', folder('judged'), '--format', 'md']);
    expect(report.stdout).toMatch(/Quality/);
  });

  it('takes judge, rubric and template from the configuration, too', async () => {
    const own = cli.file('own.json', {
      endpoints: endpoints(),
      benchmark: {
        evaluation: { judge: { model: 'sim/instant+judge', rubric: 'Right.' } },
        template: 'Compute {{prompt}}',
      },
    });
    const { stderr } = await bench('own', [], own);
    expect(stderr).toMatch(/and up to 8 judgements/);
    expect(stderr).not.toMatch(/may prefer itself/);
    expect(outcomesOf('own').filter(({ kind }) => kind === 'judge')).toHaveLength(8);
    const [first] = jsonLines(readFileSync(join(folder('own'), 'prompts.jsonl'), 'utf8'));
    expect(first.text).toBe('Compute What is 3 * 17?');
  });

  it('says before that a judge is among those that it judges', async () => {
    const { stderr } = await bench('self', ['--requests', '1', '--judge', 'sim/small', '--rubric', 'Right.']);
    expect(stderr).toMatch(/The judge sim\/small is among the models that it judges/);
  });

  it('compares embeddings where checks ask for similarity', async () => {
    const similar = cli.file(
      'similar.jsonl',
      '{"id":"a","prompt":"What is 3 * 17?","reference":"51","checks":[{"type":"similarity","least":-1}]}\n',
    );
    const { code, stdout } = await cli.run([
      ...['bench', '--config', config, '--prompts', similar, '--out', folder('similar'), '--no-calibrate', '--json'],
      ...['--models', 'small', '--embedding-model', 'medium'],
    ]);
    expect(code).toBe(0);
    expect(summaryOf(stdout).models[0]?.quality).toMatchObject({ n: 1, checks: { n: 1, score: 1 } });
  });

  it('refuses a template with a name that rows do not have, and a judge that makes embeddings', async () => {
    expect(await bench('no', ['--template', 'Translate {{text}}'])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/sums\.jsonl:1: .*text/),
    });
    expect(await bench('no', ['--judge', 'medium', '--rubric', 'x'])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/sim\/medium makes embeddings and can judge nothing/),
    });
  });
});

describe('tierwise evaluate', () => {
  it('judges the stored answers of a run by other checks, without sending its prompts again', async () => {
    expect((await bench('plain', ['--requests', '4'])).code).toBe(0);
    const records = readFileSync(join(folder('plain'), 'records.jsonl'), 'utf8');
    const checks = cli.file(
      'checks.jsonl',
      [3, 4, 5, 6]
        .map((n) => `{"id":"s${n}","prompt":"-","reference":"${n * 17}","checks":[{"type":"contains"}]}\n`)
        .join(''),
    );
    const { code, stdout, stderr } = await cli.run([
      ...['evaluate', folder('plain'), '--config', config, '--checks', checks, '--json', '--gate', 'pass_share>1'],
    ]);
    // No share is above 1.
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringMatching(/Checks only: nothing is sent/) });
    expect(summaryOf(stdout).models[0]?.quality?.checks?.n).toBe(4);
    expect(JSON.parse(stdout).gates[0]).toMatchObject({ passed: false });
    expect(readFileSync(join(folder('plain'), 'records.jsonl'), 'utf8')).toBe(records);

    const judged = await cli.run([
      ...['evaluate', folder('plain'), '--config', config, '--judge', 'instant+judge', '--rubric', 'Right.', '--json'],
    ]);
    expect(judged).toMatchObject({ code: 0, stderr: expect.stringMatching(/8 judgements?\. They will cost/) });
    expect(summaryOf(judged.stdout).models[0]?.quality?.judge?.n).toBe(4);
  });

  it('exits as the judging ended, not as the run did: 130 when it was interrupted, 0 once all is judged', async () => {
    await bench('cut', ['--requests', '4']);
    const path = join(folder('cut'), 'manifest.json');
    const manifest = manifestSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
    writeFileSync(path, JSON.stringify({ ...manifest, state: 'cancelled' }));
    const never = createServer(() => {}).listen(0, '127.0.0.1');
    await once(never, 'listening');
    const { port } = never.address() as AddressInfo;
    const court = { id: 'court', protocol: 'openai', baseUrl: `http://127.0.0.1:${port}/v1`, models: [{ id: 'j' }] };
    const withCourt = cli.file('court.json', { endpoints: [...endpoints(), court] });
    const judged = ['--rubric', 'Right.', '--gate', 'checks>=0', '--yes'];
    const running = cli.start(['evaluate', folder('cut'), '--config', withCourt, '--judge', 'court/j', ...judged]);
    await once(never, 'connection');
    running.child.kill('SIGINT');
    expect(await running.ended).toMatchObject({ code: 130, stderr: expect.stringMatching(/the same command goes on/) });
    never.closeAllConnections();
    never.close();

    const args = ['evaluate', folder('cut'), '--config', config, '--judge', 'instant+judge', ...judged];
    expect(await cli.run(args)).toMatchObject({ code: 0 });
    const again = manifestSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
    expect([again.state, again.judging]).toEqual(['cancelled', undefined]);
  });

  it('refuses a run without answers, checks of strangers, a judge without a rubric, and a folder without a run', async () => {
    const run = (dir: string, ...args: string[]) => cli.run(['evaluate', folder(dir), '--config', config, ...args]);
    await bench('silent', ['--no-answers', '--requests', '1']);
    expect(await run('silent')).toMatchObject({ code: 2, stderr: expect.stringMatching(/kept no answers/) });
    const strange = cli.file('strange.jsonl', '{"id":"x","prompt":"-","checks":[{"type":"json"}]}\n');
    expect(await run('plain', '--checks', strange)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/no checks for any prompt of the run/),
    });
    expect(await run('nowhere')).toMatchObject({ code: 2, stderr: expect.stringMatching(/holds no run/) });
    expect(await run('plain', '--judge', 'instant+judge')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/--judge needs --rubric/),
    });
  });
});
