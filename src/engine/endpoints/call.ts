import { Failure, type FailureDetail } from '../../core/failure.ts';
import { keyForOrigin } from '../http/base-url.ts';
import { abortFailure } from '../http/network-failure.ts';
import { isSecret, redact } from '../http/redact.ts';
import type { ResponseHandler, Transport } from '../http/transport.ts';
import type { HttpRequest, ListedModel } from './adapter.ts';
import { adapterFor } from './adapters.ts';
import type { ChatOutcome, ChatRequest, ChatTarget } from './chat.ts';
import { failureFromResponse, parseJson } from './failures.ts';
import { createAnswerReader } from './reader.ts';

export interface CallOptions {
  /** For the whole call, connecting included; ms. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Most bytes of body that are read; default 64 MiB. */
  readonly maxBytes?: number | undefined;
}

const defaultMaxBytes = 64 * 1024 * 1024;
/** Of an error's body this much is read. */
const maxErrorBytes = 64 * 1024;
/** How long a server may take to end the response after it said `[DONE]`; ms. */
const graceAfterDoneMs = 1_000;
/** Node's timers fire at once when asked for more. */
const longestTimerMs = 2 ** 31 - 1;

/**
 * Asks for one chat completion. Never rejects because of the endpoint: what went wrong is `failure`, and what arrived
 * before it is kept. An answer is whole once `[DONE]` came, or once a finish reason came and the response ended.
 */
export async function callChat(
  transport: Transport,
  target: ChatTarget,
  request: ChatRequest,
  options: CallOptions & { readonly onText?: ((delta: string) => void) | undefined },
): Promise<ChatOutcome> {
  const key = keyForOrigin(target.key, target.baseUrl);
  const secrets = key === undefined ? [] : [key];
  const adapter = adapterFor(target.protocol, request.task);
  const reader = createAnswerReader(adapter.answerForm, { secrets, onText: options.onText });
  const { reading } = reader;
  const exchange = await exchangeWith(transport, target, key, adapter.buildRequest(target, key, request), options, {
    data: (chunk, at) => reader.push(chunk, at),
    end: () => reader.end(),
    done: () => reading.done,
    finished: () => reading.finishReason !== undefined && reading.chunks > 0,
  });
  const { text, reasoning } = reading;
  return {
    failure: exchange.failure,
    status: exchange.status,
    text: withoutKey(text, secrets),
    reasoning: withoutKey(reasoning, secrets),
    toolCalls: reading.toolCalls.flatMap((call) =>
      call ? [{ ...call, arguments: withoutKey(call.arguments, secrets) }] : [],
    ),
    finishReason: reading.finishReason === undefined ? undefined : knownReason(reading.finishReason, secrets),
    servedModel: reading.servedModel === undefined ? undefined : redact(reading.servedModel, secrets).slice(0, 200),
    usage: reading.usage,
    times: {
      sent: exchange.sentAt,
      headers: exchange.headersAt,
      firstToken: reading.firstToken,
      firstVisible: reading.firstVisible,
      lastToken: reading.lastToken,
      end: exchange.endAt,
    },
    chunks: reading.chunks,
    simulated: exchange.headers['x-tierwise-simulated'] !== undefined,
  };
}

/**
 * The models that an endpoint lists, in its order. Throws a Failure with one of the endpoint codes; `not-found` also
 * where the protocol has no list.
 */
export async function listModels(
  transport: Transport,
  target: ChatTarget,
  options: CallOptions,
): Promise<ListedModel[]> {
  const key = keyForOrigin(target.key, target.baseUrl);
  const listing = adapterFor(target.protocol).models;
  if (!listing) {
    throw new Failure({
      code: 'not-found',
      message: `The protocol ${target.protocol} has no list of models: name them by hand.`,
    });
  }
  const chunks: Buffer[] = [];
  const request = listing.buildRequest(target, key);
  const { failure } = await exchangeWith(transport, target, key, request, options, {
    data: (chunk) => chunks.push(Buffer.from(chunk)),
    end: () => {},
    done: () => false,
    finished: () => false,
  });
  if (failure) throw new Failure(failure);
  const models = listing.read(parseJson(Buffer.concat(chunks).toString('utf8')));
  if (models) return models;
  throw new Failure({
    code: 'malformed',
    message: `${request.url} did not answer with a list of models. Check the base URL, or name the models by hand.`,
  });
}

/** A listener of its own scope: what a signal remembers of it must not hold the answer. */
function cancelling(ending: AbortController, signal: AbortSignal | undefined): () => void {
  return () => ending.abort(signal && abortFailure(signal));
}

interface Body {
  data(chunk: Uint8Array, at: number): void;
  end(): void;
  /** Nothing more is to be expected, though the response has not ended. */
  done(): boolean;
  /** All but the end mark has come: a connection that closes now loses nothing of the answer. */
  finished(): boolean;
}

interface Exchange {
  readonly failure: FailureDetail | undefined;
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly sentAt: number;
  readonly headersAt: number | undefined;
  readonly endAt: number;
}

