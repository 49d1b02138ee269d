import type { RunPrompt } from '../core/benchmark/manifest.ts';
import type { Plan } from '../core/benchmark/plan.ts';
import { loadWords } from '../core/benchmark/plan-changes.ts';
import { formatUsd, formatUsdRange } from '../core/catalog/cost.ts';
import type { Model } from '../core/catalog/model.ts';
import { counted } from '../core/numbers.ts';
import type { DatasetProblem } from '../core/prompts/dataset.ts';
import { undecidable } from '../core/quality/undecidable.ts';
import { sloWords } from '../core/report/stage-rows.ts';
import type { RunEstimate } from '../engine/benchmark/plan-run.ts';
import { formatCount, label } from './labels.ts';

/** What a person agrees to before a benchmark. */
export interface Offer {
  readonly models: readonly Model[];
  readonly plan: Plan;
  readonly prompts: readonly RunPrompt[];
  readonly estimate: RunEstimate;
  /** Names of models whose price is unknown, judges included. */
  readonly unpriced: readonly string[];
  /** All that are paid are simulated. */
  readonly free: boolean;
  /** Rows of the data set that are left out. */
  readonly problems: readonly DatasetProblem[];
  /** Parts of rows that are left out. */
  readonly notes: readonly DatasetProblem[];
  /** Text around each prompt. */
  readonly template: string | undefined;
}

/** `Send 33 requests to 3 models, and up to 30 judgements?` */
export function offerTitle({ plan, estimate, models }: Offer): string {
  const most = plan.load?.pattern === 'search' ? 'at most ' : '';
  const { judgements } = estimate;
  const judged = judgements === undefined ? '' : `, and up to ${counted(judgements, 'judgement')}`;
  return `Send ${most}${counted(estimate.requests, 'request')} to ${counted(models.length, 'model')}${judged}?`;
}

/** What will be sent, how, and what it may cost, in paragraphs. */
export function offerDetail(offer: Offer): string {
  const { models, plan, prompts, estimate, unpriced, free, problems, notes, template } = offer;
  return [
    models.map(({ ref }) => label(ref)).join(', '),
    [requestsSentence(plan), loadSentence(plan)].join(' '),
    judgeSentence(plan),
    ...undecidable(plan, prompts),
    template === undefined ? '' : `Each prompt is put into the template “${label(template, 100)}”.`,
    costSentence(estimate, free),
    limitSentence(plan, unpriced),
    problemSentence(problems),
    noteSentence(notes),
  ]
    .filter((sentence) => sentence !== '')
    .join('\n\n');
}

function requestsSentence({ requests, warmup, warmupMs, maxTokens, load }: Plan): string {
  const each =
    load?.pattern === 'sweep'
      ? `each model in each of ${counted(load.stages.length, 'stage')}`
      : load?.pattern === 'search'
        ? 'each model and each rate that is tried'
        : 'each model';
  const least = load?.pattern === 'search' && load.trialSeconds !== undefined ? 'At least ' : '';
  const warm = `${warmupMs === undefined ? '' : 'at least '}${formatCount(warmup)}`;
  return `${least}${counted(requests, 'measured request')} to ${each}, after ${warm} for warm-up; answers of at most ${formatCount(maxTokens)} tokens.`;
}

function loadSentence(plan: Plan): string {
  const slo = plan.slo ? ` Good is what keeps ${sloWords(plan.slo)}.` : '';
  const first = plan.calibrate ? ' Before that, the instrument measures its own error on this machine.' : '';
  return `Load: ${loadWords(plan)}.${slo}${first}`;
}

/** Who judges and by what; empty: nobody. */
export function judgeSentence({ evaluation, models }: Pick<Plan, 'evaluation' | 'models'>): string {
  const { judge, embedding } = evaluation ?? {};
  const sentences: string[] = [];
  if (judge) {
    const name = label(`${judge.model.endpoint}/${judge.model.model}`);
    const times = judge.repeats > 1 ? ` ${judge.repeats} times` : '';
    const pairs = judge.pairs && models.length > 1 ? ', and answers of different models in pairs' : '';
    sentences.push(
      `${name} then sees prompts and answers and judges each answer${times}${pairs}: “${label(judge.rubric, 160)}”`,
    );
    if (models.some(({ endpoint, model }) => endpoint === judge.model.endpoint && model === judge.model.model))
      sentences.push('It is among the models that it judges, and may prefer itself.');
  }
  if (embedding) {
    const name = label(`${embedding.endpoint}/${embedding.model}`);
    sentences.push(`${name} makes the embeddings that checks of similarity compare.`);
  }
  return sentences.join(' ');
}

/** What it may cost, from the least to the most. */
export function costSentence({ lowUsd, highUsd, unknown }: RunEstimate, free: boolean): string {
  const range = lowUsd === undefined || highUsd === undefined ? undefined : formatUsdRange({ lowUsd, highUsd });
  if (free) return `The models are simulated: nothing is charged. At their made-up prices it would cost ${range}.`;
  if (range === undefined) return 'Expected cost: unknown, because no price is known.';
  return unknown
    ? `Expected cost: ${range}, and an unknown sum for models without a price.`
    : `Expected cost: ${range}.`;
}

/** Which ceilings hold. */
export function limitSentence(
  { maxCostUsd, maxTotalTokens }: Pick<Plan, 'maxCostUsd' | 'maxTotalTokens'>,
  unpriced: readonly string[],
): string {
  const tokens = maxTotalTokens === undefined ? '' : `uses more than ${formatCount(maxTotalTokens)} tokens`;
  if (maxCostUsd !== undefined) {
    return `The run stops before it costs more than ${formatUsd(maxCostUsd)}${tokens && ` or ${tokens}`}.`;
  }
  const without =
    unpriced.length === 0
      ? 'There is no cost limit (tierwise.benchmark.maxCostUsd is null).'
      : `No cost limit can hold, because a price is unknown: ${unpriced.map((name) => label(name)).join(', ')}.`;
  return tokens ? `${without} The run stops before it ${tokens}.` : without;
}

function problemSentence(problems: readonly DatasetProblem[]): string {
  const [first] = problems;
  if (!first) return '';
  const rows = problems.length === 1 ? '1 row is' : `${formatCount(problems.length)} rows are`;
  return `${rows} left out. Line ${first.line}: ${first.message}`;
}

function noteSentence(notes: readonly DatasetProblem[]): string {
  const [first] = notes;
  if (!first) return '';
  const parts = notes.length === 1 ? 'One thing' : `${formatCount(notes.length)} things`;
  return `${parts} in the data set ${notes.length === 1 ? 'does' : 'do'} not count. Line ${first.line}: ${first.message}`;
}
