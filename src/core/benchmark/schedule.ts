import { seededOrder, seedFor } from '../stats/random.ts';
import { arrivals, type OpenLoad, traceArrivals } from './arrivals.ts';
import type { Stage } from './load.ts';
import type { Plan } from './plan.ts';
import { countsIn, nextStage } from './stages.ts';

/** One request that a plan asks for. */
export interface PlannedRequest {
  /** The same whenever the plan is walked again: it is how a resumed run knows what is done. */
  readonly id: string;
  /** Position in `plan.models`. */
  readonly model: number;
  /** Position in the run's prompts. */
  readonly prompt: number;
  readonly warmup: boolean;
  /** Position of its stage. */
  readonly stage: number;
  /** ms from the beginning of its stage at which it is due; absent: as soon as there is room for it. */
  readonly dueMs?: number;
  /** True: sent before all others to wake the model's endpoint. */
  readonly coldStart?: boolean;
}

/**
 * All requests of a stage in the order in which they are sent, warm-up first, and measured ones right after it. The prompts' order
 * depends on the seed only and is that of every stage; warm-up takes them from its end, so that the first measured
 * requests do not meet a cache that warm-up filled, as long as there are prompts enough.
 *
 * In a closed loop a turn is one prompt on every model, in an order of its own, so that no model always comes first or after
 * the same other. In an open loop each model's requests are due at times of their own.
 */
export function plannedRequests(
  runId: string,
  plan: Plan,
  promptCount: number,
  stage: Stage | undefined = nextStage(plan, []),
  index = 0,
): Generator<PlannedRequest> {
  if (stage === undefined) throw new Error('There is no such stage.');
  const walk = walkOf(runId, plan, promptCount, stage, index);
  const { load } = stage;
  if (load.kind === 'open') return independently(walk, stage, load);
  const { load: trace } = plan;
  return turns(walk, stage, trace?.pattern === 'trace' ? traceArrivals(trace.offsetsMs, walk.warmup) : undefined);
}

/**
 * Finds requests by their ids, those that wake endpoints included, among the stages that have begun; undefined: the run has none of
 * that id. When they are due is not told.
 */
export function requestFinder(
  runId: string,
  plan: Plan,
  promptCount: number,
  stages: readonly Stage[],
): (id: string) => PlannedRequest | undefined {
  const order = seededOrder(promptCount, plan.seed);
  const walks = stages.map((stage, index) => ({ runId, plan, index, order, ...countsIn(plan, stage.load) }));
  return (id) => {
    const found = id.startsWith(runId) ? /^(?:\.s(\d+))?\.([wrc])(\d+)\.m(\d+)$/.exec(id.slice(runId.length)) : null;
    if (!found) return undefined;
    const [, stage = '1', kind, number, place] = found;
    const index = Number(stage) - 1;
    const model = Number(place) - 1;
    const count = Number(number);
    const request = kind === 'c' ? waking(count, model) : measuredOrWarmup(index, kind === 'w', count, model);
    // What is written otherwise (a 0 before a number) is not of this run.
    return request?.id === id ? request : undefined;
  };

  function waking(count: number, model: number): PlannedRequest | undefined {
    return wakingRequests(runId, plan, promptCount, count - 1).find((request) => request.model === model);
  }

  function measuredOrWarmup(index: number, isWarmup: boolean, count: number, model: number) {
    const walk = walks[index];
    if (!walk || !stages[index]?.models.includes(model)) return undefined;
    if (count > (isWarmup ? walk.warmup : walk.requests)) return undefined;
    return requestAt(walk, model, isWarmup ? count - 1 : walk.warmup + count - 1);
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
    wake
      ? [{ id: `${runId}.c${session + 1}.m${model + 1}`, model, prompt, warmup: true, stage: 0, coldStart: true }]
      : [],
  );
}

interface Walk {
  readonly runId: string;
  readonly plan: Plan;
  readonly index: number;
  readonly order: Uint32Array;
  /** Of each model in the stage. */
  readonly requests: number;
  readonly warmup: number;
}

function walkOf(runId: string, plan: Plan, promptCount: number, { load }: Stage, index: number): Walk {
  return { runId, plan, index, order: seededOrder(promptCount, plan.seed), ...countsIn(plan, load) };
}

/** Request `turn` of a model in its stage; the first `warmup` are warm-up. */
function requestAt({ runId, index, order, warmup }: Walk, model: number, turn: number): PlannedRequest {
  const count = order.length;
  const measured = turn - warmup;
  const stage = index === 0 ? '' : `.s${index + 1}`;
  if (measured < 0) {
    const prompt = order[count - 1 - (turn % count)] ?? 0;
    return { id: `${runId}${stage}.w${turn + 1}.m${model + 1}`, model, prompt, warmup: true, stage: index };
  }
  const prompt = order[measured % count] ?? 0;
  return { id: `${runId}${stage}.r${measured + 1}.m${model + 1}`, model, prompt, warmup: false, stage: index };
}

/** The models of a turn, in an order that the seed gives for it. */
function orderInTurn({ plan, index }: Walk, { models }: Stage, turn: number): readonly number[] {
  if (models.length < 2) return models;
  return Array.from(seededOrder(models.length, seedFor(plan.seed, index, turn)), (position) => models[position] ?? 0);
}

/** `times`: when each turn is due; absent: as soon as there is room. */
function* turns(walk: Walk, stage: Stage, times?: Iterator<number, never>): Generator<PlannedRequest> {
  for (let turn = 0; turn < walk.warmup + walk.requests; turn++) {
    const due = times && { dueMs: times.next().value };
    for (const model of orderInTurn(walk, stage, turn)) yield { ...requestAt(walk, model, turn), ...due };
  }
}

/** Each model at times of its own. Evenly spaced requests of several models do not come at the same moments. */
function* independently(walk: Walk, stage: Stage, load: OpenLoad): Generator<PlannedRequest> {
  const { plan, index, requests, warmup } = walk;
  let lines = orderInTurn(walk, stage, 0).map((model, position) => {
    const times = arrivals(load, walk, position / stage.models.length, seedFor(plan.seed, index, model));
    return { model, times, turn: 0, dueMs: times.next().value };
  });
  while (lines.length > 0) {
    const line = lines.reduce((first, other) => (other.dueMs < first.dueMs ? other : first));
    yield { ...requestAt(walk, line.model, line.turn), dueMs: line.dueMs };
    line.turn++;
    line.dueMs = line.times.next().value;
    if (line.turn === warmup + requests) lines = lines.filter((other) => other !== line);
  }
}
