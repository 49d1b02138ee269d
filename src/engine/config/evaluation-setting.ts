import type { Evaluation } from '../../core/benchmark/plan.ts';
import { findModel } from '../../core/catalog/lookup.ts';
import type { Model } from '../../core/catalog/model.ts';
import { Failure } from '../../core/failure.ts';
import { plannedModel } from '../benchmark/plan-run.ts';
import type { EvaluationSetting } from './schema.ts';

/** What a judge does where nobody says otherwise. */
export const judgeDefaults = { scale: 5, repeats: 1, pairs: false, maxTokens: 512 } as const;

/**
 * What a plan says of judging, with the models looked up by name; undefined where nothing is asked for.
 * @throws Failure `config` for an unknown name, `usage` for a judge that only makes embeddings.
 */
export function plannedEvaluation(
  { judge, embeddingModel }: EvaluationSetting,
  models: readonly Model[],
): { evaluation: Evaluation; models: Model[] } | undefined {
  if (judge === undefined && embeddingModel === undefined) return undefined;
  const used: Model[] = [];
  const named = (name: string) => {
    const model = findModel(models, name);
    used.push(model);
    return model;
  };
  const evaluation: Evaluation = {};
  if (judge !== undefined) {
    const model = named(judge.model);
    if (model.task === 'embeddings') {
      throw new Failure({
        code: 'usage',
        message: `${model.ref} makes embeddings and can judge nothing. Name a model that answers prompts.`,
      });
    }
    evaluation.judge = { ...judgeDefaults, ...given(judge), rubric: judge.rubric, model: plannedModel(model) };
  }
  if (embeddingModel !== undefined) {
    evaluation.embedding = { ...plannedModel({ ...named(embeddingModel), task: 'chat' }), task: 'embeddings' };
  }
  return { evaluation, models: used };
}

/** Without keys whose value is undefined, which would hide defaults. */
function given<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
