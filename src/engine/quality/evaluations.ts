import type { RunPrompt } from '../../core/benchmark/manifest.ts';
import type { Plan } from '../../core/benchmark/plan.ts';
import type { RunRecord } from '../../core/benchmark/record.ts';
import type { Check } from '../../core/quality/check.ts';
import { type Outcome, outcomeKey } from '../../core/quality/outcome.ts';
import { type AnswerPair, answerPairs } from '../../core/quality/pairs.ts';

/** One verdict that is to be reached. */
export type Evaluation =
  | {
      readonly kind: 'check';
      readonly prompt: RunPrompt;
      readonly record: RunRecord;
      readonly index: number;
      readonly check: Check;
    }
  | { readonly kind: 'judge'; readonly prompt: RunPrompt; readonly record: RunRecord; readonly repeat: number }
  | {
      readonly kind: 'pair';
      readonly prompt: RunPrompt;
      readonly pair: AnswerPair;
      readonly records: readonly [RunRecord, RunRecord];
    };

/** Whether anything is to be judged at all. */
export function asksForEvaluation(plan: Pick<Plan, 'evaluation'>, prompts: readonly RunPrompt[]): boolean {
  return (
    plan.evaluation?.judge !== undefined || prompts.some(({ checks }) => checks !== undefined && checks.length > 0)
  );
}

/**
 * All verdicts that are to be reached on a run, in an order that depends on nothing but its records: of each measured answer its
 * checks and judgements, then the pairs. Each answer is judged on its own, also where two are the same: a judge's moods
 * are part of what is measured. What failed has no answer.
 */
export function* evaluationsOf(
  plan: Pick<Plan, 'evaluation' | 'models'>,
  prompts: readonly RunPrompt[],
  records: () => Iterable<RunRecord>,
): Generator<Evaluation> {
  const byId = new Map(prompts.map((prompt) => [prompt.id, prompt]));
  const judge = plan.evaluation?.judge;
  for (const record of records()) {
    if (record.status !== 'ok' || record.warmup === true) continue;
    const prompt = byId.get(record.promptId);
    if (!prompt) continue;
    for (const [index, check] of (prompt.checks ?? []).entries()) yield { kind: 'check', prompt, record, index, check };
    for (let repeat = 0; repeat < (judge?.repeats ?? 0); repeat++) yield { kind: 'judge', prompt, record, repeat };
  }
  if (!judge?.pairs) return;
  for (const { records: both, ...pair } of answerPairs(records(), plan.models)) {
    const prompt = byId.get(pair.promptId);
    if (prompt) yield { kind: 'pair', prompt, pair, records: both };
  }
}

/** The key of the outcome that an evaluation makes. */
export function evaluationKey(evaluation: Evaluation): string {
  return outcomeKey(emptyOutcome(evaluation));
}

function emptyOutcome(evaluation: Evaluation): Outcome {
  const at = '';
  switch (evaluation.kind) {
    case 'check':
      return { kind: 'check', record: evaluation.record.id, check: evaluation.index, name: '', at };
    case 'judge':
      return {
        kind: 'judge',
        record: evaluation.record.id,
        repeat: evaluation.repeat,
        called: { endpoint: '', model: '' },
        at,
      };
    case 'pair':
      return { kind: 'pair', by: 'judge', a: evaluation.pair.a, b: evaluation.pair.b, at };
  }
}
