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
  /** How the data of the steps becomes bytes; UTF-8 when absent. */
  readonly encoding?: 'latin1' | undefined;
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
const fingerprint = 'tierwise-simulated';

/** The last event of a stream. */
export const finished = 'data: [DONE]\n\n';

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

/** One body of known length, sent at once. */
export function whole(
  status: number,
  contentType: string,
  body: string,
  headers: Readonly<Record<string, string>>,
): Reply {
  return {
    status,
    headers: { ...headers, 'content-type': contentType, 'content-length': String(Buffer.byteLength(body)) },
    steps: [{ afterMs: 0, data: body, tokens: 0 }],
    ending: 'end',
  };
}

/** An event stream with these steps. */
export function streamed(answer: Answer, steps: Iterable<Step>): Reply {
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

/** One body, sent when the last token is due. */
export function unstreamed(answer: Answer, body: string): Reply {
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

/** The body of an answer that is not streamed. */
export function completion(answer: Answer) {
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
export function* eventSteps(answer: Answer): Generator<Step, void, undefined> {
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
export function frame(answer: Answer): { head: string; tail: string } {
  const head =
    `data: {"id":${JSON.stringify(answer.id)},"object":"chat.completion.chunk","created":${answer.created},` +
    `"model":${JSON.stringify(answer.model)},"system_fingerprint":"${fingerprint}","simulated":true,"choices":[`;
  return { head, tail: answer.includeUsage ? '],"usage":null}\n\n' : ']}\n\n' };
}

/** The event of one token. */
export function tokenStep(head: string, tail: string, chunk: string, afterMs: number): Step {
  const content = JSON.stringify(chunk);
  return { afterMs, data: `${head}{"index":0,"delta":{"content":${content}},"finish_reason":null}${tail}`, tokens: 1 };
}
