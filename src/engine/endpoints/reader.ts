import { ChunkTimes } from '../../core/benchmark/chunk-times.ts';
import { Failure } from '../../core/failure.ts';
import { createLineReader } from '../http/ndjson.ts';
import { createSseReader } from '../http/sse.ts';
import type { ToolCall, Usage } from './chat.ts';
import { createContentTemplate } from './content-template.ts';
import { parseJson, readable, readServerError } from './failures.ts';

/** What an answer has brought so far. Times are the arrival of the chunk, on the transport's clock in ms. */
export interface AnswerReading {
  text: string;
  reasoning: string;
  toolCalls: ToolCall[];
  finishReason: string | undefined;
  servedModel: string | undefined;
  usage: Usage | undefined;
  /** First event, whatever it carries. */
  firstEvent: number | undefined;
  /** First and last event with a choice, also without a token; of protocols without choices: with a token or the reason of the end. */
  firstChoice: number | undefined;
  lastChoice: number | undefined;
  firstToken: number | undefined;
  firstVisible: number | undefined;
  lastToken: number | undefined;
  /** Events that carried a token of any channel: reasoning, visible text, tool call. */
  chunks: number;
  /** When each of them came. */
  readonly chunkTimes: ChunkTimes;
  /** The end mark came (`[DONE]`, `message_stop`, `"done": true`): nothing more is to be expected. */
  done: boolean;
}

/** What a form tells the reader. One event may call several of these; it counts as one chunk. */
export interface AnswerSink {
  readonly secrets: readonly string[];
  /** Visible text. */
  text(delta: string): void;
  /** Thinking; an encrypted thought is '' and still a token. */
  thought(delta: string): void;
  /** Part of the tool call at `index`: what is absent has been said before or will be. */
  toolCall(
    index: number,
    part: { id?: string | undefined; name?: string | undefined; arguments?: string | undefined },
  ): void;
  /** The event holds a choice, whatever is in it. */
  choice(): void;
  /** The answer's state is kept by the reader; a later call replaces an earlier one. */
  finish(reason: string): void;
  usage(usage: Usage): void;
  servedModel(name: string): void;
  /** The end mark. */
  done(): void;
}

/** How a protocol's answer is read. */
export interface AnswerForm {
  /** `sse`: event streams; `ndjson`: a JSON object a line. */
  readonly stream: 'sse' | 'ndjson';
  /**
   * One event of a stream, parsed. `event` is its SSE name. Errors that the protocol reports inside a stream are
   * thrown by `streamError`.
   */
  frame(json: unknown, event: string | undefined): void;
  /** A whole (not streamed) answer. @throws Failure `malformed` when it is not one. */
  whole(json: unknown): void;
  /** The content of an event stream's frame that carries nothing but visible text in one string of its JSON; undefined for any other. */
  readonly contentAlone?: ((json: unknown) => string | undefined) | undefined;
  /** Name of the JSON member that holds that string; absent: `content`. */
  readonly contentMember?: string | undefined;
}

