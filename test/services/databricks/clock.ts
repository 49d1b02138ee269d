/**
 * The workspace's time, in ms. It stands still unless it is advanced, or runs `rate` times as fast as the wall's: then a
 * minute of rate limit passes in a second at rate 60.
 */
export class Clock {
  readonly rate: number;
  #advanced: number;
  readonly #startedAt = performance.now();
  readonly #waiting = new Set<() => void>();

  constructor({ start = Date.UTC(2026, 10, 24, 8), rate = 0 }: { start?: number; rate?: number } = {}) {
    this.#advanced = start;
    this.rate = rate;
  }

  get now(): number {
    return this.#advanced + (performance.now() - this.#startedAt) * this.rate;
  }

  advance(ms: number): void {
    this.#advanced += ms;
    for (const look of [...this.#waiting]) look();
  }

  /** So long the wall's clock needs for `ms` of ours; ms. A clock that stands still is taken at the wall's pace. */
  wallMs(ms: number): number {
    return this.rate > 0 ? ms / this.rate : ms;
  }

  /** Resolves once it is `time`, or when `signal` is aborted. */
  until(time: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      let timer: NodeJS.Timeout | undefined;
      const done = () => {
        clearTimeout(timer);
        this.#waiting.delete(look);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const look = () => {
        clearTimeout(timer);
        const left = time - this.now;
        if (left <= 0 || signal.aborted) done();
        else if (this.rate > 0) timer = setTimeout(look, Math.max(1, left / this.rate));
      };
      this.#waiting.add(look);
      signal.addEventListener('abort', done);
      look();
    });
  }
}
