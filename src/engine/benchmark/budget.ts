import { mayHaveCost } from '../../core/benchmark/billing.ts';
import type { PlannedModel } from '../../core/benchmark/plan.ts';
import type { RunRecord } from '../../core/benchmark/record.ts';
import { dearestCost, tokenCost } from '../../core/catalog/cost.ts';
import type { ChatOutcome } from '../endpoints/chat.ts';

/** Tokens that a chat template may add around a prompt: roles, begin and end marks, a short standard instruction. */
const templateTokens = 64;

/**
 * USD that one request can cost at most: no byte-level tokenizer makes more tokens than the prompt has bytes, and the
 * answer is cut at `maxTokens`. Input counts at the dearest of its prices. Undefined when a price is unknown.
 */
export function costBound(promptBytes: number, maxTokens: number, prices: PlannedModel): number | undefined {
  return dearestCost({ input: promptBytes + templateTokens, output: maxTokens }, prices);
}

/**
 * What an attempt cost, where that is beyond doubt; undefined: anything up to its bound. Servers that count with every
 * chunk have not counted to the end when a stream breaks off.
 */
export function certainCost(
  { usage, status, failure }: Pick<ChatOutcome, 'usage' | 'status' | 'failure'>,
  prices: PlannedModel,
): number | undefined {
  if (usage && !failure) return tokenCost(usage, prices);
  return mayHaveCost(status, failure?.code) ? undefined : 0;
}

/** USD that a finished request cost at most, its attempts together. */
export function mostCost({ attempts, tokens, costUsd, status }: RunRecord, boundUsd: number): number {
  const known = tokens?.source === 'server' && status === 'ok' ? costUsd : undefined;
  const uncertain = (known === undefined ? attempts : attempts.slice(0, -1)).filter(({ status, error }) =>
    mayHaveCost(status, error?.code),
  );
  return (known ?? 0) + uncertain.length * boundUsd;
}

/**
 * A ceiling in USD that holds while many requests are in flight: each reserves the most it can cost before it is sent,
 * and gives back what it did not use. A server that charges more than the bound (a hidden instruction, an ignored
 * `max_tokens`) raises the bound of all later requests.
 */
export class Budget {
  readonly ceilingUsd: number;
  #spent: number;
  #reserved = 0;
  #inFlight = 0;
  #excess = 0;

  constructor(ceilingUsd: number, spentUsd: number) {
    this.ceilingUsd = ceilingUsd;
    this.#spent = spentUsd;
  }

  get spentUsd(): number {
    return this.#spent;
  }

  /** What requests in flight may still cost. */
  get reservedUsd(): number {
    return this.#reserved;
  }

  /** What a request with this bound would reserve now. */
  needed(boundUsd: number): number {
    return boundUsd + this.#excess;
  }

  /** Reserves for one request; undefined when the ceiling leaves no room for it now. */
  reserve(boundUsd: number): number | undefined {
    const amount = this.needed(boundUsd);
    if (this.#spent + this.#reserved + amount > this.ceilingUsd) return undefined;
    this.#reserved += amount;
    this.#inFlight++;
    return amount;
  }

  /** Ends a reservation. `actualUsd` undefined: it may have cost all of it. */
  settle(amount: number, actualUsd: number | undefined): void {
    this.#inFlight--;
    // Sums of fractions leave crumbs; with nothing in flight there are none.
    this.#reserved = this.#inFlight === 0 ? 0 : this.#reserved - amount;
    this.#spent += actualUsd ?? amount;
    if (actualUsd !== undefined && actualUsd > amount) this.#excess += actualUsd - amount;
  }
}

/** What one request costs, attempt by attempt, under the ceiling of its run if there is one. */
export class Spending {
  readonly #budget: Budget | undefined;
  readonly #boundUsd: number;
  #reserved: number | undefined;
  #ended = 0;

  constructor(budget: Budget | undefined, boundUsd: number) {
    this.#budget = budget;
    this.#boundUsd = boundUsd;
  }

  /** Before an attempt; false: the ceiling leaves no room for it now. */
  reserve(): boolean {
    this.#reserved = this.#budget ? this.#budget.reserve(this.#boundUsd) : this.#boundUsd;
    return this.#reserved !== undefined;
  }

  /** After an attempt. `certainUsd` undefined: it may have cost all that was reserved; 0: also for one that was not made. */
  settle(certainUsd: number | undefined): void {
    if (this.#reserved === undefined) return;
    this.#budget?.settle(this.#reserved, certainUsd);
    this.#ended += certainUsd ?? this.#reserved;
    this.#reserved = undefined;
  }

  /** USD at most, over the attempts that have ended. */
  get mostUsd(): number {
    return this.#ended;
  }
}

/** Why a ceiling cannot be set, and what to do. */
export function ceilingCannotHold(models: readonly string[]): string {
  return `A cost ceiling cannot be held for ${models.join(', ')}: the price is unknown. Give inputPrice and outputPrice (USD per million tokens), leave the model out, or run without a ceiling.`;
}
