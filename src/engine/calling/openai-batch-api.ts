import { createHash } from 'node:crypto';
import * as z from 'zod/mini';
import { Failure } from '../../core/failure.ts';
import type { HttpRequest } from '../endpoints/adapter.ts';
import type { ChatTarget } from '../endpoints/chat.ts';
import { type Exchange, exchangeWhole, exchangeWith } from '../endpoints/exchange.ts';
import { parseJson } from '../endpoints/failures.ts';
import { bearerHeaders } from '../endpoints/openai.ts';
import { keyForOrigin } from '../http/base-url.ts';
import { createLineReader } from '../http/ndjson.ts';
import type { Transport } from '../http/transport.ts';
import type { Clock } from './clock.ts';
import { type AttemptOutcome, callWithRetries, lastAttempt, RetryBudget } from './retry.ts';
import { fixedTimeouts } from './timeout.ts';

const fileSchema = z.looseObject({ id: z.string(), filename: z.nullish(z.string()) });
const batchSchema = z.looseObject({
  id: z.string(),
  status: z.string(),
  input_file_id: z.nullish(z.string()),
  output_file_id: z.nullish(z.string()),
  error_file_id: z.nullish(z.string()),
  request_counts: z.nullish(z.looseObject({ total: z.number(), completed: z.number(), failed: z.number() })),
  errors: z.nullish(z.looseObject({ data: z.nullish(z.array(z.looseObject({ message: z.nullish(z.string()) }))) })),
  metadata: z.nullish(z.record(z.string(), z.unknown())),
});
const listOf = <T extends z.ZodMiniType>(item: T) =>
  z.looseObject({ data: z.array(item), has_more: z.nullish(z.boolean()) });

export type WireBatch = z.infer<typeof batchSchema>;

export interface BatchApiOptions {
  readonly transport: Transport;
  readonly target: () => Promise<ChatTarget>;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
}

/** A file of 200 MB may take its time. */
const timeoutMs = 600_000;
const maxDownloadBytes = 4 * 1024 ** 3;
const maxLineBytes = 16 * 1024 * 1024;
const pageSize = 100;
const mostPages = 20;
/** A batch carries what it is made of under this name, so that it is found again. */
const metadataName = 'tierwise_input';

/** OpenAI's files and batches. Every call throws a Failure of the endpoint when it does not succeed. */
export class OpenAiBatchApi {
  readonly #options: BatchApiOptions;
  readonly #budget = new RetryBudget({ few: 20 });

  constructor(options: BatchApiOptions) {
    this.#options = options;
  }

  /** Uploads the lines of a batch. @returns the file's id */
  async upload(lines: Uint8Array, hash: string): Promise<string> {
    const boundary = `tierwise-${createHash('sha256').update(lines).digest('hex').slice(0, 32)}`;
    const part = (head: string) => `--${boundary}\r\nContent-Disposition: form-data; ${head}\r\n\r\n`;
    const body = Buffer.concat([
      Buffer.from(`${part('name="purpose"')}batch\r\n`),
      Buffer.from(part(`name="file"; filename="${fileName(hash)}"\r\nContent-Type: application/jsonl`)),
      lines,
      Buffer.from(`\r\n--${boundary}--\r\n`),
    ]);
    const file = await this.#json(fileSchema, 'POST', '/files', body, `multipart/form-data; boundary=${boundary}`);
    return file.id;
  }

  /** The file with these lines that an earlier, interrupted call uploaded. */
  async findFile(hash: string): Promise<string | undefined> {
    try {
      for await (const file of this.#list(fileSchema, '/files?purpose=batch&')) {
        if (file.filename === fileName(hash)) return file.id;
      }
    } catch (error) {
      // A server without a list: a second file costs nothing.
      if (!(error instanceof Failure && error.code === 'not-found')) throw error;
    }
    return undefined;
  }

  /** @param path of the operation that each line asks for */
  async create(inputFileId: string, hash: string, path: string): Promise<WireBatch> {
    const body = JSON.stringify({
      input_file_id: inputFileId,
      endpoint: path,
      completion_window: '24h',
      metadata: { [metadataName]: hash },
    });
    return this.#json(batchSchema, 'POST', '/batches', Buffer.from(body), 'application/json');
  }

  /** The batch of these lines that an earlier, interrupted call began. */
  async findBatch(hash: string): Promise<WireBatch | undefined> {
    for await (const batch of this.#list(batchSchema, '/batches?')) {
      if (batch.metadata?.[metadataName] === hash) return batch;
    }
    return undefined;
  }

