import * as z from 'zod/mini';
import { Failure } from '../../core/failure.ts';
import { createSseReader } from '../http/sse.ts';
import type { TransportRequest } from '../http/transport.ts';
import type { ChatRequest, Usage } from './chat.ts';
import { createContentTemplate } from './content-template.ts';
import { isObject, parseJson, readable, readServerError } from './failures.ts';

/** A whole (not streamed) answer. Loose: only what is read is described. */
const answerSchema = z.looseObject({
  choices: z.array(z.looseObject({ message: z.looseObject({}), finish_reason: z.nullish(z.string()) })),
});

/** `GET {base}/models`. */
const modelListSchema = z.looseObject({ data: z.array(z.looseObject({ id: z.string() })) });

/** The ids of a model list in the server's order; undefined when it is none. */
export function readModelList(body: string): string[] | undefined {
  const list = modelListSchema.safeParse(parseJson(body));
  return list.success ? list.data.data.map((model) => model.id) : undefined;
}

/** Headers of every request; the key must have been checked against the origin (`keyForOrigin`). */
export function buildHeaders(key: string | undefined, requestId?: string): Record<string, string> {
  return {
    accept: 'application/json, text/event-stream',
    'content-type': 'application/json',
    'user-agent': 'tierwise',
    ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
    ...(requestId === undefined ? {} : { 'x-request-id': requestId }),
  };
}

