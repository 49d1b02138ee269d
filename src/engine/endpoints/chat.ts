import type { ModelTask, Protocol, PyfuncInput } from '../../core/catalog/protocol.ts';
import type { FailureDetail } from '../../core/failure.ts';
import type { BoundKey } from '../../protocol/measure.ts';
import type { ConnectionTimes } from '../http/transport.ts';

/** Where a request goes. */
export interface ChatTarget {
  readonly protocol: Protocol;
  /** As `parseBaseUrl` gives it: no slash at the end. */
  readonly baseUrl: string;
  readonly key?: BoundKey | undefined;
  /** Azure OpenAI's `api-version`; absent: its newer address without one. */
  readonly apiVersion?: string | undefined;
}

/** One turn of a conversation. */
export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

export interface ChatRequest {
  /** The model's name on the wire. */
  readonly model: string;
  /** Absent: `chat`. */
  readonly task?: ModelTask | undefined;
  /** How a custom (pyfunc) model takes the prompt. */
  readonly pyfunc?: PyfuncShape | undefined;
  readonly messages: readonly ChatMessage[];
  readonly maxTokens?: number | undefined;
  readonly temperature?: number | undefined;
  readonly stream: boolean;
  /** Sent as `x-request-id`, so that server logs can be joined. */
  readonly requestId?: string | undefined;
}

export interface PyfuncShape {
  readonly input: PyfuncInput;
  /** The column that holds the prompt. */
  readonly column: string;
}

/**
 * Tokens as the server counted them, whatever the vendor's way of counting: cached tokens are always parts of `input`,
 * reasoning tokens a part of `output`. A part that the server did not tell is absent.
 */
export interface Usage {
  /** All tokens of the prompt, read from or written to a cache included. */
  readonly input: number;
  /** Of `input`: read from the server's cache. */
  readonly cachedInput?: number | undefined;
  /** Of `input`: written to the server's cache. */
  readonly cacheWrite?: number | undefined;
  readonly output: number;
  /** Of `output`: spent on thinking. */
  readonly reasoning?: number | undefined;
}

/** A tool that the model asked to be called. */
export interface ToolCall {
  readonly id?: string | undefined;
  readonly name: string;
  /** JSON as the model wrote it; not checked. */
  readonly arguments: string;
}

/**
 * Moments on the transport's clock in ms; a moment that never came is absent. See core/benchmark/record.ts.
 * In an answer that was not streamed first and last token coincide with its last byte.
 */
export interface ChatTimes {
  /** The request left for the socket; where it never did, the moment it was handed over. */
  readonly sent: number;
  readonly headers?: number | undefined;
  readonly firstEvent?: number | undefined;
  readonly firstChoice?: number | undefined;
  readonly firstToken?: number | undefined;
  readonly firstVisible?: number | undefined;
  readonly lastToken?: number | undefined;
  readonly lastChoice?: number | undefined;
  readonly end: number;
}

/** What came of one attempt. On failure, whatever arrived before it is kept. */
export interface ChatOutcome {
  readonly failure?: FailureDetail | undefined;
  /** HTTP status, when headers arrived. */
  readonly status?: number | undefined;
  readonly text: string;
  readonly reasoning: string;
  readonly toolCalls: readonly ToolCall[];
  readonly finishReason?: string | undefined;
  /** The model that answered, where the server names it. */
  readonly servedModel?: string | undefined;
  readonly usage?: Usage | undefined;
  readonly times: ChatTimes;
  /** Chunks that carried a token. */
  readonly chunks: number;
  /** When each of them came, as in core/benchmark/chunk-times.ts; absent for a single one. */
  readonly chunkTimes?: string | undefined;
  /** What opening the connection took; absent: an open one was used, or nobody can tell. */
  readonly connection?: ConnectionTimes | undefined;
  readonly simulated: boolean;
}
