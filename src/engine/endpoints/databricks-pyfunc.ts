import * as z from 'zod/mini';
import { Failure } from '../../core/failure.ts';
import type { Adapter, BatchAnswers } from './adapter.ts';
import type { PyfuncShape } from './chat.ts';
import { clientRequestId, invocationsUrl } from './databricks-chat.ts';
import { isObject } from './failures.ts';
import { bearerHeaders, chatCompletionForm } from './openai.ts';
import { promptOf } from './openai-completions.ts';
import { type AnswerForm, type AnswerSink, notAnAnswer } from './reader.ts';

/** What a custom model answers with; a model of MLflow's chat kind answers with a chat completion instead. */
const predictionsSchema = z.looseObject({ predictions: z.unknown() });

/**
 * Custom models (MLflow's python_function) behind a serving endpoint: the prompt goes as a row of a table. Neither a
 * limit of output tokens nor a temperature is sent, for only the model's author knows whether it takes any, and the
 * answer comes at once, not as a stream.
 */
export const databricksPyfunc: Adapter = {
  buildRequest: (target, key, request) => invocation(target, key, [request]),
  answerForm: predictionForm,
  batch: { buildRequest: invocation, read: readBatch },
};

const defaultShape: PyfuncShape = { input: 'dataframe_split', column: 'prompt' };

function invocation(
  ...[target, key, requests]: Parameters<NonNullable<Adapter['batch']>['buildRequest']>
): ReturnType<Adapter['buildRequest']> {
  const [first] = requests;
  if (!first) throw new Failure({ code: 'usage', message: 'There is no prompt to send.' });
  const { requestId, pyfunc = defaultShape } = first;
  return {
    method: 'POST',
    url: invocationsUrl(target, first.model),
    headers: bearerHeaders(key, requestId),
    body: JSON.stringify({
      ...clientRequestId(requestId),
      ...tableOf(
        requests.map(({ messages }) => promptOf(messages)),
        pyfunc,
      ),
    }),
  };
}

/** The prompts as rows, in the form that the model takes. */
function tableOf(prompts: readonly string[], { input, column }: PyfuncShape): Record<string, unknown> {
  const records = () => prompts.map((prompt) => Object.fromEntries([[column, prompt]]));
  switch (input) {
    case 'dataframe_split':
      return { dataframe_split: { columns: [column], data: prompts.map((prompt) => [prompt]) } };
    case 'dataframe_records':
      return { dataframe_records: records() };
    case 'inputs':
      return { inputs: Object.fromEntries([[column, prompts]]) };
    case 'instances':
      return { instances: records() };
  }
}

/** Reads the answer to one row. */
function predictionForm(sink: AnswerSink): AnswerForm {
  return {
    stream: 'sse',
    frame() {
      throw new Failure({
        code: 'malformed',
        message: 'The model streams, which a custom (pyfunc) model is not asked for.',
      });
    },
    whole(json) {
      const [prediction] = predictionsOf(json, 1, sink.secrets);
      if (isCompletion(prediction)) chatCompletionForm(sink).whole(prediction);
      else sink.text(textOf(prediction));
      // A prediction has no end mark and no reason to end: it is here, so it is whole.
      sink.done();
    },
  };
}

function readBatch(body: unknown, count: number, secrets: readonly string[] = []): BatchAnswers {
  return { answers: predictionsOf(body, count, secrets).map((prediction) => ({ text: textOf(prediction) })) };
}

/** One prediction for each of `count` rows, in their order; @throws Failure `malformed`. */
function predictionsOf(json: unknown, count: number, secrets: readonly string[]): readonly unknown[] {
  if (count === 1 && isCompletion(json)) return [json];
  const answer = predictionsSchema.safeParse(json);
  if (!answer.success || answer.data.predictions === undefined) {
    throw notAnAnswer(json, 'that of a custom model (no predictions)', secrets);
  }
  const { predictions } = answer.data;
  const rows = rowsOf(predictions);
  if (rows?.length === count) return rows;
  if (count === 1 && rows?.length !== 0) return [predictions];
  throw new Failure({
    code: 'malformed',
    message: `The model made ${rows ? rows.length : 'no list of'} predictions for ${count} rows, so which belongs to which cannot be told. Send its rows one by one.`,
  });
}

/** Rows as a list, or as a table by columns of which one holds the text. */
function rowsOf(predictions: unknown): readonly unknown[] | undefined {
  if (Array.isArray(predictions)) return predictions;
  if (!isObject(predictions) || isCompletion(predictions)) return undefined;
  const columns = Object.entries(predictions);
  const [, column] =
    columns.length === 1 ? (columns[0] ?? []) : (columns.find(([name]) => textKeys.includes(name)) ?? []);
  return Array.isArray(column) ? column : undefined;
}

/** What authors call the text of an answer, likeliest first. */
const textKeys: readonly string[] = [
  'answer',
  'text',
  'output',
  'content',
  'prediction',
  'generated_text',
  'response',
  'result',
  'completion',
  'candidates',
];

/** The text of a prediction, found under the wrappings that are usual; of any other prediction its JSON. */
function textOf(prediction: unknown): string {
  return innerText(prediction, 4) ?? (prediction === null ? '' : JSON.stringify(prediction));
}

function innerText(value: unknown, depth: number): string | undefined {
  if (typeof value === 'string') return value;
  if (depth === 0 || typeof value !== 'object' || value === null) return undefined;
  if (Array.isArray(value)) return value.length === 1 ? innerText(value[0], depth - 1) : undefined;
  if (isCompletion(value)) return completionText(value);
  if (!isObject(value)) return undefined;
  for (const key of textKeys) {
    const text = key in value ? innerText(value[key], depth - 1) : undefined;
    if (text !== undefined) return text;
  }
  const own = Object.values(value);
  return own.length === 1 ? innerText(own[0], depth - 1) : undefined;
}

function isCompletion(value: unknown): boolean {
  return (
    isObject(value) && Array.isArray(value.choices) && isObject(value.choices[0]) && isObject(value.choices[0].message)
  );
}

/** The visible text of a chat completion. */
function completionText(completion: unknown): string {
  let text = '';
  const ignore = () => {};
  chatCompletionForm({
    secrets: [],
    text: (delta) => {
      text += delta;
    },
    thought: ignore,
    toolCall: ignore,
    choice: ignore,
    finish: ignore,
    usage: ignore,
    servedModel: ignore,
    done: ignore,
  }).whole(completion);
  return text;
}
