import { randomBytes } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import type { Manifest, RunPrompt } from '../../core/benchmark/manifest.ts';
import type { Plan, PlannedModel } from '../../core/benchmark/plan.ts';
import { Failure } from '../../core/failure.ts';
import { counted } from '../../core/numbers.ts';
import { type Called, type Outcome, ofUnknownCost, outcomeKey } from '../../core/quality/outcome.ts';
import type { BoundKey, Progress } from '../../protocol/measure.ts';
import { addUse, Ceilings, ceilingCannotHold, costBound, noUse, type Use, useBound } from '../benchmark/budget.ts';
import { openJournal } from '../benchmark/journal.ts';
import { mendLines, outcomeLines } from '../benchmark/outcomes.ts';
import type { Parent } from '../benchmark/parent.ts';
import { ProgressTicker } from '../benchmark/progress.ts';
import { readRecords, runPaths } from '../benchmark/run-folder.ts';
import { Targets } from '../benchmark/targets.ts';
import type { Transport } from '../http/transport.ts';
import { checkTools, NotAsked } from './check-tools.ts';
import { asksForEvaluation, type Evaluation, evaluationKey, evaluationsOf } from './evaluations.ts';
import { judgedAtOnce, ModelCaller, mostAttempts } from './model-caller.ts';
import { codeParser } from './parse-code.ts';
import { verdictOn } from './verdicts.ts';

export interface EvaluateOptions {
  readonly runDir: string;
  /** With the ceilings and the evaluation that hold now. */
  readonly plan: Plan;
  readonly prompts: readonly RunPrompt[];
  readonly keys: readonly BoundKey[];
  readonly transport: Transport;
  readonly parent: Parent | undefined;
  /** The folder of the grammars; absent: only JSON and YAML are parsed. */
  readonly grammars?: string | undefined;
  /** What the run has used beyond the outcomes in its folder, at most. */
  readonly spent: Use;
  /** True: an earlier session may have broken off while judges were being asked. */
  readonly brokeOff: boolean;
  /** True: what ended in a failure of the endpoint is asked again. */
  readonly again?: boolean | undefined;
  /** After so long no further verdict is begun; absent: no limit. */
  readonly timeLeftMs?: number | undefined;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
}

export interface Evaluated extends Pick<Manifest, 'stopReason' | 'stopMessage'> {
  readonly state: 'complete' | 'cancelled' | 'stopped';
  /** USD, as far as known, of all outcomes in the folder; undefined: no model was asked. */
  readonly knownUsd: number | undefined;
  /** Outcomes in the folder that a model was asked for at an unknown cost. */
  readonly unknownCost: number;
  /** What calls without an outcome may have used, at most. */
  readonly unrecorded: Use;
}

/**
 * Whether the answers of a plan can be judged, before anything is sent.
 * @throws Failure `config` or `usage`, as `checkRunnable` does; also for a scale without two ends
 */
export function checkEvaluable(plan: Plan, keys: readonly BoundKey[], parent: Parent | undefined): void {
  const { judge, embedding } = plan.evaluation ?? {};
  const models = [judge?.model, embedding].filter((model) => model !== undefined);
  if (models.length === 0) return;
  if (judge && !(judge.scale > 1 && judge.repeats >= 1)) {
    throw new Failure({ code: 'usage', message: 'A judge needs a scale of 2 or more and at least one repeat.' });
  }
  const targets = new Targets(plan, keys, parent);
  for (const model of models) {
    if (!plan.endpoints.some(({ id }) => id === model.endpoint)) {
      const message = `${nameOf(model)} is to judge answers, but the plan has no endpoint "${model.endpoint}".`;
      throw new Failure({ code: 'config', message });
    }
    targets.of(model.endpoint);
  }
  if (plan.maxCostUsd === undefined) return;
  const unpriced = [
    ...(judge && costBound(0, judge.maxTokens, judge.model) === undefined ? [judge.model] : []),
    ...(embedding && costBound(0, 0, embedding) === undefined ? [embedding] : []),
  ];
  if (unpriced.length > 0) throw new Failure({ code: 'usage', message: ceilingCannotHold(unpriced.map(nameOf)) });
}

function nameOf({ endpoint, model }: PlannedModel): string {
  return `${endpoint}/${model}`;
}

/** Between two turns of the event loop, ms: verdicts without a model would else hold up a cancel. */
const turnMs = 20;

/**
 * Judges the answers of a run whose requests have ended: what has no outcome yet, each outcome written as it comes. Undefined:
 * nothing is to be judged.
 * @throws Failure `local` when the outcomes cannot be written, `input` when they are damaged
 */
