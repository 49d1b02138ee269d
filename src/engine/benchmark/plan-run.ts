import type { Load, Slo } from '../../core/benchmark/load.ts';
import type { RunPrompt } from '../../core/benchmark/manifest.ts';
import {
  type Evaluation,
  type Plan,
  type PlannedEndpoint,
  type PlannedModel,
  paidModels,
} from '../../core/benchmark/plan.ts';
import { openConcurrency, planDefaults, planLimits } from '../../core/benchmark/plan-limits.ts';
import { mostInFlight } from '../../core/benchmark/stages.ts';
import { formatUsd } from '../../core/catalog/cost.ts';
import type { Model } from '../../core/catalog/model.ts';
import type { Protocol } from '../../core/catalog/protocol.ts';
import type { Scorer } from '../../core/complexity/scorer.ts';
import { Failure } from '../../core/failure.ts';
import type { Prompt } from '../../core/prompts/prompt.ts';
import { estimateTokens } from '../../core/prompts/tokens.ts';
import type { Tier } from '../../core/routing/tier.ts';
import { tierOf } from '../../core/routing/tiers.ts';
import { parseBaseUrl } from '../http/base-url.ts';
import { ceilingCannotHold, costBound, tokenBound } from './budget.ts';
import { byTheClock, checkLoad, checkSlo } from './check-load.ts';
import { estimateRun, type RunEstimate } from './estimate.ts';

export type { RunEstimate };

export interface PlanOptions {
  /** Requests in flight at once; in an open loop the most. */
  readonly concurrency?: number | undefined;
  /** How requests arrive; default: `concurrency` are kept in flight. */
  readonly load?: Load | undefined;
  readonly slo?: Slo | undefined;
  /** Measured requests for each model; default: one for each prompt, and as many as a trace has. */
  readonly requests?: number | undefined;
  /** In place of `requests`: how often each prompt is sent to each model. */
  readonly repeats?: number | undefined;
  readonly warmup?: number | undefined;
  readonly maxTokens?: number | undefined;
  readonly temperature?: number | undefined;
  readonly stream?: boolean | undefined;
  readonly timeoutMs?: number | undefined;
  /** Time limits follow complexity and recent answers, up to `timeoutMs`; default: no. */
  readonly adaptiveTimeout?: boolean | undefined;
  /** Further tries after a rate limit or an overload; default: none. */
  readonly maxRetries?: number | undefined;
  readonly timeLimitMs?: number | undefined;
  readonly maxCostUsd?: number | undefined;
  /** Input and output tokens, judges' included. */
  readonly maxTotalTokens?: number | undefined;
  /** Its models' endpoints are among the input's. */
  readonly evaluation?: Evaluation | undefined;
  /** Measure the instrument's own error first. */
  readonly calibrate?: boolean | undefined;
  readonly keepAnswers?: boolean | undefined;
  readonly seed?: number | undefined;
}

export interface PlanInput {
  readonly models: readonly Model[];
  readonly endpoints: readonly {
    readonly id: string;
    readonly protocol: Protocol;
    readonly baseUrl: string;
    readonly apiVersion?: string | undefined;
    /** Most requests in flight at once on this endpoint. */
    readonly concurrency?: number | undefined;
    readonly apiKeyEnv?: string | undefined;
  }[];
  readonly prompts: readonly Prompt[];
  readonly scorer: Scorer;
  readonly tiers: readonly Tier[];
  readonly options: PlanOptions;
}

/**
 * Makes a plan of what a person asked for, scores the prompts and estimates the cost. Nothing is sent.
 * @throws Failure `usage` for what cannot be run, `config` for an endpoint's address.
 */
