import type { FaultName } from './faults.ts';
import type { Refusal } from './request.ts';

/** Bytes to send at a moment after the request's arrival. */
export interface Step {
  readonly afterMs: number;
  readonly data: string;
  /** How many tokens the data carries. */
  readonly tokens: number;
}

/** An answer as it will be sent: status, headers, then steps in order of time, then its ending. Without steps: nothing. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly steps: Iterable<Step>;
  /** `end`: as HTTP wants it; `reset`: the connection is reset; `open`: nothing more comes, for ever. */
  readonly ending: 'end' | 'reset' | 'open';
}

/** Everything an answer is made of. Times are ms after arrival, the speed already counted in. */
export interface Answer {
  readonly id: string;
  readonly requestId: string;
  /** The model's name as the client wrote it. */
  readonly model: string;
  /** Seconds since the Unix epoch. */
  readonly created: number;
  /** The text of each token. */
  readonly chunks: readonly string[];
  readonly finishReason: 'stop' | 'length';
  readonly inputTokens: number;
  readonly includeUsage: boolean;
  readonly stream: boolean;
  readonly ttftMs: number;
  readonly msPerToken: number;
  /** Milliseconds between two bytes of the fault `drip`. */
  readonly msPerByte: number;
}

/** Every answer carries these. */
export const honestHeaders = { 'x-tierwise-simulated': '1' } as const;
export const fingerprint = 'tierwise-simulated';

const finished = 'data: [DONE]\n\n';

/** A JSON answer sent at once. `simulated` is added to the body. */
export function jsonReply(
  status: number,
  body: Readonly<Record<string, unknown>>,
  headers: Readonly<Record<string, string>> = {},
): Reply {
  return whole(status, 'application/json', JSON.stringify({ ...body, simulated: true }), headers);
}

export function refusalReply(refusal: Refusal, requestId: string): Reply {
  const { message, type, param, code } = refusal;
  return jsonReply(refusal.status, { error: { message, type, param, code } }, { 'x-request-id': requestId });
}

/** The answer as it would be without any fault. */
export function plainReply(answer: Answer): Reply {
  return answer.stream ? streamed(answer, eventSteps(answer)) : unstreamed(answer, JSON.stringify(completion(answer)));
}

/** The answer as the fault leaves it. `authorization` and `origin` are what the request and the server carry. */
export function faultyReply(
  fault: FaultName,
  answer: Answer,
  seen: { readonly authorization: string | undefined; readonly port: number },
): Reply {
  const headers = { 'x-request-id': answer.requestId };
  switch (fault) {
    case '429':
      return jsonReply(
        429,
        openAiError('Rate limit reached for requests (simulated). Try again in 1s.', 'requests', 'rate_limit_exceeded'),
        { ...headers, 'retry-after': '1' },
      );
    case '429-databricks':
      return jsonReply(
        429,
        {
          error_code: 'REQUEST_LIMIT_EXCEEDED',
          message: `Exceeded workspace QPS rate limit for ${answer.model} (simulated).`,
        },
        headers,
      );
    case '500':
      return jsonReply(500, openAiError('The server had an error (simulated).', 'server_error', null), headers);
    case 'html':
      return whole(
        200,
        'text/html; charset=utf-8',
        '<!doctype html><html><head><title>Simulated</title></head><body><h1>Sign in (simulated)</h1></body></html>',
        headers,
      );
    case 'redirect':
      // The same port by another name is another origin, and still this server: a client that follows finds a 404.
      return jsonReply(307, openAiError('Moved (simulated).', 'redirect', null), {
        ...headers,
        location: `http://localhost:${seen.port}/redirected`,
      });
    case 'echo-key':
      return jsonReply(
        401,
        openAiError(
          `Incorrect API key provided: ${seen.authorization ?? 'none'} (simulated).`,
          'invalid_request_error',
          'invalid_api_key',
        ),
        headers,
      );
    case 'hang':
      return { status: 200, headers, steps: [], ending: 'open' };
    case 'empty':
      return plainReply({ ...answer, chunks: [] });
    default:
      return answer.stream ? faultyStream(fault, answer) : faultyBody(fault, answer);
  }
}

