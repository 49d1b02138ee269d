import type { Manifest, RunPrompt } from '../src/core/benchmark/manifest.ts';
import type { RunRecord } from '../src/core/benchmark/record.ts';
import { summarise } from '../src/core/benchmark/summarise.ts';
import type { Run } from '../src/core/report/view.ts';
import { seededRandom } from '../src/core/stats/random.ts';

export interface SampleOptions {
  /** Wire names of the models. */
  readonly models?: readonly string[];
  /** Measured requests of each model. */
  readonly requests?: number;
  readonly warmup?: number;
  readonly prompts?: readonly string[];
  /** Models without prices, by position. */
  readonly unpriced?: readonly number[];
  /** Share of failing requests of each model. */
  readonly errorShare?: number;
  readonly answer?: string;
  readonly manifest?: Partial<Manifest>;
}

const PROMPTS = [
  'What is the capital of Portugal?',
  'Translate "good morning" into Japanese and into Swahili.',
  'Write a TypeScript function that merges two sorted arrays, and explain its running time.',
  'Compare optimistic and pessimistic locking, justify when each is better, and prove that your protocol cannot deadlock. Analyze the cost of retries under contention, evaluate three alternatives, and reason about what happens when the coordinator dies.',
  'Résume ce rapport en trois phrases, puis explique les risques principaux.',
  '如果 ∑ 1/n² 收敛,请证明它的值。',
];
const TIERS = ['simple', 'simple', 'medium', 'complex', 'medium', 'medium'] as const;
const SCORES = [0.11, 0.14, 0.42, 0.78, 0.33, 0.36];
const ERRORS = [
  { code: 'timeout', message: 'No token within 60 s. Raise the time-out or choose a smaller answer.' },
  {
    code: 'rate-limited',
    message: 'The endpoint asks to wait 2 s (429). Lower the number of requests in flight.',
    status: 429,
    retryAfterMs: 2_000,
  },
  { code: 'server', message: 'The endpoint failed (500): upstream connect error.', status: 500 },
] as const;

/** A run as a real one would be, made up: the same options give the same run. */
export function sampleRun(options: SampleOptions = {}): Run & { readonly records: readonly RunRecord[] } {
  const { models = ['small-8b', 'medium-70b', 'large-400b'], requests = 60, warmup = 2, errorShare = 0.03 } = options;
  const texts = options.prompts ?? PROMPTS;
  const random = seededRandom(20_261_123);
  const prompts: RunPrompt[] = texts.map((text, index) => ({
    id: `p${index + 1}`,
    text,
    tokens: Math.ceil(text.length / 4),
    score: SCORES[index % SCORES.length]!,
    tier: TIERS[index % TIERS.length]!,
  }));
  const priced = models.map((model, index) => ({
    endpoint: 'lab',
    model,
    ...(options.unpriced?.includes(index)
      ? {}
      : { inputPrice: 0.1 * 5 ** (index % 4), outputPrice: 0.4 * 5 ** (index % 4) }),
  }));
  const start = Date.UTC(2026, 10, 23, 9, 30, 0);
  const records: RunRecord[] = [];
  for (let turn = 0; turn < warmup + requests; turn++) {
    for (const [index, model] of priced.entries()) {
      const prompt = prompts[turn % prompts.length]!;
      const due = records.length * 37;
      const size = 1 + (index % 5);
      const ttft = 90 * size * Math.exp(0.35 * normal(random)) + (random() < 0.04 ? 900 * size : 0);
      const output = Math.max(2, Math.round(60 + 90 * random() + 20 * size));
      const perToken = (4 + 6 * size) * Math.exp(0.08 * normal(random));
      const failing = turn >= warmup && random() < errorShare * (index + 0.5);
      const sent = 0.2 + random();
      const headers = sent + ttft * 0.9;
      const firstToken = sent + ttft;
      const lastToken = firstToken + perToken * (output - 1);
      const error = failing ? ERRORS[Math.floor(random() * ERRORS.length)]! : undefined;
      const times = error
        ? { sent, ...('status' in error ? { headers } : {}), end: 'status' in error ? headers + 1 : 60_000 }
        : { sent, headers, firstToken, firstVisible: firstToken + 1, lastToken, end: lastToken + 1.5 };
      const tokens = { input: prompt.tokens + 8, output, source: 'server' as const };
      records.push({
        id: `r${String(records.length + 1).padStart(5, '0')}`,
        promptId: prompt.id,
        endpoint: 'lab',
        model: model.model,
        status: error ? 'error' : 'ok',
        ...(error ? { error } : {}),
        ...(turn < warmup ? { warmup: true } : {}),
        scheduledAt: new Date(start + due).toISOString(),
        attempts: [
          { times, status: error ? ('status' in error ? error.status : undefined) : 200, ...(error ? { error } : {}) },
        ],
        times,
        ...(error
          ? {}
          : {
              tokens,
              chunks: output,
              finishReason: 'stop',
              answer: options.answer ?? `Answer ${records.length + 1}.`,
            }),
        ...(!error && 'inputPrice' in model
          ? { costUsd: (tokens.input * model.inputPrice! + tokens.output * model.outputPrice!) / 1_000_000 }
          : {}),
      });
    }
  }
  const manifest: Manifest = {
    schema: 1,
    runId: '20261123-093000-lab',
    title: 'support-questions.jsonl',
    state: 'complete',
    startedAt: new Date(start).toISOString(),
    durationMs: records.length * 37 + 900,
    resumed: 0,
    plan: {
      endpoints: [{ id: 'lab', protocol: 'openai', baseUrl: 'http://127.0.0.1:8080/v1' }],
      models: priced,
      concurrency: 8,
      requests,
      warmup,
      maxTokens: 512,
      stream: true,
      timeoutMs: 60_000,
      maxCostUsd: 2,
      keepAnswers: true,
      seed: 7,
    },
    configHash: '5f0c7a'.padEnd(64, 'e'),
    versions: { tierwise: '0.1.0', node: '24.21.0', undici: '7.30.2' },
    machine: { platform: 'linux', arch: 'x64', cpus: 2, cpuModel: 'Example CPU @ 2.60GHz', memoryMb: 8_192 },
    lag: { p50: 0.02, p99: 1.4, max: 6.2 },
    simulated: false,
    ...options.manifest,
  };
  return { manifest, prompts, records, summary: summarise(manifest, prompts, records) };
}

function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
