import * as z from 'zod/mini';
import { formParts } from './multipart.ts';
import { keyedRandom } from './random.ts';
import { jsonReply, type Reply, whole } from './reply.ts';
import { checked, Refusal } from './request.ts';

/** What came of one line: HTTP status and body, as a request of its own would have had. */
export interface LineAnswer {
  readonly status: number;
  readonly requestId: string;
  readonly body: unknown;
}

/** Most files and batches that are kept; the oldest are forgotten first. */
const maxKept = 64;
/** Most bytes of all files together, in the same way. */
const maxBytes = 128 * 1024 * 1024;
/** Most lines of one batch, as at OpenAI. */
const maxLines = 50_000;
/** Most lines answered in one go, so that other requests are served in between. */
const maxLinesAtOnce = 1000;

/** The addresses whose requests can go in a batch. */
const batchUrls = ['/v1/chat/completions', '/v1/completions', '/v1/embeddings', '/v1/responses'] as const;

const batchSchema = z.looseObject({
  input_file_id: z.string(),
  endpoint: z.enum(batchUrls),
  completion_window: z.literal('24h'),
  metadata: z.optional(z.nullable(z.record(z.string(), z.string()))),
});

const lineSchema = z.looseObject({
  custom_id: z.string().check(z.minLength(1)),
  method: z.literal('POST'),
  url: z.enum(batchUrls),
  body: z.record(z.string(), z.unknown()),
});

type Line = z.infer<typeof lineSchema>;

interface StoredFile {
  readonly id: string;
  readonly filename: string;
  readonly purpose: 'batch' | 'batch_output';
  readonly createdAt: number;
  readonly data: Buffer;
}

interface LineError {
  readonly code: string;
  readonly line: number;
  readonly message: string;
  readonly param: string | null;
}

type Status = 'validating' | 'failed' | 'in_progress' | 'finalizing' | 'completed' | 'cancelling' | 'cancelled';

interface Batch {
  readonly id: string;
  readonly endpoint: (typeof batchUrls)[number];
  readonly input: StoredFile;
  readonly metadata: Readonly<Record<string, string>> | null;
  status: Status;
  /** Unix seconds at which it came to each status. */
  readonly since: Partial<Record<Status, number>>;
  errors: readonly LineError[];
  lines: readonly Line[];
  /** Lines of the two result files, in the order in which they were answered. */
  readonly answered: string[];
  readonly failed: string[];
  output: StoredFile | undefined;
  errorFile: StoredFile | undefined;
}

/**
 * OpenAI's Batch API: files are uploaded, batches of their lines answered, results fetched as files. A batch moves on
 * each time that it is looked at (`GET /v1/batches/{id}`): from validating over in_progress, where each look answers
 * some of its lines, and finalizing to completed; so it needs no clock. Results are in another order than the lines,
 * and lines that failed are in a file of their own. Everything is kept in memory: the latest 64 files and batches, the latest 128 MiB of files.
 */
export class Batches {
  readonly #answer: (url: string, body: string) => LineAnswer;
  readonly #nowMs: () => number;
  readonly #files = new Map<string, StoredFile>();
  readonly #batches = new Map<string, Batch>();
  #made = 0;

  /** @param answer answers one line; throws a Refusal for a line that is no request */
  constructor(answer: (url: string, body: string) => LineAnswer, nowMs: () => number) {
    this.#answer = answer;
    this.#nowMs = nowMs;
  }

