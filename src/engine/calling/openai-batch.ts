import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import * as z from 'zod/mini';
import { Failure, type FailureDetail } from '../../core/failure.ts';
import { diskFailure, writeAtomically } from '../benchmark/disk.ts';
import { adapterFor } from '../endpoints/adapters.ts';
import type { ChatOutcome, ChatRequest, ChatTarget } from '../endpoints/chat.ts';
import { failureFromResponse, isObject, parseJson, readable, readServerError } from '../endpoints/failures.ts';
import { createAnswerReader } from '../endpoints/reader.ts';
import { keyForOrigin } from '../http/base-url.ts';
import type { Transport } from '../http/transport.ts';
import { batchesOf } from './batches.ts';
import { type Clock, systemClock } from './clock.ts';
import { OpenAiBatchApi, type WireBatch } from './openai-batch-api.ts';

export interface OfflineRequest {
  /** Unique; up to 64 letters, digits, dashes. */
  readonly id: string;
  readonly request: ChatRequest;
}

/** What came of one request of an offline batch. */
export interface OfflineResult
  extends Pick<ChatOutcome, 'failure' | 'status' | 'text' | 'reasoning' | 'finishReason' | 'usage' | 'simulated'> {
  readonly id: string;
}

export interface OfflineProgress {
  readonly batches: number;
  readonly ended: number;
  readonly requests: number;
  readonly completed: number;
  readonly failed: number;
}

export interface OfflineOptions {
  readonly transport: Transport;
  readonly target: () => Promise<ChatTarget>;
  /** Remembers what is under way; made before anything is sent, deleted by `OfflineRun.forget`. */
  readonly statePath: string;
  /** What to ask. Where something is under way, that is gone on with, and nothing new is sent. */
  readonly requests: readonly OfflineRequest[];
  readonly onResult: (result: OfflineResult) => void;
  readonly onProgress?: ((progress: OfflineProgress) => void) | undefined;
  /** Ends the wait. What is under way stays so at the server. */
  readonly signal?: AbortSignal | undefined;
  /** True: what is under way is to be cancelled; what is answered by then is handed out. */
  readonly cancel?: boolean | undefined;
  readonly clock?: Clock | undefined;
  /** OpenAI's limits for one batch; more is split. */
  readonly maxRequests?: number | undefined;
  readonly maxBytes?: number | undefined;
}

const partSchema = z.object({
  /** SHA-256 of the lines. */
  hash: z.string(),
  /** Of its requests. */
  ids: z.array(z.string()),
  /** The operation that each line asks for. */
  path: z.string(),
  /** An upload or a batch may have been begun of which no answer came. */
  begun: z.optional(z.enum(['upload', 'batch'])),
  inputFileId: z.optional(z.string()),
  batchId: z.optional(z.string()),
});
const stateSchema = z.object({ version: z.literal(1), baseUrl: z.string(), parts: z.array(partSchema) });
type Part = z.infer<typeof partSchema>;
type State = z.infer<typeof stateSchema>;

const openAiLimits = { requests: 50_000, bytes: 200_000_000 };
const firstPollMs = 5_000;
const longestPollMs = 60_000;
const terminal: ReadonlySet<string> = new Set(['completed', 'failed', 'expired', 'cancelled']);

/**
 * Answers many requests through OpenAI's Batch API: lines are uploaded, a batch is made of them, it is asked after until
 * it has ended (after 5 s, then ever less often, at least once a minute), and its results are handed out, in any order,
 * one for each request. `forget` the state once they are kept.
 *
 * What is under way stands in the state's file before it is sent. A call that finds such a file goes on with it: a file
 * or a batch that was begun and not answered is looked for by its hash before another is made, so that nothing is
 * uploaded, and paid, twice.
 * @returns false when the signal ended the wait
 * @throws Failure of the endpoint, or `local`; the next call goes on. `config` for a protocol without such an API
 */
