import { gzipSync } from 'node:zlib';
import type { FaultName } from './faults.ts';
import {
  type Answer,
  answerHeaders,
  answerSteps,
  bodyOf,
  jsonReply,
  outputTokens,
  plainReply,
  type Reply,
  refusalReply,
  type Step,
  streamed,
  unstreamed,
  whole,
} from './reply.ts';
import { Refusal } from './request.ts';

/** What went wrong under way, or at once with status 500. */
const serverError = { type: 'server_error' } as const;

/** The refusal that some faults are; undefined for all others. `seen` is what the request and the server carry. */
export function refusalOf(
  fault: FaultName,
  seen: { readonly credential: string | undefined; readonly port: number },
): Refusal | undefined {
  switch (fault) {
    case '429':
      return tooMany({ 'retry-after': '1' });
    case '429-date':
      // HTTP dates have whole seconds: rounded up, so that it is at least a second.
      return tooMany({ 'retry-after': new Date(Math.ceil(Date.now() / 1000 + 1) * 1000).toUTCString() });
    case '500':
      return new Refusal(500, 'The server had an error (simulated).', serverError);
    case '503':
      return new Refusal(503, 'The server is overloaded or still starting (simulated). Try again in 1s.', {
        ...serverError,
        code: 'server_overloaded',
        headers: { 'retry-after': '1' },
      });
    case 'redirect':
      // The same port by another name is another origin, and still this server: a client that follows finds a 404.
      return new Refusal(307, 'Moved (simulated).', {
        type: 'redirect',
        headers: { location: `http://localhost:${seen.port}/redirected` },
      });
    case 'echo-key':
      return new Refusal(401, `Incorrect API key provided: ${seen.credential ?? 'none'} (simulated).`, {
        code: 'invalid_api_key',
      });
    default:
      return undefined;
  }
}

function tooMany(headers: Readonly<Record<string, string>>): Refusal {
  return new Refusal(429, 'Rate limit reached for requests (simulated). Try again in 1s.', {
    type: 'requests',
    code: 'rate_limit_exceeded',
    headers,
  });
}

/** The answer as the fault leaves it. `seen` is what the request and the server carry. */
export function faultyReply(
  fault: FaultName,
  answer: Answer,
  seen: { readonly credential: string | undefined; readonly port: number },
): Reply {
  const refusal = refusalOf(fault, seen);
  if (refusal !== undefined) return refusalReply(answer.vendor, refusal, answer.requestId);
  const headers = answerHeaders(answer);
  switch (fault) {
    case '429-databricks':
      return jsonReply(
        429,
        {
          error_code: 'REQUEST_LIMIT_EXCEEDED',
          message: `Exceeded workspace QPS rate limit for ${answer.model} (simulated).`,
        },
        headers,
      );
    case 'html':
      return whole(
        200,
        'text/html; charset=utf-8',
        '<!doctype html><html><head><title>Simulated</title></head><body><h1>Sign in (simulated)</h1></body></html>',
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
      return plainReply(emptied(answer));
    default:
      return answer.stream ? faultyStream(fault as UnderWay, answer) : faultyBody(fault as UnderWay, answer);
  }
}

function emptied(answer: Answer): Answer {
  return {
    ...answer,
    empty: true,
    thoughts: [],
    chunks: [],
    tool: undefined,
    finishReason: 'stop',
    others: answer.others.map((other) => ({ ...other, chunks: [] })),
  };
}

/** Faults that strike when the answer has begun. */
type UnderWay = 'reset' | 'drip' | 'malformed-sse' | 'mid-stream-error' | 'truncated' | 'endless' | 'length-lie';

function faultyStream(fault: UnderWay, answer: Answer): Reply {
  switch (fault) {
    case 'reset':
      return { ...streamed(answer, firstHalf(answer, 'reset')), ending: 'reset' };
    case 'truncated':
      return streamed(answer, firstHalf(answer, 'end'));
    case 'malformed-sse':
      return streamed(answer, firstHalf(answer, 'broken'));
    case 'mid-stream-error':
      return streamed(answer, firstHalf(answer, 'error'));
    case 'endless':
      return streamed(answer, endlessSteps(answer));
    case 'drip':
      return streamed(answer, dripSteps(answer, textOf(answer)));
    case 'length-lie': {
      const reply = streamed(answer, answerSteps(answer));
      const bytes = Buffer.byteLength(textOf(answer));
      return { ...reply, headers: { ...reply.headers, 'content-length': String(bytes + 1000) }, ending: 'reset' };
    }
  }
}

/** What opens the stream and half of the tokens, at least one; then what the fault does there. */
function* firstHalf(answer: Answer, then: 'reset' | 'end' | 'broken' | 'error'): Generator<Step, void, undefined> {
  const writer = answer.form.stream(answer);
  let left = 1 + Math.max(1, Math.floor(outputTokens(answer) / 2));
  for (const step of answerSteps(answer, writer)) {
    yield step;
    left -= 1;
    if (left !== 0) continue;
    const { afterMs } = step;
    if (then === 'broken') {
      yield { afterMs, data: writer.broken(), tokens: 0 };
      continue;
    }
    if (then === 'error') {
      const refusal = new Refusal(500, 'The server had an error while answering (simulated).', serverError);
      yield { afterMs, data: writer.failing(refusal), tokens: 0 };
    }
    // A little later than the last token, so that this token reaches the client before the reset does.
    if (then === 'reset') yield { afterMs: afterMs + 5, data: '', tokens: 0 };
    return;
  }
}

/** All of a stream. */
function textOf(answer: Answer): string {
  let text = '';
  for (const { data } of answerSteps(answer)) text += data;
  return text;
}

function faultyBody(fault: UnderWay, answer: Answer): Reply {
  const body = bodyOf(answer);
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
    case 'mid-stream-error': {
      const refusal = new Refusal(500, 'The server had an error while answering (simulated).', serverError);
      return jsonReply(200, answer.vendor.refuse(refusal).body, answerHeaders(answer));
    }
    case 'endless':
    case 'drip':
      return {
        status: 200,
        headers: { 'content-type': 'application/json', ...answerHeaders(answer) },
        steps: fault === 'endless' ? blankSteps(answer) : dripSteps(answer, body),
        ending: 'end',
      };
  }
}

/** At least 1 ms apart: tokens without end and without delay would leave the server no time for anything else. */
function endlessSteps(answer: Answer): Iterable<Step> {
  const slow = { ...answer, msPerToken: Math.max(1, answer.msPerToken) };
  return answerSteps(slow, answer.form.stream(answer), withoutEnd(answer.chunks));
}

/** The chunks, then a word again and again. */
function* withoutEnd(chunks: readonly string[]): Generator<string, void, undefined> {
  yield* chunks;
  for (;;) yield ' on';
}

/** Blanks, as far apart. */
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