/** Sends, under one clock and one byte cap, and sorts what comes back into the body of a 2xx and failures. */
async function exchangeWith(
  transport: Transport,
  target: ChatTarget,
  key: string | undefined,
  request: HttpRequest,
  options: CallOptions,
  body: Body,
): Promise<Exchange> {
  const { timeoutMs, signal, maxBytes = defaultMaxBytes } = options;
  const secrets = key === undefined ? [] : [key];
  const ending = new AbortController();
  const limit = Math.min(timeoutMs, longestTimerMs);
  let timer = setTimeout(() => ending.abort(timedOut(request.url, limit, status)), limit);
  const cancel = cancelling(ending, signal);
  let sentAt = transport.now();
  let headersAt: number | undefined;
  let status: number | undefined;
  let headers: Readonly<Record<string, string>> = {};
  let bytes = 0;
  let errorBody = '';
  let inGrace = false;

  const handler: ResponseHandler = {
    sent(at) {
      sentAt = at;
    },
    headers(received, fields, at) {
      headersAt = at;
      status = received;
      headers = fields;
    },
    data(chunk, at) {
      bytes += chunk.length;
      if (status === undefined || status < 200 || status > 299) {
        errorBody += Buffer.from(chunk).toString('latin1');
        if (bytes > maxErrorBytes) throw new Failure(answered());
        return;
      }
      if (bytes > maxBytes) throw new Failure({ code: 'too-large', message: tooLarge(maxBytes) });
      body.data(chunk, at);
      if (!inGrace && body.done()) {
        inGrace = true;
        clearTimeout(timer);
        timer = setTimeout(() => ending.abort(), Math.min(graceAfterDoneMs, limit));
      }
    },
  };

  /** The failure that status, headers and the body so far tell of. */
  function answered(): FailureDetail {
    const text = Buffer.from(errorBody, 'latin1').toString('utf8');
    const failure = failureFromResponse(status ?? 0, headers, text, secrets, request.url);
    if (failure.code !== 'auth' || target.key === undefined || key !== undefined) return failure;
    const { origin } = new URL(request.url);
    return {
      ...failure,
      message: `${failure.message} The saved key belongs to ${target.key.origin} and was not sent to ${origin}: set the key of this endpoint again.`,
    };
  }

  /** A Content-Length that promised more than came, though the answer looks complete. */
  function fellShort(): FailureDetail | undefined {
    const announced = Number(headers['content-length']);
    if (!(bytes < announced)) return undefined;
    const { origin } = new URL(request.url);
    const message = `${origin} announced ${announced} bytes (Content-Length) and sent ${bytes}.`;
    return { code: 'truncated-stream', message, ...(status === undefined ? {} : { status }) };
  }

  /** What the body says of itself now that it has ended. */
  function verdict(): FailureDetail | undefined {
    try {
      body.end();
      return undefined;
    } catch (error) {
      if (error instanceof Failure) return detailOf(error, status, secrets);
      throw error;
    }
  }

  let failure: FailureDetail | undefined;
  let endAt: number;
  try {
    if (key !== undefined && !/^[\x21-\x7e]+$/.test(key)) throw new Failure({ code: 'auth', message: unusableKey });
    if (signal?.aborted) throw abortFailure(signal);
    signal?.addEventListener('abort', cancel);
    const sent = await transport.send({ ...request, signal: ending.signal }, handler);
    endAt = sent.endAt;
    if (status === undefined || status < 200 || status > 299) failure = answered();
    else failure = verdict();
  } catch (error) {
    endAt = transport.now();
    if (!(error instanceof Failure)) throw error;
    // A refusal is a refusal even if its text never ends, and an answer that is complete stays so.
    const refused = status !== undefined && (status < 200 || status > 299) && error.code !== 'cancelled';
    const complete = body.done() || (error.code === 'truncated-stream' && body.finished());
    failure = refused ? answered() : complete ? (fellShort() ?? verdict()) : detailOf(error, status, secrets);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', cancel);
  }
  return { failure, status, headers, sentAt, headersAt, endAt };
}

/** Messages of the transport and the reader can quote the server too (a header, an event). */
function detailOf(error: Failure, status: number | undefined, secrets: readonly string[]): FailureDetail {
  const { code, retryAfterMs } = error;
  const message = redact(error.message, secrets);
  return {
    code,
    message,
    ...(error.status === undefined && status === undefined ? {} : { status: error.status ?? status }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
}

const finishReasons = new Set(['stop', 'length', 'tool_calls', 'content_filter', 'function_call']);

/** A finish reason is the server's text too. */
function knownReason(reason: string, secrets: readonly string[]): string {
  return finishReasons.has(reason) ? reason : redact(reason, secrets).slice(0, 64);
}

/** An answer is the model's and stays as it is, unless it holds the very key, and that is no placeholder. */
function withoutKey(text: string, secrets: readonly string[]): string {
  let clean = text;
  for (const secret of secrets.filter(isSecret)) clean = clean.replaceAll(secret, '[redacted]');
  return clean;
}

const unusableKey =
  'The saved API key holds spaces, line breaks or letters that no key has. Set the key of this endpoint again.';

function timedOut(url: string, timeoutMs: number, status: number | undefined): Failure {
  const { origin } = new URL(url);
  const stage = status === undefined ? 'did not answer' : 'did not finish its answer';
  return new Failure({
    code: 'timeout',
    message: `${origin} ${stage} within ${(timeoutMs / 1000).toLocaleString('en-US')} s. Raise the time limit or ask for fewer tokens.`,
  });
}

function tooLarge(maxBytes: number): string {
  return `The answer grew over ${maxBytes.toLocaleString('en-US')} bytes and was stopped there.`;
}
