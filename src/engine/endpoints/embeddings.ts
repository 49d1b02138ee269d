import * as z from 'zod/mini';
import type { Protocol } from '../../core/catalog/protocol.ts';
import { Failure, type FailureDetail } from '../../core/failure.ts';
import { keyForOrigin } from '../http/base-url.ts';
import { redact } from '../http/redact.ts';
import type { Transport } from '../http/transport.ts';
import type { HttpRequest } from './adapter.ts';
import { azureHeaders, azureUrl } from './azure-openai.ts';
import type { ChatTarget, ChatTimes } from './chat.ts';
import { invocationsUrl, isModelService } from './databricks-chat.ts';
import { type CallOptions, exchangeWhole } from './exchange.ts';
import { parseJson } from './failures.ts';
import { serverOf } from './ollama.ts';
import { bearerHeaders, tokens } from './openai.ts';
import { inOrder } from './openai-completions.ts';
import { notAnAnswer } from './reader.ts';

export interface EmbeddingRequest {
  /** The model's name on the wire. */
  readonly model: string;
  readonly input: readonly string[];
  /** Length of the vectors, for models that can shorten them; absent: the model's own. */
  readonly dimensions?: number | undefined;
  /** How vectors travel; absent: as the server likes. `base64` (32-bit floats) takes a third of the bytes. */
  readonly encoding?: 'float' | 'base64' | undefined;
  /** What some Databricks models want to be told before a query. */
  readonly instruction?: string | undefined;
}

export interface EmbeddingOptions extends CallOptions {
  /** Most texts in one request; default: all in one. `timeoutMs` holds for each request. */
  readonly batchSize?: number | undefined;
}

/** One HTTP request for a part of the input. */
export interface EmbeddingCall {
  /** Index of its first text in the input. */
  readonly from: number;
  readonly count: number;
  readonly failure?: FailureDetail | undefined;
  /** HTTP status, when headers arrived. */
  readonly status?: number | undefined;
  /** Tokens of its texts, as the server counted them. */
  readonly inputTokens?: number | undefined;
  /** Moments on the transport's clock in ms. */
  readonly times: Pick<ChatTimes, 'sent' | 'headers' | 'end'>;
}

/** What came of the texts. `results` are in the order of the input, one for each text. */
export interface EmbeddingOutcome {
  readonly results: readonly EmbeddingResult[];
  /** All requests, those included after whose failure the texts were sent one by one. */
  readonly calls: readonly EmbeddingCall[];
  /** Tokens of all calls that succeeded; absent when one of them did not tell. */
  readonly inputTokens?: number | undefined;
  /** The model that answered, where the server names it. */
  readonly servedModel?: string | undefined;
}

/** A vector as the server gave it (not normalised), or why there is none. */
export type EmbeddingResult =
  | { readonly vector: readonly number[]; readonly failure?: undefined }
  | { readonly vector?: undefined; readonly failure: FailureDetail };

/** How a protocol embeds. */
interface EmbeddingForm {
  buildRequest(target: ChatTarget, key: string | undefined, request: EmbeddingRequest): HttpRequest;
  /** @throws Failure `malformed` when there is not one vector for each of `count` texts. */
  read(json: unknown, count: number, secrets: readonly string[]): EmbeddingAnswer;
}

interface EmbeddingAnswer {
  readonly vectors: readonly (readonly number[])[];
  readonly inputTokens?: number | undefined;
  readonly servedModel?: string | undefined;
}

/**
 * Embeds texts, in batches one after another. Never rejects because of the endpoint. A batch that the server refuses for
 * what is in it is sent again text by text, so that one bad text costs only itself.
 * @throws Failure `config` for a protocol without embeddings, `usage` for a batch size below 1
 */
