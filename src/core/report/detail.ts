import * as z from 'zod/mini';
import { recordErrorSchema, timeoutBases, timesSchema } from '../benchmark/record.ts';
import { plainText } from '../prompts/plain-text.ts';
import { safeBlock, safeName } from './text.ts';
import type { Run } from './view.ts';

/** Everything about one request, sent to the panel when a person opens it. Texts are to be shown as text only. */
export const requestDetailSchema = z.object({
  id: z.string(),
  promptId: z.string(),
  model: z.string(),
  status: z.enum(['ok', 'error']),
  prompt: z.string(),
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
    }),
  ),
});

export type RequestDetail = z.infer<typeof requestDetailSchema>;

/** The request with this id, or undefined when the run has none. */
export function requestDetail(run: Pick<Run, 'prompts' | 'records'>, id: string): RequestDetail | undefined {
  const record = run.records.find((candidate) => candidate.id === id);
  if (!record) return undefined;
  const prompt = run.prompts.find((candidate) => candidate.id === record.promptId);
  return {
    id: record.id,
    promptId: safeName(record.promptId),
    model: safeName(`${record.endpoint}/${record.model}`),
    status: record.status,
    prompt: safeBlock(prompt?.text ?? ''),
    answer: record.answer === undefined ? undefined : safeBlock(record.answer),
    answerCut: record.answerCut ?? false,
    error: record.error && { ...record.error, message: plainText(record.error.message, 4_000) },
    attempts: record.attempts.map((attempt) => ({
      status: attempt.status,
      error: attempt.error && { ...attempt.error, message: plainText(attempt.error.message, 4_000) },
      times: attempt.times,
      timeout: attempt.timeout,
      waitedMs: attempt.waitedMs,
    })),
  };
}
