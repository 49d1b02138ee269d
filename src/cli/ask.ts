import { basename } from 'node:path';
import { planDefaults } from '../core/benchmark/plan-limits.ts';
import { dearestCost, formatUsd, formatUsdRange, mayCostMoney, tokenCost } from '../core/catalog/cost.ts';
import { findModel } from '../core/catalog/lookup.ts';
import type { Model } from '../core/catalog/model.ts';
import { defaultScorer, loadScorer } from '../core/complexity/scorers.ts';
import { counted } from '../core/numbers.ts';
import { plainText } from '../core/prompts/plain-text.ts';
import type { Prompt } from '../core/prompts/prompt.ts';
import { estimateTokens } from '../core/prompts/tokens.ts';
import { Budget, ceilingCannotHold, costBound } from '../engine/benchmark/budget.ts';
import { Targets } from '../engine/benchmark/targets.ts';
import { answerDataset, type DatasetEnding, pricesOf, requestOf } from '../engine/calling/answer-dataset.ts';
import { AnswerFile } from '../engine/calling/answer-file.ts';
import { answerDatasetOffline } from '../engine/calling/answer-offline.ts';
import { type AnswerRow, answerKey, mostRowCost, rowCostUnknown } from '../engine/calling/answer-row.ts';
import { EndpointCaller } from '../engine/calling/endpoint-caller.ts';
import { forgetOffline, isUnderWay, type OfflineProgress } from '../engine/calling/openai-batch.ts';
import { AdaptiveTimeouts, fixedTimeouts } from '../engine/calling/timeout.ts';
import { resolveKeys } from '../engine/config/keys.ts';
import { loadConfig } from '../engine/config/load.ts';
import { configuredModels } from '../engine/config/models.ts';
import { readAllPrompts } from '../engine/config/read-prompts.ts';
import type { ConfiguredEndpoint, TierwiseConfig } from '../engine/config/schema.ts';
import { logRoute } from '../engine/decisions/decision-log.ts';
import { hasBatchForm } from '../engine/endpoints/batch-call.ts';
import type { ChatTarget } from '../engine/endpoints/chat.ts';
import type { Transport } from '../engine/http/transport.ts';
import { createUndiciTransport } from '../engine/http/undici-transport.ts';
import { checkAddresses } from './addresses.ts';
import { askForInput, wrongUse } from './options.ts';
import { makeRouter } from './routing.ts';
import { type ExitCode, exit, type Terminal } from './terminal.ts';

export interface AskOptions {
  readonly dataset: string;
  readonly config: string;
  readonly model: string;
  readonly out?: string;
  readonly batchSize?: number;
  readonly offline?: true;
  /** With `offline`. */
  readonly cancel?: true;
  readonly concurrency?: number;
  readonly maxTokens?: number;
  readonly maxRetries?: number;
  /** Seconds. */
  readonly timeout: number | 'adaptive';
  readonly maxCost?: number;
  readonly prompts?: true;
  /** Decision log to add to. */
  readonly log?: string;
  readonly allowOrigin: readonly string[];
  readonly yes?: true;
  readonly json?: true;
}

const defaultRetries = 3;
/** Seconds that an adaptive limit may reach; Databricks itself gives up at 297. */
const longestAdaptiveMs = 600_000;

/**
 * Answers a data set with one model. Rows go to stdout in the order of the data set as they come, or into a file that the
 * next call continues.
 */