export async function evaluateRun(options: EvaluateOptions): Promise<Evaluated | undefined> {
  const { runDir, plan, prompts, signal } = options;
  if (!asksForEvaluation(plan, prompts)) return undefined;
  const path = runPaths(runDir).outcomes;
  mendLines(path);
  const earlier = earlierOutcomes(options);
  const all = () => evaluationsOf(plan, prompts, () => readRecords(runDir));
  const left = countLeft(all(), earlier.done, plan);
  const lost = options.brokeOff ? left.mostInFlight : noUse;

  const disk = new AbortController();
  const ending = AbortSignal.any([signal, disk.signal]);
  const journal = openJournal<Outcome>(path, (failure) => disk.abort(failure));
  const flush = () => journal.flush();
  process.on('exit', flush);
  const targets = new Targets(plan, options.keys, options.parent);
  const ceilings = new Ceilings(plan, addUse(addUse(options.spent, earlier.spent), lost));
  const caller = new ModelCaller({ ...options, targets, ceilings, signal: ending });
  const tools = checkTools(codeParser(options.grammars ?? ''), caller, plan.evaluation?.embedding);
  const secret = randomBytes(32);
  let { knownUsd, unknownCost } = earlier;
  const ticker = new ProgressTicker({
    total: () => left.total,
    done: left.total - left.open,
    errors: 0,
    costUsd: knownUsd,
    earlierMs: 0,
    inFlight: () => caller.inFlight,
    tell: (progress) => options.onProgress({ ...progress, phase: 'evaluating' }),
  });

  const queue = all();
  const unasked = new Set<NotAsked['reason']>();
  let turned = performance.now();
  const until = turned + (options.timeLeftMs ?? Number.POSITIVE_INFINITY);
  let unreached = left.open;
  const timeUp = () => performance.now() >= until;
  async function work(): Promise<void> {
    for (const evaluation of { [Symbol.iterator]: () => resumable(queue) }) {
      if (earlier.done.has(evaluationKey(evaluation))) continue;
      if (ending.aborted || unasked.has('refused') || timeUp()) return;
      if (performance.now() - turned > turnMs) {
        await turn();
        turned = performance.now();
      }
      try {
        const outcome = await verdictOn(evaluation, { plan, caller, tools, secret });
        const called = 'called' in outcome ? outcome.called : undefined;
        if (called?.costUsd !== undefined) knownUsd = (knownUsd ?? 0) + called.costUsd;
        if (ofUnknownCost(outcome)) unknownCost++;
        unreached--;
        journal.append(outcome);
        ticker.count({ status: 'error' in outcome && outcome.error ? 'error' : 'ok', costUsd: called?.costUsd });
      } catch (error) {
        if (!(error instanceof NotAsked)) throw error;
        // What needs no dead model is still done.
        unasked.add(error.reason);
      }
    }
  }

  try {
    await Promise.all(Array.from({ length: judgedAtOnce(plan) }, work));
  } finally {
    ticker.stop();
    journal.close();
    process.off('exit', flush);
  }
  if (disk.signal.aborted) throw disk.signal.reason;
  return { ...endingOf(), knownUsd, unknownCost, unrecorded: addUse(lost, caller.abandoned) };

  function endingOf(): Pick<Evaluated, 'state' | 'stopReason' | 'stopMessage'> {
    if (signal.aborted) return { state: 'cancelled' };
    const { refusal } = caller;
    if (refusal) {
      return { state: 'stopped', ...refusal, stopMessage: `While answers were judged: ${refusal.stopMessage}` };
    }
    if (unasked.has('dead')) return { state: 'stopped', stopReason: 'endpoint', stopMessage: caller.complaint() };
    if (unreached > 0 && timeUp()) {
      const stopMessage = `${counted(unreached, 'verdict')} ${unreached === 1 ? 'was' : 'were'} not reached within the time limit.`;
      return { state: 'stopped', stopReason: 'time-limit', stopMessage };
    }
    return { state: 'complete' };
  }
}

/** A generator that several loops share: leaving one of them does not end it. */
function resumable<T>(generator: Generator<T>): Iterator<T> {
  return { next: () => generator.next() };
}

/** What a session that broke off while it judged may have used without an outcome, at most. */
export function lostJudging(options: Pick<EvaluateOptions, 'runDir' | 'plan' | 'prompts' | 'again'>): Use {
  const { runDir, plan, prompts } = options;
  const evaluations = evaluationsOf(plan, prompts, () => readRecords(runDir));
  return countLeft(evaluations, earlierOutcomes(options).done, plan).mostInFlight;
}

/** What the judging of a run has used until now, at most, as its outcomes tell. */
export function evaluationUse(options: Pick<EvaluateOptions, 'runDir' | 'plan' | 'prompts'>): Use {
  return earlierOutcomes(options).spent;
}

interface EarlierOutcomes {
  /** Keys of what needs no verdict any more. */
  readonly done: ReadonlySet<string>;
  readonly knownUsd: number | undefined;
  readonly unknownCost: number;
  /** At most. */
  readonly spent: Use;
}

