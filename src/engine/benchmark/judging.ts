import { copyFileSync, existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Manifest, RunPrompt } from '../../core/benchmark/manifest.ts';
import { summarise } from '../../core/benchmark/summarise.ts';
import { Failure } from '../../core/failure.ts';
import { ofUnknownCost } from '../../core/quality/outcome.ts';
import type { ToMeasure } from '../../protocol/measure.ts';
import type { Transport } from '../http/transport.ts';
import {
  checkEvaluable,
  type Evaluated,
  type EvaluateOptions,
  evaluateRun,
  evaluationUse,
  lostJudging,
} from '../quality/evaluate.ts';
import { asksForEvaluation } from '../quality/evaluations.ts';
import { judgedAtOnce } from '../quality/model-caller.ts';
import { addUse, noUse, type Use } from './budget.ts';
import { diskFailure, writeAtomically } from './disk.ts';
import { earlierSessions } from './earlier.ts';
import { asEvaluated, type EvaluationFile, evaluationPath, readEvaluation } from './evaluation-file.ts';
import { lockRun } from './lock.ts';
import { outcomeLines, readOutcomes } from './outcomes.ts';
import { readManifest, readPrompts, readRecords, runPaths } from './run-folder.ts';
import type { SessionOptions } from './session.ts';

/** The manifest's plan with the ceilings and the evaluation that hold now, and the prompts with the checks that do. */
function planNow(manifest: Manifest, prompts: readonly RunPrompt[], file: EvaluationFile | undefined) {
  const { manifest: judged, prompts: checked } = asEvaluated({ manifest, prompts }, file);
  const { plan } = judged;
  const { maxCostUsd = plan.maxCostUsd, maxTotalTokens = plan.maxTotalTokens } = manifest;
  return { plan: { ...plan, maxCostUsd, maxTotalTokens }, prompts: checked };
}

/** What judging the answers of a run has used until now, at most. */
export function judgingUse(dir: string, manifest: Manifest, prompts: readonly RunPrompt[]): Use {
  const file = readEvaluation(dir);
  const earlier = file?.earlier ?? noUse;
  return addUse(
    { usd: earlier.usd, tokens: earlier.tokens },
    evaluationUse({ runDir: dir, ...planNow(manifest, prompts, file) }),
  );
}

/** As `checkEvaluable`, for a run as it is judged now. */
export function checkJudging(
  dir: string,
  manifest: Manifest,
  prompts: readonly RunPrompt[],
  { keys, parent }: Pick<SessionOptions, 'keys' | 'parent'>,
): void {
  checkEvaluable(planNow(manifest, prompts, readEvaluation(dir)).plan, keys, parent);
}

/**
 * Judges the answers of a run whose requests have ended, in a folder that this process has locked. Returns what that changes in
 * the manifest; undefined: nothing is to be judged.
 */
export async function judgeAnswers(
  options: SessionOptions,
  transport: Transport,
  manifest: Manifest,
  prompts: readonly RunPrompt[],
  how: Pick<EvaluateOptions, 'brokeOff' | 'again' | 'timeLeftMs'>,
): Promise<(Evaluated & Pick<Manifest, 'evaluationUsd' | 'evaluationUnknown'>) | undefined> {
  const { runDir, script } = options;
  const file = readEvaluation(runDir);
  const now = planNow(manifest, prompts, file);
  const limited = now.plan.maxCostUsd !== undefined || now.plan.maxTotalTokens !== undefined;
  const ofRequests = limited ? earlierSessions(runDir, manifest, prompts).spent : noUse;
  const { unrecordedUsd = 0, unrecordedTokens = 0 } = manifest;
  const {
    knownUsd: earlierUsd,
    unknownCost: earlierUnknown = 0,
    ...earlier
  } = file?.earlier ?? {
    knownUsd: undefined,
    unknownCost: undefined,
    ...noUse,
  };
  const evaluated = await evaluateRun({
    ...options,
    ...now,
    ...how,
    transport,
    parent: options.parent,
    grammars: script === undefined ? undefined : join(dirname(script), 'grammars'),
    spent: addUse(addUse(ofRequests, earlier), { usd: unrecordedUsd, tokens: unrecordedTokens }),
  });
  if (!evaluated) return undefined;
  const { knownUsd } = evaluated;
  const unknown = earlierUnknown + evaluated.unknownCost;
  return {
    ...evaluated,
    evaluationUsd: earlierUsd === undefined ? knownUsd : earlierUsd + (knownUsd ?? 0),
    evaluationUnknown: unknown > 0 ? unknown : undefined,
  };
}

