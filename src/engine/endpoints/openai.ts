import * as z from 'zod/mini';
import type { Adapter, ListedModel, ModelListing } from './adapter.ts';
import type { ChatRequest, Usage } from './chat.ts';
import { isObject, readServerError } from './failures.ts';
import { type AnswerForm, type AnswerSink, notAnAnswer, streamError } from './reader.ts';

/** A whole (not streamed) answer. Loose: only what is read is described. */
const answerSchema = z.looseObject({
  choices: z.array(z.looseObject({ message: z.looseObject({}), finish_reason: z.nullish(z.string()) })),
});

/** `GET {base}/models`. */
const modelListSchema = z.looseObject({ data: z.array(z.looseObject({ id: z.string() })) });

/** Headers of every request with a bearer token. */
export function bearerHeaders(key: string | undefined, requestId?: string): Record<string, string> {
  return {
    accept: 'application/json, text/event-stream',
    'content-type': 'application/json',
    'user-agent': 'tierwise',
    ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
    ...(requestId === undefined ? {} : { 'x-request-id': requestId }),
  };
}

/** The list of models, the same for all of OpenAI's protocols. */
export const openAiModels: ModelListing = {
  buildRequest: (target, key) => ({ method: 'GET', url: `${target.baseUrl}/models`, headers: bearerHeaders(key) }),
  read: readModelList,
};

/** The models of `{data: [{id}]}`, in order; undefined for anything else. */
export function readModelList(body: unknown): ListedModel[] | undefined {
  const list = modelListSchema.safeParse(body);
  if (!list.success) return undefined;
  return list.data.data.map((model) => {
    const contextWindow = contextWindowOf(model);
    return { id: model.id, ...(contextWindow !== undefined && { contextWindow }) };
  });
}

/** Tokens that a model of a list has room for. OpenAI itself does not tell; vLLM, OpenRouter, Groq and Mistral do, in this order. */
export function contextWindowOf(model: Readonly<Record<string, unknown>>): number | undefined {
  const told = [model.max_model_len, model.context_length, model.context_window, model.max_context_length];
  return told.find((value) => typeof value === 'number' && Number.isInteger(value) && value > 0) as number | undefined;
}

/** OpenAI chat completions, as OpenAI, vLLM, llama.cpp, LiteLLM and many others serve them. */
export const openai: Adapter = {
  buildRequest(target, key, request) {
    return {
      method: 'POST',
      url: `${target.baseUrl}/chat/completions`,
      headers: bearerHeaders(key, request.requestId),
      body: JSON.stringify({
        model: request.model,
        ...chatBody(request, servedByOpenAi.test(target.baseUrl) ? 'max_completion_tokens' : 'max_tokens'),
      }),
    };
  },
  answerForm: chatCompletionForm,
  models: openAiModels,
};

/** OpenAI's own newer models refuse max_tokens; all its models take the newer name, other servers may not know it. */
const servedByOpenAi = /^https:\/\/(?:api\.openai\.com|[\w-]+\.openai\.azure\.com)(?:[:/]|$)/;

