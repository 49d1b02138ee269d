import * as z from 'zod/mini';
import { calibrationWords } from '../benchmark/calibration.ts';
import { verdictOf } from '../benchmark/compare-models.ts';
import { sloSchema } from '../benchmark/load.ts';
import { runStates } from '../benchmark/manifest.ts';
import { isStreamed } from '../benchmark/plan.ts';
import { SameAsTally, sameAsSchema } from '../benchmark/same-as.ts';
import { type Summary, summarySchema } from '../benchmark/summary.ts';
import { type Verdict, verdictSchema } from '../benchmark/verdict.ts';
import { counted, grouped } from '../numbers.ts';
import { plainText } from '../prompts/plain-text.ts';
import { tierNames } from '../routing/tier.ts';
import {
  compromiseOf,
  compromiseSchema,
  HistogramData,
  histogramSchema,
  TierData,
  tierRowSchema,
} from './chart-data.ts';
import { evaluationOf, evaluationSchema } from './evaluation-rows.ts';
import { factsOf, notesOf, READING, stateWords } from './facts.ts';
import { Listed } from './listed.ts';
import { modelRow, modelRowSchema } from './model-row.ts';
import { requestRowSchema, requestRows } from './request-row.ts';
import type { Run } from './run.ts';
import { stageRowSchema, stageRows } from './stage-rows.ts';
import { safeName } from './text.ts';

export const promptRowSchema = z.object({
  id: z.string(),
  /** The beginning of the prompt on one line. */
  preview: z.string(),
  tier: z.enum(tierNames),
  score: z.number(),
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
    /** What evaluating answers took beyond the requests, USD. */
    evaluationUsd: z.optional(z.number()),
  }),
  /** Why the run is not valid. */
  invalid: z.optional(z.string()),
  /** Why the figures should not be relied on. */
  warnings: z.array(z.string()),
  /** The instrument's own error and this machine's ceiling; empty: not calibrated. */
  calibration: z.array(z.string()),
  /** What to know when reading them. */
  notes: z.array(z.string()),
  /** What the run concludes of its models; absent: one model only. */
  verdict: z.optional(verdictSchema),
  models: z.array(modelRowSchema),
  tiers: z.array(tierRowSchema),
  /** Of a load of several stages. */
  stages: z.array(stageRowSchema),
  slo: z.optional(sloSchema),
  /** Share of good requests that a search asked for. */
  goodShare: z.optional(z.number()),
  capacity: summarySchema.shape.capacity,
  charts: z.object({
    ttft: z.optional(histogramSchema),
    e2e: z.optional(histogramSchema),
    compromise: compromiseSchema,
  }),
  /** The figures of other tools, of each model whose answers were streamed. */
  sameAs: z.array(z.object({ model: z.number(), tools: z.array(sameAsSchema) })),
  evaluation: z.optional(evaluationSchema),
  prompts: z.array(promptRowSchema),
  requests: z.array(requestRowSchema),
  /** How many requests the run has, and which of them `requests` holds where it does not hold all. */
  listed: z.object({ count: z.number(), words: z.optional(z.string()) }),
  definitions: z.array(z.object({ key: z.string(), name: z.string(), words: z.string() })),
  facts: z.array(z.object({ group: z.string(), items: z.array(z.object({ label: z.string(), value: z.string() })) })),
  reading: z.array(z.string()),
});

export type { Compromise, Histogram, TierRow } from './chart-data.ts';
export type { ModelRow } from './model-row.ts';
export type { RequestRow } from './request-row.ts';
export type { Run } from './run.ts';
export type PromptRow = z.infer<typeof promptRowSchema>;
export type ReportView = z.infer<typeof reportViewSchema>;

/**
 * Makes the one view model that the panel, the exports and the terminal show. Pure; linear in the records, which are gone through
 * without being held: a large run's view lists some of its requests, its tables and charts are of all.
 */
