import type { Stage } from '../../core/benchmark/load.ts';
import type { Manifest, RunPrompt } from '../../core/benchmark/manifest.ts';
import { type Plan, paidModels } from '../../core/benchmark/plan.ts';
import type { RunRecord } from '../../core/benchmark/record.ts';
import { type PlannedRequest, wakingRequests } from '../../core/benchmark/schedule.ts';
import type { StageResults } from '../../core/benchmark/stage-results.ts';
import { slotsOf } from '../../core/benchmark/stages.ts';
import { Failure } from '../../core/failure.ts';
import type { BoundKey } from '../../protocol/measure.ts';
import { type Clock, systemClock } from '../calling/clock.ts';
import { InFlight } from '../calling/in-flight.ts';
import { type CallAttempt, callWithRetries, lastAttempt, RetryBudget, wasCancelled } from '../calling/retry.ts';
import { AdaptiveTimeouts, fixedTimeouts } from '../calling/timeout.ts';
import { adapterFor } from '../endpoints/adapters.ts';
import type { ChatOutcome } from '../endpoints/chat.ts';
import { refusesKey } from '../endpoints/refused-key.ts';
import type { Transport } from '../http/transport.ts';
import { addUse, Ceilings, ceilingCannotHold, certainUse, costBound, noUse, type Use, unknownUse } from './budget.ts';
import { makeCallOnce, requestOf } from './call-once.ts';
import { startClosedLoop } from './closed-loop.ts';
import { Health } from './health.ts';
import { type Job, jobOf, jobsOf, modelsLeft } from './jobs.ts';
import type { LoopOptions, RunningLoop } from './loop.ts';
import { startOpenLoop } from './open-loop.ts';
import type { Parent } from './parent.ts';
import { recordOf } from './record-of.ts';
import { StageBook } from './stage-book.ts';
import { Targets } from './targets.ts';
import { wake, wakingLimit } from './waking.ts';

/** What earlier sessions of a run left. */
export interface Earlier {
  /** Ids of requests that have a record. */
  readonly finished: ReadonlySet<string>;
  /** At most. */
  readonly spent: Use;
  /** Of the stages that have begun; absent: the run begins. It goes on counting there. */
  readonly stages?: StageResults | undefined;
}

/** Of a run that begins. */
export const nothingEarlier: Earlier = { finished: new Set(), spent: noUse };

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
  /** A stage begins; all that have begun, in order. */
  onStage(begun: readonly Stage[]): void;
  onSend(request: PlannedRequest): void;
  /** Receives each finished request, in the order in which they end. */
  onRecord(record: RunRecord): void;
}

/** A run on its way. */
export interface Running {
  /** Requests in flight. */
  readonly inFlight: number;
  /** Requests that the run makes at most, over all its sessions, as far as is known by now; those that wake endpoints are not among them. */
  readonly mostRequests: number;
  /** What is left of the ceilings; for what comes after the requests. */
  readonly ceilings: Ceilings;
  /** Rejects with what was thrown in the middle, which would be a defect. */
  readonly ended: Promise<Ending>;
}

export interface Ending extends Pick<Manifest, 'stopReason' | 'stopMessage'> {
  readonly state: 'complete' | 'cancelled' | 'stopped';
  /** What requests given up in flight may have used, at most. */
  readonly abandoned: Use;
}

type Once = (limits: { timeoutMs: number; signal: AbortSignal }) => Promise<ChatOutcome>;

/**
 * Whether a plan can be carried out at all, before anything is written or sent.
 * @throws Failure `config` when an endpoint has no usable address, not the key it needs, or not what its protocol asks for;
 * `usage` when a ceiling cannot be held because a price is unknown, or a model cannot be asked from here.
 */
export function checkRunnable(plan: Plan, keys: readonly BoundKey[], parent: Parent | undefined): void {
  checkCeilings(plan);
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
}

