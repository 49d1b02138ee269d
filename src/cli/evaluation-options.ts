import type { EvaluationSetting } from '../engine/config/schema.ts';
import { wrongUse } from './options.ts';
import { textOption } from './text-option.ts';

/** How answers are judged, as the options say it. */
export interface EvaluationOptions {
  readonly judge?: string;
  readonly rubric?: string;
  readonly judgeRepeats?: number;
  readonly judgePairs?: true;
  readonly embeddingModel?: string;
}

/** The options over what the configuration says. @throws Failure `usage` for a judge without a rubric, or the other way round. */
export async function chosenEvaluation(
  options: EvaluationOptions,
  configured: EvaluationSetting = {},
): Promise<EvaluationSetting> {
  const model = options.judge ?? configured.judge?.model;
  const rubric = (await textOption('--rubric', options.rubric)) ?? configured.judge?.rubric;
  if (model === undefined) {
    for (const [name, value] of Object.entries({
      rubric: options.rubric,
      'judge-repeats': options.judgeRepeats,
      'judge-pairs': options.judgePairs,
    })) {
      if (value !== undefined) throw wrongUse(`--${name} belongs to --judge.`);
    }
  } else if (rubric === undefined) {
    throw wrongUse('--judge needs --rubric: what a good answer is, in words, or @FILE.');
  }
  const judge =
    model === undefined || rubric === undefined
      ? undefined
      : {
          ...configured.judge,
          model,
          rubric,
          repeats: options.judgeRepeats ?? configured.judge?.repeats,
          pairs: options.judgePairs ?? configured.judge?.pairs,
        };
  return { judge, embeddingModel: options.embeddingModel ?? configured.embeddingModel };
}