export async function ask(options: AskOptions, terminal: Terminal): Promise<ExitCode> {
  askForInput(options.dataset, terminal);
  const config = await loadConfig(options.config);
  const model = findModel(configuredModels(config.endpoints), options.model);
  const endpoint = config.endpoints.find(({ id }) => id === model.endpoint);
  if (endpoint === undefined) throw new Error(`The model ${model.ref} has no endpoint.`);
  checkModel(model, endpoint, options);
  checkAddresses([endpoint], options.allowOrigin);
  const defaults = config.benchmark ?? {};
  const maxTokens = options.maxTokens ?? defaults.maxTokens ?? planDefaults.maxTokens;
  const prompts = await readAllPrompts(options.dataset);
  checkIds(prompts);

  const file =
    options.out === undefined ? undefined : new AnswerFile(options.out, mostCostOf(prompts, model, maxTokens));
  const open = prompts.filter(({ id, text }) => !file?.has({ id, key: answerKey(model.ref, maxTokens, text) }));
  const budget = budgetOf(model, maxTokens, options.maxCost, file?.spentUsd ?? 0);
  const underWay = options.offline === true && options.out !== undefined && isUnderWay(statePathOf(options.out));
  if (options.offline && budget && !underWay) checkOfflineCost(open, model, maxTokens, budget);
  if (open.length < prompts.length) terminal.note(`${counted(prompts.length - open.length, 'answer')} there already.`);
  terminal.note(
    underWay ? 'Going on with the batch that is under way.' : costWords(open, model, maxTokens, options.maxCost),
  );
  if (
    !underWay &&
    options.yes !== true &&
    mayCostMoney(model) &&
    open.length > 0 &&
    (await terminal.confirm('Send them?')) === false
  ) {
    file?.close();
    terminal.note('Nothing was sent.');
    return exit.done;
  }

  const concurrency = Math.min(
    options.concurrency ?? defaults.concurrency ?? planDefaults.concurrency,
    endpoint.concurrency ?? Number.POSITIVE_INFINITY,
  );
  const transport = createUndiciTransport({ network: { strictSsl: true }, connections: concurrency });
  const tally = new Tally(open.length, terminal);
  const log = await usedLog(options, config, prompts, model);
  try {
    const target = await targetOf(endpoint, terminal, transport);
    if (file !== undefined && options.out !== undefined && options.offline) {
      const statePath = statePathOf(options.out);
      const complete = await answerDatasetOffline({
        prompts: open,
        model,
        maxTokens,
        keepPrompts: options.prompts,
        transport,
        target,
        statePath,
        cancel: options.cancel,
        signal: terminal.interrupted,
        onProgress: (progress) => terminal.progress(offlineWords(progress)),
        onRow(row) {
          file.append(row);
          log(row);
          tally.add(row);
        },
      });
      file.finish(prompts.map(({ id }) => id));
      if (complete) forgetOffline(statePath);
      else terminal.note('The batch goes on at the endpoint; --cancel would end it there.');
      return await report({ state: complete ? 'complete' : 'cancelled' }, tally, options, terminal);
    }
    const rows = answerDataset({
      prompts: open,
      model,
      caller: new EndpointCaller({
        transport,
        target,
        endpoint: endpoint.id,
        concurrency,
        maxRetries: options.maxRetries ?? defaults.maxRetries ?? defaultRetries,
        timeouts:
          options.timeout === 'adaptive'
            ? new AdaptiveTimeouts({ capMs: longestAdaptiveMs })
            : fixedTimeouts(options.timeout * 1000),
      }),
      scorer: await loadScorer(defaultScorer),
      concurrency,
      maxTokens,
      batchSize: options.batchSize,
      keepPrompts: options.prompts,
      budget,
      signal: terminal.interrupted,
      onRow(row) {
        file?.append(row);
        log(row);
        tally.add(row);
      },
    });
    for (;;) {
      const next = await rows.next();
      if (next.done === true) {
        file?.finish(prompts.map(({ id }) => id));
        return await report(next.value, tally, options, terminal);
      }
      if (file === undefined) await terminal.out(`${JSON.stringify(next.value)}\n`);
    }
  } finally {
    file?.close();
    await transport.close();
  }
}

