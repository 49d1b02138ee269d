import { mayHaveCost } from '../../core/benchmark/billing.ts';
import type { RunPrompt } from '../../core/benchmark/manifest.ts';
import type { PlannedModel } from '../../core/benchmark/plan.ts';
import type { RecordError, RecordTokens, RunRecord, Times } from '../../core/benchmark/record.ts';
import type { PlannedRequest } from '../../core/benchmark/schedule.ts';
import { tokenCost } from '../../core/catalog/cost.ts';
import { type EndpointFailureCode, endpointFailureCodes, type FailureDetail } from '../../core/failure.ts';
import { estimateTokens } from '../../core/prompts/tokens.ts';
import type { ChatOutcome } from '../endpoints/chat.ts';

/** UTF-16 units of an answer that are stored. */
const answerCap = 20_000;

export interface Finished {
  readonly request: PlannedRequest;
  readonly prompt: RunPrompt;
  readonly model: PlannedModel;
  readonly outcome: ChatOutcome;
  /** The transport's clock, ms. */
  readonly scheduled: number;
  /** ISO time. */
  readonly scheduledAt: string;
  readonly session: number;
  readonly keepAnswer: boolean;
}

/** What is written down of a request that has ended. Fields that are undefined do not reach the file. */
export function recordOf(finished: Finished): RunRecord {
  const { request, prompt, model, outcome, scheduled } = finished;
  const times = timesFrom(outcome.times, scheduled);
  const error = outcome.failure && errorOf(outcome.failure);
  const tokens = tokensOf(outcome, prompt);
  const keep = finished.keepAnswer && outcome.text !== '';
  return {
    id: request.id,
    promptId: prompt.id,
    endpoint: model.endpoint,
    model: model.model,
    status: error ? 'error' : 'ok',
    error,
    warmup: request.warmup ? true : undefined,
    session: finished.session === 0 ? undefined : finished.session,
    scheduledAt: finished.scheduledAt,
    attempts: [{ times, status: outcome.status, error }],
    times,
    tokens,
    costUsd: tokens && tokenCost(tokens, model),
    chunks: outcome.chunks === 0 ? undefined : outcome.chunks,
    finishReason: outcome.finishReason,
    answer: keep ? outcome.text.slice(0, answerCap) : undefined,
    answerCut: keep && outcome.text.length > answerCap ? true : undefined,
    simulated: outcome.simulated ? true : undefined,
  };
}

/** From the transport's clock to ms since the schedule, to a hundredth. */
function timesFrom(times: ChatOutcome['times'], scheduled: number): Times {
  const since = (at: number | undefined) => (at === undefined ? undefined : Math.round((at - scheduled) * 100) / 100);
  return {
    sent: Math.round((times.sent - scheduled) * 100) / 100,
    headers: since(times.headers),
    firstToken: since(times.firstToken),
    firstVisible: since(times.firstVisible),
    lastToken: since(times.lastToken),
    end: Math.round((times.end - scheduled) * 100) / 100,
  };
}

const codes: ReadonlySet<string> = new Set(endpointFailureCodes);

function errorOf({ code, message, status, retryAfterMs }: FailureDetail): RecordError {
  return { code: codes.has(code) ? (code as EndpointFailureCode) : 'connect', message, status, retryAfterMs };
}

/** The server's counts, or an estimate of what passed; none for a request that was not worked on or gave nothing. */
function tokensOf(outcome: ChatOutcome, prompt: RunPrompt): RecordTokens | undefined {
  if (outcome.usage) return { input: outcome.usage.input, output: outcome.usage.output, source: 'server' };
  const received = outcome.reasoning + outcome.text;
  if (outcome.failure && (received === '' || !mayHaveCost(outcome.status, outcome.failure.code))) return undefined;
  return { input: prompt.tokens, output: estimateTokens(received).tokens, source: 'estimate' };
}
