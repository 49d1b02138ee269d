import { seededRandom } from '../../../core/stats/random.ts';
import type { Clock } from '../clock.ts';

interface Sleeper {
  readonly due: number;
  wake(): void;
}

/** A clock that goes on only when it is told to, or, `eager`, as soon as all that remains is to wait. */
export interface FakeClock extends Clock {
  /** What was slept, in ms, in the order in which it began. */
  readonly slept: number[];
  /** Sleepers that wait now. */
  readonly sleeping: number;
  /** Wakes all that are due within `ms`, each at its time, and lets what follows happen. */
  advance(ms: number): Promise<void>;
}

export function fakeClock(options: { seed?: number; eager?: boolean } = {}): FakeClock {
  const sleepers = new Set<Sleeper>();
  const slept: number[] = [];
  let now = 0;
  let moving = false;

  const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
  const earliest = () => [...sleepers].sort((a, b) => a.due - b.due)[0];

  /** Sleeps end in the order of their time, when nothing else is left to do in this turn of the loop. */
  async function move(): Promise<void> {
    if (moving) return;
    moving = true;
    await settle();
    for (let next = earliest(); next !== undefined; next = earliest()) {
      now = Math.max(now, next.due);
      next.wake();
      await settle();
    }
    moving = false;
  }

  return {
    slept,
    get sleeping() {
      return sleepers.size;
    },
    now: () => now,
    random: seededRandom(options.seed ?? 1),
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        slept.push(ms);
        if (signal?.aborted) return resolve();
        const sleeper: Sleeper = {
          due: now + ms,
          wake() {
            sleepers.delete(sleeper);
            signal?.removeEventListener('abort', sleeper.wake);
            resolve();
          },
        };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', sleeper.wake);
        if (options.eager) void move();
      }),
    async advance(ms) {
      const until = now + ms;
      await settle();
      for (let next = earliest(); next !== undefined && next.due <= until; next = earliest()) {
        now = Math.max(now, next.due);
        next.wake();
        await settle();
      }
      now = until;
    },
  };
}