export async function answerOffline(options: OfflineOptions): Promise<boolean> {
  const { signal, clock = systemClock } = options;
  const api = new OpenAiBatchApi({ transport: options.transport, target: options.target, clock, signal });
  const state = readState(options.statePath) ?? (await newState(options));
  const target = await options.target();
  if (state.baseUrl !== target.baseUrl) {
    throw new Failure({
      code: 'config',
      message: `${options.statePath} belongs to a batch at ${state.baseUrl}, not at ${target.baseUrl}. Go on with that endpoint, or give another file for the answers.`,
    });
  }
  try {
    const toUpload = state.parts.some(({ batchId, inputFileId }) => (batchId ?? inputFileId) === undefined);
    const lines = new Map(toUpload ? linesOf(options, target).map((part) => [part.hash, part.lines]) : []);
    for (const part of state.parts) await begin(part, state, lines.get(part.hash), api, options.statePath);
    if (options.cancel) for (const { batchId } of state.parts) if (batchId) await cancelBatch(api, batchId);
    const ended = await waitForAll(state.parts, api, options, clock);
    if (ended === undefined) return false;
    for (const [part, batch] of ended) await handOut(part, batch, api, target, options.onResult);
    return true;
  } catch (error) {
    if (signal?.aborted && error instanceof Failure && error.code === 'cancelled') return false;
    throw error;
  }
}

/** Whether something is under way. */
export function isUnderWay(statePath: string): boolean {
  return existsSync(statePath);
}

/** To be called once the results are kept. */
export function forgetOffline(statePath: string): void {
  rmSync(statePath, { force: true });
}

async function newState(options: OfflineOptions): Promise<State> {
  const target = await options.target();
  const parts = linesOf(options, target).map(({ hash, ids, path }) => ({ hash, ids, path }));
  const state: State = { version: 1, baseUrl: target.baseUrl, parts };
  save(options.statePath, state);
  return state;
}

interface PartLines extends Pick<Part, 'hash' | 'ids' | 'path'> {
  readonly lines: Buffer;
}

function linesOf({ requests, maxRequests, maxBytes }: OfflineOptions, target: ChatTarget): PartLines[] {
  const lines = requests.map(({ id, request }) => {
    const { url, body } = adapterFor(target.protocol, request.task).buildRequest(target, undefined, {
      ...request,
      stream: false,
    });
    const path = operationPath(url);
    const line = `${JSON.stringify({ custom_id: id, method: 'POST', url: path, body: parseJson(body ?? '') })}\n`;
    return { id, path, line };
  });
  const parts = batchesOf(lines, {
    size: maxRequests ?? openAiLimits.requests,
    maxBytes: maxBytes ?? openAiLimits.bytes,
    bytesOf: ({ line }) => Buffer.byteLength(line),
  });
  return [...parts].map((part) => {
    const bytes = Buffer.from(part.map(({ line }) => line).join(''));
    return {
      hash: createHash('sha256').update(bytes).digest('hex'),
      ids: part.map(({ id }) => id),
      path: part[0]?.path ?? '',
      lines: bytes,
    };
  });
}

/** The API wants its own path, whatever a gateway puts before it. */
function operationPath(url: string): string {
  const { pathname } = new URL(url);
  return pathname.slice(Math.max(0, pathname.lastIndexOf('/v1/')));
}

/** Uploads and starts a part, unless that has been done. Each step is written down before it is taken and after. */
async function begin(
  part: Part,
  state: State,
  lines: Uint8Array | undefined,
  api: OpenAiBatchApi,
  statePath: string,
): Promise<void> {
  if (part.batchId !== undefined) return;
  if (part.begun === 'batch') part.batchId = await foundBatch(part, api, statePath);
  if (part.batchId === undefined) {
    if (part.begun === 'upload') part.inputFileId = await api.findFile(part.hash);
    if (part.inputFileId === undefined) {
      if (lines === undefined) {
        throw new Failure({
          code: 'input',
          message: `The prompts have changed since ${statePath} was made, and a part of them was not uploaded yet. Restore the data set, or delete that file to begin anew.`,
        });
      }
      part.begun = 'upload';
      save(statePath, state);
      part.inputFileId = await api.upload(lines, part.hash);
    }
    part.begun = 'batch';
    save(statePath, state);
    part.batchId = (await api.create(part.inputFileId, part.hash, part.path)).id;
  }
  save(statePath, state);
}

async function foundBatch({ hash }: Part, api: OpenAiBatchApi, statePath: string): Promise<string | undefined> {
  try {
    return (await api.findBatch(hash))?.id;
  } catch (error) {
    if (!(error instanceof Failure && error.code === 'not-found')) throw error;
    throw new Failure({
      code: 'input',
      message: `A batch may have been begun before the last call ended, and the endpoint has no list in which to look for it. Look there; to begin anew, and perhaps pay twice, delete ${statePath}.`,
    });
  }
}

async function cancelBatch(api: OpenAiBatchApi, id: string): Promise<void> {
  const { status } = await api.batch(id);
  if (!terminal.has(status) && status !== 'cancelling') await api.cancel(id);
}

