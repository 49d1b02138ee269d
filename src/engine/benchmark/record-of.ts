import { mayHaveCost } from '../../core/benchmark/billing.ts';
import type { RunPrompt } from '../../core/benchmark/manifest.ts';
import type { PlannedModel } from '../../core/benchmark/plan.ts';
import type { Attempt, RecordError, RecordTokens, RunRecord, Times } from '../../core/benchmark/record.ts';
import type { PlannedRequest } from '../../core/benchmark/schedule.ts';
import { tokenCost } from '../../core/catalog/cost.ts';
import { type EndpointFailureCode, endpointFailureCodes, type FailureDetail } from '../../core/failure.ts';
import { estimateTokens } from '../../core/prompts/tokens.ts';
import { type CallAttempt, lastAttempt } from '../calling/retry.ts';
import type { ChatOutcome } from '../endpoints/chat.ts';
import type { ConnectionTimes } from '../http/transport.ts';

/** UTF-16 units of an answer that are stored. */
const answerCap = 20_000;

export interface Finished {
  readonly request: PlannedRequest;
  readonly prompt: RunPrompt;
  readonly model: PlannedModel;
  readonly attempts: readonly CallAttempt[];
  /** True: one of VS Code's own models answered. */
  readonly overVscode: boolean;
  /** True: the time limit differs from attempt to attempt. */
  readonly tellTimeouts: boolean;
  /** The transport's clock, ms. */
  readonly scheduled: number;
  /** ISO time. */
  readonly scheduledAt: string;
  readonly session: number;
  readonly keepAnswer: boolean;
}

/**
 * What is written down of a request that has ended: times of its first attempt, answer and tokens of its last, the cost
 * of all. Fields that are undefined do not reach the file.
 */
export function recordOf(finished: Finished): RunRecord {
  const { request, prompt, model, overVscode } = finished;
  const { outcome } = lastAttempt(finished.attempts);
  const attempts = finished.attempts.map((attempt, index) => attemptOf(attempt, index, finished));
  const error = outcome.failure && errorOf(outcome.failure);
  const tokens = tokensOf(outcome, prompt, overVscode);
  const keep = finished.keepAnswer && outcome.text !== '';
  return {
    id: request.id,
    promptId: prompt.id,
    endpoint: model.endpoint,
    model: model.model,
    status: error ? 'error' : 'ok',
    error,
    warmup: request.warmup ? true : undefined,
    coldStart: request.coldStart ? true : undefined,
    stage: request.stage === 0 ? undefined : request.stage,
    session: finished.session === 0 ? undefined : finished.session,
    scheduledAt: finished.scheduledAt,
    attempts,
    times: attempts[0]?.times ?? timesFrom(outcome.times, finished.scheduled),
    tokens,
    ...costOf(finished, tokens),
    chunks: outcome.chunks === 0 ? undefined : outcome.chunks,
    chunkTimes: outcome.chunkTimes,
    finishReason: outcome.finishReason,
    servedModel: outcome.servedModel === model.model ? undefined : outcome.servedModel,
    transport: overVscode ? 'vscode-lm' : undefined,
    answer: keep ? outcome.text.slice(0, answerCap) : undefined,
    answerCut: keep && outcome.text.length > answerCap ? true : undefined,
    simulated: outcome.simulated ? true : undefined,
  };
}

function attemptOf(
  { outcome, timeout, waitedMs }: CallAttempt,
  index: number,
  { scheduled, tellTimeouts }: Finished,
): Attempt {
  return {
    times: timesFrom(outcome.times, scheduled),
    timeout: tellTimeouts ? timeout : undefined,
    waitedMs: index === 0 ? undefined : hundredths(waitedMs),
    connection: outcome.connection && connectionOf(outcome.connection),
    status: outcome.status,
    error: outcome.failure && errorOf(outcome.failure),
  };
}

/**
 * Over all attempts, as far as it is known; those before the last are known by the server's counts only. What broke off
 * may have been worked on further, whatever was counted by then.
 */
function costOf(
  { attempts, model }: Finished,
  tokens: RecordTokens | undefined,
): Pick<RunRecord, 'costUsd' | 'costAtLeast'> {
  let known: number | undefined;
  let partly = false;
  for (const [index, { outcome }] of attempts.entries()) {
    const counted = index === attempts.length - 1 ? tokens : outcome.usage;
    const usd = counted && tokenCost(counted, model);
    if (usd !== undefined) known = (known ?? 0) + usd;
    if (usd === undefined || outcome.failure) partly ||= mayHaveCost(outcome.status, outcome.failure?.code);
  }
  // Of a single attempt, that its cost is absent says it.
  return { costUsd: known, costAtLeast: partly && (known !== undefined || attempts.length > 1) ? true : undefined };
}

/** From the transport's clock to ms since the schedule, to a hundredth. */
function timesFrom(times: ChatOutcome['times'], scheduled: number): Times {
  const since = (at: number | undefined) => (at === undefined ? undefined : hundredths(at - scheduled));
  return {
    sent: hundredths(times.sent - scheduled),
    headers: since(times.headers),
    firstEvent: since(times.firstEvent),
    firstChoice: times.firstChoice === times.firstEvent ? undefined : since(times.firstChoice),
    firstToken: since(times.firstToken),
    firstVisible: since(times.firstVisible),
    lastToken: since(times.lastToken),
    lastChoice: since(times.lastChoice),
    end: hundredths(times.end - scheduled),
  };
}

function connectionOf({ dnsMs, tcpMs, tlsMs }: ConnectionTimes): Attempt['connection'] {
  const rounded = (ms: number | undefined) => (ms === undefined ? undefined : hundredths(ms));
  return { dnsMs: rounded(dnsMs), tcpMs: rounded(tcpMs), tlsMs: rounded(tlsMs) };
}

function hundredths(value: number): number {
  return Math.round(value * 100) / 100;
}

const codes: ReadonlySet<string> = new Set(endpointFailureCodes);

/** What is no failure of an endpoint never got as far as one. */
function errorOf({ code, message, status, retryAfterMs }: FailureDetail): RecordError {
  return { code: codes.has(code) ? (code as EndpointFailureCode) : 'connect', message, status, retryAfterMs };
}

/** The server's counts, or an estimate of what passed; none for a request that was not worked on or gave nothing. */
function tokensOf(outcome: ChatOutcome, prompt: RunPrompt, overVscode: boolean): RecordTokens | undefined {
  if (outcome.usage) return { ...outcome.usage, source: overVscode ? 'tokenizer' : 'server' };
  const received = outcome.reasoning + outcome.text;
  if (outcome.failure && (received === '' || !mayHaveCost(outcome.status, outcome.failure.code))) return undefined;
  return { input: prompt.tokens, output: estimateTokens(received).tokens, source: 'estimate' };
}