function checkModel(model: Model, { protocol }: ConfiguredEndpoint, options: AskOptions): void {
  const { batchSize = 1, maxCost, offline, cancel, out } = options;
  if (model.task === 'embeddings') {
    throw wrongUse(`${model.ref} makes embeddings and answers nothing. Name a model that does.`);
  }
  if (batchSize > 1 && !hasBatchForm({ protocol }, requestOf(model, '', 1))) {
    throw wrongUse(
      `--batch-size: the protocol ${protocol} asks one prompt of ${model.ref} in a request. Leave it out, or use --concurrency.`,
    );
  }
  if (offline && protocol !== 'openai') throw wrongUse('--offline: only the protocol openai has a Batch API.');
  if (offline && out === undefined) throw wrongUse('--offline needs --out: what is under way is remembered beside it.');
  if (offline && batchSize > 1) throw wrongUse('--offline and --batch-size are two ways of asking. Give one of them.');
  if (cancel && !(offline && out !== undefined && isUnderWay(statePathOf(out)))) {
    throw wrongUse(
      '--cancel: no batch is under way for this file. Give --offline and the --out of the call to cancel.',
    );
  }
  if (maxCost !== undefined && costBound(0, 1, pricesOf(model)) === undefined) {
    throw wrongUse(ceilingCannotHold([model.ref]));
  }
}

function checkIds(prompts: readonly Prompt[]): void {
  const ids = new Set<string>();
  for (const { id } of prompts) {
    if (ids.has(id)) throw wrongUse(`Two prompts have the id "${plainText(id, 60)}". Give each its own.`);
    ids.add(id);
  }
}

function budgetOf(
  model: Model,
  maxTokens: number,
  ceilingUsd: number | undefined,
  spentUsd: number,
): Budget | undefined {
  if (ceilingUsd === undefined) return undefined;
  const least = costBound(0, maxTokens, pricesOf(model)) ?? 0;
  if (least > ceilingUsd) {
    throw wrongUse(
      `The cost ceiling of ${formatUsd(ceilingUsd)} leaves no room for a single request, which may cost ${formatUsd(least)}. Raise it, or ask for fewer output tokens than ${maxTokens}.`,
    );
  }
  return new Budget(ceilingUsd, spentUsd);
}

function costWords(
  prompts: readonly Prompt[],
  model: Model,
  maxTokens: number,
  ceilingUsd: number | undefined,
): string {
  let low = 0;
  let high = 0;
  for (const { text } of prompts) {
    const tokens = estimateTokens(text);
    low += tokens.low;
    high += tokens.high;
  }
  const prices = pricesOf(model);
  const lowUsd = tokenCost({ input: low, output: prompts.length }, prices);
  const highUsd = dearestCost({ input: high, output: prompts.length * maxTokens }, prices);
  const cost =
    lowUsd === undefined || highUsd === undefined
      ? 'What they will cost is unknown: no price is configured.'
      : `They will cost ${formatUsdRange({ lowUsd, highUsd })}.`;
  const ceiling = ceilingUsd === undefined ? '' : ` Ceiling: ${formatUsd(ceilingUsd)}.`;
  return `${counted(prompts.length, 'prompt')} to ${plainText(model.ref)}. ${cost}${ceiling}`;
}

/** What is under way offline stands beside the answers. */
function statePathOf(out: string): string {
  return `${out}.batch.json`;
}

function offlineWords({ batches, ended, requests, completed, failed }: OfflineProgress): string {
  const failures = failed === 0 ? '' : `, ${failed} failed`;
  return `${ended} of ${counted(batches, 'batch', 'batches')} ended, ${completed} of ${counted(requests, 'prompt')} answered${failures}`;
}

/** USD that the prompt of a row has cost at most; of one that is not asked for any more, what is known. */
function mostCostOf(prompts: readonly Prompt[], model: Model, maxTokens: number): (row: AnswerRow) => number {
  const prices = pricesOf(model);
  const bounds = new Map(prompts.map(({ id, text }) => [id, costBound(Buffer.byteLength(text), maxTokens, prices)]));
  return (row) => mostRowCost(row, bounds.get(row.id) ?? 0);
}

/** All that is sent at once must fit below the ceiling. */
function checkOfflineCost(prompts: readonly Prompt[], model: Model, maxTokens: number, budget: Budget): void {
  const bounds = prompts.map(({ text }) => costBound(Buffer.byteLength(text), maxTokens, pricesOf(model)) ?? 0);
  const most = bounds.reduce((sum, bound) => sum + bound, budget.spent);
  if (most <= budget.ceiling) return;
  throw wrongUse(
    `The answers may cost up to ${formatUsd(most)}, and the ceiling is ${formatUsd(budget.ceiling)}. A batch cannot be stopped in time: raise the ceiling, ask for fewer output tokens, or leave --offline out.`,
  );
}