/** What every chat-completions body has besides the model's name. Token counts are asked for in streams too. */
export function chatBody(
  { messages, maxTokens, temperature, stream }: ChatRequest,
  limit: 'max_tokens' | 'max_completion_tokens',
): Record<string, unknown> {
  return {
    messages,
    ...(maxTokens === undefined ? {} : { [limit]: maxTokens }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(stream ? { stream: true, stream_options: { include_usage: true } } : { stream: false }),
  };
}

/** Reads what chunks and answers of either kind of completion have beside their choices: an error, the model, the usage. */
export function headReader(sink: AnswerSink): (frame: WireFrame) => void {
  let named = false;
  return (frame) => {
    throwReportedError(frame, sink.secrets);
    if (!named && typeof frame.model === 'string' && frame.model !== '') {
      named = true;
      sink.servedModel(frame.model);
    }
    if (frame.usage) {
      const usage = readUsage(frame.usage);
      if (usage) sink.usage(usage);
    }
  };
}

/** Reads chat completions, streamed or whole. */
export function chatCompletionForm(sink: AnswerSink): AnswerForm {
  const readHead = headReader(sink);

  /** A chunk of a stream or a whole answer. Checked by hand: it is the hot path. */
  function readFrame(json: unknown): void {
    const frame = json as WireFrame;
    readHead(frame);
    const choice = Array.isArray(frame.choices) ? (frame.choices[0] as WireChoice | null | undefined) : undefined;
    if (!choice) return;
    sink.choice();
    if (typeof choice.finish_reason === 'string') sink.finish(choice.finish_reason);
    const delta = choice.delta ?? choice.message;
    if (delta) readDelta(delta);
  }

  function readDelta(delta: WireDelta): void {
    const { content } = delta;
    if (typeof content === 'string') sink.text(content);
    else if (Array.isArray(content)) for (const item of content) readItem(item);
    const thought = delta.reasoning_content ?? delta.reasoning;
    if (typeof thought === 'string' && thought !== '') sink.thought(thought);
    if (typeof delta.refusal === 'string') sink.text(delta.refusal);
    if (Array.isArray(delta.tool_calls)) for (const [at, call] of delta.tool_calls.entries()) readToolCall(at, call);
  }

  function readToolCall(at: number, call: unknown): void {
    if (!isObject(call)) return;
    const named = isObject(call.function) ? call.function : {};
    sink.toolCall(typeof call.index === 'number' && call.index >= 0 && call.index < 128 ? call.index : at, {
      id: text(call.id),
      name: text(named.name),
      arguments: text(named.arguments),
    });
  }

  /** One item of a `content` array. */
  function readItem(item: unknown): void {
    if (!isObject(item)) return;
    if (item.type === 'text') {
      if (typeof item.text === 'string') sink.text(item.text);
      return;
    }
    if (item.type !== 'reasoning' && item.type !== 'thinking') return;
    const parts = Array.isArray(item.summary) ? item.summary : [item];
    for (const part of parts) {
      if (!isObject(part)) continue;
      const thought = part.text ?? part.thinking ?? part.summary;
      if (typeof thought === 'string' && thought !== '') sink.thought(thought);
      // An encrypted thought (`data`) is a token too, though nobody can read it.
      else if (typeof part.data === 'string' && part.data !== '') sink.thought('');
    }
  }

  return {
    stream: 'sse',
    frame: readFrame,
    whole(json) {
      if (!answerSchema.safeParse(json).success) {
        throw notAnAnswer(json, 'a chat completion (no choices with a message)', sink.secrets);
      }
      readFrame(json);
    },
    contentAlone,
  };
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** @throws Failure `stream-error` for a frame of completions that is an error's, as one of many servers writes it. */
function throwReportedError(frame: WireFrame, secrets: readonly string[]): void {
  if (frame.choices !== undefined && !frame.error) return;
  const said = frame.error || frame.error_code || frame.object === 'error' ? readServerError(frame) : undefined;
  if (said !== undefined) throw streamError(said, secrets);
}

/** What chat and text completions have in common on the wire; nothing of it is certain. */
export interface WireFrame {
  model?: unknown;
  choices?: unknown;
  usage?: unknown;
  error?: unknown;
  error_code?: unknown;
  object?: unknown;
}

interface WireChoice {
  delta?: WireDelta | null;
  message?: WireDelta | null;
  finish_reason?: unknown;
}

interface WireDelta {
  content?: unknown;
  /** DeepSeek, SGLang and older vLLM; newer vLLM, Groq and OpenRouter say `reasoning`; some send both, alike. */
  reasoning_content?: unknown;
  reasoning?: unknown;
  refusal?: unknown;
  tool_calls?: unknown;
}

/** The content of a frame that carries nothing else of what is read here; undefined for any other. */
function contentAlone(json: unknown): string | undefined {
  if (!isObject(json)) return undefined;
  const frame: WireFrame = json;
  if (frame.usage || frame.error || !Array.isArray(frame.choices)) return undefined;
  const { delta, finish_reason } = frame.choices[0] ?? {};
  if (!delta || typeof finish_reason === 'string') return undefined;
  const { content, reasoning_content, reasoning, refusal, tool_calls } = delta as WireDelta;
  const alone = !reasoning_content && !reasoning && !refusal && !tool_calls;
  return alone && typeof content === 'string' ? content : undefined;
}

/**
 * Tokens of a `usage` object, brought to one way of counting:
 * - OpenAI-like servers count cached input inside `prompt_tokens` and say so in `prompt_tokens_details`; Claude behind
 *   Databricks counts cache reads and writes on top of it, and LiteLLM, which brings them inside, repeats its names;
 * - reasoning is inside `completion_tokens`, but on top of it with xAI, where only `total_tokens` holds all three.
 */
export function readUsage(raw: unknown): Usage | undefined {
  if (!isObject(raw)) return undefined;
  const prompt = tokens(raw.prompt_tokens);
  const total = tokens(raw.total_tokens);
  const completion = tokens(raw.completion_tokens) ?? difference(total, prompt);
  if (prompt === undefined || completion === undefined) return undefined;
  // Ollama's completions send zeros with every chunk until the last.
  if (prompt === 0 && completion === 0) return undefined;
  const details = isObject(raw.completion_tokens_details) ? raw.completion_tokens_details : raw;
  const reasoning = tokens(details.reasoning_tokens);
  const onTop = reasoning !== undefined && reasoning > 0 && total === prompt + completion + reasoning;
  return {
    ...readInput(raw, prompt),
    output: onTop ? completion + reasoning : completion,
    reasoning,
  };
}

function readInput(raw: Record<string, unknown>, prompt: number): Omit<Usage, 'output'> {
  const inside = isObject(raw.prompt_tokens_details) ? raw.prompt_tokens_details : {};
  const cachedInside = tokens(inside.cached_tokens);
  if (cachedInside !== undefined) {
    const written = inside.cache_write_tokens ?? inside.cache_creation_tokens ?? raw.cache_creation_input_tokens;
    return { input: prompt, cachedInput: cachedInside, cacheWrite: tokens(written) };
  }
  const cachedInput = tokens(raw.cache_read_input_tokens);
  const cacheWrite = tokens(raw.cache_creation_input_tokens);
  return { input: prompt + (cachedInput ?? 0) + (cacheWrite ?? 0), cachedInput, cacheWrite };
}

/** A count of tokens; undefined for anything that cannot be one. */
export function tokens(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
}

function difference(total: number | undefined, part: number | undefined): number | undefined {
  return total === undefined || part === undefined || total < part ? undefined : total - part;
}
