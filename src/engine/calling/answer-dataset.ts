import type { PlannedModel } from '../../core/benchmark/plan.ts';
import { formatUsd } from '../../core/catalog/cost.ts';
import type { Model } from '../../core/catalog/model.ts';
import type { Scorer } from '../../core/complexity/scorer.ts';
import type { EndpointFailureCode, FailureCode } from '../../core/failure.ts';
import type { Prompt } from '../../core/prompts/prompt.ts';
import { type Budget, certainCost, costBound } from '../benchmark/budget.ts';
import type { BatchOutcome } from '../endpoints/batch-call.ts';
import type { ChatOutcome, ChatRequest } from '../endpoints/chat.ts';
import { answerAll } from './answer-all.ts';
import {
  type AnswerRow,
  answerKey,
  batchRowOf,
  dividedTokens,
  mayHaveCostUnseen,
  type RowHead,
  rowOf,
} from './answer-row.ts';
import { askBatch, batchesOf } from './batches.ts';
import type { EndpointCaller } from './endpoint-caller.ts';
import { type AttemptOutcome, type CallAttempt, lastAttempt, wasCancelled } from './retry.ts';

export interface AnswerDatasetOptions {
  readonly prompts: readonly Prompt[];
  readonly model: Model;
  readonly caller: EndpointCaller;
  readonly scorer: Scorer;
  /** Requests in flight at once. */
  readonly concurrency: number;
  /** Most output tokens. */
  readonly maxTokens: number;
  /** Prompts in a request; 1 (default): each by itself. The protocol must have a form for more. */
  readonly batchSize?: number | undefined;
  /** Most bytes of prompts in a request; default 3 MiB, below Databricks' 4 MB. */
  readonly batchBytes?: number | undefined;
  /** True: rows repeat the prompt. */
  readonly keepPrompts?: boolean | undefined;
  readonly budget?: Budget | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called for each row as soon as it is there, in any order, before it is yielded. */
  readonly onRow?: ((row: AnswerRow) => void) | undefined;
}

/** How it ended. Prompts without a row were not asked, or were cancelled in flight. */
export type DatasetEnding =
  | { readonly state: 'complete' }
  | { readonly state: 'cancelled' }
  /** By the ceiling, or because the endpoint answers nobody: `message` says which. */
  | { readonly state: 'stopped'; readonly by: 'cost-ceiling' | 'endpoint'; readonly message: string };

interface Item {
  readonly prompt: Prompt;
  readonly head: RowHead;
  readonly request: ChatRequest;
  readonly complexity: number;
  /** 0 where a price is unknown. */
  readonly boundUsd: number;
}

interface Group {
  readonly items: readonly Item[];
  /** What is reserved for it; undefined without a budget. */
  readonly reservedUsd: number | undefined;
}

const defaultBatchBytes = 3 * 1024 * 1024;

/**
 * Answers the prompts of a data set with one model and yields their rows in its order. One failure is one row. Nothing
 * more is sent once the endpoint asks to wait for longer than a request does, or refused for a reason that concerns all
 * (key, address, network) while nothing was answered, nor was what was in flight.
 */
