import * as z from 'zod/mini';
import { type Manifest, type RunPrompt, runStates } from '../benchmark/manifest.ts';
import { isStreamed } from '../benchmark/plan.ts';
import type { RunRecord, Times } from '../benchmark/record.ts';
import type { ModelSummary, Summary } from '../benchmark/summary.ts';
import { tpotOf } from '../benchmark/tpot.ts';
import { counted } from '../numbers.ts';
import { plainText } from '../prompts/plain-text.ts';
import type { Outcome } from '../quality/outcome.ts';
import { type TierName, tierNames } from '../routing/tier.ts';
import { distributionSchema } from '../stats/distribution.ts';
import { compromiseOf, histogramOf, tierRowsOf } from './chart-data.ts';
import { factsOf, notesOf, READING, stateWords } from './facts.ts';
import { safeName } from './text.ts';

/** One model's line in the summary. Times in ms, rates per second, money in USD, shares in [0,1]. Absent: unknown. */
export const modelRowSchema = z.object({
  /** `endpoint/model`, for showing. */
  name: z.string(),
  requests: z.number(),
  ok: z.number(),
  error: z.number(),
  /** error / requests; absent when nothing was measured. */
  errorShare: z.optional(z.number()),
  warmup: z.number(),
  /** Measured errors by class, most frequent first. */
  errors: z.array(z.object({ code: z.string(), count: z.number() })),
  ttftMs: z.optional(distributionSchema),
  ttfvMs: z.optional(distributionSchema),
  e2eMs: z.optional(distributionSchema),
  tpotMs: z.optional(distributionSchema),
  tokensPerSecond: z.optional(distributionSchema),
  requestsPerSecond: z.optional(z.number()),
  outputTokensPerSecond: z.optional(z.number()),
  tokensIn: z.number(),
  tokensOut: z.number(),
  tokensSource: z.enum(['server', 'tokenizer', 'estimate', 'mixed', 'none']),
  knownUsd: z.optional(z.number()),
  perRequestUsd: z.optional(z.number()),
  /** USD for a thousand requests like the measured ones. */
  per1kUsd: z.optional(z.number()),
  /** Requests that used tokens at an unknown price. */
  costUnknown: z.number(),
  /** Share of the measured requests whose prompt is in the tier. */
  tiers: z.array(z.object({ tier: z.enum(tierNames), count: z.number(), share: z.number() })),
});

export const promptRowSchema = z.object({
  id: z.string(),
  /** The beginning of the prompt on one line. */
  preview: z.string(),
  tier: z.enum(tierNames),
  score: z.number(),
});

/**
 * One request. `prompt` and `model` are positions in `prompts` and `models`. One that took several attempts has no times
 * here, as those of the first say nothing of an answer; its detail has them all.
 */
export const requestRowSchema = z.object({
  /** The record's own id, raw: it names the request to the host. */
  id: z.string(),
  prompt: z.number(),
  model: z.number(),
  status: z.enum(['ok', 'error']),
  errorCode: z.optional(z.string()),
  errorMessage: z.optional(z.string()),
  httpStatus: z.optional(z.number()),
  attempts: z.number(),
  warmup: z.boolean(),
  /** True: it woke a sleeping endpoint. */
  coldStart: z.boolean(),
  scheduledAt: z.string(),
  ttftMs: z.optional(z.number()),
  firstVisibleMs: z.optional(z.number()),
  e2eMs: z.optional(z.number()),
  tpotMs: z.optional(z.number()),
  tokensIn: z.optional(z.number()),
  tokensOut: z.optional(z.number()),
  /** Parts of `tokensIn` and `tokensOut`, as far as the server told them. */
  tokensCached: z.optional(z.number()),
  tokensCacheWrite: z.optional(z.number()),
  tokensReasoning: z.optional(z.number()),
  tokensSource: z.optional(z.enum(['server', 'tokenizer', 'estimate'])),
  costUsd: z.optional(z.number()),
  /** True: an attempt may have cost more than `costUsd` holds. */
  costAtLeast: z.boolean(),
  /** The model that answered, by the server's word, where it is not the one asked for. */
  servedModel: z.optional(z.string()),
  finishReason: z.optional(z.string()),
});

/** Requests per bin of one latency figure, the same bins for every model. */
export const histogramSchema = z.object({
  scale: z.enum(['linear', 'log']),
  /** Bounds of the bins in ms, one more than bins. */
  edges: z.array(z.number()),
  series: z.array(
    z.object({
      model: z.number(),
      counts: z.array(z.number()),
      n: z.number(),
      p50: z.optional(z.number()),
      p95: z.optional(z.number()),
      p99: z.optional(z.number()),
    }),
  ),
});

