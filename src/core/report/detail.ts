import * as z from 'zod/mini';
import { unpackTimes } from '../benchmark/chunk-times.ts';
import { recordErrorSchema, recordSchema, timeoutBases, timesSchema } from '../benchmark/record.ts';
import { plainText } from '../prompts/plain-text.ts';
import type { Outcome } from '../quality/outcome.ts';
import type { Run } from './run.ts';
import { safeBlock, safeName } from './text.ts';

/** Chunks of which the times are told; further ones are counted only. */
const mostChunks = 2_000;

/** Everything about one request, sent to the panel when a person opens it. Texts are to be shown as text only. */
export const requestDetailSchema = z.object({
  id: z.string(),
  promptId: z.string(),
  model: z.string(),
  status: z.enum(['ok', 'error']),
  prompt: z.string(),
  /** What a good answer says. */
  reference: z.optional(z.string()),
  /** Absent: not stored, or none came. */
  answer: z.optional(z.string()),
  /** True when only the beginning of the answer was stored. */
  answerCut: z.boolean(),
  error: z.optional(recordErrorSchema),
  /** Times in ms from the scheduled start. */
  attempts: z.array(
    z.object({
      status: z.optional(z.number()),
      error: z.optional(recordErrorSchema),
      times: timesSchema,
      /** Which time limit applied; absent: the plan's. */
      timeout: z.optional(z.object({ ms: z.number(), basis: z.enum(timeoutBases) })),
      waitedMs: z.optional(z.number()),
      /** What opening its connection took; absent: it used one that was open. */
      connection: z.optional(
        z.object({ dnsMs: z.optional(z.number()), tcpMs: z.optional(z.number()), tlsMs: z.optional(z.number()) }),
      ),
    }),
  ),
  /** When chunks with a token came, ms after the first of them; `chunks`: how many there were. */
  chunkTimes: z.optional(z.array(z.number())),
  chunks: recordSchema.shape.chunks,
  /** Score in [0,1]; absent: undecided. */
  checks: z.array(z.object({ name: z.string(), score: z.optional(z.number()), why: z.optional(z.string()) })),
  judgements: z.array(
    z.object({
      /** In [0,1]; `raw` as the judge wrote it. Absent: it gave none. */
      score: z.optional(z.number()),
      raw: z.optional(z.number()),
      why: z.optional(z.string()),
      suspicious: z.boolean(),
      by: z.string(),
    }),
  ),
  /** Comparisons with answers of other models. */
  pairs: z.array(
    z.object({
      by: z.enum(['person', 'judge']),
      /** The other request's id, raw. */
      other: z.string(),
      /** Absent: no verdict. */
      result: z.optional(z.enum(['won', 'lost', 'tied'])),
      why: z.optional(z.string()),
    }),
  ),
  /** A person's thumb; 0: none. */
  rating: z.number(),
});

export type RequestDetail = z.infer<typeof requestDetailSchema>;

/** The request with this id, or undefined when the run has none. */
export function requestDetail(
  run: Pick<Run, 'prompts' | 'records' | 'outcomes'>,
  id: string,
): RequestDetail | undefined {
  for (const record of run.records) {
    if (record.id !== id) continue;
    const prompt = run.prompts.find((candidate) => candidate.id === record.promptId);
    const times = record.chunkTimes === undefined ? undefined : unpackTimes(record.chunkTimes);
    return {
      id: record.id,
      promptId: safeName(record.promptId),
      model: safeName(`${record.endpoint}/${record.model}`),
      status: record.status,
      prompt: safeBlock(prompt?.text ?? ''),
      reference: prompt?.reference === undefined ? undefined : safeBlock(prompt.reference),
      answer: record.answer === undefined ? undefined : safeBlock(record.answer),
      answerCut: record.answerCut ?? false,
      error: record.error && { ...record.error, message: plainText(record.error.message, 4_000) },
      attempts: record.attempts.map(({ status, error, times, timeout, waitedMs, connection }) => ({
        status,
        error: error && { ...error, message: plainText(error.message, 4_000) },
        times,
        timeout,
        waitedMs,
        connection,
      })),
      chunkTimes: times && [...times.subarray(0, mostChunks)],
      chunks: record.chunks,
      ...said(run.outcomes ?? [], id),
    };
  }
  return undefined;
}

/** What checks, judges and people said of a request. */
function said(
  outcomes: readonly Outcome[],
  id: string,
): Pick<RequestDetail, 'checks' | 'judgements' | 'pairs' | 'rating'> {
  const all: ReturnType<typeof said> = { checks: [], judgements: [], pairs: [], rating: 0 };
  for (const outcome of outcomes) {
    if (outcome.kind === 'pair') {
      const side = outcome.a === id ? 'a' : outcome.b === id ? 'b' : undefined;
      if (side === undefined) continue;
      const { winner, by, why } = outcome;
      const result = winner === undefined ? undefined : winner === 'tie' ? 'tied' : winner === side ? 'won' : 'lost';
      all.pairs.push({ by, other: side === 'a' ? outcome.b : outcome.a, result, why: shown(why) });
    } else if (outcome.record !== id) continue;
    else if (outcome.kind === 'rating') all.rating = outcome.value;
    else if (outcome.kind === 'check') {
      all.checks.push({ name: safeName(outcome.name), score: outcome.score, why: shown(outcome.why) });
    } else {
      const { score, raw, why, error, suspicious = false, called } = outcome;
      const by = safeName(`${called.endpoint}/${called.model}`);
      all.judgements.push({ score, raw, why: shown(why ?? error?.message), suspicious, by });
    }
  }
  return all;
}

function shown(why: string | undefined): string | undefined {
  return why === undefined ? undefined : plainText(why, 4_000);
}
