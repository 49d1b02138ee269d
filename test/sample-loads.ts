import type { Stage, StageLoad } from '../src/core/benchmark/load.ts';
import type { Manifest, RunPrompt } from '../src/core/benchmark/manifest.ts';
import type { Plan } from '../src/core/benchmark/plan.ts';
import type { RunRecord } from '../src/core/benchmark/record.ts';
import { summarise } from '../src/core/benchmark/summarise.ts';
import type { Outcome } from '../src/core/quality/outcome.ts';
import type { Run } from '../src/core/report/run.ts';
import { distribution } from '../src/core/stats/quantiles.ts';
import { seededRandom } from '../src/core/stats/random.ts';
import { sampleRun } from './sample-run.ts';

const at = '2026-11-23T10:00:00.000Z';
const judge = { endpoint: 'lab', model: 'judge-70b', inputPrice: 1, outputPrice: 2 };

/** Three models on 24 prompts, twice each, with checks, a judge, pairs and thumbs. `words`: what judges write and checks are called. */
export function evaluatedRun(words = 'Right and short.'): Run {
  const texts = Array.from({ length: 24 }, (_, index) => `Question ${index + 1}: which of these is right, and why?`);
  const run = sampleRun({ models: ['small-8b', 'medium-70b', 'large-400b'], prompts: texts, requests: 48, warmup: 1 });
  const random = seededRandom(5);
  const prompts = run.prompts.map(
    (prompt): RunPrompt => ({
      ...prompt,
      reference: words,
      checks: [
        { type: 'contains', value: 'right', name: words },
        { type: 'max-tokens', most: 200 },
      ],
    }),
  );
  const outcomes: Outcome[] = [];
  const measured = run.records.filter(({ status, warmup }) => status === 'ok' && !warmup);
  const called = { endpoint: 'lab', model: 'judge-70b', e2eMs: 900, costUsd: 0.0004 };
  for (const [index, record] of measured.entries()) {
    const skill = { 'small-8b': 0.55, 'medium-70b': 0.86, 'large-400b': 0.9 }[record.model] ?? 0.5;
    outcomes.push({ kind: 'check', record: record.id, check: 0, name: words, score: random() < skill ? 1 : 0, at });
    const undecided = index % 40 === 7;
    outcomes.push({
      ...{ kind: 'check', record: record.id, check: 1, name: 'max-tokens', at },
      ...(undecided ? { why: words } : { score: 1 }),
    });
    for (let repeat = 0; repeat < 2; repeat++) {
      const raw = Math.max(1, Math.min(5, Math.round(1 + 4 * skill + random() - 0.5)));
      const suspicious = index % 50 === 11 && repeat === 0;
      const score = (raw - 1) / 4;
      outcomes.push({ kind: 'judge', record: record.id, repeat, score, raw, why: words, suspicious, called, at });
    }
    if (index % 6 === 0) outcomes.push({ kind: 'rating', record: record.id, value: random() < skill ? 1 : -1, at });
  }
  for (const prompt of prompts.slice(0, 12)) {
    const [a, b] = ['small-8b', 'medium-70b'].map((model) =>
      measured.find((record) => record.model === model && record.promptId === prompt.id),
    );
    if (!a || !b) continue;
    outcomes.push({ kind: 'pair', a: a.id, b: b.id, by: 'person', winner: random() < 0.7 ? 'b' : 'tie', at });
    outcomes.push({ kind: 'pair', a: a.id, b: b.id, by: 'judge', winner: 'b', why: words, called, at });
  }
  const plan: Plan = {
    ...run.manifest.plan,
    slo: { ttftMs: 600, e2eMs: 4_000 },
    calibrate: true,
    evaluation: {
      judge: { model: judge, rubric: words, scale: 5, repeats: 2, pairs: true, maxTokens: 300 },
    },
    models: run.manifest.plan.models.map((model) => ({
      ...model,
      priceSource: 'bundled',
      priceAsOf: '2026-11-01',
      cachedInputPrice: (model.inputPrice ?? 0) / 10,
      reasoningPrice: (model.outputPrice ?? 0) * 1.5,
    })),
  };
  const records = run.records.map((record): RunRecord => {
    if (!record.tokens) return record;
    const tokens = { ...record.tokens, cachedInput: 4, reasoning: 12 };
    return { ...record, tokens };
  });
  const manifest: Manifest = { ...run.manifest, plan, ...calibrated(), evaluationUsd: 0.06 };
  return { manifest, prompts, records, outcomes, summary: summarise(manifest, prompts, records, outcomes) };
}

