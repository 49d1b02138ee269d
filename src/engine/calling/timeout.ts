import type { TimeoutBasis } from '../../core/benchmark/record.ts';
import { quantile } from '../../core/stats/quantiles.ts';

/** How long an attempt may take, in ms, and why. */
export interface TimeoutChoice {
  readonly ms: number;
  readonly basis: TimeoutBasis;
}

/** Gives each attempt its time limit. `target` names what answers: `endpoint/model`. */
export interface Timeouts {
  /**
   * The limit of a first attempt.
   * @param complexity the prompt's, in [0,1]
   * @param maxTokens most output tokens that are asked for, where there is a limit
   */
  choose(target: string, complexity: number, maxTokens?: number): TimeoutChoice;
  /** The limit of the attempt after one that ran into `limit`; undefined: there is to be none. */
  afterTimeout(limit: TimeoutChoice): TimeoutChoice | undefined;
  /**
   * Takes in how an attempt went. @param ms what the answer took; where `ok` is false, the limit that it ran into.
   * Attempts that failed in any other way say nothing about the time that an answer needs and are not told.
   */
  learn(target: string, ms: number, ok: boolean): void;
}

/** The same limit for every attempt; one that runs into it is not tried again. */
export function fixedTimeouts(ms: number): Timeouts {
  const choice: TimeoutChoice = { ms, basis: 'fixed' };
  return { choose: () => choice, afterTimeout: () => undefined, learn() {} };
}

const baseMs = 10_000;
const perComplexityMs = 5_000;
/** Of a slow server: 20 tokens a second. */
const perTokenMs = 50;
/** So many of the latest answers are looked at. */
const windowSize = 200;
/** With fewer nothing is known yet. */
const enough = 20;
/** How much longer than the slowest hundredth of the latest answers one may take. */
const patience = 2;

/**
 * Time limits that follow what answers need.
 *
 * - While less than 20 answers of a target are known, the base rule is 10 s + 5 s × complexity (`complexity`). To it comes the
 *   time in which a slow server (20 tokens/s) writes all that is asked for: + 50 ms × maxTokens, so that a long answer whose
 *   tokens are arriving is not cut off. Where maxTokens is unknown nothing is added.
 * - Then twice the 99th percentile of its latest 200, and never less than 10 s (`recent`).
 * - After a time-out twice the limit, once (`doubled`).
 * - Never more than `capMs`, and no second try where the cap leaves no more time than the first had.
 *
 * A request that timed out is one of the 200, with the time it was given: it would have needed at least that. So a
 * target that grows slow raises its limit, and slow answers that were cut off do not make the others look typical.
 */
export class AdaptiveTimeouts implements Timeouts {
  readonly #capMs: number;
  readonly #recent = new Map<string, Recent>();

  constructor({ capMs }: { capMs: number }) {
    this.#capMs = capMs;
  }

  choose(target: string, complexity: number, maxTokens = 0): TimeoutChoice {
    const recent = this.#recent.get(target);
    if (recent !== undefined && recent.size >= enough) {
      return this.#capped(Math.max(baseMs, patience * recent.p99()), 'recent');
    }
    const thinkingMs = perComplexityMs * Math.min(1, Math.max(0, complexity));
    return this.#capped(baseMs + thinkingMs + perTokenMs * maxTokens, 'complexity');
  }

  afterTimeout(limit: TimeoutChoice): TimeoutChoice | undefined {
    if (limit.basis === 'doubled') return undefined;
    const next = this.#capped(2 * limit.ms, 'doubled');
    return next.ms > limit.ms ? next : undefined;
  }

  learn(target: string, ms: number, ok: boolean): void {
    let recent = this.#recent.get(target);
    if (recent === undefined) {
      recent = new Recent();
      this.#recent.set(target, recent);
    }
    // What was cut off cannot make an answer look fast.
    recent.add(ok || recent.size === 0 ? ms : Math.max(ms, recent.p99()));
  }

  #capped(ms: number, basis: TimeoutBasis): TimeoutChoice {
    return { ms: Math.round(Math.min(ms, this.#capMs)), basis };
  }
}

/** The latest times of a target. */
class Recent {
  readonly #times: number[] = [];
  #oldest = 0;
  #p99: number | undefined;

  get size(): number {
    return this.#times.length;
  }

  add(ms: number): void {
    this.#times[this.#oldest] = ms;
    this.#oldest = (this.#oldest + 1) % windowSize;
    this.#p99 = undefined;
  }

  p99(): number {
    this.#p99 ??= quantile(Float64Array.from(this.#times).sort(), 0.99);
    return this.#p99;
  }
}