function earlierOutcomes({
  runDir,
  plan,
  prompts,
  again,
}: Pick<EvaluateOptions, 'runDir' | 'plan' | 'prompts' | 'again'>): EarlierOutcomes {
  const done = new Set<string>();
  let knownUsd: number | undefined;
  let unknownCost = 0;
  let spent = noUse;
  const attempt = dearestAttempt(plan, prompts);
  const most = mostAttempts(plan) * (plan.evaluation?.judge?.pairs ? 2 : 1);
  for (const outcome of outcomeLines(runDir)) {
    const called = 'called' in outcome ? outcome.called : undefined;
    if (called?.costUsd !== undefined) knownUsd = (knownUsd ?? 0) + called.costUsd;
    if (ofUnknownCost(outcome)) unknownCost++;
    spent = addUse(spent, mostOf(called, attempt, most));
    const failed = again === true && ('error' in outcome ? outcome.error !== undefined : askedInVain(outcome, called));
    if (failed) done.delete(outcomeKey(outcome));
    else done.add(outcomeKey(outcome));
  }
  return { done, knownUsd, unknownCost, spent };
}

/** A check or a pair that a model was asked about, without a verdict. */
function askedInVain(outcome: Outcome, called: Called | undefined): boolean {
  if (called?.e2eMs === undefined) return false;
  return outcome.kind === 'check'
    ? outcome.score === undefined
    : outcome.kind === 'pair' && outcome.winner === undefined;
}

/** What a call that has an outcome used at most: what is told of it, and the bound of each attempt that no server counted. */
function mostOf(called: Called | undefined, attempt: Use, mostAttempts: number): Use {
  if (called?.e2eMs === undefined) return noUse;
  const { tokens, costUsd = 0 } = called;
  const uncertain = called.uncertain ?? (tokens?.source === 'server' ? 0 : mostAttempts);
  return addUse({ usd: costUsd, tokens: tokens ? tokens.input + tokens.output : 0 }, times(uncertain, attempt));
}

/** Bytes of an answer that a record can hold. */
const mostAnswerBytes = 60_000;
/** What is written around the texts in a judge's prompt. */
const frameBytes = 4_000;

/** What one attempt of any verdict can use at most. */
function dearestAttempt(plan: Plan, prompts: readonly RunPrompt[]): Use {
  const { judge, embedding } = plan.evaluation ?? {};
  let prompt = 0;
  for (const { text, reference = '' } of prompts)
    prompt = Math.max(prompt, Buffer.byteLength(text) + Buffer.byteLength(reference));
  const judged = judge ? boundOfJudge(judge, prompt + 2 * mostAnswerBytes) : noUse;
  const embedded = embedding ? useBound(prompt + mostAnswerBytes, 0, embedding) : noUse;
  return { usd: Math.max(judged.usd, embedded.usd), tokens: Math.max(judged.tokens, embedded.tokens) };
}

type Judge = NonNullable<NonNullable<Plan['evaluation']>['judge']>;

function boundOfJudge({ rubric, model, maxTokens }: Judge, bytes: number): Use {
  return useBound(frameBytes + Buffer.byteLength(rubric) + bytes, maxTokens, model);
}

interface Left {
  readonly total: number;
  readonly open: number;
  /** What the dearest of them, as many as can be in flight, use at most: a killed session may have asked for any of them. */
  readonly mostInFlight: Use;
}

function countLeft(evaluations: Iterable<Evaluation>, done: ReadonlySet<string>, plan: Plan): Left {
  let total = 0;
  const attempts = mostAttempts(plan);
  const bounds: Use[] = [];
  let open = 0;
  for (const evaluation of evaluations) {
    total++;
    if (done.has(evaluationKey(evaluation))) continue;
    open++;
    const bound = boundOf(evaluation, plan);
    if (bound) bounds.push(times(attempts, bound));
  }
  const dearest = (pick: (use: Use) => number) =>
    bounds
      .map(pick)
      .sort((a, b) => b - a)
      .slice(0, judgedAtOnce(plan))
      .reduce((sum, use) => sum + use, 0);
  return { total, open, mostInFlight: { usd: dearest(({ usd }) => usd), tokens: dearest(({ tokens }) => tokens) } };
}

/** What one attempt of an evaluation uses at most; undefined: no model is asked. */
function boundOf(evaluation: Evaluation, { evaluation: asked }: Plan): Use | undefined {
  const { prompt } = evaluation;
  const texts = Buffer.byteLength(prompt.text) + Buffer.byteLength(prompt.reference ?? '');
  const records = evaluation.kind === 'pair' ? evaluation.records : [evaluation.record];
  let answers = 0;
  for (const { answer = '' } of records) answers += Buffer.byteLength(answer);
  if (evaluation.kind !== 'check') {
    const once = asked?.judge && boundOfJudge(asked.judge, texts + answers);
    return once && times(evaluation.kind === 'pair' ? 2 : 1, once);
  }
  const { check } = evaluation;
  if (check.type !== 'similarity' || !asked?.embedding) return undefined;
  return useBound(answers + texts + Buffer.byteLength(check.value ?? ''), 0, asked.embedding);
}

function times(count: number, { usd, tokens }: Use): Use {
  return { usd: count * usd, tokens: count * tokens };
}
