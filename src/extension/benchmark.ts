import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import type { Plan } from '../core/benchmark/plan.ts';
import { formatUsd, formatUsdRange } from '../core/catalog/cost.ts';
import type { Model } from '../core/catalog/model.ts';
import { Failure } from '../core/failure.ts';
import type { DatasetProblem } from '../core/prompts/dataset.ts';
import type { Prompt } from '../core/prompts/prompt.ts';
import type { Run } from '../core/report/view.ts';
import { type PlanOptions, planRun, type RunEstimate } from '../engine/benchmark/plan-run.ts';
import { wantedDataset } from './dataset-file.ts';
import { formatCount, label } from './labels.ts';
import { measureRun } from './measure-run.ts';
import { pickModels } from './models.ts';
import type { Services } from './services.ts';

/** Fewer requests than this say nothing about a model's latency. */
const fewestRequests = 10;

/** What a person wants measured. */
interface Wish {
  readonly title: string;
  readonly prompts: readonly Prompt[];
  readonly models: readonly Model[];
  readonly options: PlanOptions;
  /** Rows of the data set that are left out. */
  readonly problems?: readonly DatasetProblem[];
  /** Parts of rows that are left out. */
  readonly notes?: readonly DatasetProblem[];
}

/** Measures models on the selection, or the prompt at the cursor. */
export async function benchmarkSelection(services: Services, argument: unknown): Promise<void> {
  const subject = services.subjects.wanted(argument);
  const models = await pickModels(services);
  const prompts = [{ id: label(subject.name), text: subject.text }];
  await benchmark(services, { title: subject.name, prompts, models, options: optionsFor(services, prompts) });
}

/** Measures models on a data set. */
export async function benchmarkDataset(services: Services, argument: unknown): Promise<void> {
  const { name, prompts, problems, notes } = await wantedDataset(argument);
  const models = await pickModels(services);
  await benchmark(services, { title: name, prompts, models, options: optionsFor(services, prompts), problems, notes });
}

/** Measures these models on the data set of the active editor, or on one that the person picks. */
export async function benchmarkModels(services: Services, models: readonly Model[]): Promise<void> {
  const { name, prompts, problems, notes } = await wantedDataset(undefined);
  await benchmark(services, { title: name, prompts, models, options: optionsFor(services, prompts), problems, notes });
}

/** Measures the same once more: same prompts, models and sizes, at the prices and addresses of today. */
export async function benchmarkAgain(services: Services, { manifest, prompts }: Run): Promise<void> {
  const { plan, title } = manifest;
  const models = plan.models.map(({ endpoint, model }) => {
    const known = services.endpoints.models.find(({ ref }) => ref === `${endpoint}/${model}`);
    if (known) return known;
    const mend = endpoint === 'simulated' ? 'Start the simulated endpoint' : 'Add its endpoint';
    throw new Failure({
      code: 'usage',
      message: `The model ${label(`${endpoint}/${model}`)} is not configured now. ${mend}, and try again.`,
    });
  });
  await benchmark(services, { title, prompts, models, options: plan });
}

function optionsFor({ settings }: Services, prompts: readonly Prompt[]): PlanOptions {
  return {
    concurrency: settings.get('benchmark.concurrency'),
    requests: settings.get('benchmark.requests') ?? Math.max(prompts.length, fewestRequests),
    warmup: settings.get('benchmark.warmup'),
    maxTokens: settings.get('benchmark.maxTokens'),
    timeoutMs: settings.get('benchmark.timeoutSeconds') * 1000,
    adaptiveTimeout: settings.get('benchmark.adaptiveTimeout'),
    maxRetries: settings.get('benchmark.maxRetries'),
    keepAnswers: settings.get('benchmark.keepAnswers'),
  };
}

