import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { sampleEndpoints } from '../../../test/services/databricks/sample.ts';
import { startWorkspace } from '../../../test/services/databricks/workspace.ts';
import { type Simulator, startSimulator } from '../simulator/server.ts';
import type { TruthEntry } from '../simulator/truth.ts';
import { startMeasuring } from './measuring.ts';
import { readRun } from './run-folder.ts';
import { Bench } from './testing/bench.ts';
import { makePlan, makePrompts, startMessage } from './testing/run.ts';

const bench = new Bench();
const truth: TruthEntry[] = [];
let simulator: Simulator;
beforeAll(async () => {
  simulator = await startSimulator({ speed: 10, truth: (entry) => truth.push(entry) });
});
afterAll(() => simulator.close());

it('measures endpoints of every wire protocol side by side in one run', { timeout: 60_000 }, async () => {
  const origin = new URL(simulator.baseUrl).origin;
  const endpoints = [
    { id: 'openai', protocol: 'openai', baseUrl: `${origin}/v1` },
    { id: 'responses', protocol: 'openai-responses', baseUrl: `${origin}/v1` },
    { id: 'azure', protocol: 'azure-openai', baseUrl: origin, apiVersion: '2024-10-21' },
    { id: 'anthropic', protocol: 'anthropic', baseUrl: origin },
    { id: 'ollama', protocol: 'ollama', baseUrl: origin },
    { id: 'databricks', protocol: 'databricks', baseUrl: origin },
  ] as const;
  const plan = makePlan('', {
    endpoints: [...endpoints],
    models: [
      ...endpoints.map(({ id }) => ({ endpoint: id, model: 'paced', inputPrice: 1, outputPrice: 2 })),
      { endpoint: 'openai', model: 'instant', task: 'completions', inputPrice: 1, outputPrice: 2 },
      {
        endpoint: 'databricks',
        model: 'instant',
        task: 'pyfunc',
        pyfunc: { input: 'dataframe_split', column: 'prompt' },
      },
    ],
    requests: 4,
    warmup: 1,
  });
  const message = startMessage(bench.runDir, plan, makePrompts(4));
  const { manifest, summary } = await startMeasuring({ entry: bench.entry, message }).done;
  expect(manifest).toMatchObject({ state: 'complete', simulated: true });
  const { records } = await readRun(bench.runDir);
  expect(records.filter(({ status }) => status === 'error')).toEqual([]);
  const custom = summary.models.pop();
  // It answers in one piece and counts no tokens.
  expect(custom).toMatchObject({ counts: { ok: 4 }, e2eMs: { n: 4 }, tokens: { source: 'estimate' } });
  expect(custom?.ttftMs).toBeUndefined();
  for (const { endpoint, model, counts, ttftMs, tpotMs, tokens, cost } of summary.models) {
    expect([endpoint, counts.ok, tokens.source, cost.unknown]).toEqual([endpoint, 4, 'server', 0]);
    expect(ttftMs?.n).toBe(4);
    if (model === 'paced') expect(tpotMs?.p50).toBeGreaterThan(0);
  }
  // What was counted is what was sent, however the vendor counts.
  const sent = new Map(truth.map((entry) => [entry.requestId, entry]));
  for (const { id, tokens } of records.filter(({ tokens }) => tokens?.source === 'server'))
    expect(tokens?.output).toBe(sent.get(id)?.outputTokens);
});

it('says of each record which version of a Databricks endpoint answered', { timeout: 60_000 }, async () => {
  const custom = sampleEndpoints().find(({ name }) => name === 'my-custom-endpoint')!;
  const workspace = await startWorkspace({ endpoints: [custom, { ...custom, name: 'my-chat', task: 'llm/v1/chat' }] });
  onTestFinished(() => workspace.stop());
  const plan = makePlan(workspace.host, {
    endpoints: [{ id: 'dbx', protocol: 'databricks', baseUrl: workspace.host }],
    models: [
      { endpoint: 'dbx', model: 'my-chat' },
      {
        endpoint: 'dbx',
        model: 'my-custom-endpoint',
        task: 'pyfunc',
        pyfunc: { input: 'dataframe_split', column: 'prompt' },
      },
    ],
    requests: 8,
  });
  const keys = [{ endpoint: 'dbx', origin: workspace.host, key: workspace.token }];
  const message = startMessage(bench.runDir, plan, makePrompts(4), keys);
  const { summary } = await startMeasuring({ entry: bench.entry, message }).done;
  // Bodies of the chat endpoint name the endpoint, so the header alone tells its versions apart.
  for (const { servedAs } of summary.models) {
    expect(servedAs).toEqual([
      { model: 'my_model-3', count: 6 },
      { model: 'my_model-4', count: 2 },
    ]);
  }
});
