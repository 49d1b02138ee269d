import * as z from 'zod/mini';
import { isStreamed } from '../benchmark/plan.ts';
import type { RunRecord, Times } from '../benchmark/record.ts';
import { tpotOf } from '../benchmark/tpot.ts';
import { plainText } from '../prompts/plain-text.ts';
import { type Quality, qualityReader } from '../quality/quality-of.ts';
import type { Run } from './run.ts';
import { safeName } from './text.ts';

/**
 * One request. `prompt` and `model` are positions in `prompts` and `models`. One that took several attempts has no times
 * here, as those of the first say nothing of an answer; its detail has them all.
 */
export const requestRowSchema = z.object({
  /** The record's own id, raw: it names the request to the host. */
  id: z.string(),
  prompt: z.number(),
  model: z.number(),
  /** Position of its stage; 0 in a run of one. */
  stage: z.number(),
  status: z.enum(['ok', 'error']),
  errorCode: z.optional(z.string()),
  errorMessage: z.optional(z.string()),
  httpStatus: z.optional(z.number()),
  attempts: z.number(),
  warmup: z.boolean(),
  /** True: it woke a sleeping endpoint. */
  coldStart: z.boolean(),
  scheduledAt: z.string(),
  /** From when it was due until it was sent. */
  queueMs: z.optional(z.number()),
  ttftMs: z.optional(z.number()),
  firstVisibleMs: z.optional(z.number()),
  e2eMs: z.optional(z.number()),
  tpotMs: z.optional(z.number()),
  tokensIn: z.optional(z.number()),
  tokensOut: z.optional(z.number()),
  /** Parts of `tokensIn` and `tokensOut`, as far as the server told them. */
  tokensCached: z.optional(z.number()),
  tokensCacheWrite: z.optional(z.number()),
  tokensReasoning: z.optional(z.number()),
  tokensSource: z.optional(z.enum(['server', 'tokenizer', 'estimate'])),
  costUsd: z.optional(z.number()),
  /** True: an attempt may have cost more than `costUsd` holds. */
  costAtLeast: z.boolean(),
  /** Of checks and judge, in [0,1]; absent: nothing was asked or decided. */
  quality: z.optional(z.number()),
  /** Whether all checks pass. */
  passed: z.optional(z.boolean()),
  /** Mean score of the judge's repeats, in [0,1]. */
  judge: z.optional(z.number()),
  /** A person's thumb: 1 or -1. */
  rating: z.optional(z.number()),
  /** True: the answer speaks to its judge. */
  suspicious: z.optional(z.boolean()),
  /** The model that answered, by the server's word, where it is not the one asked for. */
  servedModel: z.optional(z.string()),
  finishReason: z.optional(z.string()),
});

export type RequestRow = z.infer<typeof requestRowSchema>;

/** Makes the rows of a run's requests, one by one; undefined for a record of a prompt or model that the run does not have. */
export function requestRows(run: Run): (record: RunRecord) => RequestRow | undefined {
  const { plan } = run.manifest;
  const prompts = new Positions(run.prompts.map((prompt) => prompt.id));
  const models = new Positions(run.summary.models.map((model) => pairKey(model.endpoint, model.model)));
  // The summary's models are the plan's, in its order.
  const streamed = plan.models.map((planned) => isStreamed(plan, planned));
  const quality = qualityReader(run);
  const ratings = new Map<string, number>();
  const suspicious = new Set<string>();
  for (const outcome of run.outcomes ?? []) {
    if (outcome.kind === 'rating' && outcome.value !== 0) ratings.set(outcome.record, outcome.value);
    if (outcome.kind === 'judge' && outcome.suspicious) suspicious.add(outcome.record);
    if (outcome.kind === 'pair' && outcome.suspicious) suspicious.add(outcome.a).add(outcome.b);
  }
  return (record) => {
    const model = models.of(pairKey(record.endpoint, record.model));
    const prompt = prompts.of(record.promptId);
    if (model === undefined || prompt === undefined) return undefined;
    const row = requestRow(record, prompt, model, streamed[model] ?? plan.stream);
    // Nothing is asked of what counts in no figure.
    const { score, passed, judge }: Partial<Quality> = record.warmup ? {} : quality(record);
    return {
      ...row,
      quality: score,
      passed,
      judge,
      rating: ratings.get(record.id),
      suspicious: suspicious.has(record.id) ? true : undefined,
    };
  };
}

function requestRow(record: RunRecord, prompt: number, model: number, stream: boolean): RequestRow {
  const retried = record.attempts.length > 1;
  const { sent, firstToken, firstVisible, lastToken }: Partial<Times> = retried ? {} : record.times;
  return {
    id: record.id,
    prompt,
    model,
    stage: record.stage ?? 0,
    status: record.status,
    errorCode: record.error?.code,
    errorMessage: record.error && plainText(record.error.message, 400),
    httpStatus: record.error?.status ?? record.attempts.at(-1)?.status,
    attempts: record.attempts.length,
    warmup: record.warmup ?? false,
    coldStart: record.coldStart ?? false,
    scheduledAt: safeName(record.scheduledAt),
    queueMs: record.times.sent,
    // An answer asked for in one piece has no first token to speak of.
    ttftMs: stream ? since(sent, firstToken) : undefined,
    firstVisibleMs: stream ? since(sent, firstVisible) : undefined,
    e2eMs: since(sent, lastToken),
    tpotMs: tpotOf(record),
    tokensIn: record.tokens?.input,
    tokensOut: record.tokens?.output,
    tokensCached: record.tokens?.cachedInput,
    tokensCacheWrite: record.tokens?.cacheWrite,
    tokensReasoning: record.tokens?.reasoning,
    tokensSource: record.tokens?.source,
    costUsd: record.costUsd,
    costAtLeast: record.costAtLeast ?? false,
    servedModel: record.servedModel === undefined ? undefined : safeName(record.servedModel),
    finishReason: record.finishReason === undefined ? undefined : safeName(record.finishReason),
  };
}

function since(start: number | undefined, time: number | undefined): number | undefined {
  return start === undefined || time === undefined ? undefined : time - start;
}

function pairKey(endpoint: string, model: string): string {
  return `${endpoint}\n${model}`;
}

/** Where each key stands in a list. */
class Positions {
  readonly #at = new Map<string, number>();
  constructor(keys: readonly string[]) {
    for (const [index, key] of keys.entries()) if (!this.#at.has(key)) this.#at.set(key, index);
  }
  of(key: string): number | undefined {
    return this.#at.get(key);
  }
}
