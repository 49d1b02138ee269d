import type { Outcome } from '../../quality/outcome.ts';
import type { Manifest, RunPrompt } from '../manifest.ts';
import type { Plan } from '../plan.ts';
import type { RunRecord } from '../record.ts';
import { summarise } from '../summarise.ts';

/** What came of one request of a made-up run; ms, USD, [0,1]. */
export interface Came {
  readonly ttft?: number;
  readonly e2e?: number;
  readonly cost?: number | undefined;
  /** Of the prompt's one check; absent: not decided. */
  readonly score?: number;
  readonly thumb?: 1 | -1;
  readonly fails?: boolean;
  readonly fields?: Partial<RunRecord>;
}

export interface Made {
  readonly models?: readonly string[];
  readonly prompts?: number;
  readonly repeats?: number;
  readonly plan?: Partial<Plan>;
  readonly manifest?: Partial<Manifest>;
  /** By model, prompt, repeat and stage; undefined: no such request. */
  readonly came: (model: number, prompt: number, repeat: number, stage: number) => Came | undefined;
  /** Lines beside those of checks and thumbs. */
  readonly outcomes?: readonly Outcome[];
}

const startedAt = '2026-11-24T08:00:00.000Z';

/** The id of a record of a made-up run. */
export function recordId(model: number, prompt: number, repeat = 0, stage = 0): string {
  return `run.${model}.${prompt}.${repeat}.${stage}`;
}

/** A run without an engine: requests in rounds over stages, repeats, prompts and models, one second apart. */
export function madeRun({ models = ['small', 'large'], prompts: count = 40, repeats = 1, came, ...more }: Made) {
  const prompts = Array.from(
    { length: count },
    (_, index): RunPrompt => ({
      id: `p${index}`,
      text: `Prompt ${index}`,
      tokens: 2,
      score: 0.1,
      tier: 'simple',
      checks: [{ type: 'json' }],
    }),
  );
  const manifest: Manifest = {
    schema: 1,
    runId: 'run',
    title: 'made',
    state: 'complete',
    startedAt,
    durationMs: 1_000,
    resumed: 0,
    plan: {
      endpoints: [{ id: 'sim', protocol: 'openai', baseUrl: 'http://127.0.0.1/v1' }],
      models: models.map((model) => ({ endpoint: 'sim', model })),
      concurrency: 1,
      requests: count * repeats,
      warmup: 0,
      maxTokens: 10,
      stream: true,
      timeoutMs: 1_000,
      keepAnswers: true,
      seed: 1,
      ...more.plan,
    },
    configHash: 'abc',
    versions: { tierwise: '0', node: '24', undici: '7' },
    machine: { platform: 'linux', arch: 'x64', cpus: 2, cpuModel: 'x', memoryMb: 1 },
    simulated: false,
    ...more.manifest,
  };
  const records: RunRecord[] = [];
  const outcomes: Outcome[] = [];
  let second = 0;
  for (let stage = 0; stage < (manifest.stages?.length ?? 1); stage++)
    for (let repeat = 0; repeat < repeats; repeat++)
      for (let prompt = 0; prompt < count; prompt++)
        for (const [index, model] of models.entries()) {
          const one = came(index, prompt, repeat, stage);
          if (!one) continue;
          const { ttft = 100, e2e = 500, fails = false } = one;
          const id = recordId(index, prompt, repeat, stage);
          const times = fails
            ? { sent: 1, end: 2 }
            : { sent: 1, firstToken: 1 + ttft, lastToken: 1 + e2e, end: 2 + e2e };
          records.push({
            id,
            promptId: `p${prompt}`,
            endpoint: 'sim',
            model,
            status: fails ? 'error' : 'ok',
            ...(fails ? { error: { code: 'server' as const, message: 'no' } } : {}),
            scheduledAt: new Date(Date.parse(startedAt) + second++ * 1_000).toISOString(),
            attempts: [{ times }],
            times,
            costUsd: 'cost' in one ? one.cost : fails ? undefined : 0.001,
            ...(manifest.stages ? { stage } : {}),
            ...one.fields,
          });
          if (one.score !== undefined)
            outcomes.push({ kind: 'check', record: id, check: 0, name: 'json', score: one.score, at: startedAt });
          if (one.thumb) outcomes.push({ kind: 'rating', record: id, value: one.thumb, at: startedAt });
        }
  outcomes.push(...(more.outcomes ?? []));
  return { manifest, prompts, records, outcomes, summary: summarise(manifest, prompts, records, outcomes) };
}