type StreamFault = 'reset' | 'drip' | 'malformed-sse' | 'mid-stream-error' | 'truncated' | 'endless' | 'length-lie';

function faultyStream(fault: StreamFault, answer: Answer): Reply {
  const steps = [...eventSteps(answer)];
  // The opening event, then half of the tokens, at least one.
  const half = steps.slice(0, 1 + Math.max(1, Math.floor(answer.chunks.length / 2)));
  const middleMs = half.at(-1)?.afterMs ?? 0;
  const inTheMiddle = (data: string): Step => ({ afterMs: middleMs, data, tokens: 0 });
  switch (fault) {
    case 'reset':
      // A little later than the last token, so that this token reaches the client before the reset does.
      return { ...streamed(answer, [...half, { afterMs: middleMs + 5, data: '', tokens: 0 }]), ending: 'reset' };
    case 'truncated':
      return streamed(answer, half);
    case 'malformed-sse':
      return streamed(answer, [
        ...half,
        inTheMiddle(
          `data: {"id":${JSON.stringify(answer.id)},"simulated":true,"choices":[{"index":0,"delta":{"con\n\n`,
        ),
        ...steps.slice(half.length),
      ]);
    case 'mid-stream-error': {
      const error = openAiError('The server had an error while answering (simulated).', 'server_error', null);
      return streamed(answer, [
        ...half,
        inTheMiddle(`data: ${JSON.stringify({ ...error, simulated: true })}\n\n${finished}`),
      ]);
    }
    case 'endless':
      return streamed(answer, endlessSteps(answer));
    case 'drip':
      return streamed(answer, dripSteps(answer, steps.map((step) => step.data).join('')));
    case 'length-lie': {
      const bytes = Buffer.byteLength(steps.map((step) => step.data).join(''));
      const reply = streamed(answer, steps);
      return { ...reply, headers: { ...reply.headers, 'content-length': String(bytes + 1000) }, ending: 'reset' };
    }
  }
}

function faultyBody(fault: StreamFault, answer: Answer): Reply {
  const body = JSON.stringify(completion(answer));
  const cut = body.slice(0, Math.floor(body.length / 2));
  switch (fault) {
    case 'reset':
    case 'length-lie': {
      const reply = unstreamed(answer, cut);
      const [first] = reply.steps;
      const last = { afterMs: (first?.afterMs ?? 0) + 5, data: '', tokens: 0 };
      return {
        ...reply,
        headers: { ...reply.headers, 'content-length': String(Buffer.byteLength(body)) },
        steps: first === undefined ? [last] : [first, last],
        ending: 'reset',
      };
    }
    case 'malformed-sse':
    case 'truncated':
      return unstreamed(answer, cut);
    case 'mid-stream-error':
      return jsonReply(200, openAiError('The server had an error while answering (simulated).', 'server_error', null), {
        'x-request-id': answer.requestId,
      });
    case 'endless':
    case 'drip': {
      const text = fault === 'drip' ? body : undefined;
      return {
        status: 200,
        headers: { 'content-type': 'application/json', 'x-request-id': answer.requestId },
        steps: text === undefined ? blankSteps(answer) : dripSteps(answer, text),
        ending: 'end',
      };
    }
  }
}

function openAiError(message: string, type: string, code: string | null): Readonly<Record<string, unknown>> {
  return { error: { message, type, param: null, code } };
}

function whole(status: number, contentType: string, body: string, headers: Readonly<Record<string, string>>): Reply {
  return {
    status,
    headers: { ...headers, 'content-type': contentType, 'content-length': String(Buffer.byteLength(body)) },
    steps: [{ afterMs: 0, data: body, tokens: 0 }],
    ending: 'end',
  };
}

