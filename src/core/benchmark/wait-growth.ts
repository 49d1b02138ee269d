/** Fewer requests say nothing about a trend. */
const fewest = 8;

/** Sums of one session, about its own means. */
interface Sums {
  n: number;
  at: number;
  wait: number;
  atAt: number;
  atWait: number;
  waitWait: number;
}

/**
 * Whether waits grow while requests arrive at an even rate. An endpoint that does fewer requests a second (μ) than arrive (λ) lets
 * each wait longer than the one before: from schedule to end, the wait grows by λ/μ − 1 seconds a second, however short the
 * waits still are. It is the slope of a least-squares line; sessions of a run have lines of one slope, each at its own height, as an
 * interruption empties the queue.
 */
export class WaitGrowth {
  readonly #sessions = new Map<number, Sums>();

  /** `at`: when the request was due, ms; `wait`: from then until it ended, ms. */
  add(session: number, at: number, wait: number): void {
    let sums = this.#sessions.get(session);
    if (sums === undefined) {
      sums = { n: 0, at: 0, wait: 0, atAt: 0, atWait: 0, waitWait: 0 };
      this.#sessions.set(session, sums);
    }
    sums.n++;
    const fromAt = at - sums.at;
    const fromWait = wait - sums.wait;
    sums.at += fromAt / sums.n;
    sums.wait += fromWait / sums.n;
    sums.atAt += fromAt * (at - sums.at);
    sums.atWait += fromAt * (wait - sums.wait);
    sums.waitWait += fromWait * (wait - sums.wait);
  }

  /** By how much waits grow at least: the slope less two standard errors, s/s; undefined: there are too few requests to tell. */
  atLeast(): number | undefined {
    const sessions = [...this.#sessions.values()];
    const sum = (pick: (sums: Sums) => number) => sessions.reduce((total, sums) => total + pick(sums), 0);
    const n = sum((sums) => sums.n);
    const atAt = sum((sums) => sums.atAt);
    const freedom = n - sessions.length - 1;
    if (n < fewest || freedom < 1 || atAt === 0) return undefined;
    const atWait = sum((sums) => sums.atWait);
    const slope = atWait / atAt;
    const rest = Math.max(0, sum((sums) => sums.waitWait) - slope * atWait);
    return slope - 2 * Math.sqrt(rest / freedom / atAt);
  }
}
