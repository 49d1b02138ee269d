import type { Load, StageLoad } from '../../core/benchmark/load.ts';
import type { RunPrompt } from '../../core/benchmark/manifest.ts';
import { isStreamed, type Plan } from '../../core/benchmark/plan.ts';
import type { AnswerShape } from './true-process.ts';

/** What is sent to the simulator to learn how wrong the instrument is under a plan's load. */
export interface Rehearsal {
  readonly load: StageLoad;
  /** Without endpoints and models: those are the simulator's. */
  readonly plan: Omit<Plan, 'endpoints' | 'models'>;
  readonly prompts: readonly RunPrompt[];
  readonly shape: AnswerShape;
  /** The load is smaller than the plan's. */
  readonly reduced: boolean;
}

/** What the rehearsal of the load may take, ms; starting the simulator and the ceilings come to about as much again. */
const lastsMs = 1_500;
/** Pace of a fast model: with it a stream costs the client what a real one does. */
const msPerToken = 10;
const mostTokens = 48;
const mostInFlight = 128;
const mostPerSecond = 500;
const mostRequests = 240;
const mostPrompts = 100;
const mostCharacters = 32_768;

/**
 * The heaviest load of a plan, cut down to what can be rehearsed in about one and a half seconds. Prompts are the plan's
 * own; answers come at the pace of a fast model, with `maxTokens` tokens or as many as there is time for: a stream that
 * is cut shorter makes no fewer events a second. A load that is too light to give figures in that time (one request in
 * flight, a few a second) is rehearsed somewhat faster, so that the error found is rather too large.
 */
export function rehearsalOf(plan: Plan, prompts: readonly RunPrompt[]): Rehearsal {
  const heaviest = heaviestOf(plan);
  const stream = plan.models.some((model) => isStreamed(plan, model));
  const sent = prompts
    .slice(0, mostPrompts)
    .map((prompt) => ({ ...prompt, text: prompt.text.slice(0, mostCharacters) }));
  const shortened = sent.some(({ text }, index) => text.length < (prompts[index]?.text.length ?? 0));
  const { load, concurrency, requests, warmup, answerMs } =
    heaviest.kind === 'closed' ? closed(heaviest) : open(heaviest, plan.concurrency);
  const ttftMs = answerMs / 4;
  const tokens = Math.max(1, Math.min(plan.maxTokens, mostTokens, Math.floor((answerMs - ttftMs) / msPerToken)));
  const smaller =
    heaviest.kind === 'closed' ? concurrency < heaviest.concurrency : load !== heaviest && isSlower(load, heaviest);
  return {
    load,
    plan: {
      concurrency,
      load: { pattern: 'steady', load },
      requests,
      warmup,
      maxTokens: plan.maxTokens,
      stream,
      timeoutMs: 5_000,
      keepAnswers: plan.keepAnswers,
      seed: plan.seed,
    },
    prompts: sent,
    shape: { ttftMs, msPerToken, tokens },
    reduced: smaller || shortened,
  };
}

interface Sized {
  readonly load: StageLoad;
  readonly concurrency: number;
  readonly requests: number;
  readonly warmup: number;
  /** How long one answer may take. */
  readonly answerMs: number;
}

function closed(heaviest: Extract<StageLoad, { kind: 'closed' }>): Sized {
  const concurrency = Math.min(heaviest.concurrency, mostInFlight);
  const requests = Math.min(10 * concurrency, Math.max(mostRequests - concurrency, concurrency));
  const rounds = requests / concurrency + 1;
  return {
    load: { kind: 'closed', concurrency },
    concurrency,
    requests,
    // One round: connections are open and code is compiled when it counts, as in a run that warms up.
    warmup: concurrency,
    answerMs: lastsMs / rounds,
  };
}

function open(heaviest: Extract<StageLoad, { kind: 'open' }>, inFlight: number): Sized {
  const fewestPerSecond = 20;
  const perSecond = Math.min(Math.max(heaviest.perSecond, fewestPerSecond), mostPerSecond);
  const requests = Math.min(mostRequests, Math.ceil(perSecond * (lastsMs / 1000)));
  return {
    load: { kind: 'open', arrivals: heaviest.arrivals, perSecond },
    concurrency: Math.min(inFlight, 2 * mostInFlight),
    requests,
    warmup: Math.ceil(requests / 10),
    answerMs: lastsMs / 4,
  };
}

function isSlower(load: StageLoad, than: StageLoad): boolean {
  return load.kind === 'open' && than.kind === 'open' && load.perSecond < than.perSecond;
}

/** All models together. */
function heaviestOf(plan: Plan): StageLoad {
  const stages = stagesOf(plan).map((stage): StageLoad => {
    if (stage.kind === 'closed') return stage;
    const perSecond = Math.max(stage.perSecond, stage.toPerSecond ?? 0);
    return { kind: 'open', arrivals: stage.arrivals, perSecond: perSecond * together(plan) };
  });
  const weight = (stage: StageLoad) => (stage.kind === 'closed' ? stage.concurrency : stage.perSecond);
  return stages.reduce((heaviest, stage) => (weight(stage) > weight(heaviest) ? stage : heaviest));
}

/** How many models are sent to at once: a search takes one after the other. */
function together({ load, models }: Plan): number {
  return load?.pattern === 'search' ? 1 : models.length;
}

function stagesOf({ load, concurrency }: Plan): [StageLoad, ...StageLoad[]] {
  const all: StageLoad = { kind: 'closed', concurrency };
  switch (load?.pattern) {
    case undefined:
      return [all];
    case 'steady':
      return [load.load];
    case 'sweep': {
      const [first = all, ...others] = load.stages;
      return [first, ...others];
    }
    case 'search':
      return [{ kind: 'open', arrivals: load.arrivals, perSecond: load.toPerSecond }];
    case 'trace':
      return [{ kind: 'open', arrivals: 'poisson', perSecond: busiestSecond(load) }];
  }
}

/** Most requests of a trace within one second. */
function busiestSecond({ offsetsMs }: Extract<Load, { pattern: 'trace' }>): number {
  let most = 1;
  let from = 0;
  offsetsMs.forEach((at, index) => {
    while (at - (offsetsMs[from] ?? at) > 1000) from++;
    most = Math.max(most, index - from + 1);
  });
  return most;
}
