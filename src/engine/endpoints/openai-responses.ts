import * as z from 'zod/mini';
import type { Adapter } from './adapter.ts';
import type { ChatMessage, Usage } from './chat.ts';
import { isObject, readServerError } from './failures.ts';
import { bearerHeaders, openAiModels, tokens } from './openai.ts';
import { type AnswerForm, type AnswerSink, notAnAnswer, streamError } from './reader.ts';

/** A whole (not streamed) response. Loose: only what is read is described. */
const responseSchema = z.looseObject({
  output: z.array(z.looseObject({ type: z.string() })),
  status: z.nullish(z.string()),
  error: z.nullish(z.unknown()),
});

/** OpenAI's responses, as OpenAI, Azure, Databricks, vLLM and gateways serve them. Nothing is stored on the server. */
export const openaiResponses: Adapter = {
  buildRequest(target, key, { model, messages, maxTokens, temperature, stream, requestId }) {
    return {
      method: 'POST',
      url: `${target.baseUrl}/responses`,
      headers: bearerHeaders(key, requestId),
      body: JSON.stringify({
        model,
        // System text stays an item among the others, in its place: `instructions` would move it to the front.
        input: messages.map(inputItem),
        store: false,
        ...(maxTokens === undefined ? {} : { max_output_tokens: maxTokens }),
        ...(temperature === undefined ? {} : { temperature }),
        stream,
      }),
    };
  },
  answerForm: responseForm,
  models: openAiModels,
};

/** What of an output item has come as deltas, so that the same is not taken again from its `done` event. */
interface ItemState {
  visible: boolean;
  thought: boolean;
  called: boolean;
  /** Its place among the tool calls. */
  call: number | undefined;
}

/** A turn. The model's own are written out, as it gave them: llama.cpp takes them in no shorter form. */
function inputItem({ role, content }: ChatMessage): Record<string, unknown> {
  return role === 'assistant'
    ? { type: 'message', role, content: [{ type: 'output_text', text: content }] }
    : { role, content };
}

