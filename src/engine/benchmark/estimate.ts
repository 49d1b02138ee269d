import type { Plan, PlannedModel } from '../../core/benchmark/plan.ts';
import { fewestRequests, mostRequests } from '../../core/benchmark/stages.ts';
import { dearestCost, tokenCost } from '../../core/catalog/cost.ts';
import type { Prompt } from '../../core/prompts/prompt.ts';
import { estimateTokens } from '../../core/prompts/tokens.ts';
import { judgePrompt, pairPrompt } from '../../core/quality/judge-prompt.ts';
import { mostRetries } from '../calling/retry.ts';

/** What a run will send and may cost, over all requests, warm-up included. */
export interface RunEstimate {
  /** The most. */
  readonly requests: number;
  /** Calls of judges at most; absent: there is no judge. */
  readonly judgements?: number | undefined;
  /** USD for prompts at the low end of their token estimate and answers of one token; absent: no price is known. */
  readonly lowUsd?: number | undefined;
  /** USD for prompts at the high end and answers of `maxTokens`, with all retries that there may be; absent: no price is known. */
  readonly highUsd?: number | undefined;
  /** True when the price of a model is unknown: then the sums are of the other models only. */
  readonly unknown: boolean;
}

interface Ends {
  readonly low: number;
  readonly high: number;
}

/** Tokens at least and at most. */
interface Tokens {
  readonly input: Ends;
  readonly output: Ends;
}

/** As long as the one that a judge's prompt will have. */
const fence = 'x'.repeat(24);

/** What a plan will send at most, and what it may cost, judges included. */
export function estimateRun(plan: Plan, prompts: readonly Prompt[]): RunEstimate {
  const fewest = fewestRequests(plan) / plan.models.length;
  const most = mostRequests(plan) / plan.models.length;
  const tries = 1 + mostRetries(most, plan.maxRetries) / most;
  const rounds = { low: fewest / prompts.length, high: most / prompts.length };
  const asked = prompts.map(({ text }) => estimateTokens(text));
  const ofModel: Tokens = {
    input: { low: total(asked, 'low') * rounds.low, high: total(asked, 'high') * rounds.high * tries },
    output: { low: fewest, high: most * plan.maxTokens * tries },
  };
  const measured: Plan = { ...plan, warmup: 0, warmupMs: undefined };
  const answersOf = (requests: number) => requests / plan.models.length / prompts.length;
  const answers = { low: answersOf(fewestRequests(measured)), high: answersOf(mostRequests(measured)) };
  const judging = judgingOf(plan, prompts, answers);
  return {
    requests: mostRequests(plan),
    ...judgementsOf(judging),
    ...sumOf([
      ...plan.models.map((model) => costOf(ofModel, model)),
      ...judging.calls.map(({ tokens, model }) => costOf(tokens, model)),
    ]),
  };
}

/** What judging the answers of a run will take; each model has answered each prompt `answers` times. */
export function estimateEvaluation(plan: Plan, prompts: readonly Prompt[], answers: number): RunEstimate {
  const judging = judgingOf(plan, prompts, { low: answers, high: answers });
  const costs = judging.calls.map(({ tokens, model }) => costOf(tokens, model));
  return { requests: 0, ...judgementsOf(judging), ...sumOf(costs) };
}

function judgementsOf({ judgements }: { judgements: number }): Pick<RunEstimate, 'judgements'> {
  return judgements > 0 ? { judgements: Math.round(judgements) } : {};
}

/** USD, undefined where a price is unknown. */
interface CostEnds {
  readonly low?: number | undefined;
  readonly high?: number | undefined;
}

function sumOf(costs: readonly CostEnds[]): Pick<RunEstimate, 'lowUsd' | 'highUsd' | 'unknown'> {
  const known = costs.filter(({ high }) => high !== undefined);
  const sum = (pick: (cost: CostEnds) => number | undefined) =>
    known.length === 0 ? undefined : known.reduce((all, cost) => all + (pick(cost) ?? 0), 0);
  return { lowUsd: sum(({ low }) => low), highUsd: sum(({ high }) => high), unknown: known.length < costs.length };
}

/** What judging and embedding take. `answers`: of each prompt by each model, at least and at most. */
function judgingOf(
  { evaluation, models, maxTokens, maxRetries }: Plan,
  prompts: readonly Prompt[],
  answers: Ends,
): { judgements: number; calls: { model: PlannedModel; tokens: Tokens }[] } {
  const { judge, embedding } = evaluation ?? {};
  const calls: { model: PlannedModel; tokens: Tokens }[] = [];
  let judgements = 0;
  const tries = ({ high }: Ends) => (high > 0 ? 1 + mostRetries(high, maxRetries) / high : 1);
  if (judge !== undefined) {
    const { rubric, scale } = judge;
    const asked = (answersShown: 1 | 2, times: number) => {
      const texts = prompts.map(({ text, reference }) =>
        estimateTokens(
          answersShown === 1
            ? judgePrompt({ rubric, scale, question: text, reference, answer: '', fence })
            : pairPrompt({ rubric, question: text, reference, first: '', second: '', fence }),
        ),
      );
      const number: Ends = { low: prompts.length * answers.low * times, high: prompts.length * answers.high * times };
      judgements += number.high;
      calls.push({
        model: judge.model,
        tokens: {
          input: {
            low: total(texts, 'low') * answers.low * times + number.low * answersShown,
            high:
              (total(texts, 'high') * answers.high * times + number.high * answersShown * maxTokens) * tries(number),
          },
          output: { low: number.low, high: number.high * judge.maxTokens * tries(number) },
        },
      });
    };
    asked(1, models.length * judge.repeats);
    // Each pair of models, in both orders.
    if (judge.pairs && models.length > 1) asked(2, models.length * (models.length - 1));
  }
  const compared = prompts.flatMap(({ checks = [], reference = '' }) =>
    checks.flatMap((check) => (check.type === 'similarity' ? [estimateTokens(check.value ?? reference)] : [])),
  );
  if (embedding !== undefined && compared.length > 0) {
    const times = { low: answers.low * models.length, high: answers.high * models.length };
    calls.push({
      model: embedding,
      tokens: {
        input: {
          low: (total(compared, 'low') + compared.length) * times.low,
          high:
            (total(compared, 'high') + compared.length * maxTokens) *
            times.high *
            tries({ low: 0, high: compared.length * times.high }),
        },
        output: { low: 0, high: 0 },
      },
    });
  }
  return { judgements, calls };
}

function costOf({ input, output }: Tokens, prices: PlannedModel): CostEnds {
  return {
    low: tokenCost({ input: input.low, output: output.low }, prices),
    high: dearestCost({ input: input.high, output: output.high }, prices),
  };
}

function total(estimates: readonly { low: number; high: number }[], end: 'low' | 'high'): number {
  return estimates.reduce((sum, estimate) => sum + estimate[end], 0);
}