/** Writes the summary of a run as it is judged now. */
export function writeSummary(dir: string, manifest: Manifest, prompts: readonly RunPrompt[]): void {
  const judged = asEvaluated({ manifest, prompts }, readEvaluation(dir));
  const summary = summarise(judged.manifest, judged.prompts, readRecords(dir), readOutcomes(dir));
  writeAtomically(runPaths(dir).summary, `${JSON.stringify(summary, undefined, 2)}\n`);
}

type Task = Pick<
  Extract<ToMeasure, { type: 'evaluate' }>,
  'evaluation' | 'endpoints' | 'checks' | 'maxCostUsd' | 'maxTotalTokens'
>;

/**
 * Judges the answers of a run that has ended, with another judge or other checks or as before. As before, it goes on where it
 * was interrupted and asks again what ended in an endpoint's failure; otherwise it begins anew: earlier verdicts move to a file
 * beside, people's stay. The state of the run is left as it is; how the judging ended stands in `judging`.
 * @throws Failure `usage` where the run is interrupted, nothing is to be judged, or a ceiling or endpoint ended it before all was judged;
 * `config` as `checkEvaluable`; `local` when another process works on the run.
 */
export async function evaluateAgain(options: SessionOptions & Task): Promise<Manifest> {
  const { runDir } = options;
  readManifest(runDir);
  const lock = lockRun(runDir);
  try {
    return await evaluateLocked(options);
  } finally {
    lock.release();
  }
}

async function evaluateLocked(options: SessionOptions & Task): Promise<Manifest> {
  const { runDir } = options;
  const found = readManifest(runDir);
  if (found.state === 'running') {
    throw new Failure({
      code: 'usage',
      message: `The run in ${runDir} was interrupted. Resume it first; that judges its answers, too.`,
    });
  }
  const prompts = readPrompts(runDir);
  const ids = new Set(prompts.map(({ id }) => id));
  const unknown = options.checks?.find(({ prompt }) => !ids.has(prompt));
  if (unknown) {
    throw new Failure({
      code: 'usage',
      message: `There are checks for the prompt "${unknown.prompt}", which the run in ${runDir} does not have.`,
    });
  }
  const before = readEvaluation(runDir);
  const ceilings = {
    maxCostUsd: options.maxCostUsd ?? found.maxCostUsd,
    maxTotalTokens: options.maxTotalTokens ?? found.maxTotalTokens,
  };
  const asBefore = planNow(found, prompts, before);
  const lost = found.judging === 'running' ? lostJudging({ runDir, ...asBefore, again: true }) : noUse;
  // Written before anybody is asked: a process that is killed cannot say what it had asked for.
  const manifest: Manifest = { ...found, ...ceilings, ...withUnrecorded(found, lost), judging: 'running' };
  const wanted: EvaluationFile = {
    evaluation: options.evaluation ?? (before ? before.evaluation : manifest.plan.evaluation),
    endpoints: options.endpoints ?? before?.endpoints,
    checks: options.checks ?? before?.checks,
  };
  const now = planNow(manifest, prompts, wanted);
  checkEvaluable(now.plan, options.keys, options.parent);
  const same = isDeepStrictEqual(judgedBy(now), judgedBy(asBefore));
  if (!asksForEvaluation(now.plan, now.prompts)) {
    throw new Failure({
      code: 'usage',
      message: 'There is nothing to judge: the run has neither a judge nor checks. Name a judge, or give checks.',
    });
  }
  const transport = await options.connect(judgedAtOnce(now.plan));
  try {
    writeManifest(runDir, manifest);
    if (!same) beginAnew(runDir, manifest, prompts, wanted);
    const evaluated = await judgeAnswers(options, transport, manifest, prompts, {
      brokeOff: false,
      again: true,
      timeLeftMs: manifest.plan.timeLimitMs,
    });
    if (!evaluated) throw new Error('Nothing was judged.');
    const { state, evaluationUsd, evaluationUnknown, unrecorded } = evaluated;
    const ended: Manifest = {
      ...manifest,
      ...withUnrecorded(manifest, unrecorded),
      judging: state === 'complete' ? undefined : state,
      evaluationUsd,
      evaluationUnknown,
    };
    writeSummary(runDir, ended, prompts);
    writeManifest(runDir, ended);
    if (evaluated.state === 'stopped') {
      const message = `${evaluated.stopMessage ?? 'The judging was stopped.'} What was judged is kept; the same command goes on from there.`;
      throw new Failure({ code: 'usage', message });
    }
    return ended;
  } finally {
    await transport.close();
  }
}

