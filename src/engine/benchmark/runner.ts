import type { Manifest, RunPrompt } from '../../core/benchmark/manifest.ts';
import type { Plan, PlannedModel } from '../../core/benchmark/plan.ts';
import type { RunRecord } from '../../core/benchmark/record.ts';
import { type PlannedRequest, plannedRequests, requestCount } from '../../core/benchmark/schedule.ts';
import { formatUsd } from '../../core/catalog/cost.ts';
import { Failure } from '../../core/failure.ts';
import type { BoundKey } from '../../protocol/measure.ts';
import { callChat } from '../endpoints/call.ts';
import type { ChatTarget } from '../endpoints/chat.ts';
import { parseBaseUrl } from '../http/base-url.ts';
import type { Transport } from '../http/transport.ts';
import { Budget, ceilingCannotHold, certainCost, costBound } from './budget.ts';
import { startClosedLoop } from './closed-loop.ts';
import { recordOf } from './record-of.ts';

/** What earlier sessions of a run left. */
export interface Earlier {
  /** Ids of requests that have a record. */
  readonly finished: ReadonlySet<string>;
  /** USD, at most, that the run has cost. */
  readonly spentUsd: number;
}

export interface RunnerOptions {
  readonly runId: string;
  readonly plan: Plan;
  readonly prompts: readonly RunPrompt[];
  readonly keys: readonly BoundKey[];
  readonly transport: Transport;
  readonly earlier: Earlier;
  /** How often the run had been taken up again. */
  readonly session: number;
  /**
   * Ends the run; what is in flight is given up and stays unfinished. A reason that is a Failure `local` means that the
   * disk failed; any other is the person's wish.
   */
  readonly signal: AbortSignal;
  onSend(request: PlannedRequest): void;
  /** Receives each finished request, in the order in which they end. */
  onRecord(record: RunRecord): void;
}

/** A run on its way. */
export interface Running {
  /** Requests in flight. */
  readonly inFlight: number;
  /** Rejects with what was thrown in the middle, which would be a defect. */
  readonly ended: Promise<Ending>;
}

export interface Ending extends Pick<Manifest, 'stopReason' | 'stopMessage'> {
  readonly state: 'complete' | 'cancelled' | 'stopped';
  /** USD, at most, that requests given up in flight may have cost. */
  readonly abandonedUsd: number;
}

interface Job {
  readonly request: PlannedRequest;
  readonly model: PlannedModel;
  readonly prompt: RunPrompt;
  readonly target: ChatTarget;
  /** 0 where a price is unknown. */
  readonly boundUsd: number;
  reservedUsd: number | undefined;
}

const mib = 1024 * 1024;
/** A token streams as an event of some hundred bytes; this many leave room for any server's extras. */
const bytesPerToken = 4096;

/**
 * Whether a plan can be carried out at all, before anything is written or sent.
 * @throws Failure `config` when an endpoint has no usable address or not the key it needs, `usage` when a ceiling cannot
 * be held because a price is unknown.
 */
export function checkRunnable(plan: Plan, keys: readonly BoundKey[]): void {
  targetsOf(plan, keys);
  budgetOf(plan, 0);
}

/**
 * Sends all requests of a plan that are not finished yet, a fixed number at once, and hands out their records.
 * @throws Failure as `checkRunnable` does, before anything is sent.
 */
