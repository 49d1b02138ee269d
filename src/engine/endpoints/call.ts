import { Failure } from '../../core/failure.ts';
import { keyForOrigin } from '../http/base-url.ts';
import { isSecret, redact } from '../http/redact.ts';
import type { Transport } from '../http/transport.ts';
import type { ListedModel } from './adapter.ts';
import { adapterFor } from './adapters.ts';
import type { ChatOutcome, ChatRequest, ChatTarget } from './chat.ts';
import { type CallOptions, exchangeWhole, exchangeWith } from './exchange.ts';
import { parseJson } from './failures.ts';
import { createAnswerReader } from './reader.ts';

/**
 * Asks for one chat completion. Never rejects because of the endpoint: what went wrong is `failure`, and what arrived
 * before it is kept. An answer is whole once `[DONE]` came, or once a finish reason came and the response ended.
 */
export async function callChat(
  transport: Transport,
  target: ChatTarget,
  request: ChatRequest,
  options: CallOptions & { readonly onText?: ((delta: string) => void) | undefined },
): Promise<ChatOutcome> {
  const key = keyForOrigin(target.key, target.baseUrl);
  const secrets = key === undefined ? [] : [key];
  const adapter = adapterFor(target.protocol, request.task);
  const reader = createAnswerReader(adapter.answerForm, { secrets, onText: options.onText });
  const { reading } = reader;
  const exchange = await exchangeWith(transport, target, key, adapter.buildRequest(target, key, request), options, {
    data: (chunk, at) => reader.push(chunk, at),
    end: () => reader.end(),
    done: () => reading.done,
    finished: () => reading.finishReason !== undefined && reading.chunks > 0,
  });
  const { text, reasoning } = reading;
  // Databricks names the served model of a custom one in a header only.
  const servedModel = reading.servedModel ?? exchange.headers['served-model-name'];
  return {
    failure: exchange.failure,
    status: exchange.status,
    text: withoutKey(text, secrets),
    reasoning: withoutKey(reasoning, secrets),
    toolCalls: reading.toolCalls.flatMap((call) =>
      call ? [{ ...call, arguments: withoutKey(call.arguments, secrets) }] : [],
    ),
    finishReason: reading.finishReason === undefined ? undefined : knownReason(reading.finishReason, secrets),
    servedModel: servedModel === undefined ? undefined : redact(servedModel, secrets).slice(0, 200),
    usage: reading.usage,
    times: {
      sent: exchange.sentAt,
      headers: exchange.headersAt,
      firstToken: reading.firstToken,
      firstVisible: reading.firstVisible,
      lastToken: reading.lastToken,
      end: exchange.endAt,
    },
    chunks: reading.chunks,
    simulated: exchange.headers['x-tierwise-simulated'] !== undefined,
  };
}

/**
 * The models that an endpoint lists, in its order. Throws a Failure with one of the endpoint codes; `not-found` also
 * where the protocol has no list.
 */
export async function listModels(
  transport: Transport,
  target: ChatTarget,
  options: CallOptions,
): Promise<ListedModel[]> {
  const key = keyForOrigin(target.key, target.baseUrl);
  const listing = adapterFor(target.protocol).models;
  if (!listing) {
    throw new Failure({
      code: 'not-found',
      message: `The protocol ${target.protocol} has no list of models: name them by hand.`,
    });
  }
  const request = listing.buildRequest(target, key);
  const { failure, value } = await exchangeWhole(transport, target, key, request, options, (text) => {
    const models = listing.read(parseJson(text));
    if (models) return models;
    throw new Failure({
      code: 'malformed',
      message: `${request.url} did not answer with a list of models. Check the base URL, or name the models by hand.`,
    });
  });
  if (failure) throw new Failure(failure);
  return value ?? [];
}

const finishReasons = new Set(['stop', 'length', 'tool_calls', 'content_filter', 'function_call']);

/** A finish reason is the server's text too. */
export function knownReason(reason: string, secrets: readonly string[]): string {
  return finishReasons.has(reason) ? reason : redact(reason, secrets).slice(0, 64);
}

/** An answer is the model's and stays as it is, unless it holds the very key, and that is no placeholder. */
export function withoutKey(text: string, secrets: readonly string[]): string {
  let clean = text;
  for (const secret of secrets.filter(isSecret)) clean = clean.replaceAll(secret, '[redacted]');
  return clean;
}
