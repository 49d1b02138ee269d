import { existsSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { formatUsd, formatUsdRange, mayCostMoney } from '../core/catalog/cost.ts';
import { findModel } from '../core/catalog/lookup.ts';
import type { Model } from '../core/catalog/model.ts';
import { scorerById } from '../core/complexity/scorers.ts';
import { Failure } from '../core/failure.ts';
import { counted } from '../core/numbers.ts';
import { makeTiers } from '../core/routing/tiers.ts';
import { planRun, type RunEstimate } from '../engine/benchmark/plan-run.ts';
import { runPaths } from '../engine/benchmark/run-folder.ts';
import { loadConfig } from '../engine/config/load.ts';
import { configuredModels } from '../engine/config/models.ts';
import { readAllPrompts } from '../engine/config/read-prompts.ts';
import { checkAddresses } from './addresses.ts';
import type { Installation } from './commands.ts';
import { measure, printRun, shellWord, withKeys } from './measure.ts';
import { askForInput, wrongUse } from './options.ts';
import { type ExitCode, exit, type Terminal } from './terminal.ts';

export interface BenchOptions {
  readonly config: string;
  readonly prompts: string;
  readonly out: string;
  readonly models?: string;
  readonly concurrency?: number;
  readonly requests?: number;
  readonly warmup?: number;
  readonly maxTokens?: number;
  readonly maxCost?: number;
  readonly timeout?: number;
  readonly adaptiveTimeout?: true;
  readonly maxRetries?: number;
  readonly timeLimit?: number;
  readonly seed?: number;
  /** False with --no-stream. */
  readonly stream: boolean;
  /** False with --no-answers. */
  readonly answers: boolean;
  readonly title?: string;
  readonly allowOrigin: readonly string[];
  readonly yes?: true;
  readonly json?: true;
}

/** Measures the chosen models into a new folder. Says before the first request what the run may cost. */
export async function bench(options: BenchOptions, terminal: Terminal, installation: Installation): Promise<ExitCode> {
  askForInput(options.prompts, terminal);
  const runDir = resolve(options.out);
  if (existsSync(runPaths(runDir).manifest)) {
    throw wrongUse(
      `${options.out} holds a run. Finish that one with "tierwise resume ${shellWord(options.out)}", or give another folder.`,
    );
  }
  const config = await loadConfig(options.config);
  const models = chosen(
    configuredModels(config.endpoints),
    options.models,
    config.endpoints.some(({ protocol }) => protocol === 'databricks'),
  );
  const used = config.endpoints.filter((endpoint) => models.some((model) => model.endpoint === endpoint.id));
  checkAddresses(used, options.allowOrigin);
  return withKeys(used, terminal, async (ring) => {
    const defaults = config.benchmark ?? {};
    const { plan, prompts, estimate } = planRun({
      models,
      endpoints: used.map(({ apiKey, ...endpoint }) => ({ ...endpoint, apiKeyEnv: apiKey?.env })),
      prompts: await readAllPrompts(options.prompts),
      scorer: scorerById('seed'),
      tiers: makeTiers(config.tiers),
      options: {
        concurrency: options.concurrency ?? defaults.concurrency,
        requests: options.requests ?? defaults.requests,
        warmup: options.warmup ?? defaults.warmup,
        maxTokens: options.maxTokens ?? defaults.maxTokens,
        maxCostUsd: options.maxCost ?? defaults.maxCostUsd,
        timeoutMs: options.timeout ?? defaults.timeoutMs,
        adaptiveTimeout: options.adaptiveTimeout ?? defaults.adaptiveTimeout,
        maxRetries: options.maxRetries ?? defaults.maxRetries,
        timeLimitMs: options.timeLimit ?? defaults.timeLimitMs,
        seed: options.seed ?? defaults.seed,
        stream: options.stream && defaults.stream,
        keepAnswers: options.answers && defaults.keepAnswers,
      },
    });

    terminal.note(
      `${counted(estimate.requests, 'request')} to ${counted(models.length, 'model')}. ${costWords(estimate, plan.maxCostUsd)}`,
    );
    if (options.yes !== true && models.some(mayCostMoney) && (await terminal.confirm('Send them?')) === false) {
      terminal.note('Nothing was sent.');
      return exit.done;
    }
    const run = await measure(
      {
        type: 'start',
        runDir,
        title: options.title ?? (options.prompts === '-' ? 'standard input' : basename(options.prompts)),
        plan,
        prompts,
        network: { strictSsl: true },
        version: installation.version,
      },
      ring,
      terminal,
      installation,
    );
    return printRun(run, { dir: options.out, config: options.config, json: options.json }, terminal);
  });
}

/** The models of a list of names, or all that answer prompts. @throws Failure `usage` that lists what may be said. */
function chosen(models: readonly Model[], list: string | undefined, workspace: boolean): readonly Model[] {
  if (models.length === 0) throw wrongUse('The configuration names no model. Add one to an endpoint.');
  if (list === undefined) return models.filter(({ task }) => task !== 'embeddings');
  const names = list.split(',').map((name) => name.trim());
  return names.filter((name) => name !== '').map((name) => namedModel(models, name, workspace));
}

/** @throws Failure; where there is a workspace, it says how to find out what an unknown name means there. */
function namedModel(models: readonly Model[], name: string, workspace: boolean): Model {
  try {
    return findModel(models, name);
  } catch (error) {
    if (!workspace || !(error instanceof Failure)) throw error;
    const hint = `What stands in for it in your workspace tells: tierwise endpoints --databricks --resolve ${shellWord(name)}`;
    throw new Failure({ code: 'config', message: `${error.message} ${hint}` }, { cause: error });
  }
}

function costWords({ lowUsd, highUsd, unknown }: RunEstimate, ceiling: number | undefined): string {
  const range = lowUsd === undefined || highUsd === undefined ? undefined : { lowUsd, highUsd };
  const cost =
    range === undefined
      ? 'What they will cost is unknown: no price is configured.'
      : `They will cost ${formatUsdRange(range)}${unknown ? ', and an unknown sum for models without a price' : ''}.`;
  return ceiling === undefined ? cost : `${cost} Ceiling: ${formatUsd(ceiling)}.`;
}