function streamed(answer: Answer, steps: Iterable<Step>): Reply {
  return {
    status: 200,
    headers: {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache',
      'x-request-id': answer.requestId,
    },
    steps,
    ending: 'end',
  };
}

function unstreamed(answer: Answer, body: string): Reply {
  const reply = whole(200, 'application/json', body, { 'x-request-id': answer.requestId });
  return { ...reply, steps: [{ afterMs: lastTokenMs(answer), data: body, tokens: answer.chunks.length }] };
}

function lastTokenMs(answer: Answer): number {
  return answer.ttftMs + Math.max(0, answer.chunks.length - 1) * answer.msPerToken;
}

function usageOf(answer: Answer) {
  const output = answer.chunks.length;
  return { prompt_tokens: answer.inputTokens, completion_tokens: output, total_tokens: answer.inputTokens + output };
}

function completion(answer: Answer) {
  return {
    id: answer.id,
    object: 'chat.completion',
    created: answer.created,
    model: answer.model,
    system_fingerprint: fingerprint,
    simulated: true,
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: answer.chunks.join('') },
        finish_reason: answer.finishReason,
      },
    ],
    usage: usageOf(answer),
  };
}

/**
 * The events of a stream. Headers and a first event that names the role and carries no token leave at half of the
 * time to the first token, so that a client which takes either for the first token is visibly wrong. Finish reason,
 * usage and [DONE] follow the last token at once.
 */
function* eventSteps(answer: Answer): Generator<Step, void, undefined> {
  const { head, tail } = frame(answer);
  yield {
    afterMs: answer.ttftMs / 2,
    data: `${head}{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}${tail}`,
    tokens: 0,
  };
  for (const [index, chunk] of answer.chunks.entries()) {
    yield tokenStep(head, tail, chunk, answer.ttftMs + index * answer.msPerToken);
  }
  const finish = `${head}{"index":0,"delta":{},"finish_reason":"${answer.finishReason}"}${tail}`;
  const usage = answer.includeUsage ? `${head}],"usage":${JSON.stringify(usageOf(answer))}}\n\n` : '';
  yield { afterMs: lastTokenMs(answer), data: finish + usage + finished, tokens: 0 };
}

/** What stands before and after the one choice of an event. */
function frame(answer: Answer): { head: string; tail: string } {
  const head =
    `data: {"id":${JSON.stringify(answer.id)},"object":"chat.completion.chunk","created":${answer.created},` +
    `"model":${JSON.stringify(answer.model)},"system_fingerprint":"${fingerprint}","simulated":true,"choices":[`;
  return { head, tail: answer.includeUsage ? '],"usage":null}\n\n' : ']}\n\n' };
}

function tokenStep(head: string, tail: string, chunk: string, afterMs: number): Step {
  const content = JSON.stringify(chunk);
  return { afterMs, data: `${head}{"index":0,"delta":{"content":${content}},"finish_reason":null}${tail}`, tokens: 1 };
}

/** At least 1 ms apart: tokens without end and without delay would leave the server no time for anything else. */
function* endlessSteps(answer: Answer): Generator<Step, void, undefined> {
  const { head, tail } = frame(answer);
  const gapMs = Math.max(1, answer.msPerToken);
  for (let index = 0; ; index += 1) {
    const chunk = answer.chunks[index] ?? ' on';
    yield tokenStep(head, tail, chunk, answer.ttftMs + index * gapMs);
  }
}

function* blankSteps(answer: Answer): Generator<Step, void, undefined> {
  const gapMs = Math.max(1, answer.msPerToken);
  for (let index = 0; ; index += 1) yield { afterMs: answer.ttftMs + index * gapMs, data: ' ', tokens: 0 };
}

/** Bytes one by one. Whether a token has passed is not known here: a drip counts none. */
function* dripSteps(answer: Answer, text: string): Generator<Step, void, undefined> {
  let afterMs = answer.ttftMs;
  for (const character of text) {
    yield { afterMs, data: character, tokens: 0 };
    afterMs += answer.msPerByte;
  }
}
