import type { Load, Slo } from '../core/benchmark/load.ts';
import type { Evaluation, Plan, PlannedModel } from '../core/benchmark/plan.ts';
import { modelRef } from '../core/catalog/lookup.ts';
import type { Model } from '../core/catalog/model.ts';
import { Failure } from '../core/failure.ts';
import { costBound } from '../engine/benchmark/budget.ts';
import { byTheClock } from '../engine/benchmark/check-load.ts';
import { type PlanOptions, plannedModel } from '../engine/benchmark/plan-run.ts';
import { plannedEvaluation } from '../engine/config/evaluation-setting.ts';
import { loadProblem, plannedLoad } from '../engine/config/load-setting.ts';
import type { EvaluationSetting } from '../engine/config/schema.ts';
import type { Settings } from './settings.ts';

/** What a person decides about a benchmark anew each time, beginning with the settings. */
export interface Choice {
  /** Undefined: `concurrency` are kept in flight. */
  readonly load: Load | undefined;
  /** Undefined: as the load says, or as many as an open loop may have. */
  readonly concurrency: number | undefined;
  readonly slo: Slo;
  /** Measured requests for each model; undefined: by prompts and load. */
  readonly requests: number | undefined;
  /** How often each prompt is sent, in place of `requests`. */
  readonly repeats: number | undefined;
  readonly evaluation: EvaluationSetting;
  /** Measure the instrument's own error first. */
  readonly calibrate: boolean;
}

/** Fewer requests than these say nothing about a model's latency, or about how it bears a rate. */
const fewestRequests = { closed: 10, open: 30, search: 50 };

/** What the settings say. @throws Failure `config` for a load that contradicts itself, `usage` for a search without an SLO. */
export async function usualChoice(settings: Settings): Promise<Choice> {
  const slo = settings.get('benchmark.slo');
  const setting = settings.get('benchmark.load');
  const problem = loadProblem(setting);
  if (problem) throw new Failure({ code: 'config', message: `The setting tierwise.benchmark.load: ${problem}` });
  const load = await plannedLoad(setting, slo);
  return {
    load,
    concurrency: byTheClock(load) ? undefined : settings.get('benchmark.concurrency'),
    slo,
    requests: settings.get('benchmark.requests') ?? undefined,
    repeats: settings.get('benchmark.repeats') ?? undefined,
    evaluation: {
      judge: settings.get('benchmark.judge') ?? undefined,
      embeddingModel: settings.get('benchmark.embeddingModel') ?? undefined,
    },
    calibrate: settings.get('benchmark.calibrate'),
  };
}

/** What was chosen for a run. */
export function choiceOf({ load, concurrency, slo = {}, requests, evaluation, calibrate = false }: Plan): Choice {
  return {
    load,
    concurrency,
    slo,
    requests,
    repeats: undefined,
    evaluation: evaluationSetting(evaluation),
    calibrate,
  };
}

/** How a run was judged, as a setting that is planned anew at the prices of today. */
export function evaluationSetting({ judge, embedding }: Evaluation = {}): EvaluationSetting {
  const ref = ({ endpoint, model }: PlannedModel) => modelRef(endpoint, model);
  if (!judge) return { embeddingModel: embedding && ref(embedding) };
  const { rubric, scale, repeats, pairs, maxTokens } = judge;
  return {
    judge: { model: ref(judge.model), rubric, scale, repeats, pairs, maxTokens },
    embeddingModel: embedding && ref(embedding),
  };
}

/** A choice as a plan takes it. `evaluation` is planned by `plannedEvaluation`. */
export function optionsOf(choice: Choice, prompts: number, evaluation: Evaluation | undefined): PlanOptions {
  const { load, concurrency, slo, repeats, calibrate } = choice;
  return {
    load,
    concurrency,
    slo: Object.values(slo).every((limit) => limit === undefined) ? undefined : slo,
    requests: repeats === undefined ? requestsOf(choice, prompts) : undefined,
    repeats,
    evaluation,
    calibrate,
  };
}

/** Measured requests for each model and stage; undefined: as many as a trace has. */
export function requestsOf({ requests, load }: Pick<Choice, 'requests' | 'load'>, prompts: number): number | undefined {
  if (requests !== undefined || load?.pattern === 'trace') return requests;
  const fewest = load?.pattern === 'search' ? 'search' : byTheClock(load) ? 'open' : 'closed';
  return Math.max(prompts, fewestRequests[fewest]);
}

/** Those of these models whose requests cannot be kept under a ceiling in USD, as a price is unknown. */
export function unpricedOf(measured: readonly Model[], evaluation: Evaluation | undefined): string[] {
  const { judge, embedding } = evaluation ?? {};
  const planned = [...measured.map(plannedModel), ...(judge ? [judge.model] : []), ...(embedding ? [embedding] : [])];
  const refs = planned
    // An embedding model answers with no token.
    .filter((model) => costBound(1, model.task === 'embeddings' ? 0 : 1, model) === undefined)
    .map(({ endpoint, model }) => modelRef(endpoint, model));
  return [...new Set(refs)];
}

/** As `plannedEvaluation`, but the failure says which settings name the model. */
export function plannedJudging(
  setting: EvaluationSetting,
  models: readonly Model[],
): ReturnType<typeof plannedEvaluation> {
  try {
    return plannedEvaluation(setting, models);
  } catch (cause) {
    if (!(cause instanceof Failure)) throw cause;
    const message = `Judge or embedding model: ${cause.message} They come from tierwise.benchmark.judge and tierwise.benchmark.embeddingModel, or from what was chosen last.`;
    throw new Failure({ code: 'config', message }, { cause });
  }
}