  /**
   * Answers a request.
   * @param operation what follows `/v1/`, with its query
   * @throws Refusal
   */
  respond(method: string, operation: string, contentType: string | undefined, body: Buffer): Reply {
    const [path = '', query = ''] = operation.split('?');
    const [collection, id, action] = path.split('/');
    const asked = `${method} ${collection}${id === undefined ? '' : '/{id}'}${action === undefined ? '' : `/${action}`}`;
    switch (asked) {
      case 'POST files':
        return jsonReply(200, fileObject(this.#upload(contentType, body)));
      case 'GET files':
        return jsonReply(200, pageOf(this.#files, query, fileObject));
      case 'GET batches':
        return jsonReply(200, pageOf(this.#batches, query, batchObject));
      case 'GET files/{id}':
        return jsonReply(200, fileObject(this.#file(id)));
      case 'GET files/{id}/content':
        return whole(200, 'application/octet-stream', this.#file(id).data.toString(), {});
      case 'DELETE files/{id}':
        this.#files.delete(this.#file(id).id);
        return jsonReply(200, { id, object: 'file', deleted: true });
      case 'POST batches':
        return jsonReply(200, batchObject(this.#create(body)));
      case 'GET batches/{id}':
        return jsonReply(200, batchObject(this.#advance(this.#batch(id))));
      case 'POST batches/{id}/cancel':
        return jsonReply(200, batchObject(this.#cancel(this.#batch(id))));
      default:
        throw new Refusal(404, `There is no ${asked} here.`, { code: 'unknown_url' });
    }
  }

  #upload(contentType: string | undefined, body: Buffer): StoredFile {
    const parts = formParts(contentType, body);
    const purpose = parts.find(({ name }) => name === 'purpose')?.data.toString();
    const file = parts.find(({ name }) => name === 'file');
    if (purpose !== 'batch') {
      throw new Refusal(400, 'This simulated endpoint takes files with the purpose batch only.', { param: 'purpose' });
    }
    if (file === undefined) throw new Refusal(400, 'There is no part called file.', { param: 'file' });
    // A copy: the part is a piece of the whole upload, which can then be let go of.
    return this.#store('batch', file.filename ?? 'file', Buffer.from(file.data));
  }

  #store(purpose: StoredFile['purpose'], filename: string, data: Buffer): StoredFile {
    const file = { id: this.#newId('file-'), filename, purpose, createdAt: this.#now(), data };
    keep(this.#files, file);
    let bytes = [...this.#files.values()].reduce((sum, { data }) => sum + data.length, 0);
    for (const oldest of this.#files.values()) {
      if (bytes <= maxBytes) break;
      this.#files.delete(oldest.id);
      bytes -= oldest.data.length;
    }
    return file;
  }

  #file(id: string | undefined): StoredFile {
    const file = this.#files.get(id ?? '');
    if (file === undefined) throw new Refusal(404, `No such File object: ${shown(id)}`, { param: 'id' });
    return file;
  }

  #batch(id: string | undefined): Batch {
    const batch = this.#batches.get(id ?? '');
    if (batch === undefined) throw new Refusal(404, `No batch found with id '${shown(id)}'.`);
    return batch;
  }

  #create(body: Buffer): Batch {
    const { input_file_id, endpoint, metadata } = checked(batchSchema, parseJson(body.toString()));
    const input = this.#files.get(input_file_id);
    if (input?.purpose !== 'batch') {
      throw new Refusal(400, `There is no file ${shown(input_file_id)} with the purpose batch.`, {
        param: 'input_file_id',
      });
    }
    const batch: Batch = {
      id: this.#newId('batch_'),
      endpoint,
      input,
      metadata: metadata ?? null,
      status: 'validating',
      since: { validating: this.#now() },
      errors: [],
      lines: [],
      answered: [],
      failed: [],
      output: undefined,
      errorFile: undefined,
    };
    keep(this.#batches, batch);
    return batch;
  }

  #advance(batch: Batch): Batch {
    switch (batch.status) {
      case 'validating': {
        const { lines, errors } = linesOf(batch);
        batch.lines = lines;
        batch.errors = errors;
        return this.#move(batch, errors.length > 0 ? 'failed' : 'in_progress');
      }
      case 'in_progress': {
        const from = batch.answered.length + batch.failed.length;
        if (from === batch.lines.length) return this.#move(batch, 'finalizing');
        const most = Math.min(maxLinesAtOnce, Math.ceil(batch.lines.length / 2));
        for (const line of batch.lines.slice(from, from + most)) this.#answerLine(batch, line);
        return batch;
      }
      case 'finalizing':
        this.#writeResults(batch);
        return this.#move(batch, 'completed');
      case 'cancelling':
        for (const line of batch.lines.slice(batch.answered.length + batch.failed.length)) {
          const error = {
            code: 'batch_cancelled',
            message: 'The batch was cancelled before this request (simulated).',
          };
          batch.failed.push(resultLine(batch, line, null, error));
        }
        this.#writeResults(batch);
        return this.#move(batch, 'cancelled');
      default:
        return batch;
    }
  }

  #cancel(batch: Batch): Batch {
    if (batch.status === 'validating' || batch.status === 'in_progress' || batch.status === 'finalizing') {
      return this.#move(batch, 'cancelling');
    }
    throw new Refusal(409, `Cannot cancel a batch with status '${batch.status}'.`);
  }

  #move(batch: Batch, status: Status): Batch {
    batch.status = status;
    batch.since[status] = this.#now();
    return batch;
  }

  #answerLine(batch: Batch, line: Line): void {
    const { status, requestId, body } = this.#answer(line.url, JSON.stringify(line.body));
    const result = resultLine(batch, line, { status_code: status, request_id: requestId, body }, null);
    if (status === 200) batch.answered.push(result);
    else batch.failed.push(result);
  }

  #writeResults(batch: Batch): void {
    const { answered, failed, id } = batch;
    if (answered.length > 0) {
      const data = Buffer.from(shuffled(answered, this.#made).join(''));
      batch.output = this.#store('batch_output', `${id}_output.jsonl`, data);
    }
    if (failed.length > 0) {
      batch.errorFile = this.#store('batch_output', `${id}_error.jsonl`, Buffer.from(failed.join('')));
    }
  }

  #newId(prefix: string): string {
    this.#made += 1;
    return `${prefix}${this.#made.toString(16).padStart(16, '0')}`;
  }

  #now(): number {
    return Math.floor(this.#nowMs() / 1000);
  }
}

/** One page of a list, the newest first: `limit` items after the one called `after`, files of a `purpose`. */
function pageOf<T extends { readonly id: string }>(
  map: ReadonlyMap<string, T>,
  query: string,
  objectOf: (item: T) => Readonly<Record<string, unknown>>,
) {
  const asked = new URLSearchParams(query);
  const purpose = asked.get('purpose');
  const all = [...map.values()]
    .reverse()
    .map(objectOf)
    .filter((object) => purpose === null || object.purpose === purpose);
  const from = all.findIndex(({ id }) => id === asked.get('after')) + 1;
  const limit = Math.max(1, Math.min(100, Math.floor(Number(asked.get('limit') ?? 20)) || 20));
  const data = all.slice(from, from + limit);
  return {
    object: 'list',
    data,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: from + limit < all.length,
  };
}

function keep<T extends { readonly id: string }>(map: Map<string, T>, item: T): void {
  map.set(item.id, item);
  for (const oldest of map.keys()) {
    if (map.size <= maxKept) return;
    map.delete(oldest);
  }
}

/** The lines of a batch's file; where one is wrong, what is wrong with each that is. */
function linesOf({ input, endpoint }: Batch): { lines: Line[]; errors: LineError[] } {
  const lines: Line[] = [];
  const errors: LineError[] = [];
  const ids = new Set<string>();
  const wrong = (line: number, code: string, message: string, param: string | null = null) =>
    errors.push({ code, line, message, param });
  const rows = input.data.toString().split('\n');
  for (const [index, row] of rows.entries()) {
    if (row.trim() === '') continue;
    if (lines.length === maxLines) {
      wrong(index + 1, 'too_many_requests', `A batch holds at most ${maxLines} requests.`);
      break;
    }
    try {
      const line = checked(lineSchema, parseJson(row));
      if (line.url !== endpoint) wrong(index + 1, 'invalid_url', `The URL is not the batch's, ${endpoint}.`, 'url');
      if (ids.has(line.custom_id)) {
        wrong(index + 1, 'duplicate_custom_id', `The custom_id ${line.custom_id} was there before.`, 'custom_id');
      }
      ids.add(line.custom_id);
      lines.push(line);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      wrong(index + 1, error.param === null ? 'invalid_json_line' : 'invalid_request', error.message, error.param);
    }
    if (errors.length === 20) break;
  }
  if (lines.length === 0 && errors.length === 0) wrong(0, 'empty_file', 'The file holds no request.');
  return { lines, errors };
}

function resultLine(batch: Batch, line: Line, response: unknown, error: unknown): string {
  const nth = batch.answered.length + batch.failed.length;
  const id = `batch_req_${batch.id.slice(-8)}${nth.toString(16).padStart(8, '0')}`;
  return `${JSON.stringify({ id, custom_id: line.custom_id, response, error, simulated: true })}\n`;
}

/** The same items in another order (Fisher and Yates), the same for the same key. */
function shuffled<T>(items: readonly T[], key: number): T[] {
  const random = keyedRandom(key);
  const mixed = [...items];
  for (let left = mixed.length - 1; left > 0; left -= 1) {
    const other = Math.floor(random() * (left + 1));
    [mixed[left], mixed[other]] = [mixed[other] as T, mixed[left] as T];
  }
  return mixed;
}

function fileObject({ id, filename, purpose, createdAt, data }: StoredFile) {
  return { id, object: 'file', bytes: data.length, created_at: createdAt, filename, purpose, status: 'processed' };
}

function batchObject({ id, endpoint, input, metadata, status, since, errors, lines, ...batch }: Batch) {
  const created = since.validating ?? 0;
  return {
    id,
    object: 'batch',
    endpoint,
    errors: errors.length === 0 ? null : { object: 'list', data: errors },
    input_file_id: input.id,
    completion_window: '24h',
    status,
    output_file_id: batch.output?.id ?? null,
    error_file_id: batch.errorFile?.id ?? null,
    created_at: created,
    in_progress_at: since.in_progress ?? null,
    expires_at: created + 24 * 60 * 60,
    finalizing_at: since.finalizing ?? null,
    completed_at: since.completed ?? null,
    failed_at: since.failed ?? null,
    expired_at: null,
    cancelling_at: since.cancelling ?? null,
    cancelled_at: since.cancelled ?? null,
    request_counts: { total: lines.length, completed: batch.answered.length, failed: batch.failed.length },
    metadata,
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Refusal(400, 'This is not valid JSON.');
  }
}

function shown(id: string | undefined): string {
  return (id ?? '').slice(0, 100);
}