/** Cost against latency, one point a model. */
export const compromiseSchema = z.array(
  z.object({
    model: z.number(),
    p50: z.number(),
    p95: z.optional(z.number()),
    per1kUsd: z.optional(z.number()),
    errorShare: z.optional(z.number()),
  }),
);

/** One model on the prompts of one tier. Times in ms. Only pairs that were measured. */
export const tierRowSchema = z.object({
  tier: z.enum(tierNames),
  model: z.number(),
  requests: z.number(),
  error: z.number(),
  ttftP50: z.optional(z.number()),
  e2eP50: z.optional(z.number()),
  e2eP95: z.optional(z.number()),
  /** Mean over the requests of known cost, times 1,000. */
  per1kUsd: z.optional(z.number()),
});

/** All that a report shows, as plain JSON: names and texts are safe to show, figures are numbers. */
export const reportViewSchema = z.object({
  runId: z.string(),
  title: z.string(),
  simulated: z.boolean(),
  state: z.enum(runStates),
  stateWords: z.string(),
  startedAt: z.string(),
  durationMs: z.optional(z.number()),
  totals: z.object({
    requests: z.number(),
    ok: z.number(),
    error: z.number(),
    warmup: z.number(),
    knownUsd: z.optional(z.number()),
    unknownCost: z.number(),
  }),
  /** Why the figures should not be relied on. */
  warnings: z.array(z.string()),
  /** What to know when reading them. */
  notes: z.array(z.string()),
  models: z.array(modelRowSchema),
  tiers: z.array(tierRowSchema),
  charts: z.object({
    ttft: z.optional(histogramSchema),
    e2e: z.optional(histogramSchema),
    compromise: compromiseSchema,
  }),
  prompts: z.array(promptRowSchema),
  requests: z.array(requestRowSchema),
  definitions: z.array(z.object({ key: z.string(), name: z.string(), words: z.string() })),
  facts: z.array(z.object({ group: z.string(), items: z.array(z.object({ label: z.string(), value: z.string() })) })),
  reading: z.array(z.string()),
});

export type ModelRow = z.infer<typeof modelRowSchema>;
export type PromptRow = z.infer<typeof promptRowSchema>;
export type TierRow = z.infer<typeof tierRowSchema>;
export type RequestRow = z.infer<typeof requestRowSchema>;
export type Histogram = z.infer<typeof histogramSchema>;
export type Compromise = z.infer<typeof compromiseSchema>;
export type ReportView = z.infer<typeof reportViewSchema>;

/** A run as it was read from its folder. */
export interface Run {
  readonly manifest: Manifest;
  readonly prompts: readonly RunPrompt[];
  readonly records: readonly RunRecord[];
  readonly summary: Summary;
  /** Verdicts on the records, the last of each key; absent: none. */
  readonly outcomes?: readonly Outcome[] | undefined;
}

/** Makes the one view model that the panel, the exports and the terminal show. Pure; linear in the records. */
export function buildReport(run: Run): ReportView {
  const { manifest, summary } = run;
  const models = summary.models.map(modelRow);
  const prompts = new Positions(run.prompts.map((prompt) => prompt.id));
  const modelAt = new Positions(summary.models.map((model) => pairKey(model.endpoint, model.model)));
  // The summary's models are the plan's, in its order.
  const streamed = manifest.plan.models.map((planned) => isStreamed(manifest.plan, planned));
  const requests: RequestRow[] = [];
  for (const record of run.records) {
    const model = modelAt.of(pairKey(record.endpoint, record.model));
    const prompt = prompts.of(record.promptId);
    if (model !== undefined && prompt !== undefined)
      requests.push(requestRow(record, prompt, model, streamed[model] ?? manifest.plan.stream));
  }
  const strangers = run.records.length - requests.length;
  return {
    runId: safeName(manifest.runId),
    title: safeName(manifest.title),
    simulated: manifest.simulated || summary.simulated,
    state: manifest.state,
    stateWords: stateWords(manifest),
    startedAt: safeName(manifest.startedAt),
    durationMs: manifest.durationMs,
    totals: {
      requests: summary.totals.requests,
      ok: summary.totals.ok,
      error: summary.totals.error,
      warmup: summary.totals.warmup,
      knownUsd: summary.totals.knownUsd,
      unknownCost: summary.totals.unknownCost,
    },
    warnings: [
      // What the banner says is not said twice.
      ...summary.warnings
        .filter((warning) => !warning.startsWith('Simulated:'))
        .map((warning) => plainText(warning, 600)),
      ...(strangers > 0
        ? [
            `${counted(strangers, 'stored request names', 'stored requests name')} a prompt or model that the run does not have: left out.`,
          ]
        : []),
    ],
    notes: notesOf(run),
    models,
    tiers: tierRowsOf(requests, run.prompts, models.length),
    charts: {
      ttft: histogramOf('ttftMs', requests, summary),
      e2e: histogramOf('e2eMs', requests, summary),
      compromise: compromiseOf(models),
    },
    prompts: run.prompts.map((prompt) => ({
      id: safeName(prompt.id),
      preview: plainText(prompt.text, 160),
      tier: prompt.tier,
      score: prompt.score,
    })),
    requests,
    definitions: Object.entries(summary.definitions).map(definition),
    facts: factsOf(run),
    reading: [...READING],
  };
}

