import { seededOrder } from '../stats/random.ts';
import type { Plan } from './plan.ts';

/** One request that a plan asks for. */
export interface PlannedRequest {
  /** The same whenever the plan is walked again: it is how a resumed run knows what is done. */
  readonly id: string;
  /** Position in `plan.models`. */
  readonly model: number;
  /** Position in the run's prompts. */
  readonly prompt: number;
  readonly warmup: boolean;
  /** True: sent before all others to wake the model's endpoint. */
  readonly coldStart?: boolean;
}

/** How many requests a plan asks for, warm-up included; those that wake endpoints are not among them. */
export function requestCount(plan: Pick<Plan, 'models' | 'requests' | 'warmup'>): number {
  return plan.models.length * (plan.requests + plan.warmup);
}

/**
 * All requests of a plan in the order in which they are sent: warm-up first, then turn by turn one prompt on every
 * model. The prompts' order depends on the seed only; warm-up takes them from its end, so that the first measured
 * requests do not meet a cache that warm-up filled, as long as there are prompts enough.
 */
export function* plannedRequests(runId: string, plan: Plan, promptCount: number): Generator<PlannedRequest> {
  const order = seededOrder(promptCount, plan.seed);
  for (let turn = 0; turn < plan.warmup; turn++) {
    const prompt = order[promptCount - 1 - (turn % promptCount)] ?? 0;
    for (let model = 0; model < plan.models.length; model++) {
      yield { id: `${runId}.w${turn + 1}.m${model + 1}`, model, prompt, warmup: true };
    }
  }
  for (let turn = 0; turn < plan.requests; turn++) {
    const prompt = order[turn % promptCount] ?? 0;
    for (let model = 0; model < plan.models.length; model++) {
      yield { id: `${runId}.r${turn + 1}.m${model + 1}`, model, prompt, warmup: false };
    }
  }
}

/**
 * The requests that wake endpoints which may sleep, one for each such model, with the last prompt of the order. Each
 * session of a run (`session`: how often it had been taken up again) has its own: until then an endpoint may be asleep
 * again.
 */
export function wakingRequests(runId: string, plan: Plan, promptCount: number, session: number): PlannedRequest[] {
  const prompt = seededOrder(promptCount, plan.seed).at(-1) ?? 0;
  return plan.models.flatMap(({ wake }, model) =>
    wake ? [{ id: `${runId}.c${session + 1}.m${model + 1}`, model, prompt, warmup: true, coldStart: true }] : [],
  );
}