export async function callEmbeddings(
  transport: Transport,
  target: ChatTarget,
  request: EmbeddingRequest,
  options: EmbeddingOptions,
): Promise<EmbeddingOutcome> {
  const form = formFor(target.protocol);
  const { input } = request;
  const { batchSize = Math.max(input.length, 1) } = options;
  if (!Number.isInteger(batchSize) || batchSize < 1) {
    throw new Failure({ code: 'usage', message: `The batch size must be a whole number from 1 on, not ${batchSize}.` });
  }
  const key = keyForOrigin(target.key, target.baseUrl);
  const secrets = key === undefined ? [] : [key];
  const results: EmbeddingResult[] = [];
  const calls: EmbeddingCall[] = [];
  let servedModel: string | undefined;

  async function embed(from: number, texts: readonly string[]): Promise<void> {
    const http = form.buildRequest(target, key, { ...request, input: texts });
    const { failure, status, sentAt, headersAt, endAt, value } = await exchangeWhole(
      transport,
      target,
      key,
      http,
      options,
      (text) => form.read(jsonOf(text), texts.length, secrets),
    );
    calls.push({
      from,
      count: texts.length,
      failure,
      status,
      inputTokens: value?.inputTokens,
      times: { sent: sentAt, headers: headersAt, end: endAt },
    });
    if (failure && texts.length > 1 && mayBeOneText(failure)) {
      for (const [at, text] of texts.entries()) await embed(from + at, [text]);
      return;
    }
    servedModel ??= value?.servedModel;
    for (const at of texts.keys()) results.push(resultOf(value?.vectors[at], failure));
  }

  for (let from = 0; from < input.length; from += batchSize) await embed(from, input.slice(from, from + batchSize));
  return {
    results,
    calls,
    inputTokens: sumOf(calls),
    servedModel: servedModel === undefined ? undefined : redact(servedModel, secrets).slice(0, 200),
  };
}

function resultOf(vector: readonly number[] | undefined, failure: FailureDetail | undefined): EmbeddingResult {
  if (failure) return { failure };
  return vector ? { vector } : { failure: { code: 'malformed', message: 'The server gave no vector for this text.' } };
}

/** Whether a batch may have failed for one of its texts or for being one: only then are single calls worth it. */
function mayBeOneText({ code, status }: FailureDetail): boolean {
  // Some servers break (500) over a text that others refuse; 502 to 504 tell of the server as a whole.
  return (code === 'server' && status === 500) || refusals.has(code);
}

const refusals: ReadonlySet<string> = new Set(['bad-request', 'context-too-long', 'too-large', 'malformed']);

function sumOf(calls: readonly EmbeddingCall[]): number | undefined {
  let sum = 0;
  for (const { failure, inputTokens } of calls) {
    if (failure) continue;
    if (inputTokens === undefined) return undefined;
    sum += inputTokens;
  }
  return sum;
}

function jsonOf(text: string): unknown {
  const json = parseJson(text);
  if (json !== undefined) return json;
  throw new Failure({
    code: 'malformed',
    message: `The answer ${/^\s*</.test(text) ? 'is a web page (HTML)' : 'is not JSON'}. Check the base URL.`,
  });
}

/** A whole answer in OpenAI's form. Vectors are checked by hand: they are most of it. */
const openAiAnswer = z.looseObject({
  data: z.array(z.looseObject({ index: z.nullish(z.number()), embedding: z.unknown() })),
  model: z.optional(z.unknown()),
  usage: z.optional(z.unknown()),
});

function readOpenAi(json: unknown, count: number, secrets: readonly string[]): EmbeddingAnswer {
  const answer = openAiAnswer.safeParse(json);
  if (!answer.success) throw notAnAnswer(json, 'a list of embeddings (no data)', secrets);
  const { data, model, usage } = answer.data;
  const items = inOrder(data, count);
  if (!items) throw wrongCount(count, data.length);
  const counted = z.looseObject({ prompt_tokens: z.unknown() }).safeParse(usage);
  return {
    vectors: sameLength(items.map(({ embedding }) => vectorOf(embedding))),
    inputTokens: counted.success ? tokens(counted.data.prompt_tokens) : undefined,
    servedModel: typeof model === 'string' && model !== '' ? model : undefined,
  };
}

/** `POST {base}/api/embed`. */
const ollamaAnswer = z.looseObject({
  embeddings: z.array(z.unknown()),
  model: z.optional(z.unknown()),
  prompt_eval_count: z.optional(z.unknown()),
});

