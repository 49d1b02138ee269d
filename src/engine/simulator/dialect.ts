import type { IncomingHttpHeaders } from 'node:http';
import type { Answer } from './reply.ts';
import type { Refusal } from './request.ts';

/** How one vendor's interface knows its callers and says no. */
export interface Vendor {
  /** Headers that may carry the key: in lower case, with what stands before the key in it. */
  readonly keyHeaders: Readonly<Record<string, '' | 'Bearer '>>;
  /** Further headers of every answer. */
  headers?(requestId: string, model: string | undefined): Readonly<Record<string, string>>;
  /** The status and body of an error. */
  refuse(refusal: Refusal): { readonly status: number; readonly body: Readonly<Record<string, unknown>> };
}

/** One wire protocol: what it reads out of a body, and how it writes the answer. */
export interface Dialect {
  readonly vendor: Vendor;
  /**
   * Reads a parsed body. Throws a Refusal.
   * @param where what the address and headers say: the model, where it stands in the path
   */
  read(json: unknown, where: { readonly model?: string | undefined; readonly headers: IncomingHttpHeaders }): Asked;
}

/** What a body asks for. */
export interface Asked {
  /** As the client wrote it; faults and traits included. */
  readonly model: string;
  /** Each is answered. At least one. */
  readonly prompts: readonly string[];
  readonly maxTokens?: number | undefined;
  readonly stream: boolean;
  /** Of chat completions: tell usage in the stream. */
  readonly includeUsage?: boolean | undefined;
  /** The body itself asks for thinking. */
  readonly thinking?: boolean | undefined;
  /** Vectors are wanted, not words. */
  readonly embeds?: true | undefined;
  /** The first tool that the request offers. */
  readonly tool?: string | undefined;
  readonly form: Form;
}

/** How an answer is written. */
export interface Form {
  readonly contentType: 'text/event-stream; charset=utf-8' | 'application/x-ndjson';
  /** True: it has no channel for thinking and none for tool calls. */
  readonly textOnly?: true | undefined;
  /** Writes one stream; what it gives is asked for once and in the order of the wire. */
  stream(answer: Answer): StreamWriter;
  /** The body of an answer that is not streamed. */
  whole(answer: Answer): Readonly<Record<string, unknown>>;
}

/** A form that never streams. */
export function wholeForm(whole: Form['whole']): Form {
  return {
    contentType: 'text/event-stream; charset=utf-8',
    textOnly: true,
    stream() {
      throw new TypeError('This form does not stream.');
    },
    whole,
  };
}

export interface StreamWriter {
  /** What comes before the first token and carries none; sent at half of the time to it. */
  opening(): string;
  thought(text: string): string;
  text(text: string): string;
  /** The events of a tool call, each due with its token. */
  tool(): readonly string[];
  /** Finish reason, usage and end mark. */
  closing(): string;
  /** An event that is broken JSON. */
  broken(): string;
  /** What is sent where the answer fails under way, end mark included. */
  failing(refusal: Refusal): string;
}

/** One event of a stream without a name. */
export function event(json: unknown): string {
  return `data: ${JSON.stringify(json)}\n\n`;
}

/** One event of a stream with a name. */
export function namedEvent(name: string, json: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(json)}\n\n`;
}
