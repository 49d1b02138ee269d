import { mayHaveCost } from '../../core/benchmark/billing.ts';
import type { Manifest } from '../../core/benchmark/manifest.ts';
import type { Plan, PlannedModel } from '../../core/benchmark/plan.ts';
import type { RunRecord } from '../../core/benchmark/record.ts';
import { dearestCost, formatUsd, tokenCost } from '../../core/catalog/cost.ts';
import { grouped } from '../../core/numbers.ts';
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

/** Tokens that one request can use at most, input and output. */
export function tokenBound(promptBytes: number, maxTokens: number): number {
  return promptBytes + templateTokens + maxTokens;
}

/** What requests use up: money and tokens, input and output. */
export interface Use {
  readonly usd: number;
  readonly tokens: number;
}

/** What one use is known to be; undefined: anything up to its bound. */
export interface CertainUse {
  readonly usd: number | undefined;
  readonly tokens: number | undefined;
}

export const noUse: Use = { usd: 0, tokens: 0 };
/** Of an attempt that may have used all that was reserved. */
export const unknownUse: CertainUse = { usd: undefined, tokens: undefined };

export function addUse(a: Use, b: Use): Use {
  return { usd: a.usd + b.usd, tokens: a.tokens + b.tokens };
}

/** What one request can use at most; 0 USD where a price is unknown, as no ceiling in USD is held then. */
export function useBound(promptBytes: number, maxTokens: number, prices: PlannedModel): Use {
  return { usd: costBound(promptBytes, maxTokens, prices) ?? 0, tokens: tokenBound(promptBytes, maxTokens) };
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

/** What an attempt used, as far as that is beyond doubt; see `certainCost`. */
export function certainUse(
  outcome: Pick<ChatOutcome, 'usage' | 'status' | 'failure'>,
  prices: PlannedModel,
): CertainUse {
  const { usage, status, failure } = outcome;
  const counted = usage && !failure ? usage.input + usage.output : undefined;
  const tokens = counted ?? (mayHaveCost(status, failure?.code) ? undefined : 0);
  return { usd: certainCost(outcome, prices), tokens };
}

/** What a finished request used at most, its attempts together. `bound`: of one attempt. */
export function mostUse({ attempts, tokens, costUsd, status }: RunRecord, bound: Use): Use {
  const counted = tokens?.source === 'server' && status === 'ok' ? tokens : undefined;
  const most = (known: number | undefined, ofOne: number) => {
    const uncertain = (known === undefined ? attempts : attempts.slice(0, -1)).filter(({ status, error }) =>
      mayHaveCost(status, error?.code),
    );
    return (known ?? 0) + uncertain.length * ofOne;
  };
  return {
    usd: most(counted && costUsd, bound.usd),
    tokens: most(counted && counted.input + counted.output, bound.tokens),
  };
}

/**
 * A ceiling, in USD or tokens, that holds while many requests are in flight: each reserves the most it can use before it is
 * sent, and gives back what it did not use. A server that charges more than the bound (a hidden instruction, an ignored
 * `max_tokens`) raises the bound of all later requests.
 */
export class Budget {
  readonly ceiling: number;
  #spent: number;
  #reserved = 0;
  #inFlight = 0;
  #excess = 0;

  constructor(ceiling: number, spent: number) {
    this.ceiling = ceiling;
    this.#spent = spent;
  }

  get spent(): number {
    return this.#spent;
  }

  /** What requests in flight may still use. */
  get reserved(): number {
    return this.#reserved;
  }

  /** What a request with this bound would reserve now. */
  needed(bound: number): number {
    return bound + this.#excess;
  }

  hasRoomFor(bound: number): boolean {
    return this.#spent + this.#reserved + this.needed(bound) <= this.ceiling;
  }

  /** Reserves for one request; undefined when the ceiling leaves no room for it now. */
  reserve(bound: number): number | undefined {
    if (!this.hasRoomFor(bound)) return undefined;
    const amount = this.needed(bound);
    this.#reserved += amount;
    this.#inFlight++;
    return amount;
  }

  /** Ends a reservation. `actual` undefined: it may have used all of it. */
  settle(amount: number, actual: number | undefined): void {
    this.#inFlight--;
    // Sums of fractions leave crumbs; with nothing in flight there are none.
    this.#reserved = this.#inFlight === 0 ? 0 : this.#reserved - amount;
    this.#spent += actual ?? amount;
    if (actual !== undefined && actual > amount) this.#excess += actual - amount;
  }
}

/** The ceilings of a run, in USD and in tokens: what is sent must keep both. Absent: there is none. */
export class Ceilings {
  readonly usd: Budget | undefined;
  readonly tokens: Budget | undefined;

  /** @param spent what the run has used before, at most */
  constructor({ maxCostUsd, maxTotalTokens }: Pick<Plan, 'maxCostUsd' | 'maxTotalTokens'>, spent: Use) {
    this.usd = maxCostUsd === undefined ? undefined : new Budget(maxCostUsd, spent.usd);
    this.tokens = maxTotalTokens === undefined ? undefined : new Budget(maxTotalTokens, spent.tokens);
  }

  /** Reserves in both, or in none: undefined. */
  reserve({ usd, tokens }: Use): Use | undefined {
    const money = this.usd ? this.usd.reserve(usd) : usd;
    if (money === undefined) return undefined;
    const room = this.tokens ? this.tokens.reserve(tokens) : tokens;
    if (room !== undefined) return { usd: money, tokens: room };
    this.usd?.settle(money, 0);
    return undefined;
  }

  settle(reserved: Use, certain: CertainUse): void {
    this.usd?.settle(reserved.usd, certain.usd);
    this.tokens?.settle(reserved.tokens, certain.tokens);
  }

  /** Why there is no room for one more request; undefined: there is room. */
  refusal({ usd, tokens }: Use): Required<Pick<Manifest, 'stopReason' | 'stopMessage'>> | undefined {
    if (this.usd && !this.usd.hasRoomFor(usd)) {
      const [next, spent, ceiling] = [this.usd.needed(usd), this.usd.spent, this.usd.ceiling].map(formatUsd);
      return {
        stopReason: 'cost-ceiling',
        stopMessage: `The next request may cost up to ${next}; up to ${spent} of the ceiling of ${ceiling} is spent.`,
      };
    }
    if (this.tokens && !this.tokens.hasRoomFor(tokens)) {
      const { ceiling, spent } = this.tokens;
      const [next, used, most] = [this.tokens.needed(tokens), spent, ceiling].map((count) => grouped(count, 0));
      return {
        stopReason: 'token-ceiling',
        stopMessage: `The next request may use up to ${next} tokens; up to ${used} of the ceiling of ${most} tokens are used.`,
      };
    }
    return undefined;
  }
}

/** What one request uses, attempt by attempt, under the ceilings of its run. */
export class Spending {
  readonly #ceilings: Ceilings;
  readonly #bound: Use;
  #reserved: Use | undefined;
  #ended = noUse;

  constructor(ceilings: Ceilings, bound: Use) {
    this.#ceilings = ceilings;
    this.#bound = bound;
  }

  /** Before an attempt; false: a ceiling leaves no room for it now. */
  reserve(): boolean {
    this.#reserved = this.#ceilings.reserve(this.#bound);
    return this.#reserved !== undefined;
  }

  /** After an attempt. What is not certain may be all that was reserved; `noUse`: also for one that was not made. */
  settle(certain: CertainUse): void {
    const reserved = this.#reserved;
    if (reserved === undefined) return;
    this.#ceilings.settle(reserved, certain);
    this.#ended = addUse(this.#ended, {
      usd: certain.usd ?? reserved.usd,
      tokens: certain.tokens ?? reserved.tokens,
    });
    this.#reserved = undefined;
  }

  /** At most, over the attempts that have ended. */
  get most(): Use {
    return this.#ended;
  }
}

/** Why a ceiling cannot be set, and what to do. */
export function ceilingCannotHold(models: readonly string[]): string {
  return `A cost ceiling cannot be held for ${models.join(', ')}: the price is unknown. Give inputPrice and outputPrice (USD per million tokens), leave the model out, or run without a ceiling.`;
}