/** Reads responses, streamed or whole. */
function responseForm(sink: AnswerSink): AnswerForm {
  const items = new Map<unknown, ItemState>();
  /** What came in events that do not say to which item they belong. */
  const unnamed = newItem();
  let anyText = false;
  let anyThought = false;
  let toolCalls = 0;
  let named = false;

  /** Items are told apart by `output_index`; gateways that leave it out name the item. */
  function itemOf(event: WireEvent): ItemState {
    const id = event.output_index ?? event.item_id ?? (isObject(event.item) ? event.item.id : undefined);
    if (id === undefined) return unnamed;
    let state = items.get(id);
    if (!state) {
      state = newItem();
      items.set(id, state);
    }
    return state;
  }

  /** One event of a stream. Checked by hand: it is the hot path. */
  function readEvent(json: unknown, name: string | undefined): void {
    const event = json as WireEvent;
    const type = typeof event.type === 'string' ? event.type : name;
    switch (type) {
      case 'response.output_text.delta':
      case 'response.refusal.delta':
        if (typeof event.delta === 'string') readText(itemOf(event), event.delta);
        return;
      case 'response.reasoning_text.delta':
      case 'response.reasoning_summary_text.delta':
        if (typeof event.delta === 'string' && event.delta !== '') readThought(itemOf(event), event.delta);
        return;
      case 'response.function_call_arguments.delta':
        if (typeof event.delta === 'string') readArguments(itemOf(event), event.delta);
        return;
      case 'response.output_item.added':
        if (isObject(event.item) && event.item.type === 'function_call') nameCall(itemOf(event), event.item);
        return;
      case 'response.output_item.done':
        if (isObject(event.item)) readItem(itemOf(event), event.item);
        return;
      case 'response.created':
      case 'response.in_progress':
        nameModel(event.response);
        return;
      case 'response.completed':
      case 'response.incomplete':
      case 'response.failed':
      case 'response.cancelled':
        readEnd(event.response, json, type);
        return;
    }
    // Errors come as the event `error`, and bare from proxies.
    if (type === 'error' || (event.error && type === undefined)) {
      throw streamError(readServerError(json) ?? 'no reason given', sink.secrets);
    }
  }

  function readText(item: ItemState, delta: string): void {
    if (delta === '') return;
    item.visible = true;
    anyText = true;
    sink.text(delta);
  }

  function readThought(item: ItemState, delta: string): void {
    item.thought = true;
    anyThought = true;
    sink.thought(delta);
  }

  function readArguments(item: ItemState, delta: string): void {
    item.called = true;
    item.call ??= toolCalls++;
    sink.toolCall(item.call, { arguments: delta });
  }

  function nameCall(item: ItemState, call: Record<string, unknown>): void {
    item.call ??= toolCalls++;
    sink.toolCall(item.call, { id: stringOf(call.call_id ?? call.id), name: stringOf(call.name) });
  }

  /** A finished output item: of what it holds, only what no delta brought before. */
  function readItem(state: ItemState, item: Record<string, unknown>): void {
    if (item.type === 'message' && !state.visible && !unnamed.visible) {
      for (const text of textsOf(item.content)) readText(state, text);
    } else if (item.type === 'reasoning' && !state.thought && !unnamed.thought) {
      const content = textsOf(item.content);
      // A summary tells the same in short.
      const thoughts = content.length > 0 ? content : textsOf(item.summary);
      for (const text of thoughts) readThought(state, text);
      // An encrypted thought is a token too, though nobody can read it.
      if (thoughts.length === 0 && typeof item.encrypted_content === 'string') readThought(state, '');
    } else if (item.type === 'function_call' && !unnamed.called) {
      if (state.call === undefined) nameCall(state, item);
      if (!state.called && typeof item.arguments === 'string') readArguments(state, item.arguments);
    }
  }

  function nameModel(response: unknown): void {
    if (named || !isObject(response) || typeof response.model !== 'string' || response.model === '') return;
    named = true;
    sink.servedModel(response.model);
  }

  /** The end of a response, streamed or whole: usage, and why it ended. */
  function readEnd(response: unknown, json: unknown, type: string): void {
    const end = isObject(response) ? response : {};
    nameModel(end);
    const usage = readResponseUsage(end.usage);
    if (usage) sink.usage(usage);
    if (type === 'response.failed' || type === 'response.cancelled' || isObject(end.error)) {
      throw streamError(readServerError(end) ?? readServerError(json) ?? type, sink.secrets);
    }
    if (Array.isArray(end.output)) readMissed(end.output.filter(isObject));
    const { incomplete_details: details } = end;
    const reason = isObject(details) ? stringOf(details.reason) : undefined;
    const incomplete = type === 'response.incomplete' || end.status === 'incomplete';
    sink.finish(incomplete ? finishReason(reason) : toolCalls > 0 ? 'tool_calls' : 'stop');
    sink.done();
  }

  /** What only the end of a stream tells, or all of a whole answer. */
  function readMissed(output: readonly Record<string, unknown>[]): void {
    const had = { message: anyText, reasoning: anyThought || anyText, function_call: toolCalls > 0 };
    for (const item of output) {
      const { type } = item;
      const known = type === 'message' || type === 'reasoning' || type === 'function_call';
      if (known && !had[type]) readItem(newItem(), item);
    }
  }

  return {
    stream: 'sse',
    frame: readEvent,
    whole(json) {
      const response = responseSchema.safeParse(json);
      if (!response.success || response.data.status === 'failed' || response.data.error) {
        throw notAnAnswer(json, 'a response (no output)', sink.secrets);
      }
      readEnd(json, json, 'response.completed');
    },
  };
}

/** In the words of chat completions. */
function finishReason(incomplete: string | undefined): string {
  return incomplete === undefined || incomplete === 'max_output_tokens' || incomplete === 'max_tokens'
    ? 'length'
    : incomplete;
}

function newItem(): ItemState {
  return { visible: false, thought: false, called: false, call: undefined };
}

/** The texts, not empty, of a list of content parts; some servers send one text instead. */
function textsOf(content: unknown): string[] {
  const parts: unknown[] = Array.isArray(content) ? content : [content];
  return parts
    .map((part) => (isObject(part) ? (part.type === 'refusal' ? part.refusal : part.text) : part))
    .filter((text) => typeof text === 'string' && text !== '') as string[];
}

function stringOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

interface WireEvent {
  readonly type?: unknown;
  readonly delta?: unknown;
  readonly output_index?: unknown;
  readonly item_id?: unknown;
  readonly item?: unknown;
  readonly response?: unknown;
  readonly error?: unknown;
}

/** Tokens of a response's `usage`: cached ones are inside `input_tokens`, reasoning inside `output_tokens`. */
export function readResponseUsage(raw: unknown): Usage | undefined {
  if (!isObject(raw)) return undefined;
  const input = tokens(raw.input_tokens);
  const output = tokens(raw.output_tokens);
  if (input === undefined || output === undefined) return undefined;
  const read = isObject(raw.input_tokens_details) ? raw.input_tokens_details : {};
  const written = isObject(raw.output_tokens_details) ? raw.output_tokens_details : {};
  return {
    input,
    cachedInput: tokens(read.cached_tokens),
    cacheWrite: tokens(read.cache_write_tokens),
    output,
    reasoning: tokens(written.reasoning_tokens),
  };
}
