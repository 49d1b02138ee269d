import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type RunRecord, recordSchema } from '../../../src/core/benchmark/record.ts';
import { summarySchema } from '../../../src/core/benchmark/summary.ts';
import type { ConfiguredModel } from '../../../src/engine/config/schema.ts';
import { buildCli, type Cli, everythingIn, jsonLines } from '../../spawned-cli.ts';
import { startWorkspace, type Workspace } from './workspace.ts';

const llama = 'databricks-meta-llama-3-1-8b-instruct';
const sleepy = 'my-sleepy-llm';
const prompts = ['Name three colours.', 'What is water made of?', 'Why is the sky blue?', 'What does a baker do?'];

describe('the command tierwise with a workspace', () => {
  let cli: Cli;
  let workspace: Workspace;
  let env: Record<string, string>;
  let runs = 0;
  beforeAll(async () => {
    cli = await buildCli();
  });
  afterAll(() => cli?.stop());
  beforeEach(async () => {
    // An hour of the workspace is 6 s.
    workspace = await startWorkspace({ clockRate: 600 });
    env = { DATABRICKS_HOST: workspace.host, DATABRICKS_TOKEN: workspace.token };
  });
  afterEach(() => workspace.stop());

  const invoked = () => workspace.requests.filter(({ path }) => path.endsWith('/invocations'));

  interface Bench {
    readonly args?: readonly string[];
    readonly requests?: number;
  }

  /** Runs a benchmark of one model into a new folder. */
  async function bench(model: ConfiguredModel, { args = [], requests = prompts.length }: Bench = {}) {
    const name = `run-${runs++}`;
    const endpoints = [{ id: 'dbx', protocol: 'databricks', baseUrl: workspace.host, models: [model] }];
    cli.file(`${name}.json`, { endpoints });
    const rows = Array.from({ length: requests }, (_, at) => ({ id: `p${at}`, prompt: prompts[at % prompts.length] }));
    cli.file(`${name}.jsonl`, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    const files = ['--config', `${name}.json`, '--prompts', `${name}.jsonl`, '--out', name];
    const ended = await cli.run(['bench', ...files, '--yes', '--warmup', '0', '--max-tokens', '16', ...args], { env });
    const folder = join(cli.folder, name);
    const read = (file: string) => readFileSync(join(folder, file), 'utf8');
    return {
      ...ended,
      folder,
      records: (): RunRecord[] => jsonLines(read('records.jsonl')).map((record) => recordSchema.parse(record)),
      model: () => summarySchema.parse(JSON.parse(read('summary.json'))).models[0]!,
    };
  }

  it('lists its endpoints with readiness, task, price and whether they sleep', async () => {
    workspace.serving.sleep(sleepy);
    const { code, stdout, stderr } = await cli.run(['endpoints', '--databricks', '--json'], { env });
    expect(code, stderr).toBe(0);
    const { endpoints } = JSON.parse(stdout);
    const named = (name: string) => endpoints.find((endpoint: any) => endpoint.name === name);
    // The workspace's DBU at 0.07 USD, to a tenth of a cent: its prices are no more exact.
    const usd = 0.07;
    expect(named(llama)).toMatchObject({ task: 'chat', kind: 'foundation', readiness: 'ready', mayScaleToZero: false });
    expect(named(llama).prices.inputUsd).toBeCloseTo(2.143 * usd, 3);
    expect(named(llama).prices.outputUsd).toBeCloseTo(6.429 * usd, 3);
    expect(named(sleepy)).toMatchObject({ task: 'chat', kind: 'custom', scaledToZero: true, mayScaleToZero: true });
    expect(named(sleepy).prices).toBeUndefined();
    expect(named('mas-agent-endpoint')).toMatchObject({ task: 'agent', readiness: 'ready' });
    expect(named('my-custom-endpoint')).toMatchObject({
      task: 'pyfunc',
      entities: [{ traffic: 75 }, { traffic: 25 }],
    });
    expect(stdout + stderr).not.toContain(workspace.token);
  });

  it('adds them to a configuration with which a benchmark runs, at the prices of the workspace', async () => {
    const added = await cli.run(['endpoints', '--databricks', '--add', 'added.json', '--id', 'dbx'], { env });
    expect(added.code, added.stderr).toBe(0);
    const config = JSON.parse(readFileSync(join(cli.folder, 'added.json'), 'utf8'));
    expect(JSON.stringify(config)).not.toContain(workspace.token);
    const models: ConfiguredModel[] = config.endpoints[0].models;
    expect(models.find(({ id }) => id === llama)).toMatchObject({ priceSource: 'workspace' });
    expect(models.find(({ id }) => id === sleepy)).toMatchObject({ scaleToZero: true });
    expect(models.map(({ id }) => id)).not.toContain('mas-agent-endpoint');

    cli.file('added.jsonl', '{"prompt":"Name three colours."}\n');
    const files = ['--config', 'added.json', '--prompts', 'added.jsonl', '--out', 'added'];
    const run = await cli.run(['bench', ...files, '--models', `dbx/${llama}`, '--yes', '--max-tokens', '16'], { env });
    expect(run.code, run.stderr).toBe(0);
    const [record] = jsonLines(readFileSync(join(cli.folder, 'added/records.jsonl'), 'utf8')).filter(
      ({ warmup }) => !warmup,
    );
    const { input, output } = record.tokens;
    expect(record.costUsd).toBeCloseTo((input * 0.15 + output * 0.45) / 1e6, 9);
  });

  it('finds what stands in for a model that is no longer served, and says why', async () => {
    const resolved = await cli.run(['endpoints', '--databricks', '--resolve', 'databricks-dbrx-instruct', '--json'], {
      env,
    });
    expect(resolved.code, resolved.stderr).toBe(0);
    const { model, how, reason } = JSON.parse(resolved.stdout).resolved;
    expect(how).toMatch(/^(successor|nearest)$/);
    expect(model).toMatch(/^databricks-/);
    expect(reason).toContain('retired');
  });

  it('benchmarks a model of it, with the cost that the prices and the tokens make', async () => {
    const priced: ConfiguredModel = {
      id: llama,
      inputPrice: 0.15,
      outputPrice: 0.45,
      priceSource: 'workspace',
      priceAsOf: '2026-11-24',
    };
    const run = await bench(priced);
    expect(run.code, run.stderr).toBe(0);
    for (const { status, tokens, costUsd, simulated } of run.records()) {
      expect({ status, simulated, source: tokens?.source }).toEqual({ status: 'ok', source: 'server' });
      expect(tokens!.output).toBe(16);
      expect(costUsd).toBeCloseTo((tokens!.input * 0.15 + tokens!.output * 0.45) / 1e6, 12);
    }
    expect(run.model().counts).toMatchObject({ requests: prompts.length, ok: prompts.length });
    expect(run.stdout + run.stderr + everythingIn(run.folder)).not.toContain(workspace.token);
  });

  it.each([401, 403] as const)(
    'renews the token of a service principal when it is refused with %s during a run',
    async (refusal) => {
      const { id, secret } = workspace.oauthClient;
      env = { DATABRICKS_HOST: workspace.host, DATABRICKS_CLIENT_ID: id, DATABRICKS_CLIENT_SECRET: secret };
      workspace.identity.expiredStatus = refusal;
      workspace.behave(llama, { tokenMs: 20 });
      const running = bench({ id: llama }, { requests: 8, args: ['--concurrency', '1'] });
      while (invoked().length < 3) await delay(10);
      workspace.identity.withdraw();
      const run = await running;
      expect(run.code, run.stderr).toBe(0);
      expect(run.records().map(({ status }) => status)).toEqual(Array(8).fill('ok'));
      expect(workspace.identity.issuedCount).toBe(2);
      // One of them was refused, in flight or next, and sent again.
      expect(invoked().filter(({ status }) => status === refusal)).toHaveLength(1);
      expect(run.stdout + run.stderr + everythingIn(run.folder)).not.toContain(secret);
    },
  );

  it.each(['wait', 'refuse'] as const)(
    'wakes a sleeping endpoint first and keeps that request out of the figures (others must %s)',
    async (whileWaking) => {
      workspace.serving.whileWaking = whileWaking;
      workspace.serving.sleep(sleepy);
      const run = await bench({ id: sleepy, scaleToZero: true });
      expect(run.code, run.stderr).toBe(0);
      const cold = run.records().filter(({ coldStart }) => coldStart);
      expect(cold).toHaveLength(1);
      const { counts, coldStarts, e2eMs } = run.model();
      expect(counts).toMatchObject({ requests: prompts.length, ok: prompts.length });
      // 90 s of the workspace are 150 ms of ours.
      expect(coldStarts).toEqual([{ ms: expect.any(Number), ok: true }]);
      expect(coldStarts![0]!.ms).toBeGreaterThanOrEqual(140);
      expect(e2eMs!.n).toBe(prompts.length);
      const warm = run.records().filter(({ warmup }) => !warmup);
      for (const { attempts } of warm) expect(attempts.map(({ status }) => status)).toEqual([200]);
    },
  );

  it.each([true, false])(
    'goes on when limits of tokens a minute are reached (the server says how long: %s)',
    async (retryAfter) => {
      workspace.limit(llama, { outputTokensPerMinute: 40, retryAfter });
      const run = await bench(
        { id: llama, inputPrice: 1, outputPrice: 2 },
        { requests: 8, args: ['--max-retries', '8', '--concurrency', '4'] },
      );
      expect(run.code, run.stderr).toBe(0);
      const records = run.records();
      expect(records.map(({ status }) => status)).toEqual(Array(8).fill('ok'));
      const refused = records.flatMap(({ attempts }) => attempts.filter(({ status }) => status === 429));
      expect(refused.length).toBeGreaterThan(0);
      for (const { error } of refused) expect(error).toMatchObject({ code: 'rate-limited' });
      // Each try reached the workspace once, and those that were refused cost nothing.
      expect(invoked()).toHaveLength(8 + refused.length);
      for (const { costUsd, tokens } of records)
        expect(costUsd).toBeCloseTo((tokens!.input + 2 * tokens!.output) / 1e6, 12);
    },
  );

  it('says why a run failed, and ends with 3', async () => {
    env = { DATABRICKS_HOST: workspace.host, DATABRICKS_TOKEN: 'dapi-wrong-0123456789' };
    const run = await bench({ id: llama }, { args: ['--max-retries', '0'] });
    expect(run.code).toBe(3);
    expect(run.records()[0]!.error).toMatchObject({ code: 'auth', status: 403 });
    expect(run.stdout + run.stderr + everythingIn(run.folder)).not.toContain('dapi-wrong-0123456789');
  });

  it('refuses to start where nobody is signed in, and says how to sign in', async () => {
    env = {};
    const run = await bench({ id: llama });
    expect(run.code).not.toBe(0);
    expect(run.stderr).toContain('databricks auth login');
    expect(workspace.requests).toEqual([]);
  });
});