function readOllama(json: unknown, count: number, secrets: readonly string[]): EmbeddingAnswer {
  const answer = ollamaAnswer.safeParse(json);
  if (!answer.success) throw notAnAnswer(json, 'an answer with embeddings', secrets);
  const { embeddings, model, prompt_eval_count } = answer.data;
  if (embeddings.length !== count) throw wrongCount(count, embeddings.length);
  return {
    vectors: sameLength(embeddings.map(vectorOf)),
    inputTokens: tokens(prompt_eval_count),
    servedModel: typeof model === 'string' && model !== '' ? model : undefined,
  };
}

function wrongCount(count: number, got: number): Failure {
  return new Failure({
    code: 'malformed',
    message: `The server answered ${count === 1 ? '1 text' : `${count} texts`} with ${got} vectors that do not belong to one text each.`,
  });
}

/** A list of numbers, or the base64 of 32-bit floats, little endian. @throws Failure `malformed` */
function vectorOf(raw: unknown): readonly number[] {
  const vector = typeof raw === 'string' ? floatsOf(raw) : raw;
  if (Array.isArray(vector) && vector.length > 0 && vector.every(Number.isFinite)) return vector as number[];
  throw new Failure({ code: 'malformed', message: 'The server sent something that is no vector of numbers.' });
}

function floatsOf(base64: string): number[] | undefined {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return undefined;
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.length % 4 !== 0) return undefined;
  return Array.from({ length: bytes.length / 4 }, (_, at) => bytes.readFloatLE(4 * at));
}

/** Vectors of one answer can be compared only when they are of one length. @throws Failure `malformed` */
function sameLength(vectors: readonly (readonly number[])[]): readonly (readonly number[])[] {
  if (vectors.every(({ length }) => length === vectors[0]?.length)) return vectors;
  throw new Failure({ code: 'malformed', message: 'The server sent vectors of different lengths for one model.' });
}

const openAiForm: EmbeddingForm = {
  buildRequest: (target, key, request) => ({
    method: 'POST',
    url: `${target.baseUrl}/embeddings`,
    headers: bearerHeaders(key),
    body: JSON.stringify({ model: request.model, ...openAiBody(request) }),
  }),
  read: readOpenAi,
};

function openAiBody({ input, dimensions, encoding }: EmbeddingRequest): Record<string, unknown> {
  return {
    input,
    ...(dimensions === undefined ? {} : { dimensions }),
    ...(encoding === undefined ? {} : { encoding_format: encoding }),
  };
}

const forms: { readonly [P in Protocol]?: EmbeddingForm } = {
  openai: openAiForm,
  'openai-responses': openAiForm,
  'azure-openai': {
    buildRequest: (target, key, request) => ({
      method: 'POST',
      url: azureUrl(target, 'embeddings', request.model),
      headers: azureHeaders(key),
      body: JSON.stringify({
        ...(target.apiVersion === undefined ? { model: request.model } : {}),
        ...openAiBody(request),
      }),
    }),
    read: readOpenAi,
  },
  databricks: {
    buildRequest(target, key, request) {
      const inGateway = isModelService(request.model);
      return {
        method: 'POST',
        url: inGateway ? `${target.baseUrl}/ai-gateway/mlflow/v1/embeddings` : invocationsUrl(target, request.model),
        headers: bearerHeaders(key),
        body: JSON.stringify({
          ...(inGateway ? { model: request.model } : {}),
          ...openAiBody(request),
          ...(request.instruction === undefined ? {} : { instruction: request.instruction }),
        }),
      };
    },
    read: readOpenAi,
  },
  ollama: {
    buildRequest: (target, key, { model, input, dimensions }) => ({
      method: 'POST',
      url: `${serverOf(target)}/api/embed`,
      headers: bearerHeaders(key),
      // Left to itself, Ollama cuts a text that is too long without a word.
      body: JSON.stringify({ model, input, truncate: false, ...(dimensions === undefined ? {} : { dimensions }) }),
    }),
    read: readOllama,
  },
};

function formFor(protocol: Protocol): EmbeddingForm {
  const form = forms[protocol];
  if (form) return form;
  throw new Failure({
    code: 'config',
    message: `The protocol ${protocol} has no embeddings; these have: ${Object.keys(forms).join(', ')}.`,
  });
}