function calibrated(): Pick<Manifest, 'calibration'> {
  const errors = distribution([0.4, 0.6, 0.8, 1.1, 6]);
  if (!errors) return {};
  const load = { kind: 'closed', concurrency: 8 } as const;
  return {
    calibration: {
      load,
      requests: 64,
      ttftErrorMs: errors,
      e2eErrorMs: errors,
      bareLoopPerSecond: 1_400,
      instrumentPerSecond: 1_310,
    },
  };
}

/** Two models under loads that grow: the more requests, the longer each waits. */
export function sweptRun(levels: readonly number[] = [1, 2, 4, 8, 16, 32], kind: StageLoad['kind'] = 'open'): Run {
  const loads = levels.map(
    (level): StageLoad =>
      kind === 'open' ? { kind, arrivals: 'poisson', perSecond: level } : { kind, concurrency: level },
  );
  return staged(
    loads.map((load) => ({ load, models: [0, 1] })),
    { pattern: 'sweep', stages: loads },
  );
}

/** For each of two models the highest rate at which 90 % of the requests are good. */
export function searchedRun(): Run {
  const trials = [
    [2, 4, 8, 16, 11.3],
    [2, 4, 8, 5.66],
  ];
  return staged(
    trials.flatMap((rates, model) =>
      rates.map((perSecond): Stage => ({ load: { kind: 'open', arrivals: 'poisson', perSecond }, models: [model] })),
    ),
    { pattern: 'search', arrivals: 'poisson', fromPerSecond: 2, toPerSecond: 64, goodShare: 0.9, precision: 0.2 },
  );
}

function staged(stages: readonly Stage[], load: NonNullable<Plan['load']>): Run {
  const { manifest: one, prompts } = sampleRun({ models: ['fast-8b', 'slow-70b'], requests: 1 });
  const random = seededRandom(3);
  const records: RunRecord[] = [];
  const start = Date.parse(one.startedAt);
  const capacity = [14, 4];
  for (const [stage, { load: level, models }] of stages.entries()) {
    const rate = level.kind === 'open' ? level.perSecond : level.kind === 'closed' ? level.concurrency : 1;
    for (const model of models) {
      const full = capacity[model] ?? 1;
      for (let index = 0; index < 60; index++) {
        const pressed = Math.max(0, rate / full - 0.8);
        const wait = pressed * index * 25 * random();
        const times = timesOf(
          wait,
          120 * (model + 1) * (1 + pressed + 0.3 * random()),
          40,
          8 * (model + 1) * (1 + pressed),
        );
        const tokens = { input: 20, output: 40, source: 'server' as const };
        records.push({
          id: `${one.runId}.${stage + 1}.${model}.${index}`,
          promptId: `p${(index % prompts.length) + 1}`,
          endpoint: 'lab',
          model: model === 0 ? 'fast-8b' : 'slow-70b',
          status: 'ok',
          ...(stage > 0 ? { stage } : {}),
          scheduledAt: new Date(start + stage * 60_000 + (index / rate) * 1_000).toISOString(),
          attempts: [{ times, status: 200, ...(index === 0 ? { connection: { tcpMs: 0.4, tlsMs: 2.1 } } : {}) }],
          times,
          tokens,
          costUsd: 0.0001 * (model + 1),
          finishReason: 'stop',
        });
      }
    }
  }
  const plan: Plan = {
    ...one.plan,
    load,
    slo: { ttftMs: 500, e2eMs: 2_500 },
    concurrency: 64,
    requests: 60,
    warmup: 0,
  };
  const manifest: Manifest = { ...one, plan, stages: [...stages], durationMs: stages.length * 60_000 };
  return { manifest, prompts, records, summary: summarise(manifest, prompts, records) };
}

function timesOf(wait: number, ttft: number, output: number, perToken: number): RunRecord['times'] {
  const sent = 0.3 + wait;
  const firstToken = sent + ttft;
  const lastToken = firstToken + (output - 1) * perToken;
  return { sent, headers: firstToken - 2, firstToken, firstVisible: firstToken, lastToken, end: lastToken + 1 };
}
