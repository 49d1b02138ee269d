import { expect, it } from 'vitest';
import { sampleRun } from '../../../test/sample-run.ts';
import { packTimes } from '../benchmark/chunk-times.ts';
import { sameAs } from '../benchmark/same-as.ts';
import { toOtel } from './otel.ts';

interface Point {
  attributes: { key: string; value: { stringValue?: string; intValue?: string } }[];
  count: string;
  sum: number;
  bucketCounts: string[];
  explicitBounds: number[];
  startTimeUnixNano: string;
  timeUnixNano: string;
}

interface Metric {
  unit: string;
  points: Point[];
  temporality: number;
}

function written(run: Parameters<typeof toOtel>[0]) {
  const file = JSON.parse(toOtel(run));
  const [{ resource, scopeMetrics }] = file.resourceMetrics;
  const metrics: Record<string, Metric> = Object.fromEntries(
    scopeMetrics[0].metrics.map(({ name, unit, histogram }: any) => [
      name,
      { unit, points: histogram.dataPoints as Point[], temporality: histogram.aggregationTemporality },
    ]),
  );
  return { resource, metrics };
}

const valuesOf = ({ attributes }: Point) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue ?? Number(value.intValue)]));

const run = sampleRun({ models: ['a', 'b'], requests: 60, warmup: 3, errorShare: 0.2 });

it('counts every measured attempt once, failed ones by the type of their error', () => {
  const { metrics, resource } = written(run);
  const duration = metrics['gen_ai.client.operation.duration']!;
  expect(duration).toMatchObject({ unit: 's', temporality: 2 });
  expect(duration.points.reduce((sum, { count }) => sum + Number(count), 0)).toBe(120);
  const errors = duration.points.map((point) => valuesOf(point)['error.type']).filter((type) => type !== undefined);
  expect(new Set(errors)).toEqual(new Set(['timeout', '429', '500']));
  expect(valuesOf(duration.points[0]!)).toEqual({
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': 'openai',
    'gen_ai.request.model': 'a',
    'server.address': '127.0.0.1',
    'server.port': 8080,
  });
  expect(resource.attributes).toContainEqual({ key: 'service.name', value: { stringValue: 'tierwise' } });
});

it('puts each value into the bucket whose upper bound it does not exceed, in seconds', () => {
  const { metrics } = written(run);
  const [first] = metrics['gen_ai.client.operation.time_to_first_chunk']!.points;
  const measured = run.records.filter(({ model, status, warmup }) => model === 'a' && status === 'ok' && !warmup);
  const seconds = measured.map(({ times }) => (times.firstToken! - times.sent) / 1_000);
  const bounds = first!.explicitBounds;
  expect(bounds.slice(0, 3)).toEqual([0.01, 0.02, 0.04]);
  const expected = [...bounds, Number.POSITIVE_INFINITY].map(
    (bound, index) => seconds.filter((value) => value <= bound && value > (bounds[index - 1] ?? -1)).length,
  );
  expect(first!.bucketCounts.map(Number)).toEqual(expected);
  expect(first!.sum).toBeCloseTo(
    seconds.reduce((sum, value) => sum + value, 0),
    9,
  );
  expect(BigInt(first!.timeUnixNano) > BigInt(first!.startTimeUnixNano)).toBe(true);
});

it('tells tokens by their kind, and gaps between chunks one by one', () => {
  const one = { ...run.records.find(({ status, warmup }) => status === 'ok' && !warmup)! };
  const record = { ...one, chunkTimes: packTimes([100, 100, 130, 400]) };
  const { metrics } = written({ ...run, records: [record] });
  const tokens = metrics['gen_ai.client.token.usage']!.points.map((point) => [
    valuesOf(point)['gen_ai.token.type'],
    point.sum,
  ]);
  expect(tokens).toEqual([
    ['input', record.tokens!.input],
    ['output', record.tokens!.output],
  ]);
  const [gaps] = metrics['gen_ai.client.operation.time_per_output_chunk']!.points;
  expect(gaps!.count).toBe('3');
  expect(gaps!.sum).toBeCloseTo(0.3, 12);
});

it('has no time to a first chunk where answers were not streamed', () => {
  const manifest = { ...run.manifest, plan: { ...run.manifest.plan, stream: false } };
  const { metrics } = written({ ...run, manifest });
  expect(Object.keys(metrics)).toEqual(['gen_ai.client.operation.duration', 'gen_ai.client.token.usage']);
});

it('counts the gaps that the figures of other tools count under the same name', () => {
  const records = run.records
    .filter(({ model, status, warmup }) => model === 'a' && status === 'ok' && !warmup)
    .map((record, index) => {
      const { sent, firstToken, lastToken } = record.times;
      const times = { ...record.times, firstEvent: (sent + firstToken!) / 2, lastChoice: lastToken! + index };
      return { ...record, times, chunkTimes: packTimes([firstToken!, lastToken!]) };
    });
  const name = 'gen_ai.client.operation.time_per_output_chunk';
  const [point] = written({ ...run, records }).metrics[name]!.points;
  const figures = sameAs(records).flatMap(({ rows }) => rows);
  const { n, mean } = figures.find(({ figure }) => figure === name)!.distribution!;
  expect(Number(point!.count)).toBe(n);
  // Figures of gaps are counted in steps.
  expect((1_000 * point!.sum) / n / mean).toBeCloseTo(1, 3);
});