/** Where requests go; before the key expires, with a new one. */
async function targetOf(
  endpoint: ConfiguredEndpoint,
  terminal: Terminal,
  transport: Transport,
): Promise<(signal?: AbortSignal) => Promise<ChatTarget>> {
  const ring = await resolveKeys([endpoint], terminal.env, { transport, signal: terminal.interrupted });
  const targets = new Targets({ endpoints: [endpoint] }, ring.keys, { freshKey: (id) => ring.fresh(id) });
  return (signal) => targets.fresh(endpoint.id, signal);
}

/** Logs what would have been advised for a prompt that was answered, beside the model that answered it. */
async function usedLog(
  { log, dataset, config: configFile }: AskOptions,
  config: TierwiseConfig,
  prompts: readonly Prompt[],
  model: Model,
): Promise<(row: AnswerRow) => void> {
  if (log === undefined) return () => {};
  const router = await makeRouter(dataset, {}, config, configFile);
  // All of them, in their order: one tells the next of its conversation.
  const advice = new Map(prompts.map((prompt) => [prompt.id, { text: prompt.text, route: router.route(prompt) }]));
  return ({ id, answer }) => {
    const found = advice.get(id);
    if (answer !== undefined && found) logRoute(log, found.text, found.route, model.ref);
  };
}

/** Counts what comes and shows it. */
class Tally {
  answered = 0;
  failed = 0;
  retries = 0;
  costUsd = 0;
  /** A request may have cost what no figure tells. */
  costUnknown = false;
  firstError: string | undefined;
  readonly total: number;
  readonly #terminal: Terminal;

  constructor(total: number, terminal: Terminal) {
    this.total = total;
    this.#terminal = terminal;
  }

  add(row: AnswerRow): void {
    const { answer, attempts, costUsd, error } = row;
    if (answer === undefined) this.failed++;
    else this.answered++;
    this.firstError ??= error?.message;
    this.retries += Math.max(0, attempts.length - 1);
    this.costUsd += costUsd ?? 0;
    if (rowCostUnknown(row)) this.costUnknown = true;
    this.#terminal.progress(this.words());
  }

  words(): string {
    const cost = this.costUnknown ? `at least ${formatUsd(this.costUsd)}` : formatUsd(this.costUsd);
    return [
      `${this.answered} of ${counted(this.total, 'prompt')} answered`,
      ...(this.failed > 0 ? [`${this.failed} failed`] : []),
      ...(this.retries > 0 ? [counted(this.retries, 'retry', 'retries')] : []),
      cost,
    ].join('  ');
  }
}

async function report(
  ending: DatasetEnding,
  tally: Tally,
  { out, json, dataset }: AskOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const { answered, failed, retries, total, costUsd, costUnknown } = tally;
  if (out !== undefined && json) {
    const summary = { state: ending.state, prompts: total, answered, failed, retries, costUsd, costUnknown };
    await terminal.out(`${JSON.stringify(summary)}\n`);
  } else if (out !== undefined) {
    await terminal.out(`${basename(dataset)}: ${tally.words()}. Answers are in ${out}.\n`);
  } else {
    terminal.note(`${tally.words()}.`);
  }
  const goOn = out === undefined ? '' : ' The same command goes on where this ended.';
  if (ending.state === 'cancelled') {
    terminal.note(`Interrupted; what is answered is kept.${goOn}`);
    return exit.interrupted;
  }
  if (ending.state === 'stopped') terminal.note(`tierwise: ${plainText(ending.message, 2000)}${goOn}`);
  else if (failed > 0) {
    const how = answered === 0 ? 'no prompt was answered' : `${counted(failed, 'prompt')} without an answer`;
    terminal.note(`tierwise: ${how}. The first: ${plainText(tally.firstError ?? '', 2000)}${goOn}`);
  }
  return failed > 0 || (ending.state === 'stopped' && ending.by === 'endpoint') ? exit.endpoint : exit.done;
}
