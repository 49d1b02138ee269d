import type { PlannedEndpoint } from '../core/benchmark/plan.ts';
import { mayCostMoney } from '../core/catalog/cost.ts';
import { counted } from '../core/numbers.ts';
import { checksFor, withChecks } from '../core/quality/given-checks.ts';
import { onlyInVscode } from '../engine/benchmark/answer-measure.ts';
import { estimateEvaluation } from '../engine/benchmark/estimate.ts';
import { plannedEndpoint } from '../engine/benchmark/plan-run.ts';
import { openRun } from '../engine/benchmark/run-folder.ts';
import { plannedEvaluation } from '../engine/config/evaluation-setting.ts';
import { loadConfig } from '../engine/config/load.ts';
import { configuredModels } from '../engine/config/models.ts';
import { readAllPrompts } from '../engine/config/read-prompts.ts';
import { checkAddresses } from './addresses.ts';
import type { Installation } from './commands.ts';
import { chosenEvaluation, type EvaluationOptions } from './evaluation-options.ts';
import { checkGates, chosenGates, type GateOptions } from './gates.ts';
import { measure, printRun, withKeys } from './measure.ts';
import { wrongUse } from './options.ts';
import { evaluationWords } from './plan-words.ts';
import { vouchedFor } from './resume.ts';
import { type ExitCode, exit, type Terminal } from './terminal.ts';

export interface EvaluateOptions extends EvaluationOptions, GateOptions {
  readonly dir: string;
  readonly config: string;
  /** Data set with checks. */
  readonly checks?: string;
  readonly maxCost?: number;
  readonly maxTokensTotal?: number;
  readonly allowOrigin: readonly string[];
  readonly yes?: true;
  readonly json?: true;
}

/** Checks and judges the stored answers of a run; its prompts are not sent again. */
export async function evaluate(
  options: EvaluateOptions,
  terminal: Terminal,
  installation: Installation,
): Promise<ExitCode> {
  const run = await openRun(options.dir);
  const { manifest } = run;
  const { plan } = manifest;
  if (!plan.keepAnswers) {
    throw wrongUse('The run kept no answers (--no-answers or keepAnswers), so there is nothing to check or to judge.');
  }
  const config = await loadConfig(options.config);
  const gates = chosenGates(options, config.benchmark?.gates);
  checkGates(gates, plan.models);
  const setting = await chosenEvaluation(options, config.benchmark?.evaluation);
  const evaluated = plannedEvaluation(setting, configuredModels(config.endpoints));
  const evaluation = evaluated?.evaluation ?? plan.evaluation;
  const checks =
    options.checks === undefined ? undefined : checksFor(await readAllPrompts(options.checks), run.prompts);
  const prompts = checks === undefined ? run.prompts : withChecks(run.prompts, checks);
  if (evaluation?.judge === undefined && prompts.every((prompt) => (prompt.checks ?? []).length === 0)) {
    throw wrongUse(
      'There is nothing to evaluate by: the prompts have no checks. Give --checks, or --judge with --rubric.',
    );
  }

  const named = [evaluation?.judge?.model, evaluation?.embedding].flatMap((model) => (model ? [model.endpoint] : []));
  const known = plan.endpoints.filter(({ id }) => named.includes(id));
  const further = config.endpoints
    .filter(({ id }) => named.includes(id) && !known.some((endpoint) => endpoint.id === id))
    .map(({ apiKey, ...endpoint }) => plannedEndpoint({ ...endpoint, apiKeyEnv: apiKey?.env }));
  const used: PlannedEndpoint[] = [...known, ...further];
  if (used.some(({ protocol }) => protocol === 'vscode-lm')) throw wrongUse(onlyInVscode);
  checkAddresses(used, options.allowOrigin);

  const { ok } = run.summary.totals;
  const answers = ok / Math.max(1, prompts.length * plan.models.length);
  const estimate = estimateEvaluation({ ...plan, evaluation }, prompts, answers);
  terminal.note(`${counted(ok, 'answer')}. ${evaluationWords(estimate, options.maxCost)}`);
  const paid = (evaluated?.models ?? []).some(mayCostMoney);
  if (options.yes !== true && paid && (await terminal.confirm('Send them?')) === false) {
    terminal.note('Nothing was sent.');
    return exit.done;
  }
  const vouched = used.map((endpoint) => vouchedFor(endpoint, config.endpoints, options));
  return withKeys(vouched, terminal, async (ring) => {
    const done = await measure(
      {
        type: 'evaluate',
        runDir: options.dir,
        evaluation,
        endpoints: further.length > 0 ? further : undefined,
        checks,
        maxCostUsd: options.maxCost,
        maxTotalTokens: options.maxTokensTotal,
        network: { strictSsl: true },
        version: installation.version,
      },
      ring,
      terminal,
      installation,
    );
    const { dir, json } = options;
    return printRun(done, { dir, config: options.config, json, gates, judged: true }, terminal);
  });
}
