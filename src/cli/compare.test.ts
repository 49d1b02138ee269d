import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildCli, type Cli } from '../../test/spawned-cli.ts';
import { runComparisonSchema } from '../core/benchmark/verdict.ts';
import { type Simulator, startSimulator } from '../engine/simulator/server.ts';

let cli: Cli;
let simulators: Simulator[];
const folder = (name: string) => join(cli.folder, name);

/** A run of 20 prompts on one model, which is called the same wherever it is served. */
async function run(name: string, baseUrl: string, outputPrice: number, question = 'Question'): Promise<void> {
  const models = [{ id: 'paced', inputPrice: 1, outputPrice }];
  const config = cli.file(`${name}.json`, { endpoints: [{ id: 'lab', protocol: 'openai', baseUrl, models }] });
  const prompts = cli.file(
    'prompts.jsonl',
    Array.from({ length: 20 }, (_, index) => `{"id":"p${index}","prompt":"${question} ${index}?"}\n`).join(''),
  );
  const { code } = await cli.run([
    ...['bench', '--config', config, '--prompts', prompts, '--out', folder(name), '--no-calibrate', '--warmup', '0'],
  ]);
  // 3: all requests failed.
  expect(code).toBe(name === 'broken' ? 3 : 0);
  // How late the test's own machine was must not decide whether latency is compared.
  const path = join(folder(name), 'manifest.json');
  const { lag: _, ...manifest } = JSON.parse(readFileSync(path, 'utf8'));
  writeFileSync(path, JSON.stringify(manifest));
}

/** An endpoint that answers every request with status 500. */
const broken = createServer((_, response) => response.writeHead(500).end());

beforeAll(async () => {
  cli = await buildCli();
  simulators = await Promise.all([startSimulator({ speed: 20 }), startSimulator({ speed: 4 })]);
  const [fast, slow] = simulators;
  await run('before', fast?.baseUrl ?? '', 2);
  await run('again', fast?.baseUrl ?? '', 2);
  await run('after', slow?.baseUrl ?? '', 8);
  await run('others', fast?.baseUrl ?? '', 2, 'Riddle');
  await new Promise<void>((resolve) => broken.listen(0, '127.0.0.1', resolve));
  const address = broken.address();
  await run('broken', `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/v1`, 2);
}, 60_000);
afterAll(async () => {
  cli.stop();
  broken.close();
  await Promise.all(simulators.map((simulator) => simulator.close()));
});

describe('tierwise compare', () => {
  it('says what changed and whether it is noise, as a table, Markdown or JSON', async () => {
    const { code, stdout, stderr } = await cli.run(['compare', folder('before'), folder('after')]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^Before: prompts\.jsonl/);
    expect(stdout).toMatch(/lab\/paced/);
    expect(stdout).toMatch(/cost .*worse/i);

    const json = await cli.run(['compare', folder('before'), folder('after'), '--json']);
    const comparison = runComparisonSchema.parse(JSON.parse(json.stdout));
    const cost = comparison.models[0]?.metrics.find(({ metric }) => metric === 'cost');
    expect(cost).toMatchObject({ n: 20, outcome: 'a' });
    expect(comparison.changes.length).toBeGreaterThan(0);

    const markdown = await cli.run(['compare', folder('before'), folder('after'), '--format', 'md']);
    expect(markdown.stdout).toMatch(/^# Comparison of runs/);
  });

  it('exits 1 for what got worse beyond noise, where that is asked for', async () => {
    const worse = await cli.run(['compare', folder('before'), folder('after'), '--fail-on-regression']);
    expect(worse).toMatchObject({ code: 1, stderr: expect.stringMatching(/^Got worse: .*cost of lab\/paced/) });
    // The other way round it got better.
    const better = await cli.run(['compare', folder('after'), folder('before'), '--fail-on-regression']);
    expect(better).toMatchObject({ code: 0, stderr: 'Nothing got worse beyond noise.\n' });
  });

  it('does not call it no regression when all requests fail, or when nothing can be compared', async () => {
    const fail = async (name: string) => cli.run(['compare', folder('before'), folder(name), '--fail-on-regression']);
    expect(await fail('broken')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^Got worse: share of failed requests of lab\/paced\.\nCannot be compared.*cost/),
    });
    expect(await fail('others')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^Cannot be compared, so it may have got worse: time to first token/),
    });
  });

  it('takes several runs', async () => {
    const { stdout } = await cli.run(['compare', folder('before'), folder('again'), folder('after'), '--json']);
    const { runs, models } = runComparisonSchema.parse(JSON.parse(stdout));
    expect(runs).toHaveLength(3);
    expect(models.map(({ run }) => run)).toEqual([1, 2]);
    // Same model, same prompts, same prices.
    expect(models[0]?.metrics.find(({ metric }) => metric === 'cost')?.outcome).toBe('tied');
  });

  it.each<[string, () => string[], RegExp]>([
    ['one run', () => [folder('before')], /missing required argument.*Type: tierwise compare DIR DIR/],
    ['a run twice', () => [folder('before'), folder('before')], /is a run that was named before/],
    ['a folder without a run', () => [folder('before'), cli.folder], /holds no run/],
    ['an unknown format', () => [folder('before'), folder('after'), '--format', 'pdf'], /one of text, md, json/],
  ])('refuses %s', async (_name, args, message) => {
    const { code, stderr } = await cli.run(['compare', ...args()]);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(message) });
  });
});
