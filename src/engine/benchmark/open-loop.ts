import { type LoopOptions, type RunningLoop, startLoop } from './loop.ts';

/** Node's timers count whole milliseconds from when the event loop last turned: they come this much early or late. */
const timerErrorMs = 2;
/** Node's timers fire at once when asked for more. */
const longestTimerMs = 2 ** 31 - 1;

export interface OpenLoop<Job> extends LoopOptions<Job> {
  /** Most jobs in flight at once. What is due beyond it waits; its schedule stays what it was. */
  readonly slots: number;
  /** Monotonic, ms. */
  now(): number;
  /** When a job is to be started, on that clock; ascending in the order of the jobs. */
  dueAt(job: Job): number;
}

/**
 * Starts each job at its time, however long those before it take: by timers until shortly before, then by turns of the event
 * loop, in which answers are read as ever. So a core is busy only in the last two milliseconds before a job, and not at all
 * while every slot is taken.
 */
export function startOpenLoop<Job>({ slots, now, dueAt, ...options }: OpenLoop<Job>): RunningLoop<Job> {
  return startLoop(options, (look) => {
    let nextAt = 0;
    let isArmed = false;
    let timer: NodeJS.Timeout | undefined;
    let turn: NodeJS.Immediate | undefined;

    function arm(left: number): void {
      isArmed = true;
      if (left > timerErrorMs + 1) {
        timer = setTimeout(wake, Math.min(longestTimerMs, Math.floor(left - timerErrorMs)));
      } else turn = setImmediate(wake);
    }

    function wake(): void {
      const left = nextAt - now();
      isArmed = false;
      if (left > 0) arm(left);
      else look();
    }

    return {
      slots,
      isDue(job) {
        nextAt = dueAt(job);
        const left = nextAt - now();
        // Times ascend: what is armed for an earlier one will find that there is another to wait for.
        if (left > 0 && !isArmed) arm(left);
        return left <= 0;
      },
      stop() {
        clearTimeout(timer);
        clearImmediate(turn);
      },
    };
  });
}
