import { createHash, randomUUID } from 'node:crypto';
import { refusals } from './refusals.ts';
import type { Json } from './serving.ts';

/** How a model behind an endpoint answers. */
export interface Behaviour {
  /** Tokens of an answer that no limit cuts; default 24. */
  readonly answerTokens?: number;
  /** Most that `max_tokens` may be. */
  readonly maxOutputTokens?: number;
  /** Where a stream tells its tokens; default `last`. */
  readonly usage?: 'every' | 'last' | 'none';
  /** Whether a stream ends in `[DONE]`; default true. */
  readonly done?: boolean;
  /** Content is an array with a reasoning item before the text; `encrypted`: nobody can read it. */
  readonly reasoning?: 'plain' | 'encrypted';
  /** Asks for a tool instead of answering. */
  readonly toolCall?: { readonly name: string; readonly arguments: string };
  /** `openai`: cached tokens are a part of prompt_tokens; `claude`: they come on top of it. */
  readonly cache?: { readonly style: 'openai' | 'claude'; readonly read: number; readonly written?: number };
  /** Frames without `choices` stand before and after the answer, as agents have them. */
  readonly traceFrames?: boolean;
  /** Wall ms to the first token, and between tokens; default 0, which still makes every token a chunk of its own. */
  readonly firstTokenMs?: number;
  readonly tokenMs?: number;
  /** What a custom model says to a row; default: how many characters its first text column has. */
  readonly predict?: (row: Json) => unknown;
}

/** What models of a family do unless told otherwise. */
export function usualBehaviour(family: string | undefined): Behaviour {
  if (family === 'gpt-oss') return { reasoning: 'plain', usage: 'every' };
  if (family === 'claude') return { usage: 'last', cache: { style: 'claude', read: 0 } };
  return {};
}

/** An answer that is ready to be sent, whole or in pieces. */
export interface Answer {
  readonly whole: Json;
  /** Data of each event of a stream; absent: this task does not stream. */
  readonly frames?: readonly (Json | '[DONE]')[];
  /** Tokens that count against the limit of output tokens. */
  readonly outputTokens: number;
}

/** Tokens as this workspace counts them: four characters each, and three for each message. */
export function countTokens(text: string): number {
  return Math.ceil(text.length / 4);
}

const words = 'Spark splits a job into stages at each shuffle and runs their tasks on the executors that it has'.split(
  ' ',
);

/** `tokens` pieces of text, one a token. */
function pieces(tokens: number): string[] {
  return Array.from({ length: tokens }, (_, at) => `${at === 0 ? '' : ' '}${words[at % words.length]}`);
}

function messageText(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content.map((item: Json) => item.text ?? '').join('');
}

/** @throws Refusal 400 */
function limitOf(body: Json, { answerTokens = 24, maxOutputTokens = 8192 }: Behaviour) {
  const limit: unknown = body.max_tokens ?? undefined;
  if (limit !== undefined && (typeof limit !== 'number' || !Number.isInteger(limit) || limit < 1)) {
    throw refusals.badRequest('max_tokens must be a positive integer.');
  }
  if (limit !== undefined && limit > maxOutputTokens) throw refusals.tooManyTokens(limit, maxOutputTokens);
  const tokens = Math.min(answerTokens, limit ?? answerTokens);
  return { tokens, finish: tokens < answerTokens ? 'length' : 'stop' };
}

export interface ChatInput {
  readonly tokens: number;
  readonly maxTokens: number | undefined;
}

/** What a request costs before it is admitted. @throws Refusal 400 for what is no request of the task. */
export function inputOf(task: Task, body: Json): ChatInput {
  const maxTokens = typeof body.max_tokens === 'number' ? body.max_tokens : undefined;
  switch (task) {
    case 'chat': {
      if (!Array.isArray(body.messages) || body.messages.length === 0) {
        throw refusals.badRequest("Missing required Chat parameter: 'messages'");
      }
      for (const message of body.messages) {
        if (!['system', 'user', 'assistant', 'tool', 'developer'].includes(message?.role)) {
          throw refusals.badRequest(`Invalid role: ${JSON.stringify(message?.role)}`);
        }
      }
      const tokens = body.messages.reduce(
        (sum: number, { content }: Json) => sum + 3 + countTokens(messageText(content)),
        0,
      );
      return { tokens, maxTokens };
    }
    case 'completions': {
      if (typeof body.prompt !== 'string' && !Array.isArray(body.prompt)) {
        throw refusals.badRequest("Missing required Completions parameter: 'prompt'");
      }
      return { tokens: [body.prompt].flat().reduce((sum, text) => sum + countTokens(text), 0), maxTokens };
    }
    case 'embeddings': {
      if (typeof body.input !== 'string' && !(Array.isArray(body.input) && body.input.length > 0)) {
        throw refusals.badRequest("Missing required Embeddings parameter: 'input'");
      }
      return { tokens: [body.input].flat().reduce((sum, text) => sum + countTokens(text), 0), maxTokens: 0 };
    }
    case 'responses':
      if (!Array.isArray(body.input)) throw refusals.badRequest("Missing required parameter: 'input'");
      return { tokens: countTokens(JSON.stringify(body.input)), maxTokens };
    case 'pyfunc':
      return { tokens: 0, maxTokens: 0 };
  }
}

