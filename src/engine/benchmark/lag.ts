import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Manifest } from '../../core/benchmark/manifest.ts';

type Lag = NonNullable<Manifest['lag']>;

/** ms between two looks at the clock. */
const resolution = 10;

/** Watches how late the event loop is, in ms beyond the interval at which it is asked. */
export class LagWatch {
  readonly #delays = monitorEventLoopDelay({ resolution });

  constructor() {
    this.#delays.enable();
  }

  /** Ends the watch. Of a run in several sessions, the worst of each figure stays. */
  stop(earlier: Lag | undefined): Lag | undefined {
    this.#delays.disable();
    if (this.#delays.count === 0) return earlier;
    const beyond = (nanoseconds: number) => Math.max(0, Math.round(nanoseconds / 1e4 - resolution * 100) / 100);
    return {
      p50: Math.max(beyond(this.#delays.percentile(50)), earlier?.p50 ?? 0),
      p99: Math.max(beyond(this.#delays.percentile(99)), earlier?.p99 ?? 0),
      max: Math.max(beyond(this.#delays.max), earlier?.max ?? 0),
    };
  }
}
