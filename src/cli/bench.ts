import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { mayCostMoney } from '../core/catalog/cost.ts';
import { findModel } from '../core/catalog/lookup.ts';
import type { Model } from '../core/catalog/model.ts';
import { defaultScorer, loadScorer } from '../core/complexity/scorers.ts';
import { Failure } from '../core/failure.ts';
import type { DatasetProblem } from '../core/prompts/dataset.ts';
import { plainText } from '../core/prompts/plain-text.ts';
import { makeTiers } from '../core/routing/tiers.ts';
import { planRun } from '../engine/benchmark/plan-run.ts';
import { runPaths } from '../engine/benchmark/run-folder.ts';
import { plannedEvaluation } from '../engine/config/evaluation-setting.ts';
import { loadConfig } from '../engine/config/load.ts';
import { loadIn, plannedLoad } from '../engine/config/load-setting.ts';
import { configuredModels } from '../engine/config/models.ts';
import { readDataset } from '../engine/config/read-prompts.ts';
import { checkAddresses } from './addresses.ts';
import type { Installation } from './commands.ts';
import { chosenEvaluation, type EvaluationOptions } from './evaluation-options.ts';
import { checkGates, chosenGates, type GateOptions } from './gates.ts';
import { chosenLoad, type LoadOptions } from './load-options.ts';
import { measure, printRun, shellWord, withKeys } from './measure.ts';
import { askForInput, wrongUse } from './options.ts';
import { planWords } from './plan-words.ts';
import { type ExitCode, exit, type Terminal } from './terminal.ts';
import { textOption } from './text-option.ts';

export interface BenchOptions extends LoadOptions, EvaluationOptions, GateOptions {
  readonly config: string;
  readonly prompts: string;
  readonly out: string;
  readonly models?: string;
  readonly concurrency?: number;
  readonly requests?: number;
  /** How often each prompt is sent, in place of `requests`. */
  readonly repeats?: number;
  readonly template?: string;
  readonly warmup?: number;
  readonly maxTokens?: number;
  readonly maxCost?: number;
  readonly maxTokensTotal?: number;
  readonly timeout?: number;
  readonly adaptiveTimeout?: true;
  readonly maxRetries?: number;
  readonly timeLimit?: number;
  readonly seed?: number;
  /** False with --no-stream. */
  readonly stream: boolean;
  /** False with --no-answers. */
  readonly answers: boolean;
  /** False with --no-calibrate. */
  readonly calibrate: boolean;
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
  const defaults = config.benchmark ?? {};
  const known = configuredModels(config.endpoints);
  const models = chosen(
    known,
    options.models,
    config.endpoints.some(({ protocol }) => protocol === 'databricks'),
  );
  const gates = chosenGates(options, defaults.gates);
  checkGates(
    gates,
    models.map(({ endpoint, id }) => ({ endpoint, model: id })),
  );
  const evaluated = plannedEvaluation(await chosenEvaluation(options, defaults.evaluation), known);
  const slo = { ...defaults.slo, ...options.slo };
  const load = await plannedLoad(chosenLoad(options, loadIn(options.config, defaults.load ?? {})), slo);
  const template = (await textOption('--template', options.template)) ?? defaults.template;
  const { name, prompts, notes } = await readDataset(options.prompts, { template });
  // Whichever of the two is said here takes the place of either in the configuration.
  const amount = options.requests === undefined && options.repeats === undefined ? defaults : options;
  const paid = [...models, ...(evaluated?.models ?? [])];
  const used = config.endpoints.filter((endpoint) => paid.some((model) => model.endpoint === endpoint.id));
  checkAddresses(used, options.allowOrigin);
  return withKeys(used, terminal, async (ring) => {
    const planned = planRun({
      models,
      endpoints: used.map(({ apiKey, ...endpoint }) => ({ ...endpoint, apiKeyEnv: apiKey?.env })),
      prompts,
      scorer: await loadScorer(defaultScorer),
      tiers: makeTiers(config.tiers),
      options: {
        concurrency: options.concurrency ?? defaults.concurrency,
        load,
        slo: Object.keys(slo).length === 0 ? undefined : slo,
        requests: amount.requests,
        repeats: amount.repeats,
        warmup: options.warmup ?? defaults.warmup,
        maxTokens: options.maxTokens ?? defaults.maxTokens,
        maxCostUsd: options.maxCost ?? defaults.maxCostUsd,
        maxTotalTokens: options.maxTokensTotal ?? defaults.maxTotalTokens,
        timeoutMs: options.timeout ?? defaults.timeoutMs,
        adaptiveTimeout: options.adaptiveTimeout ?? defaults.adaptiveTimeout,
        maxRetries: options.maxRetries ?? defaults.maxRetries,
        timeLimitMs: options.timeLimit ?? defaults.timeLimitMs,
        seed: options.seed ?? defaults.seed,
        stream: options.stream && defaults.stream,
        keepAnswers: options.answers && defaults.keepAnswers,
        evaluation: evaluated?.evaluation,
        calibrate: options.calibrate ? defaults.calibrate : false,
      },
    });
    const { plan } = planned;
    for (const line of noteLines(notes, options.prompts)) terminal.note(line);
    for (const line of planWords(planned, models.length)) terminal.note(line);
    if (options.yes !== true && paid.some(mayCostMoney) && (await terminal.confirm('Send them?')) === false) {
      terminal.note('Nothing was sent.');
      return exit.done;
    }
    const run = await measure(
      {
        type: 'start',
        runDir,
        title: options.title ?? (options.prompts === '-' ? 'standard input' : name),
        plan,
        prompts: planned.prompts,
        network: { strictSsl: true },
        version: installation.version,
      },
      ring,
      terminal,
      installation,
    );
    return printRun(run, { dir: options.out, config: options.config, json: options.json, gates }, terminal);
  });
}

/** What a data set was not taken as, the first of many. */
function noteLines(notes: readonly DatasetProblem[], source: string): string[] {
  const shown = notes.slice(0, 5).map(({ line, message }) => `${source}:${line}: ${plainText(message, 300)}`);
  return notes.length > shown.length ? [...shown, `And ${notes.length - shown.length} more of the kind.`] : shown;
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