export type Task = 'chat' | 'completions' | 'embeddings' | 'responses' | 'pyfunc';

/** @throws Refusal 400 */
export function answer(task: Task, body: Json, model: string, created: number, behaviour: Behaviour): Answer {
  switch (task) {
    case 'chat':
      return chat(body, model, created, behaviour);
    case 'completions':
      return completions(body, model, created, behaviour);
    case 'embeddings':
      return embeddings(body, model);
    case 'responses':
      return responses(body, model, created, behaviour);
    case 'pyfunc':
      return { whole: { predictions: predictions(body, behaviour) }, outputTokens: 0 };
  }
}

function usageOf(body: Json, task: Task, output: number, thought: number, { cache, reasoning }: Behaviour): Json {
  const all = inputOf(task, body).tokens;
  const read = Math.min(all, cache?.read ?? 0);
  const written = Math.min(all - read, cache?.written ?? 0);
  const prompt = cache?.style === 'claude' ? all - read - written : all;
  return {
    prompt_tokens: prompt,
    completion_tokens: output,
    total_tokens: prompt + output,
    ...(cache?.style === 'claude' ? { cache_read_input_tokens: read, cache_creation_input_tokens: written } : {}),
    ...(cache?.style === 'openai' ? { prompt_tokens_details: { cached_tokens: read } } : {}),
    ...(reasoning === 'plain' ? { completion_tokens_details: { reasoning_tokens: thought } } : {}),
  };
}

const thoughtTokens = 6;

function chat(body: Json, model: string, created: number, behaviour: Behaviour): Answer {
  const { reasoning, toolCall, usage: told = 'last', done = true, traceFrames } = behaviour;
  const { tokens, finish } = limitOf(body, behaviour);
  const id = `chatcmpl_${randomUUID()}`;
  const thoughts = reasoning ? Math.min(thoughtTokens, tokens) : 0;
  const thinking = pieces(thoughts);
  const text = toolCall ? [] : pieces(tokens - thoughts);
  const call = toolCall && { id: `call_${randomUUID()}`, type: 'function', function: toolCall };
  const thoughtItem = (said: string) => ({
    type: 'reasoning',
    summary: [
      reasoning === 'encrypted'
        ? { type: 'summary_encrypted_text', data: Buffer.from(said).toString('base64') }
        : { type: 'summary_text', text: said },
    ],
  });
  const finish_reason = call ? 'tool_calls' : finish;
  const usage = usageOf(body, 'chat', tokens, thoughts, behaviour);

  const content = call
    ? null
    : reasoning
      ? [thoughtItem(thinking.join('')), { type: 'text', text: text.join('') }]
      : text.join('');
  const message = { role: 'assistant', content, ...(call ? { tool_calls: [call] } : {}) };
  const whole = {
    id,
    object: 'chat.completion',
    created,
    model,
    choices: [{ index: 0, message, finish_reason }],
    ...(told === 'none' ? {} : { usage }),
  };

  let sent = 0;
  const frame = (delta: Json, reason: string | null = null): Json => ({
    id,
    object: 'chat.completion.chunk',
    created,
    model,
    choices: [{ index: 0, delta, finish_reason: reason }],
    ...(told === 'every'
      ? { usage: { ...usage, completion_tokens: sent, total_tokens: usage.prompt_tokens + sent } }
      : {}),
  });
  const token = (delta: Json) => {
    sent++;
    return frame(delta);
  };
  const deltas = [
    frame({ role: 'assistant', content: '' }),
    ...thinking.map((said) => token({ content: [thoughtItem(said)] })),
    ...text.map((said) => token({ content: reasoning ? [{ type: 'text', text: said }] : said })),
  ];
  if (call) {
    const half = Math.ceil(call.function.arguments.length / 2);
    const [first, rest] = [call.function.arguments.slice(0, half), call.function.arguments.slice(half)];
    deltas.push(
      token({ tool_calls: [{ index: 0, ...call, function: { name: call.function.name, arguments: first } }] }),
    );
    deltas.push(token({ tool_calls: [{ index: 0, function: { arguments: rest } }] }));
    sent = tokens;
  }
  const trace = traceFrames ? [{ trace_id: `tr-${randomUUID().replaceAll('-', '')}` }] : [];
  const frames: (Json | '[DONE]')[] = [
    ...trace,
    ...deltas,
    frame({ content: '' }, finish_reason),
    ...(told === 'last' ? [{ id, object: 'chat.completion.chunk', created, model, choices: [], usage }] : []),
    ...trace,
    ...(done ? (['[DONE]'] as const) : []),
  ];
  return { whole, frames, outputTokens: tokens };
}