export interface AnswerReader {
  readonly reading: AnswerReading;
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
export function createAnswerReader(
  formOf: (sink: AnswerSink) => AnswerForm,
  options: { secrets: readonly string[]; onText?: ((delta: string) => void) | undefined },
): AnswerReader {
  const { onText, secrets } = options;
  const reading: AnswerReading = {
    text: '',
    reasoning: '',
    toolCalls: [],
    finishReason: undefined,
    servedModel: undefined,
    usage: undefined,
    firstEvent: undefined,
    firstChoice: undefined,
    lastChoice: undefined,
    firstToken: undefined,
    firstVisible: undefined,
    lastToken: undefined,
    chunks: 0,
    chunkTimes: new ChunkTimes(),
    done: false,
  };
  let kind: 'unknown' | 'stream' | 'json' = 'unknown';
  let whole: Uint8Array[] = [];
  let at = 0;
  let events = 0;
  let ending = false;
  let onlyComments = false;
  /** What the event that is being read has brought. */
  let token = false;
  let visible = false;
  let choice = false;

  const form = formOf({
    secrets,
    text(delta) {
      if (delta === '') return;
      visible = true;
      reading.text += delta;
      onText?.(delta);
    },
    thought(delta) {
      token = true;
      reading.reasoning += delta;
    },
    toolCall(index, part) {
      token = true;
      const { id, name = '', arguments: text = '' } = reading.toolCalls[index] ?? {};
      reading.toolCalls[index] = {
        id: part.id ?? id,
        name: part.name ?? name,
        arguments: text + (part.arguments ?? ''),
      };
    },
    choice() {
      choice = true;
    },
    finish(reason) {
      choice = true;
      reading.finishReason = reason;
    },
    usage(usage) {
      reading.usage = usage;
    },
    servedModel(name) {
      reading.servedModel = name;
    },
    done() {
      reading.done = true;
    },
  });
  const lines = form.stream === 'ndjson';
  const template = form.contentAlone && createContentTemplate(form.contentAlone, form.contentMember);
  const ahead =
    template && ((text: string, from: number) => (reading.done ? from : template.readAhead(text, from, readContent)));
  const stream = lines
    ? createLineReader({ onLine: (line) => readEvent(line, undefined), maxLineBytes: maxEventBytes })
    : createSseReader({ onEvent: readEvent, ahead, maxEventBytes });

  /** An event that carries visible text and nothing else. */
  function readContent(content: string): void {
    events++;
    reading.firstEvent ??= at;
    countChoice();
    if (content === '') return;
    reading.text += content;
    onText?.(content);
    countToken(true);
  }

  function readEvent(data: string, event: string | undefined): void {
    if (reading.done) return;
    events++;
    if (data.length < 10 && data.trim() === '[DONE]') {
      reading.done = true;
      return;
    }
    reading.firstEvent ??= at;
    let json: unknown;
    try {
      json = JSON.parse(data);
    } catch {
      if (event === 'error') throw streamError(data, secrets);
      // A line of words without any before it is no stream that was cut off.
      if (ending && !(lines && events === 1 && !data.startsWith('{'))) {
        // The rest of an event that was cut off; what follows a finish reason is not missed.
        if (reading.finishReason !== undefined) return;
        throw truncated(reading);
      }
      throw new Failure({
        code: 'malformed',
        message: `The stream holds an event that is not JSON: "${readable(data, secrets).slice(0, 80)}".`,
      });
    }
    if (event === 'error') throw streamError(readServerError(json) ?? data, secrets);
    if (typeof json !== 'object' || json === null) {
      throw new Failure({ code: 'malformed', message: 'The stream holds an event that is not a JSON object.' });
    }
    token = false;
    visible = false;
    choice = false;
    form.frame(json, event);
    settle();
    template?.learn(data, json, event);
  }

  /** Counts what the event, or the whole answer, has brought. */
  function settle(): void {
    if (token || visible || choice) countChoice();
    if (token || visible) countToken(visible);
  }

  function countChoice(): void {
    reading.firstChoice ??= at;
    reading.lastChoice = at;
  }

  function countToken(isVisible: boolean): void {
    reading.chunks++;
    reading.chunkTimes.add(at);
    reading.firstToken ??= at;
    reading.lastToken = at;
    if (isVisible) reading.firstVisible ??= at;
  }

  function readWhole(): void {
    const text = Buffer.concat(whole).toString('utf8');
    const json = parseJson(text);
    if (json === undefined) {
      throw new Failure({
        code: 'malformed',
        message: 'The answer looks like JSON but cannot be read: it is cut off or broken.',
      });
    }
    reading.firstEvent = at;
    form.whole(json);
    settle();
  }

  return {
    reading,
    push(chunk, arrived) {
      at = arrived;
      if (kind === 'stream') {
        stream.push(chunk);
        return;
      }
      let rest = chunk;
      if (kind === 'unknown') {
        const start = chunk.findIndex(isSignificant);
        if (start < 0) return;
        rest = start === 0 ? chunk : chunk.subarray(start);
        const first = String.fromCharCode(rest[0] ?? 0);
        if (first === '<') throw htmlAnswer();
        kind = !lines && (first === '{' || first === '[') ? 'json' : 'stream';
        onlyComments = first === ':';
      }
      if (kind === 'json') whole.push(Uint8Array.prototype.slice.call(rest));
      else stream.push(rest);
    },
    end() {
      ending = true;
      if (kind === 'json') {
        readWhole();
        whole = [];
      } else if (kind === 'stream') {
        stream.end();
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

/** Neither white space nor a byte order mark. */
function isSignificant(byte: number): boolean {
  return byte > 32 && byte !== 0xef && byte !== 0xbb && byte !== 0xbf;
}

/** Why a whole answer is none: the server's own error where it reports one with status 200, else `expected` is missing. */
export function notAnAnswer(json: unknown, expected: string, secrets: readonly string[]): Failure {
  const said = readServerError(json);
  if (said !== undefined) {
    return new Failure({
      code: 'server',
      message: `The server answered 200 but reports an error: "${readable(said, secrets)}".`,
    });
  }
  return new Failure({
    code: 'malformed',
    message: `The answer is JSON but not ${expected}. Check the base URL.`,
  });
}

/** An error that a server reports inside a stream, in its own words. */
export function streamError(said: string, secrets: readonly string[]): Failure {
  return new Failure({
    code: 'stream-error',
    message: `The server reported an error in the middle of its stream: "${readable(said, secrets)}".`,
  });
}

function truncated(reading: AnswerReading): Failure {
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

function emptyAnswer(reading: AnswerReading): Failure {
  const why =
    reading.finishReason === 'length'
      ? ' It stopped at the limit of output tokens: raise the limit.'
      : reading.finishReason === 'content_filter'
        ? ' A content filter stopped it.'
        : '';
  return new Failure({ code: 'empty', message: `The server answered without a single token.${why}` });
}
