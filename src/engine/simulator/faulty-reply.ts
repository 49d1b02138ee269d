import { gzipSync } from 'node:zlib';
import type { FaultName } from './faults.ts';
import {
  type Answer,
  completion,
  eventSteps,
  finished,
  frame,
  jsonReply,
  plainReply,
  type Reply,
  type Step,
  streamed,
  tokenStep,
  unstreamed,
  whole,
} from './reply.ts';

/** The answer as the fault leaves it. `seen` is what the request and the server carry. */
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
    case 'gzip-bomb':
      return {
        status: 200,
        headers: { ...headers, 'content-type': 'application/json', 'content-encoding': 'gzip' },
        steps: [{ afterMs: 0, data: gzipBomb(), tokens: 0 }],
        ending: 'end',
        encoding: 'latin1',
      };
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

let bomb: string | undefined;

/**
 * A thousand million blanks in a megabyte: gzip members of 10 MiB each, one after another, as the format allows. Every
 * character of the text stands for one byte.
 */
function gzipBomb(): string {
  bomb ??= gzipSync(Buffer.alloc(10 * 1024 * 1024, ' '), { level: 9 })
    .toString('latin1')
    .repeat(100);
  return bomb;
}