/**
 * Sends all requests of a plan that are not finished yet, stage by stage, and hands out their records. What sleeps is woken
 * before its first stage.
 * @throws Failure as `checkRunnable` does, before anything is sent.
 */
export function startRequests(options: RunnerOptions): Running {
  const { plan, transport, signal } = options;
  const targets = new Targets(plan, options.keys, options.parent);
  checkCeilings(plan);
  const ceilings = new Ceilings(plan, options.earlier.spent);
  const book = new StageBook(plan, options.earlier);
  const callOnce = makeCallOnce({ ...options, targets });
  const timeouts = plan.adaptiveTimeout
    ? new AdaptiveTimeouts({ capMs: plan.timeoutMs })
    : fixedTimeouts(plan.timeoutMs);
  const retryBudgets = new Map(plan.endpoints.map(({ id }) => [id, new RetryBudget()]));
  const health = new Health();
  // One for each request in flight. Were they to listen to a single signal, its list would chain each request to the
  // next, and once one of them is in V8's old space, all that follow are kept until that is collected.
  const givingUp = new InFlight<AbortController>();
  const wallTime = wallClock(transport);
  const clock: Clock = { ...systemClock, now: () => transport.now() };
  const woken = new Set<number>();
  let loop: RunningLoop<Job> | undefined;
  let isWaking = false;
  let abandoned = noUse;
  let timeUp = false;
  let defect: unknown;

  const isOver = () => signal.aborted || timeUp || defect !== undefined;
  const ended = sendStages();

  /** Gives the job that a ceiling left no room for, if that ended it. */
  async function sendStages(): Promise<Job | undefined> {
    for (let index = 0; !isOver(); index++) {
      const stage = book.at(index);
      if (!stage) return undefined;
      if (book.isNew(index)) options.onStage(book.begin(stage));
      if (isOver()) return undefined;
      const left = { stage, index, finished: options.earlier.finished };
      isWaking = true;
      const asleep = wakingRequests(options.runId, plan, options.prompts.length, options.session).filter(
        ({ model }) => stage.models.includes(model) && !woken.has(model),
      );
      if (asleep.length > 0) {
        const needed = modelsLeft(options, left);
        const waking = asleep.filter(({ model }) => needed.has(model));
        for (const { model } of waking) woken.add(model);
        loop = startClosedLoop({
          ...loopOptions(wakeUp),
          jobs: waking.map((request) => jobOf(options, ceilings, request)).values(),
          slots: plan.concurrency,
        });
        const refused = await loop.ended;
        if (refused || isOver()) return refused;
      }
      isWaking = false;
      loop = startStage(
        stage,
        jobsOf(options, ceilings, left, () => transport.now()),
      );
      const refused = await loop.ended;
      if (refused) return refused;
    }
    return undefined;
  }

  function startStage(stage: Stage, jobs: Iterator<Job>): RunningLoop<Job> {
    const slots = slotsOf(plan, stage);
    const common = { ...loopOptions(send), jobs, slots };
    if (stage.load.kind === 'closed') return startClosedLoop(common);
    // By the clock nobody waits for another model's answers: each has its share of the slots.
    const shares = {
      most: Math.max(1, Math.floor(slots / stage.models.length)),
      partyOf: ({ request }: Job) => String(request.model),
    };
    return startOpenLoop({ ...common, shares, now: () => transport.now(), dueAt: ({ dueAt = 0 }) => dueAt });
  }

  function loopOptions(run: (job: Job) => Promise<void>): Omit<LoopOptions<Job>, 'jobs'> {
    const before = loop;
    return {
      lanes: new Map(plan.endpoints.map(({ id, concurrency }) => [id, concurrency ?? Number.POSITIVE_INFINITY])),
      // What a server asked for holds for the next stage, too.
      pausedMs: (endpoint) => before?.pauseLeft(endpoint) ?? 0,
      laneOf: ({ model }) => model.endpoint,
      skip: ({ model }) => health.isDead(model.endpoint, model.model),
      admit: ({ spending }) => spending.reserve(),
      run: (job) =>
        run(job).catch((error: unknown) => {
          defect ??= error;
          stop();
        }),
    };
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
        onRetryAfter: plan.maxRetries ? (ms) => loop?.pause(model.endpoint, ms) : undefined,
        pauseLeft: () => loop?.pauseLeft(model.endpoint) ?? 0,
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
    const place = givingUp.add(giveUp);
    const startedAt = transport.now();
    let scheduled = job.dueAt ?? startedAt;
    if (!targets.isSound(model.endpoint)) {
      await targets.prepare(model.endpoint, giveUp.signal);
      // A key that has to be renewed is nobody's latency.
      scheduled += transport.now() - startedAt;
    }
    const once: Once = async (limits) => {
      const outcome = await callOnce(job, limits);
      spending.settle(outcome.failure?.code === 'cancelled' ? unknownUse : certainUse(outcome, model));
      return outcome;
    };
    const attempts = await withValidKey(job, giveUp.signal, (before) =>
      attemptsOf(once, giveUp.signal, before),
    ).finally(() => givingUp.remove(place));
    // What was reserved for an attempt that did not come about.
    spending.settle(noUse);
    if (wasCancelled(attempts)) {
      abandoned = addUse(abandoned, spending.most);
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
      book.note(record);
      health.note(model.endpoint, model.model, record.error);
    }
    options.onRecord(record);
  }

  function stop(): void {
    loop?.stop();
    const reason = new Failure({ code: 'cancelled', message: 'The run was ended.' });
    for (const request of givingUp.all()) request.abort(reason);
  }

  function ending(refused: Job | undefined): Ending {
    if (defect !== undefined) throw defect;
    if (book.left === 0) return { state: 'complete', abandoned };
    const stopped = (stopReason: Ending['stopReason'], stopMessage: string): Ending => {
      return { state: 'stopped', stopReason, stopMessage, abandoned };
    };
    if (signal.aborted) {
      const { reason } = signal;
      return reason instanceof Failure && reason.code === 'local'
        ? stopped('disk', reason.message)
        : { state: 'cancelled', abandoned };
    }
    const refusal = refused && ceilings.refusal(refused.bound);
    if (refusal) return { state: 'stopped', ...refusal, abandoned };
    if (timeUp) {
      const most = plan.load?.pattern === 'search' ? 'Up to ' : '';
      return stopped('time-limit', `${most}${book.left} requests were not sent within the time limit.`);
    }
    const complaint = health.complaint();
    if (complaint !== undefined) return stopped('endpoint', complaint);
    throw new Error(`The run ended with ${book.left} requests left.`);
  }

  const timer =
    plan.timeLimitMs === undefined
      ? undefined
      : setTimeout(() => {
          timeUp = true;
          if (isWaking) stop();
          else loop?.stop();
        }, plan.timeLimitMs);
  signal.addEventListener('abort', stop);
  return {
    get inFlight() {
      return loop?.inFlight ?? 0;
    },
    get mostRequests() {
      return book.most;
    },
    ceilings,
    ended: ended
      .finally(() => {
        clearTimeout(timer);
        signal.removeEventListener('abort', stop);
      })
      .then(ending),
  };
}

/** @throws Failure `usage` for a ceiling in USD that a model without a price cannot keep. */
function checkCeilings(plan: Plan): void {
  if (plan.maxCostUsd === undefined) return;
  const unpriced = paidModels(plan).find(
    (model) => costBound(0, model.task === 'embeddings' ? 0 : plan.maxTokens, model) === undefined,
  );
  if (!unpriced) return;
  throw new Failure({ code: 'usage', message: ceilingCannotHold([`${unpriced.endpoint}/${unpriced.model}`]) });
}

/** ISO time of a moment on the transport's clock. The wall clock is read once: should it be set, a run does not notice. */
function wallClock(transport: Transport): (at: number) => string {
  const origin = Date.now() - transport.now();
  return (at) => new Date(origin + at).toISOString();
}
