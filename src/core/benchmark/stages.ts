import type { Stage } from './load.ts';
import type { Plan } from './plan.ts';
import { planLimits } from './plan-limits.ts';
import { type Bracket, bracketOf, mostLeft, nextRate, type Trial } from './search.ts';

type StagedPlan = Pick<Plan, 'models' | 'concurrency' | 'requests' | 'warmup' | 'warmupMs' | 'load'>;

/** A stage that has begun, and what it gave so far. */
export interface StageResult {
  readonly stage: Stage;
  /** Measured requests that have a record, and how many of them meet the SLO. */
  readonly measured: number;
  readonly good: number;
  /** By how much waits grow at least, seconds a second (wait-growth.ts); absent: there are too few requests to tell. */
  readonly growth?: number | undefined;
}

/** Waits that grow faster, s/s, are those of an endpoint that does not keep up; less is noise, or within any search's precision. */
const mostGrowth = 0.05;

/**
 * The stage after those that have begun; undefined: there is none. Depends on the plan and on what those stages gave only, so
 * that a run that is taken up again goes on where it was. A search goes from model to model; one whose last stage is
 * unfinished (its endpoint is dead) is passed over.
 */
export function nextStage(plan: StagedPlan, begun: readonly StageResult[]): Stage | undefined {
  const { load, concurrency } = plan;
  const models = plan.models.map((_, model) => model);
  switch (load?.pattern) {
    case 'sweep': {
      const next = load.stages[begun.length];
      return next && { load: next, models };
    }
    case 'search': {
      for (const model of models) {
        const own = begun.filter((result) => result.stage.models[0] === model);
        if (!own.every((result) => isFinished(plan, result))) continue;
        const perSecond = nextRate(load, bracketIn(plan, own));
        if (perSecond === undefined) continue;
        return { load: { kind: 'open', arrivals: load.arrivals, perSecond }, models: [model] };
      }
      return undefined;
    }
    default: {
      if (begun.length > 0) return undefined;
      if (load?.pattern === 'trace') return { load: { kind: 'trace' }, models };
      return { load: load?.load ?? { kind: 'closed', concurrency }, models };
    }
  }
}

/** Requests of each model in a stage of a plan: measured ones, and warm-up before them. */
export function countsIn(
  plan: StagedPlan,
  load: Stage['load'],
): { readonly requests: number; readonly warmup: number } {
  const perSecond = firstRate(plan, load);
  if (perSecond === undefined) return { requests: plan.requests, warmup: plan.warmup };
  const { trialSeconds = 0 } = plan.load?.pattern === 'search' ? plan.load : {};
  const requests = atLeast(plan.requests, perSecond * trialSeconds, planLimits.requests[1]);
  const filling = Math.min(requests, Math.ceil((perSecond * (plan.warmupMs ?? 0)) / 1000));
  return { requests, warmup: atLeast(plan.warmup, filling, planLimits.warmup[1]) };
}

/** Requests per second with which a stage begins; undefined: they do not arrive by the clock. */
function firstRate({ load: planned }: StagedPlan, load: Stage['load']): number | undefined {
  if (load.kind === 'open') return load.perSecond;
  if (load.kind === 'closed' || planned?.pattern !== 'trace') return undefined;
  const { offsetsMs } = planned;
  const ms = (offsetsMs.at(-1) ?? 0) - (offsetsMs[0] ?? 0);
  return ms > 0 ? ((offsetsMs.length - 1) * 1000) / ms : undefined;
}

function atLeast(least: number, wanted: number, most: number): number {
  return Math.max(least, Math.min(most, Math.ceil(wanted)));
}

/**
 * Whether a trial of a search held its rate: enough of its requests are good, and the endpoint kept up with what arrived, as waits
 * did not grow. Undefined: it is not finished.
 */
export function heldRate(plan: StagedPlan, result: StageResult): boolean | undefined {
  if (plan.load?.pattern !== 'search' || !isFinished(plan, result)) return undefined;
  const { measured, good, growth = 0 } = result;
  return good >= plan.load.goodShare * measured && growth <= mostGrowth;
}

/** What a search found out about each model that has a finished trial; undefined for other loads. */
export function capacities(
  plan: StagedPlan,
  begun: readonly StageResult[],
): ({ readonly model: number } & Bracket)[] | undefined {
  const { load } = plan;
  if (load?.pattern !== 'search') return undefined;
  return plan.models.flatMap((_, model) => {
    const own = begun.filter((result) => result.stage.models[0] === model && isFinished(plan, result));
    return own.length > 0 ? [{ model, ...bracketIn(plan, own) }] : [];
  });
}

/** How many requests a plan asks for at most, warm-up included, once these stages have begun; those that wake endpoints are not among them. */
export function mostRequests(plan: StagedPlan, begun: readonly StageResult[] = []): number {
  const { load } = plan;
  if (load?.pattern === 'search') {
    const takes = (perSecond: number) => requestsAt(plan, { kind: 'open', arrivals: load.arrivals, perSecond });
    const ofModel = plan.models.map((_, model) => {
      // What is under way is one of the trials that the finished ones leave.
      const finished = begun.filter((result) => result.stage.models[0] === model && isFinished(plan, result));
      const made = finished.reduce((sum, { stage }) => sum + requestsAt(plan, stage.load), 0);
      return made + mostLeft(load, bracketIn(plan, finished), takes);
    });
    return ofModel.reduce((sum, requests) => sum + requests, 0);
  }
  const loads = load?.pattern === 'sweep' ? load.stages : [nextStage(plan, [])?.load];
  return loads.reduce((sum, one) => sum + (one ? plan.models.length * requestsAt(plan, one) : 0), 0);
}

/** How many requests a plan asks for at least: a search can end with the first stage of each model. */
export function fewestRequests(plan: StagedPlan): number {
  const { load } = plan;
  if (load?.pattern !== 'search') return mostRequests(plan);
  const { arrivals, fromPerSecond: perSecond } = load;
  return plan.models.length * requestsAt(plan, { kind: 'open', arrivals, perSecond });
}

/** Of one model in a stage, warm-up included. */
function requestsAt(plan: StagedPlan, load: Stage['load']): number {
  const { requests, warmup } = countsIn(plan, load);
  return requests + warmup;
}

/** Requests that may be in flight at once in a stage. */
export function slotsOf({ concurrency }: Pick<Plan, 'concurrency'>, { load }: Stage): number {
  return load.kind === 'closed' ? load.concurrency : concurrency;
}

/** Requests that may be in flight at once in any stage of a plan. */
export function mostInFlight({ concurrency, load }: Pick<Plan, 'concurrency' | 'load'>): number {
  const loads = load?.pattern === 'sweep' ? load.stages : load?.pattern === 'steady' ? [load.load] : [];
  return loads.reduce(
    (most, one) => Math.max(most, one.kind === 'closed' ? one.concurrency : concurrency),
    concurrency,
  );
}

function isFinished(plan: StagedPlan, { stage, measured }: StageResult): boolean {
  return measured >= countsIn(plan, stage.load).requests * stage.models.length;
}

function bracketIn(plan: StagedPlan, finished: readonly StageResult[]): Bracket {
  return bracketOf(
    finished.flatMap((result): Trial[] => {
      const { load } = result.stage;
      return load.kind === 'open' ? [{ perSecond: load.perSecond, held: heldRate(plan, result) === true }] : [];
    }),
  );
}
