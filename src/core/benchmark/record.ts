import * as z from 'zod/mini';
import { endpointFailureCodes } from '../failure.ts';

/** Milliseconds from the scheduled start of the request. A time that never came is absent. */
export const timesSchema = z.object({
  /** The request left for the socket. */
  sent: z.number(),
  /** The response's status line and headers arrived. */
  headers: z.optional(z.number()),
  /** First event of the stream, whatever it carries. */
  firstEvent: z.optional(z.number()),
  /** First event that carries a choice, also without a token, where it came later than `firstEvent`. */
  firstChoice: z.optional(z.number()),
  /** First chunk that carries a token of any channel (reasoning or visible). */
  firstToken: z.optional(z.number()),
  /** First chunk that carries visible text. */
  firstVisible: z.optional(z.number()),
  /** Last chunk that carries a token. */
  lastToken: z.optional(z.number()),
  /** Last event that carries a choice, also without a token: a finish reason, for one. */
  lastChoice: z.optional(z.number()),
  /** The response ended, or the request failed. */
  end: z.number(),
});

export const recordErrorSchema = z.object({
  code: z.enum(endpointFailureCodes),
  /** For a person; redacted. */
  message: z.string(),
  status: z.optional(z.number()),
  retryAfterMs: z.optional(z.number()),
});

/**
 * Which time limit applied to an attempt: the plan's own; one from the prompt's complexity; one from what the endpoint
 * lately needed; or twice the limit that an attempt before it ran into.
 */
export const timeoutBases = ['fixed', 'complexity', 'recent', 'doubled'] as const;

/** One try. Its times, too, are from the schedule of the request, waiting between tries included. */
const attemptSchema = z.object({
  times: timesSchema,
  /** The time limit of this attempt; absent in records of a fixed limit. */
  timeout: z.optional(z.object({ ms: z.number(), basis: z.enum(timeoutBases) })),
  /** ms waited before it, after the attempt before it had ended. */
  waitedMs: z.optional(z.number()),
  /** What opening the connection took, ms each; absent: the attempt used one that was open, or nobody can tell. */
  connection: z.optional(
    z.object({ dnsMs: z.optional(z.number()), tcpMs: z.optional(z.number()), tlsMs: z.optional(z.number()) }),
  ),
  status: z.optional(z.number()),
  error: z.optional(recordErrorSchema),
});

/** Of the last attempt. */
export const recordTokensSchema = z.object({
  /** All of the prompt, cached tokens included. */
  input: z.number(),
  /** Of `input`: read from the server's cache. */
  cachedInput: z.optional(z.number()),
  /** Of `input`: written to the server's cache. */
  cacheWrite: z.optional(z.number()),
  output: z.number(),
  /** Of `output`: spent on thinking. */
  reasoning: z.optional(z.number()),
  /** `server`: from the response's usage; `tokenizer`: by the model's own tokenizer; `estimate`: counted by us. */
  source: z.enum(['server', 'tokenizer', 'estimate']),
});

/** One request with all its attempts. Records are the truth; all else is derived from them. */
export const recordSchema = z.object({
  id: z.string(),
  promptId: z.string(),
  endpoint: z.string(),
  model: z.string(),
  status: z.enum(['ok', 'error']),
  error: z.optional(recordErrorSchema),
  warmup: z.optional(z.boolean()),
  /** True for the request that woke a sleeping endpoint; a warm-up too, so no figure counts it. */
  coldStart: z.optional(z.boolean()),
  /** Position of its stage; absent: 0. */
  stage: z.optional(z.number()),
  /** How often the run had been taken up again when this was sent; absent: never. */
  session: z.optional(z.number()),
  /** ISO time at which the request was due. */
  scheduledAt: z.string(),
  attempts: z.array(attemptSchema),
  /** Times of the first attempt, which is the headline; `attempts` has those of the others. */
  times: timesSchema,
  tokens: z.optional(recordTokensSchema),
  /** Over all attempts. Absent: unknown, because a price or a count is. */
  costUsd: z.optional(z.number()),
  /** True: an attempt that failed may have cost more than `costUsd` holds. */
  costAtLeast: z.optional(z.boolean()),
  /** Chunks that carried a token. */
  chunks: z.optional(z.number()),
  /** When each of them came, packed as in chunk-times.ts; absent for a single one. */
  chunkTimes: z.optional(z.string()),
  finishReason: z.optional(z.string()),
  /** The model that answered, where the server names it and the name is another. */
  servedModel: z.optional(z.string()),
  /** Absent: HTTP. `vscode-lm`: asked through VS Code, whose own queues and limits are in the times. */
  transport: z.optional(z.literal('vscode-lm')),
  /** Visible answer, capped; absent where switched off. */
  answer: z.optional(z.string()),
  /** True when the cap cut the answer. */
  answerCut: z.optional(z.boolean()),
  /** True when the built-in simulated endpoint answered. */
  simulated: z.optional(z.boolean()),
});

export type Times = z.infer<typeof timesSchema>;
export type RecordError = z.infer<typeof recordErrorSchema>;
export type Attempt = z.infer<typeof attemptSchema>;
export type TimeoutBasis = (typeof timeoutBases)[number];
export type RecordTokens = z.infer<typeof recordTokensSchema>;
export type RunRecord = z.infer<typeof recordSchema>;
