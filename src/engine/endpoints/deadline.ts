import { InFlight, type Place } from '../calling/in-flight.ts';

/** Timers may come this much early against the clock; ms. */
const toleranceMs = 1;

const pending = new InFlight<Deadline>();
let timer: NodeJS.Timeout | undefined;
let armedFor = Number.POSITIVE_INFINITY;

/**
 * A moment after which something is called, unless it is cleared before. All share one timer, which is set for the earliest of them:
 * thousands come and go in the time for which it is set, and a timer each would cost more than what it guards.
 */
export class Deadline {
  /** On `performance.now()`. */
  #at: number;
  readonly #passed: () => void;
  #place: Place<Deadline>;

  /** @param ms from now; no more than a timer can (2^31 − 1) */
  constructor(ms: number, passed: () => void) {
    this.#passed = passed;
    this.#at = performance.now() + ms;
    this.#place = pending.add(this);
    if (this.#at < armedFor) arm(this.#at);
  }

  /** From now on it is so many ms away; also after it has passed. */
  move(ms: number): void {
    this.#at = performance.now() + ms;
    pending.remove(this.#place);
    this.#place = pending.add(this);
    if (this.#at < armedFor) arm(this.#at);
  }

  clear(): void {
    pending.remove(this.#place);
    // A timer that guards nothing would keep the process from ending.
    if (pending.size === 0) disarm();
  }

  static check(): void {
    disarm();
    const now = performance.now() + toleranceMs;
    for (const deadline of pending.all()) {
      // One before it may have cleared or moved it.
      if (deadline.#at > now || !pending.has(deadline.#place)) continue;
      pending.remove(deadline.#place);
      deadline.#passed();
    }
    const earliest = Math.min(...pending.all().map((deadline) => deadline.#at));
    if (earliest < armedFor) arm(earliest);
  }
}

function arm(at: number): void {
  clearTimeout(timer);
  armedFor = at;
  timer = setTimeout(Deadline.check, Math.max(1, at - performance.now()));
}

function disarm(): void {
  clearTimeout(timer);
  armedFor = Number.POSITIVE_INFINITY;
}
