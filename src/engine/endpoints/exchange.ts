import { Failure, type FailureDetail } from '../../core/failure.ts';
import { abortFailure } from '../http/network-failure.ts';
import { redact } from '../http/redact.ts';
import type { ConnectionTimes, ResponseHandler, Transport, TransportRequest } from '../http/transport.ts';
import type { ChatTarget } from './chat.ts';
import { Deadline } from './deadline.ts';
import { failureFromResponse } from './failures.ts';

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

/** A listener of its own scope: what a signal remembers of it must not hold the answer. */
function cancelling(ending: AbortController, signal: AbortSignal | undefined): () => void {
  return () => ending.abort(signal && abortFailure(signal));
}

/** Takes the body of a 2xx answer as it comes. What `data` and `end` throw as a Failure is the exchange's failure. */
export interface Body {
  data(chunk: Uint8Array, at: number): void;
  end(): void;
  /** Nothing more is to be expected, though the response has not ended. */
  done(): boolean;
  /** All but the end mark has come: a connection that closes now loses nothing of the answer. */
  finished(): boolean;
}

/** What came of one HTTP request. Times are ms on the transport's clock. */
export interface Exchange {
  readonly failure: FailureDetail | undefined;
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly sentAt: number;
  readonly headersAt: number | undefined;
  readonly endAt: number;
  /** What opening the connection took; absent: an open one was used, or nobody can tell. */
  readonly connection: ConnectionTimes | undefined;
}

/**
 * Sends, under one clock and one byte cap, and sorts what comes back into the body of a 2xx and failures. Never rejects
 * because of the endpoint; an error that is no Failure is a defect and goes through.
 * @param key the key that may go to the target's origin (`keyForOrigin` has been asked)
 */
export async function exchangeWith(
  transport: Transport,
  target: ChatTarget,
  key: string | undefined,
  request: Omit<TransportRequest, 'signal'>,
  options: CallOptions,
  body: Body,
): Promise<Exchange> {
  const { timeoutMs, signal, maxBytes = defaultMaxBytes } = options;
  const secrets = key === undefined ? [] : [key];
  const ending = new AbortController();
  const limit = Math.min(timeoutMs, longestTimerMs);
  const deadline = new Deadline(limit, () => {
    ending.abort(inGrace ? undefined : timedOut(request.url, limit, status));
  });
  const cancel = cancelling(ending, signal);
  let sentAt = transport.now();
  let headersAt: number | undefined;
  let connection: ConnectionTimes | undefined;
  let status: number | undefined;
  let headers: Readonly<Record<string, string>> = {};
  let bytes = 0;
  let errorBody = '';
  let inGrace = false;

  const handler: ResponseHandler = {
    sent(at, opened) {
      sentAt = at;
      connection = opened;
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
        deadline.move(Math.min(graceAfterDoneMs, limit));
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
    // A token of a workspace opens far more than a model.
    const verifyTls = target.protocol === 'databricks';
    const sent = await transport.send({ ...request, verifyTls, signal: ending.signal }, handler);
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
    deadline.clear();
    signal?.removeEventListener('abort', cancel);
  }
  return { failure, status, headers, sentAt, headersAt, endAt, connection };
}

/**
 * An exchange whose body is read as one. `value` is what `read` made of the text of a 2xx; a Failure that it throws is
 * the exchange's.
 */
export async function exchangeWhole<T>(
  transport: Transport,
  target: ChatTarget,
  key: string | undefined,
  request: Omit<TransportRequest, 'signal'>,
  options: CallOptions,
  read: (text: string) => T,
): Promise<Exchange & { readonly value?: T }> {
  const chunks: Buffer[] = [];
  let got: { readonly value?: T } = {};
  const exchange = await exchangeWith(transport, target, key, request, options, {
    // The chunk's memory may be used again by the transport.
    data: (chunk) => chunks.push(Buffer.from(chunk)),
    end: () => {
      got = { value: read(Buffer.concat(chunks).toString('utf8')) };
    },
    done: () => false,
    finished: () => false,
  });
  return { ...exchange, ...got };
}

/** A failure as plain data. Messages of the transport and the reader can quote the server too (a header, an event). */
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
