import type { Outcome } from '../quality/outcome.ts';
import { definitionsOf } from './definitions.ts';
import { Evaluation } from './evaluation.ts';
import type { Stage } from './load.ts';
import type { Manifest, RunPrompt } from './manifest.ts';
import type { Plan } from './plan.ts';
import type { RunRecord } from './record.ts';
import { sloFromSchedule } from './slo.ts';
import { Spans } from './spans.ts';
import { StageResults } from './stage-results.ts';
import { capacities, heldRate } from './stages.ts';
import type { ModelSummary, Summary } from './summary.ts';
import { Tally } from './tally.ts';
import { invalidOf } from './validity.ts';
import { warningsOf } from './warnings.ts';

/**
 * The summary of a run: a pure function of what its folder holds. Records are read once, in any order, so that a run of
 * any length can be streamed; of each, only its figures are kept. Records of models that the plan does not name are
 * left out. `outcomes`: of several of one key the last counts.
 */
export function summarise(
  manifest: Manifest,
  prompts: readonly RunPrompt[],
  records: Iterable<RunRecord>,
  outcomes: Iterable<Outcome> = [],
): Summary {
  const { plan } = manifest;
  const evaluation = new Evaluation(manifest, prompts, outcomes);
  const overall = tallies(plan, plan.models.keys());
  const { stages: begun = [] } = manifest;
  const staged = begun.length > 1 || plan.load?.pattern === 'search' ? begun : [];
  const stages = staged.map(({ models }) => tallies(plan, models));
  const results = new StageResults(plan, begun);
  const fromSchedule = begun.map(({ load }) => sloFromSchedule(load));
  const planned = sloFromSchedule(plan.load);
  const position = positions(plan);
  const tierOfPrompt = new Map(prompts.map(({ id, tier }) => [id, tier]));
  const whole = new Spans();
  let simulated = manifest.simulated;
  for (const record of records) {
    const model = position.get(record.endpoint)?.get(record.model);
    if (model === undefined) continue;
    simulated ||= record.simulated === true;
    const scheduled = Date.parse(record.scheduledAt);
    const tier = tierOfPrompt.get(record.promptId);
    const stage = record.stage ?? 0;
    const late = fromSchedule[stage] ?? planned;
    whole.add(record, scheduled, 0);
    overall.get(model)?.add(record, tier, scheduled, late);
    stages[stage]?.get(model)?.add(record, tier, scheduled, late);
    evaluation.add(record, model, stage);
    results.note(record);
  }

  const trials = results.all;
  const found = capacities(plan, trials);
  const heldIn = (stage: number) => {
    const held = trials[stage] && heldRate(plan, trials[stage]);
    return held === undefined ? {} : { held };
  };
  const models = [...overall].map(([index, tally]): ModelSummary => ({ ...tally.summary(), ...evaluation.of(index) }));
  const summaries = staged.map(({ load, models: which }, stage) => ({
    load,
    models: which,
    ...heldIn(stage),
    summaries: [...(stages[stage] ?? [])].map(
      ([index, tally]): ModelSummary => ({ ...tally.summary(), ...evaluation.of(index, stage) }),
    ),
  }));
  const requests = totalsOf([...overall.values()]);
  const judging = evaluation.cost();
  const totals = {
    ...requests,
    ...judging,
    unknownCost: requests.unknownCost + judging.unknownCost,
    durationMs: manifest.durationMs ?? whole.totalMs(),
  };
  const summary = {
    schema: 1 as const,
    runId: manifest.runId,
    models,
    ...(summaries.length > 0 ? { stages: summaries } : {}),
    ...(found ? { capacity: found } : {}),
    totals,
    ...invalidOf(manifest, models, summaries),
    definitions: definitionsOf(plan, models),
    simulated,
  };
  return {
    ...summary,
    warnings: warningsOf(
      manifest,
      summary,
      models.filter((_, index) => evaluation.isSilent(index)),
    ),
  };
}

/** A tally for each of some models, by their position in the plan. */
function tallies(plan: Plan, models: Iterable<Stage['models'][number]>): Map<number, Tally> {
  const made = new Map<number, Tally>();
  for (const index of models) {
    const planned = plan.models[index];
    if (planned) made.set(index, new Tally(planned, plan));
  }
  return made;
}

function totalsOf(parts: readonly Tally[]): Omit<Summary['totals'], 'durationMs' | 'evaluationUsd'> {
  const sum = (pick: (tally: Tally) => number) => parts.reduce((total, tally) => total + pick(tally), 0);
  return {
    requests: sum((tally) => tally.requests),
    ok: sum((tally) => tally.ok),
    error: sum((tally) => tally.requests - tally.ok),
    warmup: sum((tally) => tally.warmup),
    ...(parts.some((tally) => tally.knownAll > 0) ? { knownUsd: sum((tally) => tally.usdAll) } : {}),
    unknownCost: sum((tally) => tally.unknownAll),
  };
}

/** Where each model stands in the plan, by endpoint and by its name there: no key is made for each record. */
function positions({ models }: Plan): ReadonlyMap<string, ReadonlyMap<string, number>> {
  const byEndpoint = new Map<string, Map<string, number>>();
  for (const [index, { endpoint, model }] of models.entries()) {
    const byName = byEndpoint.get(endpoint) ?? new Map<string, number>();
    byEndpoint.set(endpoint, byName.set(model, index));
  }
  return byEndpoint;
}