async function benchmark(services: Services, wish: Wish): Promise<void> {
  const { adviser, endpoints, runs, settings } = services;
  const { title, prompts: wanted, models } = wish;
  // A ceiling that cannot be held is worse than none that was promised: the person is told and decides.
  const unpriced = models.filter(({ inputPrice, outputPrice }) => !inputPrice || !outputPrice);
  const maxCostUsd = unpriced.length > 0 ? undefined : (settings.get('benchmark.maxCostUsd') ?? undefined);
  const { plan, prompts, estimate } = planRun({
    models,
    endpoints: endpoints.all.map(({ apiKey, ...endpoint }) => ({ ...endpoint, apiKeyEnv: apiKey?.env })),
    prompts: wanted,
    scorer: adviser.scorer,
    tiers: adviser.tiers,
    options: { ...wish.options, maxCostUsd },
  });
  await confirm(plan, wish, unpriced, estimate);
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

/** Says what will be sent and what it may cost. Nothing is sent before the person agrees. */
async function confirm(plan: Plan, wish: Wish, unpriced: readonly Model[], estimate: RunEstimate): Promise<void> {
  const start = unpriced.length > 0 && plan.maxCostUsd === undefined ? 'Start Without Cost Limit' : 'Start Benchmark';
  const free = wish.models.every((model) => model.simulated);
  const count = wish.models.length === 1 ? '1 model' : `${wish.models.length} models`;
  const answer = await vscode.window.showInformationMessage(
    `Send ${formatCount(estimate.requests)} requests to ${count}?`,
    {
      modal: true,
      detail: [
        wish.models.map(({ ref }) => label(ref)).join(', '),
        `${formatCount(plan.requests)} measured and ${formatCount(plan.warmup)} warm-up requests for each model, ${plan.concurrency} at once, answers of at most ${formatCount(plan.maxTokens)} tokens.`,
        costSentence(estimate, free),
        limitSentence(plan, unpriced),
        problemSentence(wish.problems ?? []),
        noteSentence(wish.notes ?? []),
      ]
        .filter((sentence) => sentence !== '')
        .join('\n\n'),
    },
    start,
  );
  if (answer !== start) throw new vscode.CancellationError();
}

function costSentence({ lowUsd, highUsd, unknown }: RunEstimate, free: boolean): string {
  const range = lowUsd === undefined || highUsd === undefined ? undefined : formatUsdRange({ lowUsd, highUsd });
  if (free) return `The models are simulated: nothing is charged. At their made-up prices it would cost ${range}.`;
  if (range === undefined) return 'Expected cost: unknown, because no price is known.';
  return unknown
    ? `Expected cost: ${range}, and an unknown sum for models without a price.`
    : `Expected cost: ${range}.`;
}

function limitSentence({ maxCostUsd }: Plan, unpriced: readonly Model[]): string {
  if (maxCostUsd !== undefined) return `The run stops before it costs more than ${formatUsd(maxCostUsd)}.`;
  if (unpriced.length === 0) return 'There is no cost limit (tierwise.benchmark.maxCostUsd is null).';
  return `No cost limit can hold, because a price is unknown: ${unpriced.map(({ ref }) => label(ref)).join(', ')}.`;
}

function problemSentence(problems: readonly DatasetProblem[]): string {
  const [first] = problems;
  if (!first) return '';
  const rows = problems.length === 1 ? '1 row is' : `${formatCount(problems.length)} rows are`;
  return `${rows} left out. Line ${first.line}: ${first.message}`;
}

function noteSentence(notes: readonly DatasetProblem[]): string {
  const [first] = notes;
  if (!first) return '';
  const parts = notes.length === 1 ? 'One thing' : `${formatCount(notes.length)} things`;
  return `${parts} in the data set ${notes.length === 1 ? 'does' : 'do'} not count. Line ${first.line}: ${first.message}`;
}

/** Sorts by time, and does not clash between windows. */
function newRunId(): string {
  const time = new Date()
    .toISOString()
    .replace(/[-:]|\.\d+Z$/g, '')
    .replace('T', '-');
  return `${time}-${randomBytes(3).toString('hex')}`;
}