/** The name of a figure stands before the first colon of its definition. */
function definition([key, text]: readonly [string, string]): ReportView['definitions'][number] {
  const [, name, words] = /^([^:.]{2,60}): (.*)$/su.exec(text) ?? [undefined, key, text];
  return { key: safeName(key), name: safeName(name ?? key), words: plainText(words ?? text, 600) };
}

function modelRow(model: ModelSummary): ModelRow {
  const { requests, ok, error, warmup } = model.counts;
  const inTiers = tierNames.reduce((sum, tier) => sum + (model.tiers[tier] ?? 0), 0);
  return {
    name: safeName(`${model.endpoint}/${model.model}`),
    requests,
    ok,
    error,
    errorShare: requests > 0 ? error / requests : undefined,
    warmup,
    errors: Object.entries(model.errors)
      .map(([code, count]) => ({ code: safeName(code), count }))
      .filter((entry) => entry.count > 0)
      .sort((a, b) => b.count - a.count || (a.code < b.code ? -1 : 1)),
    ttftMs: model.ttftMs,
    ttfvMs: model.ttfvMs,
    e2eMs: model.e2eMs,
    tpotMs: model.tpotMs,
    tokensPerSecond: model.tokensPerSecond,
    requestsPerSecond: model.requestsPerSecond,
    outputTokensPerSecond: model.outputTokensPerSecond,
    tokensIn: model.tokens.input,
    tokensOut: model.tokens.output,
    tokensSource: model.tokens.source,
    knownUsd: model.cost.knownUsd,
    perRequestUsd: model.cost.perRequestUsd,
    per1kUsd: model.cost.perRequestUsd === undefined ? undefined : model.cost.perRequestUsd * 1_000,
    costUnknown: model.cost.unknown,
    tiers: tierNames.map((tier: TierName) => {
      const count = model.tiers[tier] ?? 0;
      return { tier, count, share: inTiers > 0 ? count / inTiers : 0 };
    }),
  };
}

function requestRow(record: RunRecord, prompt: number, model: number, stream: boolean): RequestRow {
  const retried = record.attempts.length > 1;
  const { sent, firstToken, firstVisible, lastToken }: Partial<Times> = retried ? {} : record.times;
  return {
    id: record.id,
    prompt,
    model,
    status: record.status,
    errorCode: record.error?.code,
    errorMessage: record.error && plainText(record.error.message, 400),
    httpStatus: record.error?.status ?? record.attempts.at(-1)?.status,
    attempts: record.attempts.length,
    warmup: record.warmup ?? false,
    coldStart: record.coldStart ?? false,
    scheduledAt: safeName(record.scheduledAt),
    // An answer asked for in one piece has no first token to speak of.
    ttftMs: stream ? since(sent, firstToken) : undefined,
    firstVisibleMs: stream ? since(sent, firstVisible) : undefined,
    e2eMs: since(sent, lastToken),
    tpotMs: tpotOf(record),
    tokensIn: record.tokens?.input,
    tokensOut: record.tokens?.output,
    tokensCached: record.tokens?.cachedInput,
    tokensCacheWrite: record.tokens?.cacheWrite,
    tokensReasoning: record.tokens?.reasoning,
    tokensSource: record.tokens?.source,
    costUsd: record.costUsd,
    costAtLeast: record.costAtLeast ?? false,
    servedModel: record.servedModel === undefined ? undefined : safeName(record.servedModel),
    finishReason: record.finishReason === undefined ? undefined : safeName(record.finishReason),
  };
}

function since(start: number | undefined, time: number | undefined): number | undefined {
  return start === undefined || time === undefined ? undefined : time - start;
}

function pairKey(endpoint: string, model: string): string {
  return JSON.stringify([endpoint, model]);
}

/** Where each key stands in a list. */
class Positions {
  readonly #at = new Map<string, number>();
  constructor(keys: readonly string[]) {
    for (const [index, key] of keys.entries()) if (!this.#at.has(key)) this.#at.set(key, index);
  }
  of(key: string): number | undefined {
    return this.#at.get(key);
  }
}