function completions(body: Json, model: string, created: number, behaviour: Behaviour): Answer {
  const { tokens, finish } = limitOf(body, behaviour);
  const id = `cmpl_${randomUUID()}`;
  const prompts = [body.prompt].flat();
  const said = pieces(tokens);
  const envelope = { id, object: 'text_completion', created, model };
  const usage = usageOf(body, 'completions', tokens * prompts.length, 0, behaviour);
  return {
    whole: {
      ...envelope,
      choices: prompts.map((_, index) => ({ index, text: said.join(''), finish_reason: finish, logprobs: null })),
      usage,
    },
    frames: [
      ...said.map((text) => ({ ...envelope, choices: [{ index: 0, text, finish_reason: null }] })),
      { ...envelope, choices: [{ index: 0, text: '', finish_reason: finish }], usage },
      '[DONE]',
    ],
    outputTokens: tokens * prompts.length,
  };
}

/** Numbers in [-1, 1] that the text alone decides, 16 of them: this model is small. */
function embeddings(body: Json, model: string): Answer {
  const texts: string[] = [body.input].flat();
  const { tokens } = inputOf('embeddings', body);
  const data = texts.map((text, index) => {
    const digest = createHash('sha256')
      .update(`${body.instruction ?? ''}\n${text}`)
      .digest();
    const embedding = Array.from({ length: body.dimensions ?? 16 }, (_, at) => (digest[at % 32] ?? 0) / 127.5 - 1);
    return { index, object: 'embedding', embedding };
  });
  return {
    whole: { id: randomUUID(), object: 'list', model, data, usage: { prompt_tokens: tokens, total_tokens: tokens } },
    outputTokens: 0,
  };
}

function responses(body: Json, model: string, created: number, behaviour: Behaviour): Answer {
  const { tokens } = limitOf({ max_tokens: body.max_output_tokens }, behaviour);
  const text = pieces(tokens).join('');
  const item = {
    type: 'message',
    id: `msg_${randomUUID()}`,
    role: 'assistant',
    content: [{ type: 'output_text', text }],
  };
  const { tokens: input } = inputOf('responses', body);
  const traced = body.databricks_options?.return_trace
    ? { databricks_output: { trace: { info: {}, data: { spans: [] } }, databricks_request_id: randomUUID() } }
    : {};
  const whole = {
    id: `resp_${randomUUID()}`,
    object: 'response',
    created_at: created,
    model,
    status: 'completed',
    output: [item],
    usage: { input_tokens: input, output_tokens: tokens, total_tokens: input + tokens },
    ...traced,
  };
  return {
    whole,
    frames: [
      ...pieces(tokens).map((delta) => ({ type: 'response.output_text.delta', item_id: item.id, delta })),
      { type: 'response.output_item.done', item },
      { trace_id: `tr-${randomUUID().replaceAll('-', '')}` },
      '[DONE]',
    ],
    outputTokens: tokens,
  };
}

/** The four forms in which a custom model takes its rows. @throws Refusal 400 */
function predictions(body: Json, { predict = lengthOfText }: Behaviour): unknown[] {
  const forms = ['dataframe_split', 'dataframe_records', 'inputs', 'instances'].filter((form) => form in body);
  if (forms.length !== 1) {
    throw refusals.badRequest(
      'The request must have exactly one of dataframe_split, dataframe_records, inputs and instances.',
    );
  }
  return rowsOf(body).map(predict);
}

function rowsOf(body: Json): Json[] {
  const { dataframe_split: split, dataframe_records: records, inputs, instances } = body;
  if (split !== undefined) {
    if (!Array.isArray(split.data)) throw refusals.badRequest('dataframe_split needs data.');
    return split.data.map((row: unknown[]) => {
      if (row.length !== split.columns?.length)
        throw refusals.badRequest('A row has not as many values as there are columns.');
      return Object.fromEntries(row.map((value, at) => [split.columns[at], value]));
    });
  }
  if (records !== undefined) {
    if (!Array.isArray(records)) throw refusals.badRequest('dataframe_records must be a list.');
    return records;
  }
  if (instances !== undefined) return instances.map(asRow);
  // Either a list of rows or columns by name.
  if (Array.isArray(inputs)) return inputs.map(asRow);
  const columns = Object.entries(inputs as Json);
  const count = Math.max(0, ...columns.map(([, values]) => [values].flat().length));
  return Array.from({ length: count }, (_, at) =>
    Object.fromEntries(columns.map(([name, values]) => [name, [values].flat()[at]])),
  );
}

function asRow(row: unknown): Json {
  return typeof row === 'object' && row !== null ? (row as Json) : { value: row };
}

function lengthOfText(row: Json): string {
  const text = Object.values(row).find((value) => typeof value === 'string') ?? '';
  return `${text.length} characters`;
}
