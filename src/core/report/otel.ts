import { isStreamed, type PlannedEndpoint, type PlannedModel } from '../benchmark/plan.ts';
import type { RunRecord } from '../benchmark/record.ts';
import { everyChunkGap } from '../benchmark/same-as.ts';
import type { Protocol } from '../catalog/protocol.ts';
import type { Run } from './run.ts';

/** Bucket boundaries of OpenTelemetry's conventions for generative AI: seconds of every client time, and tokens. */
const seconds = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];
const tokenCounts = [
  1, 4, 16, 64, 256, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216, 67_108_864,
];

const metrics = {
  duration: {
    name: 'gen_ai.client.operation.duration',
    unit: 's',
    description: 'From sending an attempt to the end of its response.',
    bounds: seconds,
  },
  firstChunk: {
    name: 'gen_ai.client.operation.time_to_first_chunk',
    unit: 's',
    description: 'From sending to the first event of a streamed response.',
    bounds: seconds,
  },
  perChunk: {
    name: 'gen_ai.client.operation.time_per_output_chunk',
    unit: 's',
    description: 'From one event of a streamed response to the next.',
    bounds: seconds,
  },
  tokens: {
    name: 'gen_ai.client.token.usage',
    unit: '{token}',
    description: 'Input and output tokens of a request, as its server counted them.',
    bounds: tokenCounts,
  },
} as const;

type MetricKey = keyof typeof metrics;
type Attributes = Readonly<Record<string, string | number>>;

/** The conventions' name of who is asked; where a protocol is spoken by many, that of the protocol. */
const providers: Readonly<Record<Protocol, string>> = {
  openai: 'openai',
  'openai-responses': 'openai',
  'azure-openai': 'azure.ai.openai',
  anthropic: 'anthropic',
  ollama: 'ollama',
  databricks: 'databricks',
  'vscode-lm': 'vscode',
};

/**
 * The measured requests as a metrics file of OpenTelemetry (OTLP as JSON), with names, units and buckets of its conventions for
 * generative AI, for collectors and dashboards that know those. Warm-up is left out. An operation is one attempt, as a
 * client library would see it.
 */
export function toOtel(run: Run): string {
  const { manifest } = run;
  const points = new Points();
  const known = new Map(
    manifest.plan.models.map((planned) => [
      `${planned.endpoint}\n${planned.model}`,
      {
        streamed: isStreamed(manifest.plan, planned),
        attributes: attributesOf(
          planned,
          manifest.plan.endpoints.find(({ id }) => id === planned.endpoint),
        ),
      },
    ]),
  );
  let last = Date.parse(manifest.startedAt);
  for (const record of run.records) {
    const model = known.get(`${record.endpoint}\n${record.model}`);
    if (!model || record.warmup || record.coldStart) continue;
    addRecord(points, record, model.attributes, model.streamed);
    last = Math.max(last, Date.parse(record.scheduledAt) + (record.attempts.at(-1)?.times.end ?? record.times.end));
  }
  const start = nanos(Date.parse(manifest.startedAt));
  const end = nanos(last);
  const resource = {
    'service.name': 'tierwise',
    'service.version': manifest.versions.tierwise,
    'tierwise.run.id': manifest.runId,
    'tierwise.simulated': String(manifest.simulated || run.summary.simulated),
  };
  const file = {
    resourceMetrics: [
      {
        resource: { attributes: listed(resource) },
        scopeMetrics: [
          {
            scope: { name: 'tierwise', version: manifest.versions.tierwise },
            metrics: (Object.keys(metrics) as MetricKey[]).flatMap((key) => {
              const { name, unit, description } = metrics[key];
              const dataPoints = points.written(key, start, end);
              // 2: cumulative, from the start of the run.
              const histogram = { aggregationTemporality: 2, dataPoints };
              return dataPoints.length > 0 ? [{ name, unit, description, histogram }] : [];
            }),
          },
        ],
      },
    ],
  };
  return `${JSON.stringify(file, null, 2)}\n`;
}