export function planRun(input: PlanInput): { plan: Plan; prompts: RunPrompt[]; estimate: RunEstimate } {
  const { models, options } = input;
  if (models.length === 0) throw usage('No model is chosen. Name at least one.');
  const refs = new Set<string>();
  for (const { ref } of models) {
    if (refs.has(ref)) throw usage(`The model ${ref} is chosen twice. Name it once.`);
    refs.add(ref);
  }
  const prompts = promptsOf(input);
  const { slo, evaluation } = options;
  const load = sized(options.load, slo);
  if (load !== undefined) checkLoad(load, slo);
  const plan: Plan = {
    endpoints: endpointsOf(input),
    models: models.map(plannedModel),
    concurrency: whole('concurrency', concurrencyOf(options), ...planLimits.concurrency),
    ...optional('load', load),
    ...optional('slo', slo),
    requests: whole('number of requests', requestsOf(options, prompts.length), ...planLimits.requests),
    warmup: whole('number of warm-up requests', warmupOf(options, models.length, prompts.length), ...planLimits.warmup),
    ...optional('warmupMs', warmupMsOf(options)),
    maxTokens: whole('most output tokens', options.maxTokens ?? planDefaults.maxTokens, ...planLimits.maxTokens),
    ...optional(
      'temperature',
      options.temperature === undefined
        ? undefined
        : within('temperature', options.temperature, ...planLimits.temperature),
    ),
    stream: options.stream ?? planDefaults.stream,
    timeoutMs: whole('time-out in ms', options.timeoutMs ?? planDefaults.timeoutMs, ...planLimits.timeoutMs),
    ...optional('adaptiveTimeout', options.adaptiveTimeout || undefined),
    ...optional(
      'maxRetries',
      options.maxRetries ? whole('number of retries', options.maxRetries, ...planLimits.maxRetries) : undefined,
    ),
    ...optional(
      'timeLimitMs',
      options.timeLimitMs === undefined
        ? undefined
        : whole('time limit in ms', options.timeLimitMs, ...planLimits.timeLimitMs),
    ),
    ...optional('maxCostUsd', options.maxCostUsd),
    ...optional(
      'maxTotalTokens',
      options.maxTotalTokens === undefined
        ? undefined
        : whole('token ceiling', options.maxTotalTokens, ...planLimits.maxTotalTokens),
    ),
    ...optional('evaluation', evaluation),
    ...optional('calibrate', (options.calibrate ?? planDefaults.calibrate) || undefined),
    keepAnswers: options.keepAnswers ?? planDefaults.keepAnswers,
    seed: whole('seed', options.seed ?? planDefaults.seed, ...planLimits.seed),
  };
  if (slo !== undefined) checkSlo(slo, plan);
  if (plan.maxCostUsd !== undefined) checkCeiling(plan, plan.maxCostUsd, prompts);
  if (plan.maxTotalTokens !== undefined) checkTokenCeiling(plan, plan.maxTotalTokens, prompts);
  return { plan, prompts, estimate: estimateRun(plan, input.prompts) };
}

/** Of each model before a load by the clock at least: opens connections and fills caches. */
const clockWarmup = 10;
/**
 * How long a load by the clock warms up: as many requests are then in flight as will be. That takes as long as a request, of
 * which nothing is known before but what the SLO allows it; ms.
 */
const [shortestWarmupMs, longestWarmupMs] = [1_000, 10_000];
/** How long a trial of a search lasts, where nobody says it: a queue must have time to grow beyond what the SLO allows. */
const [shortestTrialSeconds, limitsInTrial] = [10, 5];

function warmupMsOf({ warmup, load, slo }: PlanOptions): number | undefined {
  if (warmup !== undefined || !byTheClock(load)) return undefined;
  return Math.min(longestWarmupMs, Math.max(shortestWarmupMs, longestLimit(slo)));
}

/** A load with all that it needs. */
function sized(load: Load | undefined, slo: Slo | undefined): Load | undefined {
  if (load?.pattern !== 'search') return load;
  const [, most] = planLimits.trialSeconds;
  const trialSeconds = Math.max(shortestTrialSeconds, Math.ceil((limitsInTrial * longestLimit(slo)) / 1000));
  return { ...load, trialSeconds: load.trialSeconds ?? Math.min(most, trialSeconds) };
}

