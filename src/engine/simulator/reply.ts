import type { Form, StreamWriter, Vendor } from './dialect.ts';
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

export type FinishReason = 'stop' | 'length' | 'tool_calls';

/** What one prompt is answered with. */
export interface AnswerText {
  /** The text of each token. */
  readonly chunks: readonly string[];
  readonly finishReason: FinishReason;
  readonly ttftMs: number;
  readonly msPerToken: number;
}

export interface ToolPlan {
  /** Without a vendor's prefix. */
  readonly id: string;
  readonly name: string;
  /** JSON of the arguments, a token each. */
  readonly parts: readonly string[];
}

/** Everything an answer is made of. Times are ms after arrival, the speed already counted in. */
export interface Answer extends AnswerText {
  /** Sixteen hexadecimal digits; vendors put a prefix before them. */
  readonly id: string;
  readonly requestId: string;
  /** The model's name as the client wrote it. */
  readonly model: string;
  /** The profile behind it. */
  readonly servedModel: string;
  /** The profile's, in [0,1]. */
  readonly skill: number;
  /** Seconds since the Unix epoch. */
  readonly created: number;
  /** Tokens of thinking, before the text. */
  readonly thoughts: readonly string[];
  /** After the text. */
  readonly tool?: ToolPlan | undefined;
  /** Where several prompts came in one request: the answers to all but the first. Never streamed. */
  readonly others: readonly AnswerText[];
  readonly prompts: readonly string[];
  readonly inputTokens: number;
  /** Of the input: read from a cache. */
  readonly cachedTokens: number;
  readonly maxTokens: number | undefined;
  readonly includeUsage: boolean;
  readonly stream: boolean;
  readonly form: Form;
  readonly vendor: Vendor;
  /** The fault `empty`: nothing is answered. */
  readonly empty: boolean;
  /** Milliseconds between two bytes of the fault `drip`. */
  readonly msPerByte: number;
}

/** Every answer carries these. */
export const honestHeaders = { 'x-tierwise-simulated': '1' } as const;
export const fingerprint = 'tierwise-simulated';

/** A JSON answer sent at once. `simulated` is added to the body. */
export function jsonReply(
  status: number,
  body: Readonly<Record<string, unknown>>,
  headers: Readonly<Record<string, string>> = {},
): Reply {
  return whole(status, 'application/json', JSON.stringify({ ...body, simulated: true }), headers);
}

export function refusalReply(vendor: Vendor, refusal: Refusal, requestId: string): Reply {
  const { status, body } = vendor.refuse(refusal);
  return jsonReply(status, body, { ...refusal.headers, ...headersOf(vendor, requestId, undefined) });
}

/** The answer as it would be without any fault. */
export function plainReply(answer: Answer): Reply {
  return answer.stream ? streamed(answer, answerSteps(answer)) : unstreamed(answer, bodyOf(answer));
}

/** The text of the body of an answer that is not streamed. */
export function bodyOf(answer: Answer): string {
  return JSON.stringify({ ...answer.form.whole(answer), simulated: true });
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

/** A stream with these steps. */
export function streamed(answer: Answer, steps: Iterable<Step>): Reply {
  return {
    status: 200,
    headers: {
      'content-type': answer.form.contentType,
      'cache-control': 'no-cache',
      ...answerHeaders(answer),
    },
    steps,
    ending: 'end',
  };
}

/** One body, sent when the last token is due. */
export function unstreamed(answer: Answer, body: string): Reply {
  const reply = whole(200, 'application/json', body, answerHeaders(answer));
  return { ...reply, steps: [{ afterMs: lastTokenMs(answer), data: body, tokens: outputTokens(answer) }] };
}

export function answerHeaders({ vendor, requestId, servedModel }: Answer): Readonly<Record<string, string>> {
  return headersOf(vendor, requestId, servedModel);
}

function headersOf(vendor: Vendor, requestId: string, model: string | undefined): Readonly<Record<string, string>> {
  return { 'x-request-id': requestId, ...vendor.headers?.(requestId, model) };
}

/** Tokens of the answer to the first prompt. */
function ownTokens({ thoughts, chunks, tool }: Answer): number {
  return thoughts.length + chunks.length + (tool?.parts.length ?? 0);
}

/** Tokens of all answers: thinking, text and tool calls. */
export function outputTokens(answer: Answer): number {
  return answer.others.reduce((sum, { chunks }) => sum + chunks.length, ownTokens(answer));
}

/** Several prompts are answered side by side. */
function lastTokenMs(answer: Answer): number {
  let last = answer.ttftMs + Math.max(0, ownTokens(answer) - 1) * answer.msPerToken;
  for (const { ttftMs, msPerToken, chunks } of answer.others) {
    last = Math.max(last, ttftMs + Math.max(0, chunks.length - 1) * msPerToken);
  }
  return last;
}

/**
 * The events of a stream. Headers and what opens the stream without a token leave at half of the time to the first
 * token, so that a client which takes either for the first token is visibly wrong. Finish reason, usage and end mark
 * follow the last token at once.
 */
export function* answerSteps(
  answer: Answer,
  writer: StreamWriter = answer.form.stream(answer),
  chunks: Iterable<string> = answer.chunks,
): Generator<Step, void, undefined> {
  yield { afterMs: answer.ttftMs / 2, data: writer.opening(), tokens: 0 };
  let afterMs = answer.ttftMs;
  let count = 0;
  for (const thought of answer.thoughts) {
    yield { afterMs, data: writer.thought(thought), tokens: 1 };
    count += 1;
    afterMs = answer.ttftMs + count * answer.msPerToken;
  }
  for (const chunk of chunks) {
    yield { afterMs, data: writer.text(chunk), tokens: 1 };
    count += 1;
    afterMs = answer.ttftMs + count * answer.msPerToken;
  }
  if (answer.tool !== undefined) {
    for (const data of writer.tool()) {
      yield { afterMs, data, tokens: 1 };
      count += 1;
      afterMs = answer.ttftMs + count * answer.msPerToken;
    }
  }
  yield { afterMs: lastTokenMs(answer), data: writer.closing(), tokens: 0 };
}