export async function* answerDataset(options: AnswerDatasetOptions): AsyncGenerator<AnswerRow, DatasetEnding> {
  const { budget, signal } = options;
  let inFlight = 0;
  let answered = 0;
  let ended: DatasetEnding | undefined;
  /** What ends it if nothing that is in flight is answered. */
  let doubt: DatasetEnding | undefined;
  let settled: (() => void) | undefined;

  /** Hands out groups when there is money for them. */
  async function* admitted(): AsyncGenerator<Group> {
    for (const items of groupsOf(options)) {
      while (doubt !== undefined && answered === 0 && ended === undefined && !signal?.aborted) {
        if (inFlight === 0) ended = doubt;
        else await oneSettled();
      }
      const boundUsd = sum(items);
      let reservedUsd = budget?.reserve(boundUsd);
      while (budget && reservedUsd === undefined && ended === undefined && !signal?.aborted) {
        if (inFlight === 0) {
          ended = { state: 'stopped', by: 'cost-ceiling', message: ceilingReached(budget, boundUsd) };
          return;
        }
        await oneSettled();
        reservedUsd = budget.reserve(boundUsd);
      }
      if (ended !== undefined || signal?.aborted) {
        if (reservedUsd !== undefined) budget?.settle(reservedUsd, 0);
        return;
      }
      yield { items, reservedUsd };
    }
  }

  function oneSettled(): Promise<void> {
    return new Promise((resolve) => {
      settled = resolve;
    });
  }

  async function call({ items, reservedUsd }: Group, _index: number, own: AbortSignal): Promise<AnswerRow[]> {
    inFlight++;
    const purse = new Purse(budget, reservedUsd);
    try {
      const rows = await ask(options, items, purse, own);
      for (const { row, attempts } of rows) {
        options.onRow?.(row);
        if (row.answer !== undefined) answered++;
        else if (row.error) judge(row.error, lastAttempt(attempts).givenUp === 'wait-too-long');
      }
      const certain = rows.flatMap(({ certainUsd }) => certainUsd ?? []);
      purse.settle(certain.length === items.length ? sumOf(certain) : undefined);
      return rows.map(({ row }) => row);
    } finally {
      purse.settle(undefined);
      inFlight--;
      settled?.();
    }
  }

  function judge({ code, message }: NonNullable<AnswerRow['error']>, tooLong: boolean): void {
    const ending: DatasetEnding = { state: 'stopped', by: 'endpoint', message };
    if (tooLong) ended ??= ending;
    else if (concernsAll.has(code as FailureCode)) doubt ??= ending;
  }

  for await (const result of answerAll(admitted(), { call, limit: options.concurrency, signal })) {
    if (result.state === 'answered') yield* result.answer;
    else if (result.state === 'failed') throw result.error;
  }
  return signal?.aborted ? { state: 'cancelled' } : (ended ?? { state: 'complete' });
}

/** What the first request meets, all others would. */
const concernsAll: ReadonlySet<FailureCode> = new Set<EndpointFailureCode>([
  'auth',
  'not-found',
  'connect',
  'tls',
  'redirect',
]);

interface Asked {
  readonly row: AnswerRow;
  readonly attempts: readonly CallAttempt<AttemptOutcome>[];
  /** What it cost in the deciding request, where that is beyond doubt. */
  readonly certainUsd: number | undefined;
}

/** The rows of a group; those that were cancelled are left out. */
async function ask(
  options: AnswerDatasetOptions,
  items: readonly Item[],
  purse: Purse,
  signal: AbortSignal,
): Promise<Asked[]> {
  const { caller } = options;
  const prices = pricesOf(options.model);
  const chats = new Map<Item, ChatOutcome>();
  const batches = new Map<object, { outcome: BatchOutcome; tokens: NonNullable<AnswerRow['tokens']>[] }>();
  const parts = await askBatch<Item, { batch: BatchOutcome; at: number }>(items, {
    async askOne(item) {
      const attempts = await caller.chat(item.request, {
        complexity: item.complexity,
        signal,
        admitRetry: (failed) => purse.admitAfter(failed, item.boundUsd),
      });
      chats.set(item, lastAttempt(attempts).outcome);
      return { attempts };
    },
    async askMany(many) {
      const attempts = await caller.batch(
        many.map(({ request }) => request),
        {
          complexity: Math.max(...many.map(({ complexity }) => complexity)),
          signal,
          admitRetry: (failed) => purse.admitAfter(failed, sum(many)),
        },
      );
      const { outcome } = lastAttempt(attempts);
      batches.set(outcome, {
        outcome,
        tokens: dividedTokens(
          outcome.usage,
          many.map(({ prompt }, at) => ({ prompt: prompt.text, answer: outcome.answers[at]?.text ?? '' })),
        ),
      });
      return { attempts, answers: many.map((_, at) => ({ batch: outcome, at })) };
    },
    admitHalves: (failure, many) => purse.admitAfter({ failure, status: failure.status }, sum(many)),
  });

  return items.flatMap((item, at): Asked[] => {
    const part = parts[at];
    if (part === undefined || wasCancelled(part.attempts)) return [];
    const chat = chats.get(item);
    if (chat) {
      const row = rowOf(item.head, item.prompt.text, chat, part.attempts, prices);
      return [{ row, attempts: part.attempts, certainUsd: certainCost(chat, prices) }];
    }
    const { failure, sentWith, answer, attempts } = part;
    const batch = answer && failure === undefined ? answer.batch : undefined;
    const row = batchRowOf(
      item.head,
      {
        answer: batch && answer ? batch.answers[answer.at] : undefined,
        failure,
        sentWith,
        tokens: batch && answer ? batches.get(batch)?.tokens[answer.at] : undefined,
        simulated: batch?.simulated ?? false,
      },
      attempts,
      prices,
    );
    const certainUsd = batch?.usage ? row.costUsd : certainCost(lastAttempt(attempts).outcome, prices);
    return [{ row, attempts, certainUsd }];
  });
}