/** What an SLO allows to a request, ms; 0: nothing is said. */
function longestLimit({ ttftMs = 0, e2eMs = 0 }: Slo = {}): number {
  return Math.max(ttftMs, e2eMs);
}

/**
 * Enough for the first measured request to meet the full load: one for each slot, shared by the models. Never more than
 * are measured.
 */
function warmupOf(options: PlanOptions, models: number, prompts: number): number {
  if (options.warmup !== undefined) return options.warmup;
  const filling = byTheClock(options.load) ? clockWarmup : Math.ceil(concurrencyOf(options) / models);
  return Math.min(filling, requestsOf(options, prompts));
}

/** A load that keeps a number in flight says how many itself. */
function concurrencyOf({ concurrency, load }: PlanOptions): number {
  if (byTheClock(load)) return concurrency ?? openConcurrency;
  return load === undefined ? (concurrency ?? planDefaults.concurrency) : mostInFlight({ concurrency: 1, load });
}

function requestsOf({ requests, repeats, load }: PlanOptions, prompts: number): number {
  if (repeats === undefined) return requests ?? (load?.pattern === 'trace' ? load.offsetsMs.length : prompts);
  if (requests === undefined) return prompts * whole('number of repeats', repeats, ...planLimits.repeats);
  throw usage('The number of requests and the repeats of each prompt both say how much is sent. Give one of them.');
}

/** @throws Failure `usage` for a model that does not answer prompts. */
export function plannedModel(model: Model): PlannedModel {
  const { endpoint, id, task, pyfunc, scaleToZero, ref } = model;
  if (task === 'embeddings') {
    throw usage(`${ref} makes embeddings and answers no prompts. Leave it out of the benchmark.`);
  }
  return {
    endpoint,
    model: id,
    ...optional('inputPrice', price(model.inputPrice?.value, ref)),
    ...optional('outputPrice', price(model.outputPrice?.value, ref)),
    ...optional('cachedInputPrice', price(model.cachedInputPrice?.value, ref)),
    ...optional('cacheWritePrice', price(model.cacheWritePrice?.value, ref)),
    ...optional('reasoningPrice', price(model.reasoningPrice?.value, ref)),
    ...priceOrigin(model),
    ...optional('task', task === 'chat' ? undefined : task),
    ...optional('pyfunc', task === 'pyfunc' ? (pyfunc ?? { input: 'dataframe_split', column: 'prompt' }) : undefined),
    ...optional('wake', scaleToZero || undefined),
  };
}

/** Where the prices come from, and their date. */
function priceOrigin({ inputPrice, outputPrice }: Model): Pick<PlannedModel, 'priceSource' | 'priceAsOf'> {
  const figure = inputPrice ?? outputPrice;
  return { ...optional('priceSource', figure?.provenance), ...optional('priceAsOf', figure?.asOf) };
}

function promptsOf({ prompts, scorer, tiers }: PlanInput): RunPrompt[] {
  if (prompts.length === 0) throw usage('There is no prompt to send. Give a data set with at least one row.');
  const ids = new Set<string>();
  return prompts.map(({ id, text, reference, checks }, index) => {
    if (id === '') throw usage(`Prompt ${index + 1} has an empty id. Give each prompt its own.`);
    if (ids.has(id)) throw usage(`Two prompts have the id "${id}". Give each its own.`);
    ids.add(id);
    if (text.trim() === '') throw usage(`The prompt "${id}" is empty. Fill it or leave it out.`);
    const { score } = scorer.score(text);
    return {
      id,
      text,
      tokens: estimateTokens(text).tokens,
      score,
      tier: tierOf(score, tiers).name,
      ...optional('reference', reference),
      ...optional('checks', checks && [...checks]),
    };
  });
}

