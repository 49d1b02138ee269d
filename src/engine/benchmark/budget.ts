import { mayHaveCost } from '../../core/benchmark/billing.ts';
import type { PlannedModel } from '../../core/benchmark/plan.ts';
import type { RunRecord } from '../../core/benchmark/record.ts';
import { tokenCost } from '../../core/catalog/cost.ts';

/** Tokens that a chat template may add around a prompt: roles, begin and end marks, a short standard instruction. */
const templateTokens = 64;

/**
 * USD that one request can cost at most: no byte-level tokenizer makes more tokens than the prompt has bytes, and the
 * answer is cut at `maxTokens`. Undefined when a price is unknown.
 */
export function costBound(promptBytes: number, maxTokens: number, prices: PlannedModel): number | undefined {
  return tokenCost({ input: promptBytes + templateTokens, output: maxTokens }, prices);
}

/** What a finished request cost, where that is beyond doubt; undefined: anything up to its bound. */
export function certainCost(record: RunRecord): number | undefined {
  if (record.tokens?.source === 'server') return record.costUsd;
  return mayHaveCost(record.attempts[0]?.status, record.error?.code) ? undefined : 0;
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

/** Why a ceiling cannot be set, and what to do. */
export function ceilingCannotHold(models: readonly string[]): string {
  return `A cost ceiling cannot be held for ${models.join(', ')}: the price is unknown. Give inputPrice and outputPrice (USD per million tokens), leave the model out, or run without a ceiling.`;
}
