import { abortFailure } from '../http/network-failure.ts';
import { type Clock, systemClock } from './clock.ts';

interface Waiting {
  start(): void;
}

/**
 * Lets at most `concurrency` tasks run at once: first come, first served. A pause holds back all that have not begun,
 * because what an endpoint asks of one request it means for all.
 */
export class Limiter {
  readonly #concurrency: number;
  readonly #clock: Pick<Clock, 'now' | 'sleep'>;
  /** In the order in which they came; a set, so that one that is cancelled leaves without a search. */
  readonly #waiting = new Set<Waiting>();
  #inFlight = 0;
  #pausedUntil = Number.NEGATIVE_INFINITY;
  /** The wait for the end of a pause; there only while something waits for it. */
  #pause: AbortController | undefined;

  constructor(options: { concurrency: number; clock?: Pick<Clock, 'now' | 'sleep'> | undefined }) {
    this.#concurrency = options.concurrency;
    this.#clock = options.clock ?? systemClock;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Nothing begins for the next `ms`; a longer pause that holds already stays. */
  pause(ms: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, this.#clock.now() + ms);
  }

  /**
   * Runs a task when there is room. Rejects with the signal's Failure (or `cancelled`) when it is aborted before that;
   * once begun, the task has the signal to itself.
   */
  async run<T>(task: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    await this.#turn(signal);
    try {
      return await task();
    } finally {
      this.#inFlight--;
      this.#pump();
    }
  }

  #turn(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(abortFailure(signal));
      const cancel = () => {
        this.#waiting.delete(waiting);
        if (this.#waiting.size === 0) this.#pause?.abort();
        if (signal) reject(abortFailure(signal));
      };
      const waiting: Waiting = {
        start() {
          signal?.removeEventListener('abort', cancel);
          resolve();
        },
      };
      signal?.addEventListener('abort', cancel, { once: true });
      this.#waiting.add(waiting);
      this.#pump();
    });
  }

  #pump(): void {
    while (this.#inFlight < this.#concurrency) {
      const [next] = this.#waiting;
      if (next === undefined) return;
      const pauseMs = this.#pausedUntil - this.#clock.now();
      if (pauseMs > 0) {
        this.#waitFor(pauseMs);
        return;
      }
      this.#waiting.delete(next);
      this.#inFlight++;
      next.start();
    }
  }

  #waitFor(ms: number): void {
    if (this.#pause) return;
    const pause = new AbortController();
    this.#pause = pause;
    void this.#clock.sleep(ms, pause.signal).then(() => {
      this.#pause = undefined;
      this.#pump();
    });
  }
}