/** What one group holds of the budget: for one pass over its prompts, and for each try that may have cost in vain. */
class Purse {
  readonly #budget: Budget | undefined;
  readonly #inVain: number[] = [];
  #held: number | undefined;

  constructor(budget: Budget | undefined, held: number | undefined) {
    this.#budget = budget;
    this.#held = held;
  }

  /** Whether there is money for another try after one that failed. */
  admitAfter(failed: Pick<AttemptOutcome, 'failure' | 'status'>, boundUsd: number): boolean {
    if (!this.#budget || !mayHaveCostUnseen(failed)) return true;
    const more = this.#budget.reserve(boundUsd);
    if (more === undefined) return false;
    this.#inVain.push(more);
    return true;
  }

  /** @param actualUsd of the pass that decided; undefined: up to all that was held for it */
  settle(actualUsd: number | undefined): void {
    if (this.#held === undefined) return;
    this.#budget?.settle(this.#held, actualUsd);
    this.#held = undefined;
    for (const amount of this.#inVain) this.#budget?.settle(amount, undefined);
  }
}

function* groupsOf(options: AnswerDatasetOptions): Generator<readonly Item[]> {
  const { model, scorer, maxTokens, batchSize = 1, batchBytes = defaultBatchBytes } = options;
  const prices = pricesOf(model);
  function* items(): Generator<Item> {
    for (const prompt of options.prompts) {
      yield {
        prompt,
        head: {
          id: prompt.id,
          key: answerKey(model.ref, maxTokens, prompt.text),
          model: model.ref,
          ...(options.keepPrompts ? { prompt: prompt.text } : {}),
        },
        request: requestOf(model, prompt.text, maxTokens),
        complexity: scorer.score(prompt.text).score,
        boundUsd: costBound(Buffer.byteLength(prompt.text), maxTokens, prices) ?? 0,
      };
    }
  }
  yield* batchesOf(items(), {
    size: batchSize,
    maxBytes: batchBytes,
    bytesOf: ({ prompt }) => Buffer.byteLength(JSON.stringify(prompt.text)),
  });
}

/** How a prompt is asked of a model: by itself, whole. */
export function requestOf(model: Model, text: string, maxTokens: number): ChatRequest {
  return {
    model: model.id,
    task: model.task,
    pyfunc: model.pyfunc,
    messages: [{ role: 'user', content: text }],
    maxTokens,
    stream: false,
  };
}

/** A model's prices as a run plans with them. */
export function pricesOf(model: Model): PlannedModel {
  return {
    endpoint: model.endpoint,
    model: model.id,
    inputPrice: model.inputPrice?.value,
    outputPrice: model.outputPrice?.value,
    cachedInputPrice: model.cachedInputPrice?.value,
    cacheWritePrice: model.cacheWritePrice?.value,
  };
}

function sum(items: readonly Item[]): number {
  return sumOf(items.map(({ boundUsd }) => boundUsd));
}

function sumOf(amounts: readonly number[]): number {
  return amounts.reduce((total, amount) => total + amount, 0);
}

function ceilingReached(budget: Budget, boundUsd: number): string {
  const [next, spent, ceiling] = [budget.needed(boundUsd), budget.spent, budget.ceiling].map(formatUsd);
  return `The next request may cost up to ${next}; up to ${spent} of the ceiling of ${ceiling} is spent.`;
}
