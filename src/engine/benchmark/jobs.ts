import type { Stage } from '../../core/benchmark/load.ts';
import type { RunPrompt } from '../../core/benchmark/manifest.ts';
import type { Plan } from '../../core/benchmark/plan.ts';
import { type PlannedRequest, plannedRequests } from '../../core/benchmark/schedule.ts';
import { type Ceilings, Spending, type Use, useBound } from './budget.ts';
import type { Call } from './call-once.ts';
import { wakingQuestion } from './waking.ts';

/** A planned request with all that is needed to send it. */
export interface Job extends Call {
  readonly request: PlannedRequest;
  /** When it is due, on the transport's clock; absent: once it is started. */
  readonly dueAt: number | undefined;
  /** What one attempt can use at most. */
  readonly bound: Use;
  readonly spending: Spending;
}

interface JobOptions {
  readonly runId: string;
  readonly plan: Plan;
  readonly prompts: readonly RunPrompt[];
}

/** What one attempt at a request of a plan can use at most. */
export function boundOf(plan: Plan, prompts: readonly RunPrompt[], request: PlannedRequest): Use {
  const { model, prompt, maxTokens } = questionOf(plan, prompts, request);
  return useBound(Buffer.byteLength(prompt.text), maxTokens, model);
}

export function jobOf(
  { plan, prompts }: JobOptions,
  ceilings: Ceilings,
  request: PlannedRequest,
  dueAt?: number | undefined,
): Job {
  const bound = boundOf(plan, prompts, request);
  const spending = new Spending(ceilings, bound);
  return { id: request.id, request, ...questionOf(plan, prompts, request), dueAt, bound, spending };
}

/** A stage, and what has a record of it. */
interface StageLeft {
  readonly stage: Stage;
  readonly index: number;
  /** Ids of requests. */
  readonly finished: ReadonlySet<string>;
}

/**
 * The jobs of a stage that have no record. Their times count from when the first is taken; where a stage is taken up again, the
 * first that is left is due at once, and the others follow as they would have.
 */
export function* jobsOf(options: JobOptions, ceilings: Ceilings, left: StageLeft, now: () => number): Generator<Job> {
  const { runId, plan, prompts } = options;
  let begin: number | undefined;
  let resumed = false;
  for (const request of plannedRequests(runId, plan, prompts.length, left.stage, left.index)) {
    const { id, dueMs } = request;
    if (left.finished.has(id)) resumed = true;
    else if (dueMs === undefined) yield jobOf(options, ceilings, request);
    else {
      begin ??= now() - (resumed ? dueMs : 0);
      yield jobOf(options, ceilings, request, begin + dueMs);
    }
  }
}

/** The models of a stage that have requests without a record. */
export function modelsLeft({ runId, plan, prompts }: JobOptions, { stage, index, finished }: StageLeft): Set<number> {
  const models = new Set<number>();
  for (const { id, model } of plannedRequests(runId, plan, prompts.length, stage, index)) {
    if (!finished.has(id)) models.add(model);
    if (models.size === stage.models.length) break;
  }
  return models;
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
