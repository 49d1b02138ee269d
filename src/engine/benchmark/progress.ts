import type { RunRecord } from '../../core/benchmark/record.ts';
import type { Progress } from '../../protocol/measure.ts';

const intervalMs = 200;
/** The rate is that of the last seconds, so that it follows what happens. */
const windowMs = 5_000;

/** Tells how far a run is, five times a second. Times in ms on any monotonic clock. */
export class ProgressTicker {
  readonly #total: () => number;
  readonly #earlierMs: number;
  readonly #startedAt = performance.now();
  readonly #inFlight: () => number;
  readonly #where: () => Pick<Progress, 'phase' | 'stage'>;
  readonly #tell: (progress: Progress) => void;
  readonly #timer: NodeJS.Timeout;
  /** How many were done when, over the window. */
  readonly #past: { at: number; done: number }[];
  #done: number;
  #errors: number;
  #costUsd: number | undefined;

  constructor(options: {
    /** Requests, at most, as far as is known. */
    total: () => number;
    done: number;
    errors: number;
    costUsd: number | undefined;
    /** Measured time of earlier sessions, ms. */
    earlierMs: number;
    inFlight: () => number;
    /** Phase and stage, where the requests are in one. */
    where?: () => Pick<Progress, 'phase' | 'stage'>;
    tell: (progress: Progress) => void;
  }) {
    this.#total = options.total;
    this.#done = options.done;
    this.#errors = options.errors;
    this.#costUsd = options.costUsd;
    this.#earlierMs = options.earlierMs;
    this.#inFlight = options.inFlight;
    this.#where = options.where ?? (() => ({}));
    this.#tell = options.tell;
    this.#past = [{ at: this.#startedAt, done: options.done }];
    this.#timer = setInterval(() => this.#report(), intervalMs);
  }

  count(record: Pick<RunRecord, 'status' | 'costUsd'>): void {
    this.#done++;
    if (record.status === 'error') this.#errors++;
    this.countCost(record);
  }

  /** Counts the cost of a request that is none of the planned ones. */
  countCost({ costUsd }: Pick<RunRecord, 'costUsd'>): void {
    if (costUsd !== undefined) this.#costUsd = (this.#costUsd ?? 0) + costUsd;
  }

  /** Tells once more how it stands, and no more after that. Returns the measured ms over all sessions. */
  stop(): number {
    clearInterval(this.#timer);
    return this.#report();
  }

  #report(): number {
    const now = performance.now();
    const past = this.#past;
    past.push({ at: now, done: this.#done });
    while (past.length > 2 && now - (past[1]?.at ?? now) >= windowMs) past.shift();
    const [first = { at: now, done: this.#done }] = past;
    const rate = now > first.at ? ((this.#done - first.done) * 1000) / (now - first.at) : 0;
    const elapsedMs = this.#earlierMs + now - this.#startedAt;
    const total = this.#total();
    this.#tell({
      type: 'progress',
      ...this.#where(),
      done: this.#done,
      total,
      errors: this.#errors,
      inFlight: this.#inFlight(),
      costUsd: this.#costUsd,
      requestsPerSecond: rate,
      elapsedMs,
      etaMs: rate > 0 ? ((total - this.#done) * 1000) / rate : undefined,
    });
    return elapsedMs;
  }
}