export function startRequests(options: RunnerOptions): Running {
  const { plan, transport, signal } = options;
  const targets = targetsOf(plan, options.keys);
  const budget = budgetOf(plan, options.earlier.spentUsd);
  // One for each request in flight. Were they to listen to a single signal, its list would chain each request to the
  // next, and once one of them is in V8's old space, all that follow are kept until that is collected.
  const givingUp = new Set<AbortController>();
  const clock = wallClock(transport);
  const limits = {
    timeoutMs: plan.timeoutMs,
    maxBytes: Math.min(64 * mib, Math.max(mib, plan.maxTokens * bytesPerToken)),
  };
  let left = requestCount(plan) - options.earlier.finished.size;
  let abandonedUsd = 0;
  let timeUp = false;
  let defect: unknown;

  const loop = startClosedLoop<Job>({
    jobs: signal.aborted ? [].values() : jobsOf(options, targets),
    slots: plan.concurrency,
    admit(job) {
      if (!budget) return true;
      job.reservedUsd = budget.reserve(job.boundUsd);
      return job.reservedUsd !== undefined;
    },
    run: (job) =>
      send(job).catch((error: unknown) => {
        defect ??= error;
        stop();
      }),
  });

  async function send(job: Job): Promise<void> {
    const { request, model, prompt, target, reservedUsd = job.boundUsd } = job;
    options.onSend(request);
    const giveUp = new AbortController();
    givingUp.add(giveUp);
    const scheduled = transport.now();
    const outcome = await callChat(
      transport,
      target,
      {
        model: model.model,
        messages: [{ role: 'user', content: prompt.text }],
        maxTokens: plan.maxTokens,
        temperature: plan.temperature,
        stream: plan.stream,
        requestId: request.id,
      },
      { ...limits, signal: giveUp.signal },
    ).finally(() => givingUp.delete(giveUp));
    if (outcome.failure?.code === 'cancelled') {
      abandonedUsd += reservedUsd;
      budget?.settle(reservedUsd, undefined);
      return;
    }
    const record = recordOf({
      request,
      prompt,
      model,
      outcome,
      scheduled,
      scheduledAt: clock(scheduled),
      session: options.session,
      keepAnswer: plan.keepAnswers,
    });
    left--;
    budget?.settle(reservedUsd, certainCost(record));
    options.onRecord(record);
  }

  function stop(): void {
    loop.stop();
    const reason = new Failure({ code: 'cancelled', message: 'The run was ended.' });
    for (const request of givingUp) request.abort(reason);
  }

  function ending(refused: Job | undefined): Ending {
    if (defect !== undefined) throw defect;
    if (left === 0) return { state: 'complete', abandonedUsd };
    const stopped = (stopReason: Ending['stopReason'], stopMessage: string): Ending => {
      return { state: 'stopped', stopReason, stopMessage, abandonedUsd };
    };
    if (signal.aborted) {
      const { reason } = signal;
      return reason instanceof Failure && reason.code === 'local'
        ? stopped('disk', reason.message)
        : { state: 'cancelled', abandonedUsd };
    }
    if (budget && refused) {
      const [next, spent, ceiling] = [budget.needed(refused.boundUsd), budget.spentUsd, budget.ceilingUsd].map(
        formatUsd,
      );
      return stopped(
        'cost-ceiling',
        `The next request may cost up to ${next}; up to ${spent} of the ceiling of ${ceiling} is spent.`,
      );
    }
    if (timeUp) return stopped('time-limit', `${left} requests were not sent within the time limit.`);
    throw new Error(`The run ended with ${left} requests left.`);
  }

  const timer =
    plan.timeLimitMs === undefined
      ? undefined
      : setTimeout(() => {
          timeUp = true;
          loop.stop();
        }, plan.timeLimitMs);
  signal.addEventListener('abort', stop);
  return {
    get inFlight() {
      return loop.inFlight;
    },
    ended: loop.ended
      .finally(() => {
        clearTimeout(timer);
        signal.removeEventListener('abort', stop);
      })
      .then(ending),
  };
}

/** USD that a request of a plan can cost at most; 0 where a price is unknown. */
export function boundOf(plan: Plan, prompts: readonly RunPrompt[], request: PlannedRequest): number {
  const model = plan.models[request.model];
  const prompt = prompts[request.prompt];
  return (model && prompt && costBound(Buffer.byteLength(prompt.text), plan.maxTokens, model)) ?? 0;
}

function* jobsOf({ runId, plan, prompts, earlier }: RunnerOptions, targets: Map<string, ChatTarget>): Generator<Job> {
  for (const request of plannedRequests(runId, plan, prompts.length)) {
    if (earlier.finished.has(request.id)) continue;
    const model = plan.models[request.model];
    const prompt = prompts[request.prompt];
    const target = model && targets.get(model.endpoint);
    if (!model || !prompt || !target) throw new Error(`Request ${request.id} has no model or prompt.`);
    yield { request, model, prompt, target, boundUsd: boundOf(plan, prompts, request), reservedUsd: undefined };
  }
}

function targetsOf(plan: Plan, keys: readonly BoundKey[]): Map<string, ChatTarget> {
  return new Map(
    plan.endpoints.map(({ id, protocol, baseUrl, apiVersion, apiKeyEnv }) => {
      const { url, origin } = parseBaseUrl(baseUrl);
      const key = keys.find(({ endpoint }) => endpoint === id);
      if (!key && apiKeyEnv !== undefined) {
        throw wrongKey(`The key of endpoint "${id}" is missing. Set the environment variable ${apiKeyEnv}.`);
      }
      if (key && key.origin !== origin) {
        throw wrongKey(
          `The key of endpoint "${id}" belongs to ${key.origin} and is not sent to ${origin}. Set the key of this endpoint again.`,
        );
      }
      return [id, { protocol, baseUrl: url, apiVersion, key }];
    }),
  );
}

function wrongKey(message: string): Failure {
  return new Failure({ code: 'config', message });
}

function budgetOf(plan: Plan, spentUsd: number): Budget | undefined {
  if (plan.maxCostUsd === undefined) return undefined;
  const unpriced = plan.models.find((model) => costBound(0, plan.maxTokens, model) === undefined);
  if (!unpriced) return new Budget(plan.maxCostUsd, spentUsd);
  throw new Failure({ code: 'usage', message: ceilingCannotHold([`${unpriced.endpoint}/${unpriced.model}`]) });
}

/** ISO time of a moment on the transport's clock. The wall clock is read once: should it be set, a run does not notice. */
function wallClock(transport: Transport): (at: number) => string {
  const origin = Date.now() - transport.now();
  return (at) => new Date(origin + at).toISOString();
}
