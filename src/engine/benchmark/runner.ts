import type { Manifest, RunPrompt } from '../../core/benchmark/manifest.ts';
import type { Plan } from '../../core/benchmark/plan.ts';
import type { RunRecord } from '../../core/benchmark/record.ts';
import { type PlannedRequest, plannedRequests, wakingRequests } from '../../core/benchmark/schedule.ts';
import { mostRequests } from '../../core/benchmark/stages.ts';
import { formatUsd } from '../../core/catalog/cost.ts';
import { Failure } from '../../core/failure.ts';
import type { BoundKey } from '../../protocol/measure.ts';
import { type Clock, systemClock } from '../calling/clock.ts';
import { type CallAttempt, callWithRetries, lastAttempt, RetryBudget, wasCancelled } from '../calling/retry.ts';
import { AdaptiveTimeouts, fixedTimeouts } from '../calling/timeout.ts';
import { adapterFor } from '../endpoints/adapters.ts';
import type { ChatOutcome } from '../endpoints/chat.ts';
import { refusesKey } from '../endpoints/refused-key.ts';
import type { Transport } from '../http/transport.ts';
import { Budget, ceilingCannotHold, certainCost, costBound, Spending } from './budget.ts';
import { type Call, makeCallOnce, requestOf } from './call-once.ts';
import { type RunningLoop, startClosedLoop } from './closed-loop.ts';
import { Health } from './health.ts';
import type { Parent } from './parent.ts';
import { recordOf } from './record-of.ts';
import { Targets } from './targets.ts';
import { wake, wakingLimit, wakingQuestion } from './waking.ts';

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
  /** Absent: keys cannot be renewed, and VS Code's own models cannot be asked. */
  readonly parent: Parent | undefined;
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

type Once = (limits: { timeoutMs: number; signal: AbortSignal }) => Promise<ChatOutcome>;

interface Job extends Call {
  readonly request: PlannedRequest;
  /** Of one attempt, USD; 0 where a price is unknown. */
  readonly boundUsd: number;
  readonly spending: Spending;
}

/**
 * Whether a plan can be carried out at all, before anything is written or sent.
 * @throws Failure `config` when an endpoint has no usable address, not the key it needs, or not what its protocol asks for;
 * `usage` when a ceiling cannot be held because a price is unknown, or a model cannot be asked from here.
 */
export function checkRunnable(plan: Plan, keys: readonly BoundKey[], parent: Parent | undefined): void {
  const targets = new Targets(plan, keys, parent);
  const prompt: RunPrompt = { id: '', text: 'Hello', tokens: 1, score: 0, tier: 'simple' };
  for (const model of plan.models) {
    const target = targets.of(model.endpoint);
    if (target.protocol === 'vscode-lm') continue;
    adapterFor(target.protocol, model.task).buildRequest(
      target,
      undefined,
      requestOf(plan, { id: '', model, prompt, maxTokens: plan.maxTokens }),
    );
  }
  budgetOf(plan, 0);
}

/**
 * Sends all requests of a plan that are not finished yet, a fixed number at once, and hands out their records. What
 * sleeps is woken first.
 * @throws Failure as `checkRunnable` does, before anything is sent.
 */
