import * as vscode from 'vscode';
import type { Evaluation, Plan, PlannedEndpoint } from '../core/benchmark/plan.ts';
import type { Model } from '../core/catalog/model.ts';
import { Failure } from '../core/failure.ts';
import { counted } from '../core/numbers.ts';
import { checksFor, type GivenChecks, withChecks } from '../core/quality/given-checks.ts';
import type { Run } from '../core/report/run.ts';
import { estimateEvaluation } from '../engine/benchmark/estimate.ts';
import { readEvaluation } from '../engine/benchmark/evaluation-file.ts';
import { plannedEndpoint } from '../engine/benchmark/plan-run.ts';
import type { EvaluationSetting } from '../engine/config/schema.ts';
import { evaluationSetting, plannedJudging, unpricedOf } from './benchmark-choice.ts';
import { costSentence, judgeSentence, limitSentence } from './benchmark-words.ts';
import { chosenEmbedding, chosenJudge } from './choose-judge.ts';
import { wantedDataset } from './dataset-file.ts';
import type { Endpoint } from './endpoints.ts';
import { formatCount, label } from './labels.ts';
import { measureRun } from './measure-run.ts';
import { pickRun } from './pick-run.ts';
import { isSameEndpoint } from './planned-endpoint.ts';
import { answered } from './questions.ts';
import { simulatedId } from './reserved-ids.ts';
import type { Services } from './services.ts';

/** By what answers are evaluated. */
interface Basis {
  /** Undefined: as the run was last judged. */
  readonly evaluation: Evaluation | undefined;
  /** Undefined: those that the prompts have. */
  readonly checks: GivenChecks | undefined;
  /** Judge and embedding model, as far as they are chosen now. */
  readonly models: readonly Model[];
}

/**
 * Checks and judges the stored answers of a run; its prompts are not sent again. Where a judge or an embedding model is asked, the person
 * sees first what that may cost.
 */
export async function evaluateRun(services: Services, argument: unknown): Promise<void> {
  const { runs } = services;
  const ended = ({ state }: { state: string }) => state !== 'running' && state !== 'interrupted';
  const id = await pickRun(services, argument, 'Evaluate the answers of which run?', ended);
  const run = await runs.read(id);
  const { plan, title } = run.manifest;
  if (!plan.keepAnswers) {
    throw new Failure({
      code: 'usage',
      message: 'This run stored no answers (tierwise.benchmark.keepAnswers), so there is nothing to evaluate.',
    });
  }
  const { evaluation, checks, models } = await chosenBasis(services, run);
  const judged: Plan = { ...plan, evaluation: evaluation ?? plan.evaluation };
  const prompts = checks ? withChecks(run.prompts, checks) : run.prompts;
  const { endpoints, further } = endpointsOf(services, judged);
  const unpriced = unpricedOf([], judged.evaluation);
  const ceilings = ceilingsOf(services, run, runs.folderOf(id), unpriced);

  const { ok } = run.summary.totals;
  const answers = ok / Math.max(1, prompts.length * plan.models.length);
  const estimate = estimateEvaluation(judged, prompts, answers);
  if (estimate.judgements !== undefined || estimate.highUsd !== undefined || estimate.unknown) {
    const free =
      models.length > 0
        ? models.every(({ simulated }) => simulated)
        : run.manifest.simulated && endpoints.every((one) => one.simulated === true);
    const asked =
      estimate.judgements === undefined
        ? 'Make embeddings'
        : `Ask for up to ${counted(estimate.judgements, 'judgement')}`;
    const { maxCostUsd, maxTotalTokens } = ceilings.more;
    const start = maxCostUsd === undefined ? 'Evaluate Without Cost Limit' : 'Evaluate';
    const answer = await vscode.window.showInformationMessage(
      `${asked} on ${label(title)}?`,
      {
        modal: true,
        detail: [
          `${formatCount(ok)} stored answers; the prompts are not sent again. Earlier verdicts of checks and judges are replaced, those of people stay.`,
          judgeSentence(judged),
          costSentence(estimate, free),
          limitSentence({ maxCostUsd, maxTotalTokens }, unpriced).replace('The run', 'The evaluation'),
        ].join('\n\n'),
      },
      start,
    );
    if (answer !== start) throw new vscode.CancellationError();
  }
  await measureRun(services, id, title, endpoints, (keys, network, version) => ({
    type: 'evaluate',
    runDir: runs.folderOf(id),
    ...(evaluation && { evaluation }),
    ...(further.length > 0 && { endpoints: further }),
    ...(checks && { checks }),
    ...ceilings.whole,
    keys,
    network,
    version,
  }));
}