/** The HTTP request for a chat; token counts are asked for in streams too. */
export function buildChatRequest(
  baseUrl: string,
  key: string | undefined,
  request: ChatRequest,
): Omit<TransportRequest, 'signal'> {
  const { model, messages, maxTokens, temperature, stream } = request;
  const body = {
    model,
    messages,
    // OpenAI's own newer models refuse max_tokens; all its models take the newer name, other servers may not know it.
    ...(maxTokens === undefined
      ? {}
      : servedByOpenAi.test(baseUrl)
        ? { max_completion_tokens: maxTokens }
        : { max_tokens: maxTokens }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(stream ? { stream: true, stream_options: { include_usage: true } } : { stream: false }),
  };
  return {
    method: 'POST',
    url: `${baseUrl}/chat/completions`,
    headers: buildHeaders(key, request.requestId),
    body: JSON.stringify(body),
  };
}

const servedByOpenAi = /^https:\/\/(?:api\.openai\.com|[\w-]+\.openai\.azure\.com)(?:[:/]|$)/;

/** What an answer has brought so far. Times are the arrival of the chunk, on the transport's clock in ms. */
export interface ChatReading {
  text: string;
  reasoning: string;
  finishReason: string | undefined;
  usage: Usage | undefined;
  firstToken: number | undefined;
  firstVisible: number | undefined;
  lastToken: number | undefined;
  /** Events that carried a token of any channel: reasoning, visible text, tool call. */
  chunks: number;
  /** `[DONE]` came: nothing more is to be expected. */
  done: boolean;
}

export interface ChatReader {
  readonly reading: ChatReading;
  /** Throws a Failure: `malformed`, `too-large`, `stream-error`. What was read before stays in `reading`. */
  push(chunk: Uint8Array, at: number): void;
  /** The response has ended. Throws a Failure: those of `push`, `truncated-stream`, `empty`. */
  end(): void;
}

/** One event must hold a whole answer if a server sends it so, and no more. */
const maxEventBytes = 8 * 1024 * 1024;

/**
 * Reads a 2xx answer, streamed or whole. Which of the two it is, its first byte says: servers stream though not asked
 * to, answer at once though asked to stream, and lie in Content-Type.
 * A token seen in a whole answer is dated by the answer's last byte, so there first and last token coincide.
 */
export function createChatReader(options: {
  secrets: readonly string[];
  onText?: ((delta: string) => void) | undefined;
}): ChatReader {
  const { onText, secrets } = options;
  const reading: ChatReading = {
    text: '',
    reasoning: '',
    finishReason: undefined,
    usage: undefined,
    firstToken: undefined,
    firstVisible: undefined,
    lastToken: undefined,
    chunks: 0,
    done: false,
  };
  let form: 'unknown' | 'stream' | 'json' = 'unknown';
  let whole: Uint8Array[] = [];
  let at = 0;
  let events = 0;
  let ending = false;
  let onlyComments = false;
  const sse = createSseReader({ onEvent: readEvent, maxEventBytes });
  const template = createContentTemplate(contentAlone);

  function readEvent(data: string, event: string | undefined): void {
    if (reading.done) return;
    events++;
    if (data.length < 10 && data.trim() === '[DONE]') {
      reading.done = true;
      return;
    }
    const known = event === 'error' ? undefined : template.contentOf(data);
    if (known !== undefined) {
      if (known !== '') {
        addText(known);
        countToken(true);
      }
      return;
    }
    let json: unknown;
    try {
      json = JSON.parse(data);
    } catch {
      if (event === 'error') throw streamError(data, secrets);
      if (ending) {
        // The rest of an event that was cut off; what follows a finish reason is not missed.
        if (reading.finishReason !== undefined) return;
        throw truncated(reading);
      }
      throw new Failure({
        code: 'malformed',
        message: `The stream holds an event that is not JSON: "${readable(data.slice(0, 80), secrets)}".`,
      });
    }
    if (event === 'error') throw streamError(readServerError(json) ?? data, secrets);
    readFrame(json);
    template.learn(data, json);
  }

  /** A chunk of a stream or a whole answer. Checked by hand: it is the hot path. */
  function readFrame(json: unknown): void {
    if (typeof json !== 'object' || json === null) {
      throw new Failure({ code: 'malformed', message: 'The stream holds an event that is not a JSON object.' });
    }
    const frame = json as WireFrame;
    if (frame.choices === undefined || frame.error) {
      const said = frame.error || frame.error_code || frame.object === 'error' ? readServerError(json) : undefined;
      if (said !== undefined) throw streamError(said, secrets);
    }
    if (frame.usage) reading.usage = readUsage(frame.usage) ?? reading.usage;
    const choice = Array.isArray(frame.choices) ? (frame.choices[0] as WireChoice | null | undefined) : undefined;
    if (!choice) return;
    if (typeof choice.finish_reason === 'string') reading.finishReason = choice.finish_reason;
    const delta = choice.delta ?? choice.message;
    if (delta) readDelta(delta);
  }

  function readDelta(delta: WireDelta): void {
    const before = reading.text.length;
    let token = false;
    const { content } = delta;
    if (typeof content === 'string') {
      if (content !== '') addText(content);
    } else if (Array.isArray(content)) {
      for (const item of content) token = readItem(item) || token;
    }
    const thought = delta.reasoning_content ?? delta.reasoning;
    if (typeof thought === 'string' && thought !== '') {
      reading.reasoning += thought;
      token = true;
    }
    if (typeof delta.refusal === 'string' && delta.refusal !== '') addText(delta.refusal);
    if (Array.isArray(delta.tool_calls) && delta.tool_calls.length > 0) token = true;
    const visible = reading.text.length > before;
    if (visible || token) countToken(visible);
  }

  function countToken(visible: boolean): void {
    reading.chunks++;
    reading.firstToken ??= at;
    reading.lastToken = at;
    if (visible) reading.firstVisible ??= at;
  }

  /** One item of a `content` array; true when it brought a token of a channel that is not visible. */
  function readItem(item: unknown): boolean {
    if (!isObject(item)) return false;
    if (item.type === 'text') {
      if (typeof item.text === 'string' && item.text !== '') addText(item.text);
      return false;
    }
    if (item.type !== 'reasoning' && item.type !== 'thinking') return false;
    const parts = Array.isArray(item.summary) ? item.summary : [item];
    let token = false;
    for (const part of parts) {
      if (!isObject(part)) continue;
      const thought = part.text ?? part.thinking ?? part.summary;
      if (typeof thought === 'string') reading.reasoning += thought;
      // An encrypted thought (`data`) is a token too, though nobody can read it.
      token ||= (typeof thought === 'string' && thought !== '') || (typeof part.data === 'string' && part.data !== '');
    }
    return token;
  }

  function addText(delta: string): void {
    reading.text += delta;
    onText?.(delta);
  }

  function readWhole(): void {
    const json = parseJson(Buffer.concat(whole).toString('utf8'));
    if (json === undefined) {
      throw new Failure({
        code: 'malformed',
        message: 'The answer looks like JSON but cannot be read: it is cut off or broken.',
      });
    }
    if (isObject(json) && json.choices === undefined) {
      const said = readServerError(json);
      if (said !== undefined) {
        throw new Failure({
          code: 'server',
          message: `The server answered 200 but reports an error: "${readable(said, secrets)}".`,
        });
      }
    }
    if (!answerSchema.safeParse(json).success) {
      throw new Failure({
        code: 'malformed',
        message: 'The answer is JSON but not a chat completion (no choices with a message). Check the base URL.',
      });
    }
    readFrame(json);
  }

  return {
    reading,
    push(chunk, arrived) {
      at = arrived;
      if (form === 'stream') {
        sse.push(chunk);
        return;
      }
      let rest = chunk;
      if (form === 'unknown') {
        const start = chunk.findIndex(isSignificant);
        if (start < 0) return;
        rest = start === 0 ? chunk : chunk.subarray(start);
        const first = String.fromCharCode(rest[0] ?? 0);
        if (first === '<') throw htmlAnswer();
        form = first === '{' || first === '[' ? 'json' : 'stream';
        onlyComments = first === ':';
      }
      if (form === 'json') whole.push(Uint8Array.prototype.slice.call(rest));
      else sse.push(rest);
    },
    end() {
      ending = true;
      if (form === 'json') {
        readWhole();
        whole = [];
      } else if (form === 'stream') {
        sse.end();
        if (events === 0 && !onlyComments) {
          throw new Failure({
            code: 'malformed',
            message: 'The answer is neither JSON nor an event stream. Check the base URL.',
          });
        }
        if (!reading.done && reading.finishReason === undefined) throw truncated(reading);
      }
      if (reading.chunks === 0) throw emptyAnswer(reading);
    },
  };
}

interface WireFrame {
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
 * Tokens of a `usage` object. OpenAI-like servers count cached input inside `prompt_tokens` and say so in
 * `prompt_tokens_details.cached_tokens`; Claude behind Databricks counts cache reads and writes on top of it.
 */
function readUsage(raw: unknown): Usage | undefined {
  if (!isObject(raw)) return undefined;
  const prompt = count(raw.prompt_tokens);
  const output = count(raw.completion_tokens) ?? difference(count(raw.total_tokens), prompt);
  if (prompt === undefined || output === undefined) return undefined;
  const included = isObject(raw.prompt_tokens_details) && count(raw.prompt_tokens_details.cached_tokens) !== undefined;
  const onTop = included
    ? 0
    : (count(raw.cache_read_input_tokens) ?? 0) + (count(raw.cache_creation_input_tokens) ?? 0);
  return { input: prompt + onTop, output };
}

function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
}

function difference(total: number | undefined, part: number | undefined): number | undefined {
  return total === undefined || part === undefined || total < part ? undefined : total - part;
}

/** Neither white space nor a byte order mark. */
function isSignificant(byte: number): boolean {
  return byte > 32 && byte !== 0xef && byte !== 0xbb && byte !== 0xbf;
}

function streamError(said: string, secrets: readonly string[]): Failure {
  return new Failure({
    code: 'stream-error',
    message: `The server reported an error in the middle of its stream: "${readable(said, secrets)}".`,
  });
}

function truncated(reading: ChatReading): Failure {
  return new Failure({
    code: 'truncated-stream',
    message: `The stream ended after ${reading.chunks === 1 ? '1 chunk' : `${reading.chunks} chunks`} of text without saying that the answer is finished.`,
  });
}

function htmlAnswer(): Failure {
  return new Failure({
    code: 'malformed',
    message:
      'The server answered with a web page (HTML). Check the base URL, and whether a login page or proxy stands in between.',
  });
}

function emptyAnswer(reading: ChatReading): Failure {
  const why =
    reading.finishReason === 'length'
      ? ' It stopped at the limit of output tokens: raise the limit.'
      : reading.finishReason === 'content_filter'
        ? ' A content filter stopped it.'
        : '';
  return new Failure({ code: 'empty', message: `The server answered without a single token.${why}` });
}
