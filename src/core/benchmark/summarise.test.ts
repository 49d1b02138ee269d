import { describe, expect, it } from 'vitest';
import type { EndpointFailureCode } from '../failure.ts';
import { definitionsOf } from './definitions.ts';
import type { Manifest, RunPrompt } from './manifest.ts';
import type { RunRecord } from './record.ts';
import { measuredMs } from './spans.ts';
import { summarise } from './summarise.ts';
import { summarySchema } from './summary.ts';

const prompts: RunPrompt[] = [
  { id: 'p1', text: 'One', tokens: 1, score: 0.1, tier: 'simple' },
  { id: 'p2', text: 'Two', tokens: 1, score: 0.9, tier: 'complex' },
];

function manifest(fields: Partial<Manifest> = {}): Manifest {
  return {
    schema: 1,
    runId: 'run',
    title: 'test',
    state: 'complete',
    startedAt: '2026-11-23T09:00:00.000Z',
    durationMs: 5_000,
    resumed: 0,
    plan: {
      endpoints: [{ id: 'lab', protocol: 'openai', baseUrl: 'http://127.0.0.1/v1' }],
      models: [
        { endpoint: 'lab', model: 'a', inputPrice: 1, outputPrice: 2 },
        { endpoint: 'lab', model: 'b' },
      ],
      concurrency: 1,
      requests: 2,
      warmup: 0,
      maxTokens: 1,
      stream: true,
      timeoutMs: 1,
      keepAnswers: true,
      seed: 1,
    },
    configHash: '',
    versions: { tierwise: '0', node: '24', undici: '7' },
    machine: { platform: 'linux', arch: 'x64', cpus: 2, cpuModel: 'x', memoryMb: 1 },
    lag: { p50: 0, p99: 0.1, max: 1 },
    simulated: false,
    ...fields,
  };
}

let count = 0;
function record(fields: Partial<RunRecord> = {}): RunRecord {
  const times = { sent: 1, headers: 11, firstToken: 101, firstVisible: 151, lastToken: 301, end: 302 };
  return {
    id: `r${++count}`,
    promptId: 'p1',
    endpoint: 'lab',
    model: 'a',
    status: 'ok',
    scheduledAt: '2026-11-23T09:00:00.000Z',
    attempts: [{ times: fields.times ?? times, status: fields.error?.status ?? 200, error: fields.error }],
    times,
    tokens: { input: 10, output: 21, source: 'server' },
    costUsd: 0.000_052,
    chunks: 21,
    ...fields,
  };
}

const failed = (code: EndpointFailureCode, status?: number): Partial<RunRecord> => ({
  status: 'error',
  error: { code, message: 'no', status },
  attempts: [{ times: { sent: 1, end: 2 }, status }],
  times: { sent: 1, end: 2 },
  tokens: undefined,
  costUsd: undefined,
});