/** Asks by what the answers are to be evaluated. */
async function chosenBasis(services: Services, { manifest: { plan }, prompts }: Run): Promise<Basis> {
  const judgeNow = plan.evaluation?.judge;
  const hasChecks = prompts.some(({ checks = [] }) => checks.length > 0);
  const { withData, withJudge } = answered(
    await vscode.window.showQuickPick(
      [
        {
          label: '$(law) A judge',
          detail: 'A model scores each answer by what you say a good answer is.',
          withData: false,
          withJudge: true,
        },
        {
          label: '$(checklist) Checks of a data set',
          detail: 'Rows with the ids of the run’s prompts, and with checks.',
          withData: true,
          withJudge: false,
        },
        { label: '$(checklist) Checks of a data set and a judge', withData: true, withJudge: true },
        ...(judgeNow || hasChecks
          ? [
              {
                label: '$(refresh) As before',
                detail: 'What was not evaluated yet, or ended in a failure of the judge, is asked again.',
                withData: false,
                withJudge: false,
              },
            ]
          : []),
      ],
      { title: 'Tierwise: evaluate run', placeHolder: 'By what are the answers evaluated?', ignoreFocusOut: true },
    ),
  );
  const checks = withData ? checksFor((await wantedDataset(undefined)).prompts, prompts) : undefined;
  let setting: EvaluationSetting = evaluationSetting(plan.evaluation);
  let changed = false;
  if (withJudge) {
    const usual = setting.judge ?? services.settings.get('benchmark.judge') ?? undefined;
    setting = { ...setting, judge: await chosenJudge(services, usual, plan.models.length > 1) };
    changed = true;
  }
  const compares = withChecks(prompts, checks ?? []).some((prompt) =>
    prompt.checks?.some(({ type }) => type === 'similarity'),
  );
  if (compares && setting.embeddingModel === undefined) {
    const usual = services.settings.get('benchmark.embeddingModel') ?? undefined;
    setting = { ...setting, embeddingModel: usual ?? (await chosenEmbedding(services, undefined)) };
    changed = true;
  }
  if (!changed) return { evaluation: undefined, checks, models: [] };
  const planned = plannedJudging(setting, services.endpoints.models);
  if (!planned && !checks && !hasChecks) {
    throw new Failure({ code: 'usage', message: 'There is nothing to evaluate by: no judge, and no checks.' });
  }
  return { evaluation: planned?.evaluation ?? {}, checks, models: planned?.models ?? [] };
}

/** The endpoints of judge and embedding model; `further` are those that the run's plan does not have. */
function endpointsOf(
  services: Services,
  { evaluation, endpoints: planned }: Plan,
): { endpoints: Endpoint[]; further: PlannedEndpoint[] } {
  const { judge, embedding } = evaluation ?? {};
  const ids = new Set([judge?.model.endpoint, embedding?.endpoint].filter((id) => id !== undefined));
  const endpoints: Endpoint[] = [];
  const further: PlannedEndpoint[] = [];
  for (const id of ids) {
    const configured = services.endpoints.find(id);
    const known = planned.find((endpoint) => endpoint.id === id);
    // The key goes where the person's endpoint is, and the requests go to the address in the run's folder.
    if (!configured || (known && !isSameEndpoint(configured, known))) {
      throw new Failure({
        code: 'config',
        message:
          id === simulatedId
            ? 'This run was made on a simulated endpoint that has ended, so that the one of now cannot judge it. Benchmark again, or name another judge.'
            : `The endpoint "${id}" is not configured as this run knows it${known ? `: at ${known.baseUrl}, with the protocol ${known.protocol}` : ''}. Add it so, or name another judge.`,
      });
    }
    endpoints.push(configured);
    if (!known) {
      const { apiKey, ...endpoint } = configured;
      further.push(plannedEndpoint({ ...endpoint, apiKeyEnv: apiKey?.env }));
    }
  }
  return { endpoints, further };
}

type Ceilings = Pick<Plan, 'maxCostUsd' | 'maxTotalTokens'>;

/** What evaluating may take by the settings, and the ceilings of the whole run that this makes. */
function ceilingsOf(
  { settings }: Services,
  run: Run,
  folder: string,
  unpriced: readonly string[],
): { more: Ceilings; whole: Ceilings } {
  const usd = unpriced.length > 0 ? null : settings.get('benchmark.maxCostUsd');
  const tokens = settings.get('benchmark.maxTotalTokens');
  const more: Ceilings = {
    ...(usd !== null && { maxCostUsd: usd }),
    ...(tokens !== null && { maxTotalTokens: tokens }),
  };
  if (usd === null && tokens === null) return { more, whole: more };
  const used = usedBy(run, folder);
  return {
    more,
    whole: {
      ...(usd !== null && { maxCostUsd: used.usd + usd }),
      ...(tokens !== null && { maxTotalTokens: used.tokens + tokens }),
    },
  };
}

/**
 * What a run has used as far as is known: the engine, which knows of what may have been used besides, leaves no more than is
 * allowed here.
 */
function usedBy({ manifest, summary, records, outcomes = [] }: Run, folder: string): { usd: number; tokens: number } {
  const { unrecordedUsd = 0, unrecordedTokens = 0 } = manifest;
  const { knownUsd = 0, evaluationUsd = 0 } = summary.totals;
  let tokens = unrecordedTokens + (readEvaluation(folder)?.earlier?.tokens ?? 0);
  for (const record of records) tokens += record.tokens ? record.tokens.input + record.tokens.output : 0;
  for (const outcome of outcomes) {
    const called = 'called' in outcome ? outcome.called?.tokens : undefined;
    tokens += called ? called.input + called.output : 0;
  }
  return { usd: knownUsd + evaluationUsd + unrecordedUsd, tokens };
}
