import { type LoopOptions, type RunningLoop, startLoop } from './loop.ts';

/** Between the first sends of two slots; so that they do not stay in step, and the server is not met by all at once. */
const slotGapMs = 4;
/** All slots are open after this time, however many there are. */
const longestRampMs = 1_000;

export interface ClosedLoop<Job> extends LoopOptions<Job> {
  /** Jobs in flight at once. */
  readonly slots: number;
}

/** Keeps `slots` jobs in flight until there are no more; the slots open one after the other, not all at once. */
export function startClosedLoop<Job>({ slots, ...options }: ClosedLoop<Job>): RunningLoop<Job> {
  const gapMs = Math.min(slotGapMs, longestRampMs / slots);
  const startedAt = performance.now();
  return startLoop(options, (look) => {
    let open = 1;
    const ramp = setInterval(() => {
      open = Math.min(slots, 1 + Math.floor((performance.now() - startedAt) / gapMs));
      if (open === slots) clearInterval(ramp);
      look();
    }, slotGapMs);
    return {
      get slots() {
        return open;
      },
      isDue: () => true,
      stop: () => clearInterval(ramp),
    };
  });
}
