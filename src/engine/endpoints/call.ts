import { Failure } from '../../core/failure.ts';
import { keyForOrigin } from '../http/base-url.ts';
import { isSecret, redact } from '../http/redact.ts';
import type { Transport } from '../http/transport.ts';
import type { ListedModel } from './adapter.ts';
import { adapterFor } from './adapters.ts';
import type { ChatOutcome, ChatRequest, ChatTarget } from './chat.ts';
import { isModelService } from './databricks-chat.ts';
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
  const shown = options.onText && maskingKeys(secrets, options.onText);
  const reader = createAnswerReader(adapter.answerForm, { secrets, onText: shown?.push });
  const { reading } = reader;
  const exchange = await exchangeWith(transport, target, key, adapter.buildRequest(target, key, request), options, {
    data: (chunk, at) => reader.push(chunk, at),
    end: () => reader.end(),
    done: () => reading.done,
    finished: () => reading.finishReason !== undefined && reading.chunks > 0,
  });
  shown?.end();
  const { text, reasoning } = reading;
  // In this header Databricks says which of a serving endpoint's models (versions under test beside each other) has answered; the body
  // may name what all of them have in common. Where the header only repeats what was asked for, the body knows more.
  const header = exchange.headers['served-model-name'];
  const tellsVersion = header !== request.model && !isModelService(request.model);
  const servedModel = tellsVersion ? (header ?? reading.servedModel) : (reading.servedModel ?? header);
  return {
    failure: exchange.failure,
    status: exchange.status,
    text: withoutKey(text, secrets),
    reasoning: withoutKey(reasoning, secrets),
    toolCalls: reading.toolCalls.flatMap((call) =>
      call ? [{ ...call, name: withoutKey(call.name, secrets), arguments: withoutKey(call.arguments, secrets) }] : [],
    ),
    finishReason: reading.finishReason === undefined ? undefined : knownReason(reading.finishReason, secrets),
    // What we said ourselves needs no second look.
    servedModel:
      servedModel === undefined || servedModel === request.model
        ? servedModel
        : redact(servedModel, secrets).slice(0, 200),
    usage: reading.usage,
    times: {
      sent: exchange.sentAt,
      headers: exchange.headersAt,
      firstEvent: reading.firstEvent,
      firstChoice: reading.firstChoice,
      firstToken: reading.firstToken,
      firstVisible: reading.firstVisible,
      lastToken: reading.lastToken,
      lastChoice: reading.lastChoice,
      end: exchange.endAt,
    },
    chunks: reading.chunks,
    chunkTimes: reading.chunks > 1 ? reading.chunkTimes.text() : undefined,
    connection: exchange.connection,
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
  const secrets = key === undefined ? [] : [key];
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
    // What a list names is shown, and written into the settings.
    if (models) return models.map((model) => ({ ...model, id: withoutKey(model.id, secrets) }));
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

/**
 * The same for an answer that is shown while it comes: `push` hands text on, without the key also where it comes in
 * pieces, and keeps back what may be the beginning of one until more is known. `end` hands on the rest.
 */
export function maskingKeys(
  keys: readonly string[],
  onText: (delta: string) => void,
): { push(delta: string): void; end(): void } {
  const secrets = keys.filter(isSecret);
  if (secrets.length === 0) return { push: onText, end() {} };
  let held = '';
  return {
    push(delta) {
      const text = withoutKey(held + delta, secrets);
      const kept = Math.max(...secrets.map((secret) => begun(secret, text)));
      held = text.slice(text.length - kept);
      if (kept < text.length) onText(text.slice(0, text.length - kept));
    },
    end() {
      if (held !== '') onText(held);
      held = '';
    },
  };
}

/** How many characters at the end of the text are the beginning of the secret. */
function begun(secret: string, text: string): number {
  const first = secret.charAt(0);
  let at = text.indexOf(first, Math.max(0, text.length - secret.length + 1));
  while (at >= 0 && !secret.startsWith(text.slice(at))) at = text.indexOf(first, at + 1);
  return at < 0 ? 0 : text.length - at;
}