function writeManifest(dir: string, manifest: Manifest): void {
  writeAtomically(runPaths(dir).manifest, `${JSON.stringify(manifest, undefined, 2)}\n`);
}

/** What calls without a record or an outcome may have used, with more of them. */
function withUnrecorded(
  { unrecordedUsd = 0, unrecordedTokens = 0 }: Manifest,
  more: Use,
): Pick<Manifest, 'unrecordedUsd' | 'unrecordedTokens'> {
  const { usd, tokens } = addUse({ usd: unrecordedUsd, tokens: unrecordedTokens }, more);
  return { unrecordedUsd: usd > 0 ? usd : undefined, unrecordedTokens: tokens > 0 ? tokens : undefined };
}

/** What decides whether verdicts belong together. */
function judgedBy({ plan, prompts }: ReturnType<typeof planNow>) {
  // As it is written: what is undefined is not there.
  return JSON.parse(JSON.stringify({ evaluation: plan.evaluation, checks: prompts.map(({ checks = [] }) => checks) }));
}

/**
 * Moves the verdicts that were reached to a file of their own and keeps the people's. A process that dies in the middle leaves a run
 * that is judged as before, with nothing judged yet.
 */
function beginAnew(dir: string, manifest: Manifest, prompts: readonly RunPrompt[], wanted: EvaluationFile): void {
  const { outcomes } = runPaths(dir);
  const before = readEvaluation(dir);
  let knownUsd = before?.earlier?.knownUsd ?? 0;
  let unknownCost = before?.earlier?.unknownCost ?? 0;
  const peoples: string[] = [];
  for (const outcome of outcomeLines(dir)) {
    if (ofUnknownCost(outcome)) unknownCost++;
    if ('called' in outcome) knownUsd += outcome.called?.costUsd ?? 0;
    if (outcome.kind === 'rating' || (outcome.kind === 'pair' && outcome.by === 'person'))
      peoples.push(JSON.stringify(outcome));
  }
  const earlier = { knownUsd, unknownCost, ...judgingUse(dir, manifest, prompts) };
  try {
    if (existsSync(outcomes)) {
      let number = 1;
      while (existsSync(join(dir, `outcomes.${number}.jsonl`))) number++;
      copyFileSync(outcomes, join(dir, `outcomes.${number}.jsonl`));
    }
  } catch (cause) {
    throw diskFailure('write', outcomes, cause);
  }
  writeAtomically(outcomes, peoples.map((line) => `${line}\n`).join(''));
  writeAtomically(evaluationPath(dir), `${JSON.stringify({ ...wanted, earlier }, undefined, 2)}\n`);
}
