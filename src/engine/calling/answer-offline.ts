import { createHash } from 'node:crypto';
import type { Model } from '../../core/catalog/model.ts';
import type { Prompt } from '../../core/prompts/prompt.ts';
import { pricesOf, requestOf } from './answer-dataset.ts';
import { type AnswerRow, answerKey, rowOf } from './answer-row.ts';
import { answerOffline, type OfflineOptions } from './openai-batch.ts';

export interface OfflineDatasetOptions extends Omit<OfflineOptions, 'requests' | 'onResult'> {
  readonly prompts: readonly Prompt[];
  readonly model: Model;
  readonly maxTokens: number;
  /** True: rows repeat the prompt. */
  readonly keepPrompts?: boolean | undefined;
  /** Called for each prompt, in any order. Costs are at the model's prices; such batches are often billed at less. */
  readonly onRow: (row: AnswerRow) => void;
}

/**
 * Answers the prompts of a data set through OpenAI's Batch API. See `answerOffline`. Results of what is under way for
 * prompts that are not among these are left out.
 * @returns false when the signal ended the wait
 */
export async function answerDatasetOffline(options: OfflineDatasetOptions): Promise<boolean> {
  const { prompts, model, maxTokens, onRow } = options;
  const prices = pricesOf(model);
  const asked = new Map(
    prompts.map((prompt) => {
      const key = answerKey(model.ref, maxTokens, prompt.text);
      // The prompt's own id may be longer than the API allows, and hold what it does not.
      const id = createHash('sha256')
        .update(JSON.stringify([prompt.id, key]))
        .digest('hex')
        .slice(0, 32);
      return [id, { prompt, key }];
    }),
  );
  return answerOffline({
    ...options,
    requests: [...asked].map(([id, { prompt }]) => ({ id, request: requestOf(model, prompt.text, maxTokens) })),
    onResult(result) {
      const found = asked.get(result.id);
      if (found === undefined) return;
      const { prompt, key } = found;
      const head = {
        id: prompt.id,
        key,
        model: model.ref,
        ...(options.keepPrompts ? { prompt: prompt.text } : {}),
      };
      onRow(rowOf(head, prompt.text, result, [], prices));
    },
  });
}