/** The endpoints that the models need, those of a judge included, in the order given. */
function endpointsOf({ endpoints, models, options: { evaluation } }: PlanInput): Plan['endpoints'] {
  const needed = new Set([...models, ...paidModels({ models: [], evaluation })].map(({ endpoint }) => endpoint));
  for (const id of needed) {
    if (!endpoints.some((endpoint) => endpoint.id === id)) {
      throw usage(`There is no endpoint "${id}". Add it, or leave its models out.`);
    }
  }
  return endpoints.filter(({ id }) => needed.has(id)).map(plannedEndpoint);
}

/** An endpoint as a run remembers it. @throws Failure `config` for its address. */
export function plannedEndpoint({
  id,
  protocol,
  baseUrl,
  apiVersion,
  concurrency,
  apiKeyEnv,
}: PlanInput['endpoints'][number]): PlannedEndpoint {
  return {
    id,
    protocol,
    baseUrl: protocol === 'vscode-lm' ? '' : parseBaseUrl(baseUrl).url,
    ...optional('apiVersion', apiVersion),
    ...optional(
      'concurrency',
      concurrency === undefined ? undefined : whole(`concurrency of ${id}`, concurrency, ...planLimits.concurrency),
    ),
    ...optional('apiKeyEnv', apiKeyEnv),
  };
}

/** A ceiling must be a sum, be holdable, and leave room for at least one request of each model. */
function checkCeiling(plan: Plan, ceilingUsd: number, prompts: readonly RunPrompt[]): void {
  if (!Number.isFinite(ceilingUsd) || ceilingUsd <= 0) {
    throw usage(`The cost ceiling must be an amount in USD above 0, not ${ceilingUsd}.`);
  }
  const shortest = shortestOf(prompts);
  const bounds = paidModels(plan).map((model) => ({
    name: `${model.endpoint}/${model.model}`,
    // An embedding model answers with no token.
    usd: costBound(shortest, model.task === 'embeddings' ? 0 : plan.maxTokens, model),
  }));
  const unpriced = bounds.filter(({ usd }) => usd === undefined).map(({ name }) => name);
  if (unpriced.length > 0) throw usage(ceilingCannotHold(unpriced));
  for (const { name, usd = 0 } of bounds) {
    if (usd > ceilingUsd) {
      throw usage(
        `The cost ceiling of ${formatUsd(ceilingUsd)} leaves no room for a single request to ${name}, which may cost ${formatUsd(usd)}. Raise it, ask for fewer output tokens than ${plan.maxTokens}, or leave the model out.`,
      );
    }
  }
}

function checkTokenCeiling({ maxTokens }: Plan, ceiling: number, prompts: readonly RunPrompt[]): void {
  const least = tokenBound(shortestOf(prompts), maxTokens);
  if (least <= ceiling) return;
  throw usage(
    `The ceiling of ${ceiling} tokens leaves no room for a single request, which may use ${least}. Raise it, or ask for fewer output tokens than ${maxTokens}.`,
  );
}

/** Bytes. */
function shortestOf(prompts: readonly RunPrompt[]): number {
  return prompts.reduce((least, { text }) => Math.min(least, Buffer.byteLength(text)), Number.POSITIVE_INFINITY);
}

function price(value: number | undefined, name: string): number | undefined {
  if (value === undefined || (Number.isFinite(value) && value >= 0)) return value;
  throw usage(`The price of ${name} is ${value}. Give USD per million tokens, 0 or more, or leave it out.`);
}

function whole(what: string, value: number, least: number, most: number): number {
  if (!Number.isInteger(value)) throw usage(`The ${what} must be a whole number, not ${value}.`);
  return within(what, value, least, most);
}

function within(what: string, value: number, least: number, most: number): number {
  if (value >= least && value <= most) return value;
  throw usage(`The ${what} must be from ${least} to ${most}, not ${value}.`);
}

/** A field that is there only when its value is: what is absent stays absent in the plan's hash and in the manifest. */
function optional<K extends string, V>(key: K, value: V | undefined): { [key in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [key in K]: V });
}

function usage(message: string): Failure {
  return new Failure({ code: 'usage', message });
}