export function buildReport(run: Run): ReportView {
  const { manifest, summary } = run;
  const { plan } = manifest;
  const models = summary.models.map((model, index) => modelRow(model, plan.models[index]));
  const rowOf = requestRows(run);
  const listed = new Listed();
  const ttft = new HistogramData('ttftMs', models.length);
  const e2e = new HistogramData('e2eMs', models.length);
  const tiers = new TierData(run.prompts, models.length);
  const others = plan.models.map((planned) => (isStreamed(plan, planned) ? new SameAsTally() : undefined));
  let strangers = 0;
  for (const record of run.records) {
    const row = rowOf(record);
    if (row === undefined) {
      strangers++;
      continue;
    }
    listed.add(row, record);
    ttft.add(row);
    e2e.add(row);
    tiers.add(row);
    others[row.model]?.add(record);
  }
  const requests = listed.rows();
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
      evaluationUsd: summary.totals.evaluationUsd,
    },
    invalid: summary.invalid === undefined ? undefined : plainText(summary.invalid, 600),
    warnings: [...warningsShown(summary), ...strangerWarning(strangers)],
    calibration: calibrationOf(run),
    notes: notesOf(run),
    verdict: models.length > 1 ? safeVerdict(verdictOf(run)) : undefined,
    models,
    tiers: tiers.rows(),
    stages: stageRows(summary),
    slo: plan.slo,
    goodShare: plan.load?.pattern === 'search' ? plan.load.goodShare : undefined,
    capacity: summary.capacity,
    charts: { ttft: ttft.histogram(summary), e2e: e2e.histogram(summary), compromise: compromiseOf(models) },
    sameAs: others.flatMap((tally, model) =>
      tally && models[model]?.ttftMs ? [{ model, tools: tally.result() }] : [],
    ),
    evaluation: evaluationOf(run),
    prompts: run.prompts.map((prompt) => ({
      id: safeName(prompt.id),
      preview: plainText(prompt.text, 160),
      tier: prompt.tier,
      score: prompt.score,
    })),
    requests,
    listed: {
      count: listed.count,
      words:
        listed.count > requests.length
          ? `Of ${grouped(listed.count)} requests the first ${grouped(requests.length / 2)} and the slowest ${grouped(requests.length / 2)} of the others are listed here; tables and charts are of all of them, and the CSV and JSON exports hold every one.`
          : undefined,
    },
    definitions: Object.entries(summary.definitions).map(definition),
    facts: factsOf(run),
    reading: [...READING],
  };
}

/** What has a line of its own above them is not said twice. */
function warningsShown({ warnings }: Summary): string[] {
  return warnings
    .filter((warning) => !/^(?:Simulated|Not valid):/.test(warning))
    .map((warning) => plainText(warning, 600));
}

function strangerWarning(count: number): string[] {
  if (count === 0) return [];
  const named = counted(count, 'stored request names', 'stored requests name');
  return [`${named} a prompt or model that the run does not have: left out.`];
}

function calibrationOf({ manifest: { calibration }, summary }: Run): string[] {
  if (!calibration) return [];
  const rates = (summary.stages ?? [{ summaries: summary.models }]).map(({ summaries }) =>
    summaries.reduce((sum, { requestsPerSecond = 0 }) => sum + requestsPerSecond, 0),
  );
  const needed = Math.max(...rates);
  return calibrationWords(calibration, needed > 0 ? needed : undefined).map((words) => plainText(words, 600));
}

/** Its words hold names of models as they were stored. */
function safeVerdict({ comparisons, rankings }: Verdict): Verdict {
  return {
    comparisons: comparisons.map((one) => ({ ...one, words: one.words.map((words) => plainText(words, 1_000)) })),
    rankings,
  };
}

/** The name of a figure stands before the first colon of its definition. */
function definition([key, text]: readonly [string, string]): ReportView['definitions'][number] {
  const [, name, words] = /^([^:.]{2,60}): (.*)$/su.exec(text) ?? [undefined, key, text];
  return { key: safeName(key), name: safeName(name ?? key), words: plainText(words ?? text, 600) };
}