  batch(id: string): Promise<WireBatch> {
    return this.#json(batchSchema, 'GET', `/batches/${encodeURIComponent(id)}`);
  }

  cancel(id: string): Promise<WireBatch> {
    return this.#json(batchSchema, 'POST', `/batches/${encodeURIComponent(id)}/cancel`);
  }

  /** Hands out the lines of a file as they come. */
  async lines(fileId: string, onLine: (line: string) => void): Promise<void> {
    await this.#tried(async (target, key) => {
      const reader = createLineReader({ onLine, maxLineBytes });
      const request = await requestFor(target, key, 'GET', `/files/${encodeURIComponent(fileId)}/content`);
      return exchangeWith(
        this.#options.transport,
        target,
        key,
        request,
        { timeoutMs, signal: this.#options.signal, maxBytes: maxDownloadBytes },
        {
          data: (chunk) => reader.push(chunk),
          end: () => reader.end(),
          done: () => false,
          finished: () => false,
        },
      );
    });
  }

  async *#list<T extends typeof fileSchema | typeof batchSchema>(
    schema: T,
    path: string,
  ): AsyncGenerator<z.infer<T>, void, undefined> {
    let after = '';
    for (let page = 0; page < mostPages; page++) {
      const list = await this.#json(listOf(schema), 'GET', `${path}limit=${pageSize}${after}`);
      yield* list.data as z.infer<T>[];
      const last = list.data.at(-1);
      if (!list.has_more || last === undefined) return;
      after = `&after=${encodeURIComponent((last as { id: string }).id)}`;
    }
  }

  async #json<T extends z.ZodMiniType>(
    schema: T,
    method: 'GET' | 'POST',
    path: string,
    body?: Uint8Array,
    contentType?: string,
  ): Promise<z.infer<T>> {
    const exchange = await this.#tried((target, key) =>
      exchangeWhole(
        this.#options.transport,
        target,
        key,
        requestFor(target, key, method, path, body, contentType),
        { timeoutMs, signal: this.#options.signal },
        (text) => {
          const answer = schema.safeParse(parseJson(text));
          if (answer.success) return { answer: answer.data };
          throw new Failure({
            code: 'malformed',
            message: `${target.baseUrl}${path.split('?')[0]} did not answer as OpenAI's Batch API does. Leave out --offline for this endpoint.`,
          });
        },
      ),
    );
    const { value } = exchange as Exchange & { readonly value?: { readonly answer: z.infer<T> } };
    if (value === undefined) throw new Error('An exchange without a failure has a value.');
    return value.answer;
  }

  async #tried(once: (target: ChatTarget, key: string | undefined) => Promise<Exchange>): Promise<Exchange> {
    const { clock, signal } = this.#options;
    const { now, sleep, random } = clock;
    const attempts = await callWithRetries<AttemptOutcome & { readonly exchange: Exchange }>(
      async () => {
        const target = await this.#options.target();
        const exchange = await once(target, keyForOrigin(target.key, target.baseUrl));
        const { failure, status, sentAt, endAt } = exchange;
        return { failure, status, times: { sent: sentAt, end: endAt }, exchange };
      },
      {
        now,
        sleep,
        random,
        signal,
        maxRetries: 5,
        budget: this.#budget,
        timeouts: fixedTimeouts(timeoutMs),
        complexity: 0,
        target: 'batch',
      },
    );
    const { outcome, givenUp } = lastAttempt(attempts);
    if (givenUp === 'cancelled') throw new Failure({ code: 'cancelled', message: 'It was cancelled.' });
    if (outcome.failure) throw new Failure(outcome.failure);
    return outcome.exchange;
  }
}

function requestFor(
  { baseUrl }: ChatTarget,
  key: string | undefined,
  method: 'GET' | 'POST',
  path: string,
  body?: Uint8Array,
  contentType?: string,
): Omit<HttpRequest, 'body'> & { readonly body?: Uint8Array } {
  const { 'content-type': _json, ...headers } = bearerHeaders(key);
  return {
    method,
    url: `${baseUrl}${path}`,
    headers: contentType === undefined ? headers : { ...headers, 'content-type': contentType },
    ...(body === undefined ? {} : { body }),
  };
}

function fileName(hash: string): string {
  return `tierwise-${hash}.jsonl`;
}
