import type { ModelTask } from '../../core/catalog/protocol.ts';
import type { TransportRequest } from '../http/transport.ts';
import type { ChatRequest, ChatTarget, Usage } from './chat.ts';
import type { AnswerForm, AnswerSink } from './reader.ts';

export interface HttpRequest extends Omit<TransportRequest, 'signal' | 'body'> {
  readonly body?: string | undefined;
}

/**
 * A wire protocol: how a request is written and an answer read. One file each, registered in `adapters.ts`.
 * `key` is the one that may go to the target's origin (`keyForOrigin` has been asked).
 */
export interface Adapter {
  /** @throws Failure `usage` for what the protocol cannot say. */
  buildRequest(target: ChatTarget, key: string | undefined, request: ChatRequest): HttpRequest;
  /** Makes the form in which one answer is read; called for each answer, so that it may keep state. */
  answerForm(sink: AnswerSink): AnswerForm;
  /** Absent: the protocol has no list of models. */
  readonly models?: ModelListing | undefined;
  /** Absent: several prompts cannot go in one request. */
  readonly batch?: BatchForm | undefined;
}

export interface ListedModel {
  readonly id: string;
  /** Tokens, where the list tells. */
  readonly contextWindow?: number | undefined;
  /** What it does, where the list tells. */
  readonly task?: ModelTask | undefined;
}

export interface ModelListing {
  buildRequest(target: ChatTarget, key: string | undefined): HttpRequest;
  /** In the server's order; undefined when `body` is no list of models. */
  read(body: unknown): ListedModel[] | undefined;
}

/** Several prompts in one request. All share everything but the messages. */
export interface BatchForm {
  buildRequest(target: ChatTarget, key: string | undefined, requests: readonly ChatRequest[]): HttpRequest;
  /** Answers in the order of the requests; @throws Failure `malformed` when there is not one for each of them. */
  read(body: unknown, count: number, secrets?: readonly string[]): BatchAnswers;
}

export interface BatchAnswers {
  readonly answers: readonly { readonly text: string; readonly finishReason?: string | undefined }[];
  /** Over all prompts: servers do not say which prompt took how much. */
  readonly usage?: Usage | undefined;
}
