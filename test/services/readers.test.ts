import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packTimes, unpackTimes } from '../../src/core/benchmark/chunk-times.ts';
import { evaluateGates, parseGate } from '../../src/core/benchmark/gates.ts';
import type { RunRecord } from '../../src/core/benchmark/record.ts';
import { toCsv } from '../../src/core/report/csv.ts';
import { toJUnit } from '../../src/core/report/junit.ts';
import { toOtel } from '../../src/core/report/otel.ts';
import type { Run } from '../../src/core/report/run.ts';
import { evaluatedRun } from '../sample-loads.ts';
import { prepareReaders, readFiles } from './readers.ts';

// Files that others will read, read by others: OpenTelemetry's protocol buffers, junitparser, Python's csv.

const prepared = await prepareReaders();
const { missing } = prepared;

/** What would break out of each of the formats, or run in a spreadsheet. */
const words = [
  '=HYPERLINK("http://x.example","a")',
  '+1+cmd|"/C calc"!A0',
  '-2+3, "quoted"',
  '@SUM(1;1)',
  '\t=1+1',
  'two\r\nlines, "of" text',
  '</testcase><testcase name="more"/>&]]>',
  'naïve 日本 \u{1f600} \u0000\ufffe',
];

describe.skipIf(missing !== undefined)(missing === undefined ? 'files' : `skipped: ${missing}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'tierwise-readers-'));
  const base = evaluatedRun(words.join(' '));
  const run: Run = {
    ...base,
    prompts: base.prompts.map((prompt, index) => ({ ...prompt, text: words[index % words.length]! })),
    records: [...base.records].map((record, index) => {
      const times = [0, 12.34, 12.34, 40.01, 41 + index];
      if (record.status !== 'ok') return record;
      const { firstToken, lastToken } = record.times;
      const events = { firstEvent: firstToken! - 0.5, lastChoice: lastToken! + 2 };
      return { ...record, times: { ...record.times, ...events }, chunks: 5, chunkTimes: packTimes(times) };
    }),
  };
  const records = [...run.records];
  const measured = records.filter(({ warmup, coldStart }) => !warmup && !coldStart);
  const gates = ['p95_ttft_ms<1', 'quality>=0', 'cost_usd<=1000', 'error_share<2'].map(parseGate);
  const results = evaluateGates(gates, run.summary);
  let read: any;

  beforeAll(() => {
    const files = { 'metrics.json': toOtel(run), 'junit.xml': toJUnit(run, results), 'requests.csv': toCsv(run) };
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
    const [otel, junit, csv] = Object.keys(files).map((name) => join(folder, name)) as [string, string, string];
    read = readFiles('bin' in prepared ? prepared.bin : '', [otel, junit, csv]);
  }, 60_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  describe('for OpenTelemetry', () => {
    const metric = (name: string) => read.otel.metrics.find((one: any) => one.name === name);
    const pointsOf = (name: string, model: string) =>
      metric(name).points.filter((point: any) => point.attributes['gen_ai.request.model'] === model);

    it('are read strictly, and named as its conventions name them', () => {
      const { metrics, resource, scope } = read.otel;
      const { conventions } = read;
      expect(scope).toBe('tierwise');
      expect(resource).toMatchObject({ 'service.name': 'tierwise' });
      expect(metrics).toHaveLength(4);
      const units = new Map(conventions.metrics.map((one: any) => [one.name, one.unit]));
      for (const { name, unit, cumulative, points } of metrics) {
        expect({ name, unit: units.get(name) }).toEqual({ name, unit });
        expect(cumulative).toBe(true);
        for (const { attributes } of points) {
          for (const key of Object.keys(attributes)) expect(conventions.attributes).toContain(key);
          expect(conventions.operations).toContain(attributes['gen_ai.operation.name']);
          expect(conventions.providers).toContain(attributes['gen_ai.provider.name']);
          if (name.endsWith('token.usage')) expect(conventions.tokenTypes).toContain(attributes['gen_ai.token.type']);
        }
      }
    });

    it('hold whole histograms: buckets that sum to the count, a sum between least and most', () => {
      for (const { points } of read.otel.metrics) {
        for (const { count, sum, min, max, buckets, bounds, start, end } of points) {
          expect(buckets).toHaveLength(bounds.length + 1);
          expect(buckets.reduce((all: number, one: number) => all + one, 0)).toBe(count);
          expect(sum).toBeGreaterThanOrEqual(min * count * (1 - 1e-9));
          expect(sum).toBeLessThanOrEqual(max * count * (1 + 1e-9));
          expect(bounds).toEqual([...bounds].sort((a: number, b: number) => a - b));
          expect(end).toBeGreaterThan(start);
        }
      }
    });

    it('say of each model what its records say', () => {
      for (const { model } of run.manifest.plan.models) {
        const own = measured.filter((record) => record.model === model);
        const attempts = own.flatMap((record) => record.attempts);
        const durations = attempts.map(({ times }) => (times.end - times.sent) / 1000);
        expectSame(pointsOf('gen_ai.client.operation.duration', model), durations);
        const counted = own.filter(({ tokens }) => tokens?.source === 'server');
        for (const type of ['input', 'output'] as const) {
          const points = pointsOf('gen_ai.client.token.usage', model).filter(
            (point: any) => point.attributes['gen_ai.token.type'] === type,
          );
          expectSame(
            points,
            counted.map(({ tokens }) => tokens![type]),
          );
        }
        const first = own.filter(({ status, attempts }) => status === 'ok' && attempts.length === 1);
        const chunks = first.map(({ times }) => ((times.firstEvent ?? times.firstToken)! - times.sent) / 1000);
        expectSame(pointsOf('gen_ai.client.operation.time_to_first_chunk', model), chunks);
        expectSame(pointsOf('gen_ai.client.operation.time_per_output_chunk', model), first.flatMap(gapsOf));
      }
    });

    /** Between all events, those without a token included. */
    function gapsOf({ chunkTimes }: RunRecord): number[] {
      const times = [...unpackTimes(chunkTimes!)!];
      return [0.5, ...times.slice(1).map((time, index) => time - times[index]!), 2].map((ms) => ms / 1000);
    }

    /** Of all attributes of a model together. */
    function expectSame(points: any[], values: readonly number[]): void {
      const sum = (of: readonly number[]) => of.reduce((all, one) => all + one, 0);
      expect(sum(points.map(({ count }) => count))).toBe(values.length);
      expect(sum(points.map((point) => point.sum))).toBeCloseTo(sum(values), 6);
      expect(Math.max(...points.map(({ max }) => max))).toBeCloseTo(Math.max(...values), 9);
      // At most so many at or below each bound.
      const bounds: number[] = points[0].bounds;
      const buckets = bounds.map((_, index) => sum(points.map((point) => point.buckets[index])));
      for (const [index, bound] of bounds.entries())
        expect(sum(buckets.slice(0, index + 1))).toBe(values.filter((value) => value <= bound).length);
    }
  });

  it('for JUnit hold each gate and each failed check once, whatever they are called', () => {
    const [gateSuite, checkSuite, ...others] = read.junit;
    expect(others).toEqual([]);
    expect(gateSuite.properties.run).toBe(run.manifest.runId);
    expect(gateSuite.cases).toHaveLength(results.length);
    expect(gateSuite.tests).toBe(results.length);
    for (const [index, { passed, why }] of results.entries()) {
      const { failed } = gateSuite.cases[index];
      expect(failed).toEqual(passed ? [] : [why]);
    }
    expect(gateSuite.failures).toBe(results.filter(({ passed }) => !passed).length);
    expect(gateSuite.failures).toBeGreaterThan(0);
    const failing = (run.outcomes ?? []).filter((outcome) => outcome.kind === 'check' && (outcome.score ?? 1) < 1);
    expect(failing.length).toBeGreaterThan(10);
    expect(failing.length).toBeLessThan(200);
    expect(checkSuite).toMatchObject({ tests: failing.length, failures: failing.length });
    expect(checkSuite.cases.some(({ name }: any) => name.includes('</testcase><testcase'))).toBe(true);
  });

  it('for spreadsheets hold each request once, and no cell that a spreadsheet would run', () => {
    expect(read.csv).toHaveLength(records.length);
    for (const [index, row] of (read.csv as Record<string, string | null>[]).entries()) {
      const { id, model, endpoint, status, tokens, costUsd, promptId } = records[index]!;
      expect(row).toMatchObject({ request_id: id, prompt_id: promptId, model: `${endpoint}/${model}`, status });
      expect(row.tokens_out).toBe(tokens === undefined ? '' : String(tokens.output));
      if (costUsd !== undefined) expect(Number(row.cost_usd)).toBeCloseTo(costUsd, 12);
      // DictReader gives null where a row is short, and a list where it is long.
      for (const cell of Object.values(row)) {
        expect(cell).toBeTypeOf('string');
        expect(cell).not.toMatch(/^\s*[=+\-@]/);
      }
    }
    const prompts = new Set(read.csv.map(({ prompt }: any) => prompt));
    expect(prompts).toContain(`'${words[0]}`);
    expect(prompts).toContain(`'${words[2]}`);
    expect(prompts).toContain('two lines, "of" text');
  });
});
