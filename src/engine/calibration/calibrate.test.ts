import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { Failure } from '../../core/failure.ts';
import { startMeasuring } from '../benchmark/measuring.ts';
import { readRun } from '../benchmark/run-folder.ts';
import { Bench, until } from '../benchmark/testing/bench.ts';
import { makePlan, makePrompts, startMessage } from '../benchmark/testing/run.ts';
import type { Transport } from '../http/transport.ts';
import { createUndiciTransport } from '../http/undici-transport.ts';
import { calibrated } from './calibrate.ts';
import { trueProcessArgument } from './true-process.ts';

const bench = new Bench();
const connect = async (connections: number) => createUndiciTransport({ network: { strictSsl: true }, connections });
const never = new AbortController().signal;

/** A transport whose clock stamps arriving bytes so many ms too late, as one does that parses before it looks. */
async function slowClock(connections: number, ms: number): Promise<Transport> {
  const transport = await connect(connections);
  return {
    ...transport,
    send: (request, handler) =>
      transport.send(request, {
        sent: (...args) => handler.sent?.(...args),
        headers: (...args) => handler.headers(...args),
        data: (chunk, at) => handler.data(chunk, at + ms),
      }),
  };
}

it('leaves the error of the instrument in the manifest, and no trace of it in the run', {
  timeout: 30_000,
}, async () => {
  const endpoint = await bench.serve();
  const plan = makePlan(endpoint.baseUrl, { calibrate: true, requests: 6 });
  const message = startMessage(bench.runDir, plan, makePrompts(3));
  const { manifest } = await startMeasuring({ entry: bench.entry, message }).done;
  expect(manifest.calibrationFailure).toBeUndefined();
  const { calibration } = manifest;
  expect(calibration).toMatchObject({ load: { kind: 'closed', concurrency: 4 }, requests: 40 });
  expect(calibration?.ttftErrorMs?.n).toBe(40);
  expect(calibration?.e2eErrorMs.p50).toBeGreaterThan(0);
  expect(calibration?.bareLoopPerSecond).toBeGreaterThan(0);
  expect(calibration?.instrumentPerSecond).toBeGreaterThan(0);
  expect(endpoint.received).toHaveLength(6);
  const run = await readRun(bench.runDir);
  expect(run.manifest).toEqual(manifest);
  expect(run.records).toHaveLength(6);
  expect(manifest.simulated).toBe(false);
  expect(readdirSync(bench.runDir).sort()).toEqual(['manifest.json', 'prompts.jsonl', 'records.jsonl', 'summary.json']);
});

it.each(['openai', 'openai-responses', 'azure-openai', 'anthropic', 'ollama', 'databricks'] as const)(
  'rehearses %s in its own dialect, and sees a clock that is late',
  { timeout: 30_000 },
  async (protocol) => {
    const plan = makePlan('', {
      endpoints: [{ id: 'lab', protocol, baseUrl: 'http://127.0.0.1:1', apiVersion: '2024-10-21' }],
      concurrency: 2,
    });
    const { calibration, calibrationFailure } = await calibrated({
      plan,
      prompts: makePrompts(5),
      script: bench.entry,
      connect: (connections) => slowClock(connections, 200),
      signal: never,
    });
    expect(calibrationFailure).toBeUndefined();
    expect(calibration?.ttftErrorMs?.min).toBeGreaterThanOrEqual(200);
    expect(calibration?.e2eErrorMs.min).toBeGreaterThanOrEqual(200);
  },
);

it('compares whole answers by their end only', { timeout: 30_000 }, async () => {
  const plan = makePlan('http://127.0.0.1:1/v1', { stream: false });
  const { calibration } = await calibrated({
    plan,
    prompts: makePrompts(5),
    script: bench.entry,
    connect,
    signal: never,
  });
  expect(calibration).toMatchObject({ e2eErrorMs: { n: 40 } });
  expect(calibration?.ttftErrorMs).toBeUndefined();
});

it('never fails a run: the manifest says why there is none', async () => {
  const plan = makePlan('http://127.0.0.1:1/v1');
  const options = { plan, prompts: makePrompts(5), connect, signal: never };
  expect(await calibrated({ ...options, script: `${bench.folder}/missing.js` })).toEqual({
    calibrationFailure: 'The simulator to calibrate against could not be started.',
  });
  const vscode = makePlan('', { endpoints: [{ id: 'lab', protocol: 'vscode-lm', baseUrl: '' }] });
  expect((await calibrated({ ...options, plan: vscode, script: bench.entry })).calibrationFailure).toContain('VS Code');
  const broken = async (connections: number): Promise<Transport> => ({
    ...(await connect(connections)),
    send: () => Promise.reject(new Failure({ code: 'connect', message: 'no' })),
  });
  const failed = await calibrated({ ...options, connect: broken, script: bench.entry });
  expect(failed.calibration).toBeUndefined();
  expect(failed.calibrationFailure).toMatch(/compared|did not answer/);
});

it('says nothing when the run is cancelled meanwhile', async () => {
  const cancelling = new AbortController();
  const calibrating = calibrated({
    plan: makePlan('http://127.0.0.1:1/v1'),
    prompts: makePrompts(5),
    script: bench.entry,
    connect,
    signal: cancelling.signal,
  });
  setTimeout(() => cancelling.abort(new Failure({ code: 'cancelled', message: 'Enough.' })), 500);
  expect(await calibrating).toEqual({});
});

it.runIf(process.platform === 'linux')('leaves no simulator behind when the measuring process is killed', async () => {
  const endpoint = await bench.serve();
  const plan = makePlan(endpoint.baseUrl, { calibrate: true });
  const measuring = startMeasuring({ entry: bench.entry, message: startMessage(bench.runDir, plan, makePrompts(3)) });
  await until(() => simulators().length === 1);
  process.kill(bench.measuringPid(), 'SIGKILL');
  await expect(measuring.done).rejects.toThrow('resume the run');
  await until(() => simulators().length === 0);
});

/** Processes that serve the truth for this file's script. */
function simulators(): string[] {
  return readdirSync('/proc').filter((pid) => {
    const path = `/proc/${pid}/cmdline`;
    try {
      if (!/^\d+$/.test(pid) || !existsSync(path)) return false;
      const words = readFileSync(path, 'utf8').split('\0');
      return words.includes(bench.entry) && words.includes(trueProcessArgument);
    } catch {
      return false;
    }
  });
}