describe('summarise', () => {
  it('measures each figure between the moments that its definition names', () => {
    const [a] = summarise(manifest(), prompts, [record()]).models;
    expect(a).toMatchObject({
      headersMs: { p50: 10 },
      ttftMs: { p50: 100 },
      ttftFromScheduleMs: { p50: 101 },
      ttfvMs: { p50: 150 },
      e2eMs: { p50: 300 },
      e2eFromScheduleMs: { p50: 301 },
      tpotMs: { p50: 10 },
      tokensPerSecond: { p50: 100 },
    });
  });

  it('has a definition for each of its figures', () => {
    const [a] = summarise(manifest(), prompts, [record()]).models;
    const figures = Object.keys(a!).filter((name) => /Ms$|PerSecond$/.test(name));
    expect(figures).toHaveLength(11);
    const definitions = definitionsOf(manifest().plan, [a!]);
    for (const name of [...figures, 'costUsd', 'errors', 'warmup']) expect(definitions[name]).toMatch(/\w.*\.$/);
  });

  it('leaves warm-up out of everything but its own count and the total cost', () => {
    const warm = record({ warmup: true, times: { sent: 0, firstToken: 9_000, lastToken: 9_999, end: 10_000 } });
    const { models, totals } = summarise(manifest(), prompts, [warm, record()]);
    expect(models[0]).toMatchObject({ counts: { requests: 1, ok: 1, warmup: 1 }, ttftMs: { n: 1, max: 100 } });
    expect(models[0]?.cost.knownUsd).toBeCloseTo(0.000_052, 12);
    expect(models[0]?.tokens.input).toBe(10);
    expect(totals).toMatchObject({ requests: 1, warmup: 1 });
    expect(totals.knownUsd).toBeCloseTo(0.000_104, 12);
  });

  it('counts errors by class and keeps them out of latency and rates', () => {
    const records = [record(), record(failed('timeout')), record(failed('timeout')), record(failed('server', 503))];
    const [a] = summarise(manifest(), prompts, records).models;
    expect(a).toMatchObject({
      counts: { requests: 4, ok: 1, error: 3 },
      errors: { timeout: 2, server: 1 },
      e2eMs: { n: 1 },
    });
    expect(a?.requestsPerSecond).toBeCloseTo(1 / 0.301, 9);
  });

  it('never takes an unknown cost for 0', () => {
    const free = record({ model: 'b', costUsd: undefined });
    const { models, totals, warnings } = summarise(manifest(), prompts, [record(), free]);
    expect(models[1]?.cost).toEqual({ unknown: 1 });
    expect(totals.unknownCost).toBe(1);
    expect(warnings.join()).toContain('The cost of 1 request is unknown');
  });

  it('knows that refused requests cost nothing, and that those a server may have worked on may', () => {
    const free = [record(failed('connect')), record(failed('server', 409))];
    expect(summarise(manifest(), prompts, free).models[0]?.cost).toEqual({ unknown: 0 });
    const broken = [record(failed('timeout', 200)), record(failed('server', 504)), record(failed('truncated-stream'))];
    expect(summarise(manifest(), prompts, broken).models[0]?.cost).toEqual({ unknown: 3 });
  });

  it('has no time per token for an answer in one piece', () => {
    const [a] = summarise(manifest(), prompts, [
      record({ times: { sent: 0, headers: 10, firstToken: 20, firstVisible: 20, lastToken: 20, end: 21 } }),
    ]).models;
    expect(a?.tpotMs).toBeUndefined();
    expect(a?.tokensPerSecond).toBeUndefined();
    expect(a?.e2eMs?.p50).toBe(20);
  });

  it('has no time to first token when answers were not streamed', () => {
    const { plan } = manifest();
    const [a] = summarise(manifest({ plan: { ...plan, stream: false } }), prompts, [record()]).models;
    expect(a?.ttftMs).toBeUndefined();
    expect(a?.e2eMs?.p50).toBe(300);
  });

  it('has no figures, rather than absurd ones, for a model that never answered', () => {
    const { models, warnings } = summarise(manifest(), prompts, [record(failed('connect'))]);
    expect(models[0]).toMatchObject({ counts: { requests: 1, ok: 0, error: 1 }, tokens: { source: 'none' } });
    expect(models[0]?.ttftMs ?? models[0]?.requestsPerSecond).toBeUndefined();
    expect(warnings.join()).toContain('No request succeeded: lab/a');
  });

  it('keeps the times of a retried request out of latency, and its answer and cost in', () => {
    const first = { sent: 1, headers: 5, end: 6 };
    const second = { sent: 1_000, headers: 1_010, firstToken: 1_100, lastToken: 1_300, end: 1_301 };
    const retried = record({
      times: first,
      attempts: [
        { times: first, status: 429, error: { code: 'rate-limited', message: 'wait' } },
        { times: second, status: 200, waitedMs: 994 },
      ],
    });
    const [a] = summarise(manifest(), prompts, [record(), retried]).models;
    expect(a).toMatchObject({
      counts: { requests: 2, ok: 2, error: 0, retried: 1, firstAttemptFailed: 1 },
      ttftMs: { n: 1 },
      e2eMs: { n: 1, max: 300 },
      headersMs: { n: 1 },
      tpotMs: { n: 1 },
      tokens: { output: 42 },
    });
    expect(a?.cost.knownUsd).toBeCloseTo(0.000_104, 12);
    // Its answer came with its last attempt.
    expect(a?.requestsPerSecond).toBeCloseTo(2 / 1.3, 9);
  });

  it('says nothing of retries where there were none', () => {
    const [a] = summarise(manifest(), prompts, [record(), record(failed('timeout'))]).models;
    expect(a?.counts).toEqual({ requests: 2, ok: 1, error: 1, warmup: 0 });
  });

  it('takes a cost that is known in part for a lower bound', () => {
    const { models } = summarise(manifest(), prompts, [record({ costAtLeast: true }), record()]);
    expect(models[0]?.cost).toMatchObject({ unknown: 1 });
    expect(models[0]?.cost.knownUsd).toBeCloseTo(0.000_104, 12);
  });

  it('keeps the request that woke an endpoint out of everything but its own figure and the total cost', () => {
    const times = { sent: 40_000, firstToken: 41_200, lastToken: 41_900, end: 42_000 };
    const cold = record({
      warmup: true,
      coldStart: true,
      times: { sent: 0, end: 9 },
      attempts: [{ times, status: 200 }],
    });
    const { models, totals } = summarise(manifest(), prompts, [cold, record()]);
    expect(models[0]).toMatchObject({ counts: { requests: 1, warmup: 0 }, coldStarts: [{ ms: 41_200, ok: true }] });
    expect(models[0]?.e2eMs?.max).toBe(300);
    expect(totals).toMatchObject({ requests: 1, warmup: 0 });
    expect(totals.knownUsd).toBeCloseTo(0.000_104, 12);
  });

  it('sums the parts of tokens that the server told', () => {
    const tokens = { input: 10, cachedInput: 4, output: 21, reasoning: 9, source: 'server' } as const;
    const [a] = summarise(manifest(), prompts, [record({ tokens }), record()]).models;
    expect(a?.tokens).toEqual({ input: 20, output: 42, cachedInput: 4, reasoning: 9, source: 'server' });
    expect(a?.cost.cachedAtInputPrice).toBe(true);
  });

  it('leaves the pause between two sessions out of the rate', () => {
    const records = [
      record(),
      record({ session: 1, scheduledAt: '2026-11-23T21:00:00.000Z' }),
      // The clock was set back in between.
      record({ session: 2, scheduledAt: '2025-01-01T00:00:00.000Z' }),
    ];
    const [a] = summarise(manifest(), prompts, records).models;
    expect(a?.requestsPerSecond).toBeCloseTo(3 / 0.903, 9);
    expect(measuredMs(records)).toBe(906);
  });

  it('counts measured requests by the tier of their prompt', () => {
    const records = [record(), record({ promptId: 'p2' }), record({ promptId: 'p2' })];
    expect(summarise(manifest(), prompts, records).models[0]?.tiers).toEqual({ simple: 1, medium: 0, complex: 2 });
  });

  it('says when token counts are estimates', () => {
    const estimate = record({ tokens: { input: 1, output: 5, source: 'estimate' } });
    expect(summarise(manifest(), prompts, [estimate]).models[0]?.tokens.source).toBe('estimate');
    const mixed = summarise(manifest(), prompts, [estimate, record()]);
    expect(mixed.models[0]?.tokens.source).toBe('mixed');
    expect(mixed.warnings.join()).toContain('did not always tell its token counts: lab/a');
  });

  it('is what its schema says, also after a way through JSON', () => {
    const summary = summarise(manifest(), prompts, [record(), record(failed('timeout'))]);
    expect(summarySchema.parse(JSON.parse(JSON.stringify(summary)))).toEqual(summary);
  });
});