/** Asks after all batches until they have ended; undefined when the signal came first. */
async function waitForAll(
  parts: readonly Part[],
  api: OpenAiBatchApi,
  { signal, onProgress }: OfflineOptions,
  clock: Clock,
): Promise<Map<Part, WireBatch> | undefined> {
  const latest = new Map<Part, WireBatch>();
  for (let waitMs = firstPollMs; ; waitMs = Math.min(longestPollMs, waitMs * 1.5)) {
    for (const part of parts) {
      const known = latest.get(part);
      if (part.batchId === undefined || (known && terminal.has(known.status))) continue;
      latest.set(part, await api.batch(part.batchId));
    }
    const all = [...latest.values()];
    const ended = all.filter(({ status }) => terminal.has(status)).length;
    const sum = (which: 'completed' | 'failed') =>
      all.reduce((total, { request_counts }) => total + (request_counts?.[which] ?? 0), 0);
    onProgress?.({
      batches: parts.length,
      ended,
      requests: parts.reduce((total, { ids }) => total + ids.length, 0),
      completed: sum('completed'),
      failed: sum('failed'),
    });
    if (ended === parts.length) return latest;
    await clock.sleep(waitMs, signal);
    if (signal?.aborted) return undefined;
  }
}

/** One result for each request of a part; those that no file tells of failed with the batch. */
async function handOut(
  part: Part,
  batch: WireBatch,
  api: OpenAiBatchApi,
  target: ChatTarget,
  onResult: (result: OfflineResult) => void,
): Promise<void> {
  const missing = new Set(part.ids);
  for (const fileId of [batch.output_file_id, batch.error_file_id]) {
    if (typeof fileId !== 'string' || fileId === '') continue;
    await api.lines(fileId, (line) => {
      const json = parseJson(line);
      if (!isObject(json) || typeof json.custom_id !== 'string' || !missing.delete(json.custom_id)) return;
      onResult(resultOf(json.custom_id, json, part, target));
    });
  }
  const said = batch.errors?.data?.map(({ message }) => message ?? '').join(' ') ?? '';
  const failure: FailureDetail = {
    code: batch.status === 'failed' ? 'bad-request' : 'server',
    message: `The batch ${batch.id} ended as "${readable(batch.status, [])}" without an answer to this prompt${said === '' ? '.' : `: ${readable(said, secretsOf(target))}`}`,
  };
  for (const id of missing) onResult({ ...nothing, id, failure });
}

const nothing: Omit<OfflineResult, 'id'> = { text: '', reasoning: '', simulated: false };

/** A line of the output or the error file. */
function resultOf(id: string, line: Record<string, unknown>, part: Part, target: ChatTarget): OfflineResult {
  const secrets = secretsOf(target);
  const response = isObject(line.response) ? line.response : undefined;
  const status = typeof response?.status_code === 'number' ? response.status_code : undefined;
  const fail = (failure: FailureDetail): OfflineResult => ({ ...nothing, id, status, failure });
  if (response === undefined || status === undefined || !isObject(response.body)) {
    const said = readServerError({ error: line.error }) ?? 'no reason is told';
    return fail({ code: 'server', message: `The batch did not answer this prompt: ${readable(said, secrets)}.` });
  }
  const body = JSON.stringify(response.body);
  if (status < 200 || status > 299) return fail(failureFromResponse(status, {}, body, secrets, part.path));
  const task = part.path.endsWith('/chat/completions') ? 'chat' : 'completions';
  const reader = createAnswerReader(adapterFor(target.protocol, task).answerForm, { secrets });
  try {
    reader.push(Buffer.from(body), 0);
    reader.end();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { ...fail({ code: error.code, message: error.message }), usage: reader.reading.usage };
  }
  const { text, reasoning, finishReason, usage } = reader.reading;
  return { id, status, text, reasoning, finishReason, usage, simulated: response.body.simulated === true };
}

function secretsOf(target: ChatTarget): string[] {
  const key = keyForOrigin(target.key, target.baseUrl);
  return key === undefined ? [] : [key];
}

function save(path: string, state: State): void {
  writeAtomically(path, `${JSON.stringify(state)}\n`);
}

function readState(path: string): State | undefined {
  if (!existsSync(path)) return undefined;
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw diskFailure('read', path, cause);
  }
  const state = stateSchema.safeParse(parseJson(text));
  if (state.success) return state.data;
  throw new Failure({
    code: 'input',
    message: `${path} should tell which batch is under way, and cannot be read. Look for the batch at the provider, then delete this file.`,
  });
}