export function startRequests(options: RunnerOptions): Running {
  const { plan, transport, signal } = options;
  const targets = new Targets(plan, options.keys, options.parent);
  const budget = budgetOf(plan, options.earlier.spentUsd);
  const callOnce = makeCallOnce({ ...options, targets });
  const timeouts = plan.adaptiveTimeout
    ? new AdaptiveTimeouts({ capMs: plan.timeoutMs })
    : fixedTimeouts(plan.timeoutMs);
  const retryBudgets = new Map(plan.endpoints.map(({ id }) => [id, new RetryBudget()]));
  const health = new Health();
  // One for each request in flight. Were they to listen to a single signal, its list would chain each request to the
  // next, and once one of them is in V8's old space, all that follow are kept until that is collected.
  const givingUp = new Set<AbortController>();
  const wallTime = wallClock(transport);
  const clock: Clock = { ...systemClock, now: () => transport.now() };
  let left = mostRequests(plan) - options.earlier.finished.size;
  let abandonedUsd = 0;
  let timeUp = false;
  let defect: unknown;

  const waking = loopOver(signal.aborted ? [].values() : wakingJobs(options, budget), wakeUp);
  let loop = waking;
  const ended = waking.ended.then((refused) => {
    if (refused || signal.aborted || timeUp || defect !== undefined) return refused;
    loop = loopOver(jobsOf(options, budget), send);
    return loop.ended;
  });

  function loopOver(jobs: Iterator<Job>, run: (job: Job) => Promise<void>): RunningLoop<Job> {
    return startClosedLoop<Job>({
      jobs,
      slots: plan.concurrency,
      lanes: new Map(plan.endpoints.map(({ id, concurrency }) => [id, concurrency ?? Number.POSITIVE_INFINITY])),
      laneOf: ({ model }) => model.endpoint,
      skip: ({ model }) => health.isDead(model.endpoint, model.model),
      admit: ({ spending }) => spending.reserve(),
      run: (job) =>
        run(job).catch((error: unknown) => {
          defect ??= error;
          stop();
        }),
    });
  }

  async function send(job: Job): Promise<void> {
    const { model, prompt } = job;
    options.onSend(job.request);
    const budget = retryBudgets.get(model.endpoint) ?? new RetryBudget();
    await attempt(job, (once, own) =>
      callWithRetries(({ timeout }) => once({ timeoutMs: timeout.ms, signal: own }), {
        ...clock,
        maxRetries: plan.maxRetries ?? 0,
        budget,
        timeouts,
        complexity: prompt.score,
        maxTokens: job.maxTokens,
        target: `${model.endpoint}/${model.model}`,
        signal: own,
        onRetryAfter: plan.maxRetries ? (ms) => loop.pause(model.endpoint, ms) : undefined,
        pauseLeft: () => loop.pauseLeft(model.endpoint),
        admitRetry: () => !timeUp && job.spending.reserve(),
      }),
    );
  }

  async function wakeUp(job: Job): Promise<void> {
    const deadline = clock.now() + wakingLimit(plan);
    const admitRetry = () => job.spending.reserve();
    await attempt(job, (once, own, before) => wake(once, { clock, deadline, before, signal: own, admitRetry }));
  }

  /** The attempts of a job, and more with another key when the last was refused for its key. */
  async function withValidKey(
    job: Job,
    own: AbortSignal,
    attempts: (before: number) => Promise<CallAttempt[]>,
  ): Promise<CallAttempt[]> {
    const { endpoint } = job.model;
    const used = targets.of(endpoint).key;
    const made = await attempts(0);
    const { failure, status } = lastAttempt(made).outcome;
    if (failure?.code !== 'auth' || !refusesKey(status, failure.message) || own.aborted) return made;
    const from = clock.now();
    const renewed = await targets.afterRefusal(endpoint, used, own);
    if (own.aborted) return made.map((attempt) => ({ ...attempt, givenUp: 'cancelled' }));
    if (!renewed || !job.spending.reserve()) return made;
    const waitedMs = clock.now() - from;
    const more = await attempts(made.length);
    return [...made, ...more.map((attempt, index) => (index === 0 ? { ...attempt, waitedMs } : attempt))];
  }

  /** Makes the attempts of a job and writes down what came of them; nothing, when it was given up. */
  async function attempt(
    job: Job,
    attemptsOf: (once: Once, own: AbortSignal, before: number) => Promise<CallAttempt[]>,
  ): Promise<void> {
    const { request, model, prompt, spending } = job;
    const giveUp = new AbortController();
    givingUp.add(giveUp);
    // A key that has to be renewed is nobody's latency.
    await targets.prepare(model.endpoint, giveUp.signal);
    const scheduled = transport.now();
    const once: Once = async (limits) => {
      const outcome = await callOnce(job, limits);
      spending.settle(outcome.failure?.code === 'cancelled' ? undefined : certainCost(outcome, model));
      return outcome;
    };
    const attempts = await withValidKey(job, giveUp.signal, (before) =>
      attemptsOf(once, giveUp.signal, before),
    ).finally(() => givingUp.delete(giveUp));
    // What was reserved for an attempt that did not come about.
    spending.settle(0);
    if (wasCancelled(attempts)) {
      abandonedUsd += spending.mostUsd;
      return;
    }
    const record = recordOf({
      request,
      prompt,
      model,
      attempts,
      overVscode: targets.of(model.endpoint).protocol === 'vscode-lm',
      tellTimeouts: plan.adaptiveTimeout === true,
      scheduled,
      scheduledAt: wallTime(scheduled),
      session: options.session,
      keepAnswer: plan.keepAnswers,
    });
    if (!request.coldStart) {
      left--;
      health.note(model.endpoint, model.model, record.error);
    }
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
    const complaint = health.complaint();
    if (complaint !== undefined) return stopped('endpoint', complaint);
    throw new Error(`The run ended with ${left} requests left.`);
  }

  const timer =
    plan.timeLimitMs === undefined
      ? undefined
      : setTimeout(() => {
          timeUp = true;
          if (loop === waking) stop();
          else loop.stop();
        }, plan.timeLimitMs);
  signal.addEventListener('abort', stop);
  return {
    get inFlight() {
      return loop.inFlight;
    },
    ended: ended
      .finally(() => {
        clearTimeout(timer);
        signal.removeEventListener('abort', stop);
      })
      .then(ending),
  };
}

