import type { Load } from '../core/benchmark/load.ts';
import type { RunPrompt } from '../core/benchmark/manifest.ts';
import type { Plan } from '../core/benchmark/plan.ts';
import { loadWords } from '../core/benchmark/plan-changes.ts';
import { formatUsd, formatUsdRange } from '../core/catalog/cost.ts';
import { counted, grouped } from '../core/numbers.ts';
import { plainText } from '../core/prompts/plain-text.ts';
import { undecidable } from '../core/quality/undecidable.ts';
import { duration } from '../core/report/format.ts';
import type { RunEstimate } from '../engine/benchmark/plan-run.ts';

/** What a run will send, how, and what it may cost: one line each, to be read before the first request. */
export function planWords(
  { plan, prompts, estimate }: { plan: Plan; prompts: readonly RunPrompt[]; estimate: RunEstimate },
  models: number,
): string[] {
  const { load, maxCostUsd, maxTotalTokens } = plan;
  const most = load?.pattern === 'search' ? 'At most ' : '';
  const { judgements } = estimate;
  const judged =
    judgements === undefined ? '' : `, and ${most === '' ? 'up to ' : ''}${counted(judgements, 'judgement')}`;
  return [
    `${most}${counted(estimate.requests, 'request')} to ${counted(models, 'model')}${judged}. ${costWords(estimate)}${ceilingWords(maxCostUsd, maxTotalTokens)}`,
    ...(load === undefined ? [] : [`Load: ${loadWords(plan)}${spanWords(load)}.`]),
    ...undecidable(plan, prompts),
    ...selfJudging(plan),
  ];
}

/** Models are known to prefer their own answers. */
function selfJudging({ models, evaluation }: Plan): string[] {
  const judge = evaluation?.judge?.model;
  if (judge === undefined || !models.some((one) => one.endpoint === judge.endpoint && one.model === judge.model))
    return [];
  const name = plainText(`${judge.endpoint}/${judge.model}`, 100);
  return [
    `The judge ${name} is among the models that it judges, and may prefer itself. Name another, or leave it out of --models.`,
  ];
}

/** What judging a run's answers takes and may cost. */
export function evaluationWords(estimate: RunEstimate, maxCostUsd: number | undefined): string {
  const { judgements, lowUsd } = estimate;
  if (judgements === undefined && lowUsd === undefined && !estimate.unknown) return 'Checks only: nothing is sent.';
  const calls = judgements === undefined ? 'Embeddings are made' : `Up to ${counted(judgements, 'judgement')}`;
  return `${calls}. ${costWords(estimate)}${ceilingWords(maxCostUsd)}`;
}

function ceilingWords(usd: number | undefined, tokens?: number): string {
  const ceilings = [
    ...(usd === undefined ? [] : [formatUsd(usd)]),
    ...(tokens === undefined ? [] : [`${grouped(tokens)} tokens`]),
  ];
  return ceilings.length === 0 ? '' : ` Ceiling: ${ceilings.join(' and ')}.`;
}

function costWords({ lowUsd, highUsd, unknown }: RunEstimate): string {
  const range = lowUsd === undefined || highUsd === undefined ? undefined : { lowUsd, highUsd };
  if (range === undefined) return 'What they will cost is unknown: no price is configured.';
  return `They will cost ${formatUsdRange(range)}${unknown ? ', and an unknown sum for models without a price' : ''}.`;
}

/** A unit that was guessed wrong shows in how long a trace takes. */
function spanWords(load: Load): string {
  return load.pattern === 'trace' ? `, over ${duration(load.offsetsMs.at(-1))}` : '';
}
