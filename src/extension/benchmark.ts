import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import type { RunPrompt } from '../core/benchmark/manifest.ts';
import type { Plan } from '../core/benchmark/plan.ts';
import { modelRef } from '../core/catalog/lookup.ts';
import type { Model } from '../core/catalog/model.ts';
import { Failure } from '../core/failure.ts';
import type { DatasetProblem } from '../core/prompts/dataset.ts';
import type { Prompt } from '../core/prompts/prompt.ts';
import type { Run } from '../core/report/view.ts';
import { type PlanOptions, planRun } from '../engine/benchmark/plan-run.ts';
import { type Choice, choiceOf, optionsOf, plannedJudging, unpricedOf, usualChoice } from './benchmark-choice.ts';
import { type Offer, offerDetail, offerTitle } from './benchmark-words.ts';
import { wantedDataset } from './dataset-file.ts';
import { label } from './labels.ts';
import { measureRun } from './measure-run.ts';
import { pickModels } from './models.ts';
import type { Services } from './services.ts';

/** What a person wants measured. */
interface Wish {
  readonly title: string;
  readonly prompts: readonly Prompt[];
  readonly models: readonly Model[];
  /** What is not chosen anew each time. */
  readonly options: PlanOptions;
  readonly choice: Choice;
  readonly problems?: readonly DatasetProblem[];
  readonly notes?: readonly DatasetProblem[];
  readonly template?: string | undefined;
}

/** Measures models on the selection, or the prompt at the cursor. */
export async function benchmarkSelection(services: Services, argument: unknown): Promise<void> {
  const subject = services.subjects.wanted(argument);
  const models = await pickModels(services);
  const prompts = [{ id: label(subject.name), text: subject.text }];
  await benchmark(services, { title: subject.name, prompts, models, ...(await usual(services)) });
}

/** Measures models on a data set. */
export async function benchmarkDataset(services: Services, argument: unknown): Promise<void> {
  await benchmarkModels(services, undefined, argument);
}

/** Measures these models (undefined: those that the person ticks) on the data set of the active editor, or on one that is picked. */
export async function benchmarkModels(
  services: Services,
  models: readonly Model[] | undefined,
  argument?: unknown,
): Promise<void> {
  const template = services.settings.get('benchmark.template') ?? undefined;
  const { name, prompts, problems, notes } = await wantedDataset(argument, template);
  const chosen = models ?? (await pickModels(services));
  const wish = { title: name, prompts, models: chosen, problems, notes, template };
  await benchmark(services, { ...wish, ...(await usual(services)) });
}

/** Measures the same once more: same prompts, models and sizes, at the prices and addresses of today. */
export async function benchmarkAgain(services: Services, { manifest, prompts }: Run): Promise<void> {
  const { plan, title } = manifest;
  const models = plan.models.map(({ endpoint, model }) => {
    const ref = modelRef(endpoint, model);
    const known = services.endpoints.models.find((one) => one.ref === ref);
    if (known) return known;
    const mend = endpoint === 'simulated' ? 'Start the simulated endpoint' : 'Add its endpoint';
    throw new Failure({
      code: 'usage',
      message: `The model ${label(ref)} is not configured now. ${mend}, and try again.`,
    });
  });
  await benchmark(services, { title, prompts, models, options: plan, choice: choiceOf(plan) });
}

/** What the settings say. */
async function usual({ settings }: Services): Promise<Pick<Wish, 'options' | 'choice'>> {
  return {
    options: {
      warmup: settings.get('benchmark.warmup') ?? undefined,
      maxTokens: settings.get('benchmark.maxTokens'),
      timeoutMs: settings.get('benchmark.timeoutSeconds') * 1000,
      adaptiveTimeout: settings.get('benchmark.adaptiveTimeout'),
      maxRetries: settings.get('benchmark.maxRetries'),
      keepAnswers: settings.get('benchmark.keepAnswers'),
    },
    choice: await usualChoice(settings),
  };
}

async function benchmark(services: Services, wish: Wish): Promise<void> {
  const { endpoints, runs } = services;
  const { title } = wish;
  const { plan, prompts } = await agreed(services, wish);
  const id = newRunId();
  const called = endpoints.all.filter((endpoint) => plan.endpoints.some((planned) => planned.id === endpoint.id));
  await measureRun(services, id, title, called, (keys, network, version) => ({
    type: 'start',
    runDir: runs.folderOf(id),
    title,
    plan,
    prompts,
    keys,
    network,
    version,
  }));
}

const change = 'Change Load or Judging…';

/**
 * Says what will be sent and what it may cost, and lets the person change how. Nothing is sent before the person agrees.
 * @throws CancellationError when the person does not.
 */
async function agreed(services: Services, wish: Wish): Promise<{ plan: Plan; prompts: RunPrompt[] }> {
  let { choice } = wish;
  for (;;) {
    const { offer, prompts } = offered(services, wish, choice);
    const start =
      offer.unpriced.length > 0 && offer.plan.maxCostUsd === undefined ? 'Start Without Cost Limit' : 'Start Benchmark';
    const answer = await vscode.window.showInformationMessage(
      offerTitle(offer),
      { modal: true, detail: offerDetail(offer) },
      start,
      change,
    );
    if (answer === start) return { plan: offer.plan, prompts };
    if (answer !== change) throw new vscode.CancellationError();
    const { changedChoice } = await import('./change-benchmark.ts');
    choice = await changedChoice(services, choice, { models: wish.models.length, prompts: wish.prompts.length });
  }
}

function offered(services: Services, wish: Wish, choice: Choice): { offer: Offer; prompts: RunPrompt[] } {
  const { adviser, endpoints, settings } = services;
  const { models, problems = [], notes = [], template } = wish;
  const judging = plannedJudging(choice.evaluation, endpoints.models);
  // A ceiling that cannot be held is worse than none that was promised: the person is told and decides.
  const unpriced = unpricedOf(models, judging?.evaluation);
  const { plan, prompts, estimate } = planRun({
    models,
    endpoints: endpoints.all.map(({ apiKey, ...endpoint }) => ({ ...endpoint, apiKeyEnv: apiKey?.env })),
    prompts: wish.prompts,
    scorer: adviser.scorer,
    tiers: adviser.tiers,
    options: {
      ...wish.options,
      ...optionsOf(choice, wish.prompts.length, judging?.evaluation),
      maxCostUsd: unpriced.length > 0 ? undefined : (settings.get('benchmark.maxCostUsd') ?? undefined),
      maxTotalTokens: settings.get('benchmark.maxTotalTokens') ?? undefined,
    },
  });
  const free = [...models, ...(judging?.models ?? [])].every((model) => model.simulated);
  return { offer: { models, plan, prompts, estimate, unpriced, free, problems, notes, template }, prompts };
}

/** Sorts by time, and does not clash between windows. */
function newRunId(): string {
  const time = new Date()
    .toISOString()
    .replace(/[-:]|\.\d+Z$/g, '')
    .replace('T', '-');
  return `${time}-${randomBytes(3).toString('hex')}`;
}
