import type { FailureDetail } from '../../core/failure.ts';

/** One turn of a conversation. */
export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

export interface ChatRequest {
  /** The model's name on the wire. */
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  readonly maxTokens?: number | undefined;
  readonly temperature?: number | undefined;
  readonly stream: boolean;
  /** Sent as `x-request-id`, so that server logs can be joined. */
  readonly requestId?: string | undefined;
}

/** Tokens as the server counted them. */
export interface Usage {
  readonly input: number;
  readonly output: number;
}

/**
 * Moments on the transport's clock in ms; a moment that never came is absent. See core/benchmark/record.ts.
 * In an answer that was not streamed first and last token coincide with its last byte.
 */
export interface ChatTimes {
  /** The request left for the socket; where it never did, the moment it was handed over. */
  readonly sent: number;
  readonly headers?: number | undefined;
  readonly firstToken?: number | undefined;
  readonly firstVisible?: number | undefined;
  readonly lastToken?: number | undefined;
  readonly end: number;
}

/** What came of one attempt. On failure, whatever arrived before it is kept. */
export interface ChatOutcome {
  readonly failure?: FailureDetail | undefined;
  /** HTTP status, when headers arrived. */
  readonly status?: number | undefined;
  readonly text: string;
  readonly reasoning: string;
  readonly finishReason?: string | undefined;
  readonly usage?: Usage | undefined;
  readonly times: ChatTimes;
  /** Chunks that carried a token. */
  readonly chunks: number;
  readonly simulated: boolean;
}
