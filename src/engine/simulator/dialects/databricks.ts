import * as z from 'zod/mini';
import { type Asked, type Dialect, type Vendor, wholeForm } from '../dialect.ts';
import type { SimulatedProfile } from '../profiles.ts';
import type { Answer, AnswerText } from '../reply.ts';
import { checked, Refusal } from '../request.ts';
import { chatDialect, chatUsage, isObject } from './openai-chat.ts';
import { completionsDialect } from './openai-completions.ts';
import { embeddingsDialect } from './openai-embeddings.ts';
import { responsesDialect } from './openai-responses.ts';

const errorCodes = new Map([
  [400, 'BAD_REQUEST'],
  [401, 'UNAUTHENTICATED'],
  [403, 'PERMISSION_DENIED'],
  [404, 'RESOURCE_DOES_NOT_EXIST'],
  [405, 'ENDPOINT_NOT_FOUND'],
  [413, 'BAD_REQUEST'],
  [429, 'REQUEST_LIMIT_EXCEEDED'],
  [500, 'INTERNAL_ERROR'],
  [503, 'TEMPORARILY_UNAVAILABLE'],
]);

/** A Databricks workspace. */
export const databricksVendor: Vendor = {
  keyHeaders: { authorization: 'Bearer ' },
  headers: (_requestId, model) => (model === undefined ? {} : { 'served-model-name': `${model}-1` }),
  refuse({ status, message }) {
    return { status, body: { error_code: errorCodes.get(status) ?? 'BAD_REQUEST', message } };
  },
};

/** Chat completions whose content is a list of items where there is thinking, and whose cache is counted as Claude's is. */
export const databricksChat = chatDialect(databricksVendor, {
  thought: (text) => ({ content: [{ type: 'reasoning', summary: [{ type: 'summary_text', text }] }] }),
  message: (thoughts, text) => ({
    content: [
      { type: 'reasoning', summary: [{ type: 'summary_text', text: thoughts }] },
      { type: 'text', text },
    ],
  }),
  usage(answer) {
    const { cachedTokens } = answer;
    if (cachedTokens === 0) return chatUsage(answer);
    const usage = chatUsage({ ...answer, inputTokens: answer.inputTokens - cachedTokens, cachedTokens: 0 });
    return { ...usage, cache_read_input_tokens: cachedTokens, cache_creation_input_tokens: 0 };
  },
});

export const databricksCompletions = completionsDialect(databricksVendor);
export const databricksEmbeddings = embeddingsDialect(databricksVendor);
export const databricksResponses = responsesDialect(databricksVendor);

/** `POST /serving-endpoints/{name}/invocations`: what kind of model it is, the body tells. */
export const databricksInvocations: Dialect = {
  vendor: databricksVendor,
  read(json, where) {
    if (!isObject(json)) throw new Refusal(400, 'The body is not a JSON object.');
    if ('messages' in json) return databricksChat.read(json, where);
    if ('prompt' in json) return databricksCompletions.read(json, where);
    if ('input' in json) {
      const items = Array.isArray(json.input) && json.input.some(isObject);
      return (items ? databricksResponses : databricksEmbeddings).read(json, where);
    }
    return readTable(json, where.model ?? '');
  },
};

const records = z.array(z.record(z.string(), z.unknown())).check(z.minLength(1));

const splitSchema = z.looseObject({
  dataframe_split: z.looseObject({
    columns: z.array(z.string()),
    data: z.array(z.array(z.unknown())).check(z.minLength(1)),
  }),
});
const recordsSchema = z.looseObject({ dataframe_records: records });
const inputsSchema = z.looseObject({ inputs: z.unknown() });
const instancesSchema = z.looseObject({ instances: z.array(z.unknown()).check(z.minLength(1)) });

/** Rows of a table, for a custom model (MLflow's python_function). It answers records with records, lists with lists. */
function readTable(json: Readonly<Record<string, unknown>>, model: string): Asked {
  const form = (predict: (text: string) => unknown) =>
    wholeForm((answer: Answer) => ({
      predictions: [answer, ...answer.others].map((row) => predict(wordsOf(row))),
    }));
  const asked = (rows: readonly unknown[], predict: (text: string) => unknown): Asked => ({
    model,
    prompts: rows.map(promptOf),
    stream: false,
    form: form(predict),
  });
  const record = (answer: string) => ({ answer });
  if ('dataframe_split' in json) {
    const { columns, data } = checked(splitSchema, json).dataframe_split;
    return asked(
      data.map((row) => Object.fromEntries(columns.map((column, at) => [column, row[at]]))),
      record,
    );
  }
  if ('dataframe_records' in json) return asked(checked(recordsSchema, json).dataframe_records, record);
  if ('instances' in json) return asked(checked(instancesSchema, json).instances, String);
  if ('inputs' in json) return asked(rowsOf(checked(inputsSchema, json).inputs), String);
  throw new Refusal(
    400,
    'Invalid input. A model that is no chat model wants one of dataframe_split, dataframe_records, instances, inputs.',
  );
}

function wordsOf({ chunks }: AnswerText): string {
  return chunks.join('');
}

/** `inputs` is a list of rows, a table by columns, or a single value. */
function rowsOf(inputs: unknown): readonly unknown[] {
  if (Array.isArray(inputs) && inputs.length > 0) return inputs;
  if (isObject(inputs)) {
    const columns = Object.entries(inputs);
    const [, first] = columns[0] ?? [];
    if (Array.isArray(first) && first.length > 0) {
      return first.map((_, row) =>
        Object.fromEntries(columns.map(([name, values]) => [name, Array.isArray(values) ? values[row] : values])),
      );
    }
  }
  return [inputs];
}

/** The prompt of a row: its column `prompt`, else its first text, else all of it. */
function promptOf(row: unknown): string {
  if (typeof row === 'string') return row;
  if (isObject(row)) {
    if (typeof row.prompt === 'string') return row.prompt;
    const text = Object.values(row).find((value) => typeof value === 'string');
    if (typeof text === 'string') return text;
  }
  return JSON.stringify(row) ?? '';
}

/** `GET /api/2.0/serving-endpoints`. */
export function databricksModels(models: readonly SimulatedProfile[]) {
  return {
    endpoints: models.map(({ id }) => ({
      name: id,
      task: 'llm/v1/chat',
      endpoint_type: 'CUSTOM_MODEL',
      state: { ready: 'READY', config_update: 'NOT_UPDATING' },
      config: { served_entities: [{ name: `${id}-1`, entity_name: `simulated.default.${id}`, entity_version: '1' }] },
      simulated: true,
    })),
  };
}