function addRecord(points: Points, record: RunRecord, attributes: Attributes, streamed: boolean): void {
  for (const { times, error, status } of record.attempts) {
    // The conventions take a status for an error's type where there is one.
    const failed = error ? { 'error.type': status !== undefined && status >= 400 ? String(status) : error.code } : {};
    points.of('duration', error ? { ...attributes, ...failed } : attributes).add((times.end - times.sent) / 1_000);
  }
  const { tokens, status, times, attempts } = record;
  if (tokens?.source === 'server') {
    points.of('tokens', { ...attributes, 'gen_ai.token.type': 'input' }).add(tokens.input);
    points.of('tokens', { ...attributes, 'gen_ai.token.type': 'output' }).add(tokens.output);
  }
  if (status !== 'ok' || attempts.length > 1 || !streamed) return;
  const first = times.firstEvent ?? times.firstToken;
  if (first !== undefined) points.of('firstChunk', attributes).add((first - times.sent) / 1_000);
  let gaps: Point | undefined;
  everyChunkGap(record, (ms, count) => {
    gaps ??= points.of('perChunk', attributes);
    gaps.add(ms / 1_000, count);
  });
}

function attributesOf({ model, task }: PlannedModel, endpoint: PlannedEndpoint | undefined): Attributes {
  const operations: Record<string, string> = { completions: 'text_completion', embeddings: 'embeddings' };
  return {
    'gen_ai.operation.name': operations[task ?? 'chat'] ?? 'chat',
    'gen_ai.provider.name': endpoint ? providers[endpoint.protocol] : '_OTHER',
    'gen_ai.request.model': model,
    ...serverOf(endpoint?.baseUrl ?? ''),
  };
}

/** Host and port only: a path may name a tenant. */
function serverOf(baseUrl: string): Attributes {
  const [, secure, host, port] = /^http(s?):\/\/(?:[^/@]*@)?(\[[^\]]*\]|[^/:?#]+)(?::(\d+))?/i.exec(baseUrl) ?? [];
  if (host === undefined) return {};
  return { 'server.address': host, 'server.port': port === undefined ? (secure ? 443 : 80) : Number(port) };
}

/** One histogram. */
class Point {
  readonly #attributes: Attributes;
  readonly #bounds: readonly number[];
  readonly #counts: Float64Array;
  #count = 0;
  #sum = 0;
  #min = Number.POSITIVE_INFINITY;
  #max = Number.NEGATIVE_INFINITY;

  constructor(attributes: Attributes, bounds: readonly number[]) {
    this.#attributes = attributes;
    this.#bounds = bounds;
    this.#counts = new Float64Array(bounds.length + 1);
  }

  add(value: number, times = 1): void {
    // A value on a boundary falls into the bucket below it.
    let bucket = 0;
    while (bucket < this.#bounds.length && value > (this.#bounds[bucket] ?? 0)) bucket++;
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + times;
    this.#count += times;
    this.#sum += value * times;
    if (value < this.#min) this.#min = value;
    if (value > this.#max) this.#max = value;
  }

  /** Whole numbers of 64 bits are strings in OTLP's JSON. */
  written(startTimeUnixNano: string, timeUnixNano: string) {
    return {
      attributes: listed(this.#attributes),
      startTimeUnixNano,
      timeUnixNano,
      count: String(this.#count),
      sum: this.#sum,
      bucketCounts: Array.from(this.#counts, String),
      explicitBounds: this.#bounds,
      min: this.#min,
      max: this.#max,
    };
  }
}

/** Histograms by metric and attributes. */
class Points {
  readonly #points = new Map<MetricKey, Map<string, Point>>();

  of(metric: MetricKey, attributes: Attributes): Point {
    const own = this.#points.get(metric) ?? new Map<string, Point>();
    this.#points.set(metric, own);
    const key = JSON.stringify(attributes);
    const known = own.get(key);
    if (known) return known;
    const made = new Point(attributes, metrics[metric].bounds);
    own.set(key, made);
    return made;
  }

  written(metric: MetricKey, start: string, end: string) {
    return [...(this.#points.get(metric)?.values() ?? [])].map((point) => point.written(start, end));
  }
}

function listed(attributes: Attributes) {
  return Object.entries(attributes).map(([key, value]) => ({
    key,
    value: typeof value === 'number' ? { intValue: String(value) } : { stringValue: value },
  }));
}

function nanos(ms: number): string {
  return `${Math.round(ms)}000000`;
}
