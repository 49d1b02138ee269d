import * as z from 'zod/mini';
import type { Adapter } from './adapter.ts';
import type { ChatRequest, Usage } from './chat.ts';
import { isObject, readServerError } from './failures.ts';
import { tokens } from './openai.ts';
import { type AnswerForm, type AnswerSink, notAnAnswer, streamError } from './reader.ts';

/** A whole (not streamed) answer. Loose: only what is read is described. */
const messageSchema = z.looseObject({ content: z.array(z.looseObject({ type: z.string() })) });

/** `GET {base}/models`. */
const modelListSchema = z.looseObject({
  data: z.array(z.looseObject({ id: z.string(), max_input_tokens: z.nullish(z.number()) })),
});

/** The protocol wants a limit; this one every model of Anthropic's accepts. */
const defaultMaxTokens = 4096;

/** The most models that one page of the list may hold. */
const listLimit = 1000;

/** Anthropic's messages, as Anthropic and the gateways that imitate it serve them. */
export const anthropic: Adapter = {
  buildRequest(target, key, request) {
    return {
      method: 'POST',
      url: `${versionedBase(target.baseUrl)}/messages`,
      headers: headers(key, request.requestId),
      body: JSON.stringify(messagesBody(request)),
    };
  },
  answerForm: messageForm,
  models: {
    buildRequest: (target, key) => ({
      method: 'GET',
      url: `${versionedBase(target.baseUrl)}/models?limit=${listLimit}`,
      headers: headers(key),
    }),
    read(body) {
      const list = modelListSchema.safeParse(body);
      return list.success
        ? list.data.data.map(({ id, max_input_tokens: window }) => ({
            id,
            ...(window ? { contextWindow: window } : {}),
          }))
        : undefined;
    },
  },
};

/** Anthropic's own clients leave `/v1` out of the base URL, others write it: both mean the same. */
function versionedBase(baseUrl: string): string {
  return /\/v\d+$/.test(baseUrl) ? baseUrl : `${baseUrl}/v1`;
}

function headers(key: string | undefined, requestId?: string): Record<string, string> {
  return {
    accept: 'application/json, text/event-stream',
    'content-type': 'application/json',
    'user-agent': 'tierwise',
    'anthropic-version': '2023-06-01',
    ...(key === undefined ? {} : { 'x-api-key': key }),
    ...(requestId === undefined ? {} : { 'x-request-id': requestId }),
  };
}

/** What the system has to say stands apart from the conversation, wherever it stood in it. */
function messagesBody({ model, messages, maxTokens, temperature, stream }: ChatRequest): Record<string, unknown> {
  const system = messages.filter(({ role }) => role === 'system').map(({ content }) => content);
  return {
    model,
    max_tokens: maxTokens ?? defaultMaxTokens,
    ...(system.length === 0 ? {} : { system: system.join('\n\n') }),
    messages: messages.filter(({ role }) => role !== 'system'),
    ...(temperature === undefined ? {} : { temperature }),
    stream,
  };
}