/** USD that a request of a plan can cost at most; 0 where a price is unknown. */
export function boundOf(plan: Plan, prompts: readonly RunPrompt[], request: PlannedRequest): number {
  const { model, prompt, maxTokens } = questionOf(plan, prompts, request);
  return costBound(Buffer.byteLength(prompt.text), maxTokens, model) ?? 0;
}

function questionOf(
  plan: Plan,
  prompts: readonly RunPrompt[],
  request: PlannedRequest,
): Pick<Call, 'model' | 'prompt' | 'maxTokens'> {
  const model = plan.models[request.model];
  const prompt = prompts[request.prompt];
  if (!model || !prompt) throw new Error(`Request ${request.id} has no model or prompt.`);
  return { model, ...(request.coldStart ? wakingQuestion(plan, prompt) : { prompt, maxTokens: plan.maxTokens }) };
}

function* jobsOf(options: RunnerOptions, budget: Budget | undefined): Generator<Job> {
  const { runId, plan, prompts, earlier } = options;
  for (const request of plannedRequests(runId, plan, prompts.length)) {
    if (!earlier.finished.has(request.id)) yield jobOf(options, request, budget);
  }
}

/** Wakes the models that have requests left. */
function wakingJobs(options: RunnerOptions, budget: Budget | undefined): Iterator<Job> {
  const { runId, plan, prompts, session } = options;
  const waking = wakingRequests(runId, plan, prompts.length, session);
  if (waking.length === 0) return [].values();
  const needed = new Set([...jobsOf(options, undefined)].map(({ request }) => request.model));
  return waking
    .filter(({ model }) => needed.has(model))
    .map((request) => jobOf(options, request, budget))
    .values();
}

function jobOf({ plan, prompts }: RunnerOptions, request: PlannedRequest, budget: Budget | undefined): Job {
  const boundUsd = boundOf(plan, prompts, request);
  const spending = new Spending(budget, boundUsd);
  return { id: request.id, request, ...questionOf(plan, prompts, request), boundUsd, spending };
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
