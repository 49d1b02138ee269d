import type { Load, Stage } from './load.ts';
import type { Plan } from './plan.ts';
import { type Bracket, bracketOf, mostTrials, nextRate, type Trial } from './search.ts';

type StagedPlan = Pick<Plan, 'models' | 'concurrency' | 'requests' | 'warmup' | 'load'>;

/** A stage that has begun, and what it gave so far. */
export interface StageResult {
  readonly stage: Stage;
  /** Measured requests that have a record, and how many of them meet the SLO. */
  readonly measured: number;
  readonly good: number;
}

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
        const perSecond = nextRate(load, bracketIn(load, own));
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

/** What a search found out about each of a plan's models; undefined for other loads. */
export function capacities(
  plan: StagedPlan,
  begun: readonly StageResult[],
): ({ readonly model: number } & Bracket)[] | undefined {
  const { load } = plan;
  if (load?.pattern !== 'search') return undefined;
  return plan.models.map((_, model) => ({
    model,
    ...bracketIn(
      load,
      begun.filter((result) => result.stage.models[0] === model && isFinished(plan, result)),
    ),
  }));
}

/** How many requests a plan asks for at most, warm-up included, once these stages have begun; those that wake endpoints are not among them. */
export function mostRequests(plan: StagedPlan, begun: readonly StageResult[] = []): number {
  const { load } = plan;
  const ofModel = plan.requests + plan.warmup;
  const soFar = begun.reduce((sum, { stage }) => sum + stage.models.length, 0);
  if (load?.pattern !== 'search')
    return ofModel * plan.models.length * (load?.pattern === 'sweep' ? load.stages.length : 1);
  const further = plan.models.map((_, model) => {
    const own = begun.filter((result) => result.stage.models[0] === model);
    const finished = own.filter((result) => isFinished(plan, result));
    // What is under way is one of the trials that the finished ones leave.
    return mostTrials(load, bracketIn(load, finished)) - (own.length - finished.length);
  });
  return ofModel * (soFar + further.reduce((sum, stages) => sum + stages, 0));
}

/** How many requests a plan asks for at least: a search can end with the first stage of each model. */
export function fewestRequests(plan: StagedPlan): number {
  return plan.load?.pattern === 'search' ? plan.models.length * (plan.requests + plan.warmup) : mostRequests(plan);
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

function isFinished({ requests }: StagedPlan, { stage, measured }: StageResult): boolean {
  return measured >= requests * stage.models.length;
}

function bracketIn({ goodShare }: Extract<Load, { pattern: 'search' }>, results: readonly StageResult[]): Bracket {
  return bracketOf(
    results.flatMap(({ stage, measured, good }): Trial[] =>
      stage.load.kind === 'open' ? [{ perSecond: stage.load.perSecond, held: good >= goodShare * measured }] : [],
    ),
  );
}
