import { afterAll, beforeAll, expect, it } from 'vitest';
import { unpackTimes } from '../../core/benchmark/chunk-times.ts';
import { sameAs } from '../../core/benchmark/same-as.ts';
import { type Simulator, startSimulator } from '../simulator/server.ts';
import type { TruthEntry } from '../simulator/truth.ts';
import { startMeasuring } from './measuring.ts';
import { readRun } from './run-folder.ts';
import { Bench } from './testing/bench.ts';
import { makePlan, makePrompts, startMessage } from './testing/run.ts';

const bench = new Bench();
const truth = new Map<string, TruthEntry>();
let simulator: Simulator;
beforeAll(async () => {
  simulator = await startSimulator({ speed: 10, truth: (entry) => truth.set(entry.requestId, entry) });
});
afterAll(() => simulator.close());

it('figures of other tools fit what the server really sent, each in its own way', { timeout: 60_000 }, async () => {
  const plan = makePlan(simulator.baseUrl, {
    models: [{ endpoint: 'lab', model: 'paced', inputPrice: 1, outputPrice: 2 }],
    requests: 6,
    warmup: 1,
    concurrency: 2,
    maxTokens: 256,
  });
  await startMeasuring({ entry: bench.entry, message: startMessage(bench.runDir, plan, makePrompts(3)) }).done;
  const { records } = await readRun(bench.runDir);
  const measured = records.filter(({ warmup }) => !warmup);
  expect(measured).toHaveLength(6);

  for (const { id, times, tokens, chunks, chunkTimes = '' } of measured) {
    const { outputTokens = 0, firstTokenMs = 0, lastTokenMs = 0 } = truth.get(id) ?? {};
    expect({ chunks, output: tokens?.output }).toEqual({ chunks: outputTokens, output: outputTokens });
    const { sent, firstEvent = 0, firstToken = 0, lastToken = 0, lastChoice = 0, end } = times;
    const moments = [sent, firstEvent, firstToken, lastToken, lastChoice, end];
    expect(moments).toEqual([...moments].sort((a, b) => a - b));
    // Nothing is here before it was sent there.
    expect(firstToken - sent).toBeGreaterThanOrEqual(firstTokenMs - 0.01);
    expect(lastToken - sent).toBeGreaterThanOrEqual(lastTokenMs - 0.01);
    const arrivals = unpackTimes(chunkTimes) ?? new Float64Array();
    expect(arrivals).toHaveLength(outputTokens);
    expect(arrivals.at(-1)).toBeCloseTo(lastToken - firstToken, 1);
  }

  const tokens = measured.map(({ id }) => truth.get(id)?.outputTokens ?? 0);
  const rows = new Map(
    sameAs(records).flatMap(({ tool, rows }) =>
      rows.map((row) => [`${tool} ${row.figure}`, row.distribution] as const),
    ),
  );
  const { firstTokenMs: first, lastTokenMs: last } = average([...measured.map(({ id }) => truth.get(id))]);
  const gaps = tokens.reduce((sum, count) => sum + count - 1, 0);
  expect(rows.get('AIPerf ICL')?.n).toBe(gaps);
  expect(rows.get('AIPerf TTFT')?.mean).toBeGreaterThanOrEqual(first - 0.01);
  expect(rows.get('AIPerf request latency')?.mean).toBeGreaterThanOrEqual(last - 0.01);
  // All answers are equally long: the mean gap between chunks is the mean of ITL, in which chunks are tokens here.
  expect(rows.get('AIPerf ICL')?.mean).toBeCloseTo(rows.get('AIPerf ITL')?.mean ?? Number.NaN, 2);
  expect(rows.get('GuideLLM TPOT')?.mean).toBeCloseTo(
    (rows.get('AIPerf request latency')?.mean ?? 0) / (tokens[0] ?? 0),
    6,
  );
  expect(rows.get('LLMPerf E2E latency')?.mean).toBeGreaterThanOrEqual(
    rows.get('vLLM bench serve E2E')?.mean ?? Number.NaN,
  );
  expect([...rows.values()].every((distribution) => distribution !== undefined)).toBe(true);
});

function average(entries: readonly (TruthEntry | undefined)[]): { firstTokenMs: number; lastTokenMs: number } {
  const mean = (pick: (entry: TruthEntry) => number | undefined) =>
    entries.reduce((sum, entry) => sum + ((entry && pick(entry)) ?? Number.NaN), 0) / entries.length;
  return { firstTokenMs: mean((entry) => entry.firstTokenMs), lastTokenMs: mean((entry) => entry.lastTokenMs) };
}
