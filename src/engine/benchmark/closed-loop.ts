/** Between the first sends of two slots; so that they do not stay in step, and the server is not met by all at once. */
const slotGapMs = 4;
/** All slots are open after this time, however many there are. */
const longestRampMs = 1_000;

export interface ClosedLoop<Job> {
  readonly jobs: Iterator<Job>;
  /** Jobs in flight at once. */
  readonly slots: number;
  /** False: not now. It is asked again when a job in flight has ended; with none in flight, the loop ends. */
  admit(job: Job): boolean;
  /** Does the job. Must not reject. */
  run(job: Job): Promise<void>;
}

export interface RunningLoop<Job> {
  readonly inFlight: number;
  /** Starts nothing more; jobs in flight go on. */
  stop(): void;
  /** Resolves when the last job has ended; with the job that was not admitted, if that ended the loop. */
  readonly ended: Promise<Job | undefined>;
}

/** Keeps `slots` jobs in flight until there are no more. */
export function startClosedLoop<Job>({ jobs, slots, admit, run }: ClosedLoop<Job>): RunningLoop<Job> {
  const gapMs = Math.min(slotGapMs, longestRampMs / slots);
  const startedAt = performance.now();
  let inFlight = 0;
  let open = 1;
  let waiting: Job | undefined;
  let refused: Job | undefined;
  let stopped = false;
  let end: (refused: Job | undefined) => void;
  const ended = new Promise<Job | undefined>((resolve) => {
    end = resolve;
  });

  const ramp = setInterval(() => {
    open = Math.min(slots, 1 + Math.floor((performance.now() - startedAt) / gapMs));
    if (open === slots) clearInterval(ramp);
    pump();
  }, slotGapMs);

  function settled(): void {
    inFlight--;
    pump();
  }

  function pump(): void {
    while (!stopped && inFlight < open) {
      if (waiting === undefined) {
        const next = jobs.next();
        if (next.done === true) {
          stopped = true;
          break;
        }
        waiting = next.value;
      }
      if (!admit(waiting)) {
        if (inFlight > 0) return;
        refused = waiting;
        stopped = true;
        break;
      }
      const job = waiting;
      waiting = undefined;
      inFlight++;
      void run(job).then(settled);
    }
    if (!stopped) return;
    clearInterval(ramp);
    if (inFlight === 0) end(refused);
  }

  pump();
  return {
    get inFlight() {
      return inFlight;
    },
    stop() {
      stopped = true;
      pump();
    },
    ended,
  };
}
