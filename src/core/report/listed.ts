import type { RunRecord } from '../benchmark/record.ts';
import type { RequestRow } from './request-row.ts';

/** So many requests a report lists; of more, half are the first and half the slowest of the rest. */
export const mostListed = 10_000;

interface Kept {
  readonly at: number;
  readonly ms: number;
  readonly row: RequestRow;
}

/** The requests that a report lists, while all of them pass by. */
export class Listed {
  count = 0;
  readonly #most: number;
  readonly #first: RequestRow[] = [];
  /** In their order while there are few; once they are too many, the slowest of them. */
  #rest: Kept[] = [];
  /** What would not be among the slowest, ms. */
  #least = Number.NEGATIVE_INFINITY;

  constructor(most = mostListed) {
    this.#most = most;
  }

  add(row: RequestRow, { times, attempts }: RunRecord): void {
    const half = this.#most / 2;
    const at = this.count++;
    if (at < half) {
      this.#first.push(row);
      return;
    }
    // A failed request counts by the time that it took to fail.
    const ms = (attempts.at(-1)?.times.end ?? times.end) - times.sent;
    if (ms <= this.#least) return;
    this.#rest.push({ at, ms, row });
    if (this.#rest.length >= this.#most) this.#rest = this.#slowest();
  }

  /** In the order of the records. */
  rows(): RequestRow[] {
    if (this.count > this.#most && this.#rest.length > this.#most / 2) this.#rest = this.#slowest();
    return [...this.#first, ...this.#rest.sort((a, b) => a.at - b.at).map(({ row }) => row)];
  }

  #slowest(): Kept[] {
    const slowest = this.#rest.sort((a, b) => b.ms - a.ms || a.at - b.at).slice(0, this.#most / 2);
    this.#least = slowest.at(-1)?.ms ?? this.#least;
    return slowest;
  }
}