describe('warnings', () => {
  const many = Array.from({ length: 200 }, () => record()).concat(
    Array.from({ length: 200 }, () => record({ model: 'b', costUsd: 0.1 })),
  );

  it('has none for a large, complete, priced, punctual run', () => {
    expect(summarise(manifest(), prompts, many).warnings).toEqual([]);
  });

  it('calls a run invalid when the measuring process was late', () => {
    const late = summarise(manifest({ lag: { p50: 1, p99: 5.1, max: 9 } }), prompts, many).warnings;
    expect(late[0]).toContain('Not valid');
    expect(summarise(manifest({ lag: { p50: 1, p99: 4.9, max: 9 } }), prompts, many).warnings).toEqual([]);
  });

  it('says that answers were simulated, if any was', () => {
    const { simulated, warnings } = summarise(manifest(), prompts, [...many, record({ simulated: true })]);
    expect(simulated).toBe(true);
    expect(warnings[0]).toContain('Simulated');
  });

  it('says that few requests do not carry a p99', () => {
    const { warnings } = summarise(manifest(), prompts, many.slice(101));
    expect(warnings).toEqual([expect.stringContaining('p99 rests on single values (fewer than 100 requests): lab/a.')]);
  });

  it('says that very few requests carry neither a p95 nor a p99', () => {
    const { warnings } = summarise(manifest(), prompts, many.slice(181));
    expect(warnings).toEqual([
      expect.stringContaining('p95 and p99 rest on single values (fewer than 20 requests): lab/a.'),
    ]);
    expect(summarise(manifest(), prompts, many.slice(180)).warnings.join()).toContain('p99 rests on single values');
  });

  it('says that many requests failed', () => {
    const { warnings } = summarise(manifest(), prompts, [
      ...many,
      ...Array.from({ length: 11 }, () => record(failed('connect'))),
    ]);
    expect(warnings).toEqual([expect.stringContaining('More than 5 % of the requests failed: lab/a.')]);
  });

  it('says why a run is not complete', () => {
    const why = (fields: Partial<Manifest>) => summarise(manifest(fields), prompts, many).warnings.join();
    expect(why({ state: 'running' })).toContain('interrupted');
    expect(why({ state: 'cancelled' })).toContain('cancelled');
    expect(why({ state: 'stopped', stopReason: 'cost-ceiling' })).toContain('cost ceiling');
  });
});