/** Reads messages, streamed or whole. */
function messageForm(sink: AnswerSink): AnswerForm {
  const counts: Counts = {};
  /** The place of each tool call among the tool calls, by the place of its block among the blocks. */
  const toolCalls = new Map<unknown, number>();
  /** A block of thinking whose words were not sent: only its signature says that there was one. */
  let silentThought = false;

  /** One event. Checked by hand: it is the hot path. Unknown kinds are passed over, as the protocol asks. */
  function readFrame(json: unknown): void {
    const frame = json as WireFrame;
    switch (frame.type) {
      case 'content_block_delta':
        if (isObject(frame.delta)) readDelta(frame.delta, frame.index);
        return;
      case 'content_block_start':
        if (isObject(frame.content_block)) readBlock(frame.content_block, frame.index);
        return;
      case 'message_start':
        // Its count of output is a first guess: usage is told once message_delta has come.
        if (isObject(frame.message)) readMessage(frame.message);
        return;
      case 'message_delta':
        addCounts(counts, frame.usage);
        tellUsage();
        if (isObject(frame.delta)) readStop(frame.delta.stop_reason);
        return;
      case 'message_stop':
        sink.done();
        return;
      case 'error':
        throw streamError(readServerError(json) ?? JSON.stringify(json), sink.secrets);
      default: {
        // An error in another shape, from a proxy in between.
        const said = frame.error ? readServerError(json) : undefined;
        if (said !== undefined) throw streamError(said, sink.secrets);
      }
    }
  }

  function readMessage(message: Record<string, unknown>): void {
    if (typeof message.model === 'string' && message.model !== '') sink.servedModel(message.model);
    addCounts(counts, message.usage);
    readStop(message.stop_reason);
  }

  function readStop(reason: unknown): void {
    if (typeof reason === 'string') sink.finish(finishReasons.get(reason) ?? reason);
  }

  function tellUsage(): void {
    const usage = usageOf(counts);
    if (usage) sink.usage(usage);
  }

  /** A block at its beginning in a stream, or all of it in a whole answer. */
  function readBlock(block: Record<string, unknown>, index: unknown): void {
    silentThought = block.type === 'thinking' && !block.thinking;
    switch (block.type) {
      case 'text':
        if (typeof block.text === 'string') sink.text(block.text);
        return;
      case 'thinking':
        if (typeof block.thinking === 'string' && block.thinking !== '') sink.thought(block.thinking);
        else readSignature(block.signature);
        return;
      case 'redacted_thinking':
        sink.thought('');
        return;
      case 'tool_use': {
        const place = toolCalls.size;
        toolCalls.set(index, place);
        const input = isObject(block.input) && Object.keys(block.input).length > 0 ? block.input : undefined;
        sink.toolCall(place, { id: text(block.id), name: text(block.name), arguments: input && JSON.stringify(input) });
      }
    }
  }

  function readDelta(delta: Record<string, unknown>, index: unknown): void {
    switch (delta.type) {
      case 'text_delta':
        if (typeof delta.text === 'string') sink.text(delta.text);
        return;
      case 'thinking_delta':
        if (typeof delta.thinking !== 'string' || delta.thinking === '') return;
        silentThought = false;
        sink.thought(delta.thinking);
        return;
      case 'signature_delta':
        readSignature(delta.signature);
        return;
      case 'input_json_delta': {
        const place = toolCalls.get(index);
        // Tools that the server runs itself are no calls that anyone is asked to make.
        if (place === undefined || typeof delta.partial_json !== 'string' || delta.partial_json === '') return;
        sink.toolCall(place, { arguments: delta.partial_json });
      }
    }
  }

  function readSignature(signature: unknown): void {
    if (!silentThought || typeof signature !== 'string' || signature === '') return;
    silentThought = false;
    sink.thought('');
  }

  return {
    stream: 'sse',
    frame: readFrame,
    whole(json) {
      const message = messageSchema.safeParse(json);
      if (!message.success) throw notAnAnswer(json, 'a message (no content blocks)', sink.secrets);
      for (const [index, block] of message.data.content.entries()) readBlock(block, index);
      readMessage(message.data);
      tellUsage();
    },
    contentAlone: textAlone,
    contentMember: 'text',
  };
}

/** The text of an event that brings nothing else; undefined for any other. */
function textAlone(json: unknown): string | undefined {
  if (!isObject(json) || json.type !== 'content_block_delta' || !isObject(json.delta)) return undefined;
  const { type, text } = json.delta;
  return type === 'text_delta' && typeof text === 'string' ? text : undefined;
}

/** Anthropic's words for how an answer ended, in those that are used here; `pause_turn` has no other. */
const finishReasons: ReadonlyMap<string, string> = new Map([
  ['end_turn', 'stop'],
  ['stop_sequence', 'stop'],
  ['max_tokens', 'length'],
  ['model_context_window_exceeded', 'length'],
  ['tool_use', 'tool_calls'],
  ['refusal', 'content_filter'],
]);

interface Counts {
  input?: number | undefined;
  cacheRead?: number | undefined;
  cacheWrite?: number | undefined;
  output?: number | undefined;
  thinking?: number | undefined;
}

/** Counts are cumulative, so they never fall; gateways that learn the prompt's count late begin with 0. */
function addCounts(counts: Counts, raw: unknown): void {
  if (!isObject(raw)) return;
  counts.input = larger(counts.input, raw.input_tokens);
  counts.cacheRead = larger(counts.cacheRead, raw.cache_read_input_tokens);
  counts.cacheWrite = larger(counts.cacheWrite, raw.cache_creation_input_tokens);
  counts.output = larger(counts.output, raw.output_tokens);
  if (isObject(raw.output_tokens_details)) {
    counts.thinking = larger(counts.thinking, raw.output_tokens_details.thinking_tokens);
  }
}

function larger(known: number | undefined, raw: unknown): number | undefined {
  const count = tokens(raw);
  return known === undefined || (count !== undefined && count > known) ? count : known;
}

/** Anthropic counts what was read from and written to its cache on top of `input_tokens`. */
function usageOf({ input, cacheRead, cacheWrite, output, thinking }: Counts): Usage | undefined {
  if (input === undefined || output === undefined) return undefined;
  return {
    input: input + (cacheRead ?? 0) + (cacheWrite ?? 0),
    cachedInput: cacheRead,
    cacheWrite,
    output,
    reasoning: thinking,
  };
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

interface WireFrame {
  type?: unknown;
  index?: unknown;
  message?: unknown;
  content_block?: unknown;
  delta?: unknown;
  usage?: unknown;
  error?: unknown;
}
