/** Between the first sends of two slots; so that they do not stay in step, and the server is not met by all at once. */
const slotGapMs = 4;
/** All slots are open after this time, however many there are. */
const longestRampMs = 1_000;

export interface ClosedLoop<Job> {
  readonly jobs: Iterator<Job>;
  /** Jobs in flight at once. */
  readonly slots: number;
  /** Most jobs in flight at once in each lane. Every lane stands here; no limit is `Infinity`. */
  readonly lanes: ReadonlyMap<string, number>;
  laneOf(job: Job): string;
  /** True: the job is not to be done any more. */
  skip(job: Job): boolean;
  /** False: not now. It is asked again when a job in flight has ended; with none in flight, the loop ends. */
  admit(job: Job): boolean;
  /** Does the job. Must not reject. */
  run(job: Job): Promise<void>;
}

export interface RunningLoop<Job> {
  readonly inFlight: number;
  /** Starts nothing in this lane for so long. */
  pause(lane: string, ms: number): void;
  /** ms until the lane's pause is over; 0: it has none. It holds for what is in flight too, also when the loop has no more to start. */
  pauseLeft(lane: string): number;
  /** Starts nothing more; jobs in flight go on. */
  stop(): void;
  /** Resolves when the last job has ended; with the job that was not admitted, if that ended the loop. */
  readonly ended: Promise<Job | undefined>;
}

/**
 * Keeps `slots` jobs in flight until there are no more. Always the first job goes whose lane has room: jobs of one lane
 * keep their order, and a full lane holds up no other.
 */
export function startClosedLoop<Job>({
  jobs,
  slots,
  lanes: limits,
  laneOf,
  skip,
  admit,
  run,
}: ClosedLoop<Job>): RunningLoop<Job> {
  const gapMs = Math.min(slotGapMs, longestRampMs / slots);
  const startedAt = performance.now();
  const lanes = new Map([...limits].map(([name, limit]) => [name, new Lane<Job>(limit)]));
  let inFlight = 0;
  let open = 1;
  let taken = 0;
  let waiting: Job | undefined;
  let refused: Job | undefined;
  let exhausted = false;
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

  function laneFor(job: Job): Lane<Job> {
    const lane = lanes.get(laneOf(job));
    if (!lane) throw new Error(`There is no lane "${laneOf(job)}".`);
    return lane;
  }

  /** The first job that is to be done and whose lane has room. */
  function next(): Job | undefined {
    const now = performance.now();
    let best: Lane<Job> | undefined;
    let hasRoom = false;
    for (const lane of lanes.values()) {
      if (!lane.hasRoom(now)) continue;
      hasRoom = true;
      if (lane.firstHeld < (best?.firstHeld ?? Number.POSITIVE_INFINITY)) best = lane;
    }
    if (best) return best.take();
    // With all lanes full there is no need to look further ahead.
    while (hasRoom && !exhausted) {
      const { done, value } = jobs.next();
      if (done === true) exhausted = true;
      else if (!skip(value)) {
        const lane = laneFor(value);
        if (lane.hasRoom(now)) return value;
        lane.hold(value, taken);
      }
      taken++;
    }
    return undefined;
  }

  function pump(): void {
    while (!stopped && inFlight < open) {
      waiting ??= next();
      if (waiting === undefined) {
        stopped = exhausted && [...lanes.values()].every((lane) => lane.firstHeld === Number.POSITIVE_INFINITY);
        break;
      }
      if (skip(waiting)) {
        waiting = undefined;
        continue;
      }
      // Its lane can have been paused while it waited to be admitted.
      if (!laneFor(waiting).hasRoom(performance.now())) return;
      if (!admit(waiting)) {
        if (inFlight > 0) return;
        refused = waiting;
        stopped = true;
        break;
      }
      start(waiting);
      waiting = undefined;
    }
    if (!stopped) return;
    clearInterval(ramp);
    for (const lane of lanes.values()) lane.close();
    if (inFlight === 0) end(refused);
  }

  function start(job: Job): void {
    const lane = laneFor(job);
    inFlight++;
    lane.inFlight++;
    void run(job).then(() => {
      inFlight--;
      lane.inFlight--;
      pump();
    });
  }

  pump();
  return {
    get inFlight() {
      return inFlight;
    },
    pause(name, ms) {
      lanes.get(name)?.pause(ms, stopped ? undefined : pump);
    },
    pauseLeft: (name) => lanes.get(name)?.pauseLeft ?? 0,
    stop() {
      stopped = true;
      pump();
    },
    ended,
  };
}

/** The jobs that share a limit. */
class Lane<Job> {
  inFlight = 0;
  readonly #limit: number;
  /** Jobs that found the lane full, in order; those before `#head` have gone. */
  #held: { readonly job: Job; readonly place: number }[] = [];
  #head = 0;
  #pausedUntil = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  constructor(limit: number) {
    this.#limit = limit;
  }

  hasRoom(now: number): boolean {
    return this.inFlight < this.#limit && now >= this.#pausedUntil;
  }

  /** Place of the first job that is held, among all jobs; infinite: none is. */
  get firstHeld(): number {
    return this.#held[this.#head]?.place ?? Number.POSITIVE_INFINITY;
  }

  hold(job: Job, place: number): void {
    this.#held.push({ job, place });
  }

  take(): Job | undefined {
    const first = this.#held[this.#head++];
    if (this.#head === this.#held.length) {
      this.#held = [];
      this.#head = 0;
    }
    return first?.job;
  }

  get pauseLeft(): number {
    return Math.max(0, this.#pausedUntil - performance.now());
  }

  /** `over` is called at its end, if it is given. */
  pause(ms: number, over: (() => void) | undefined): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, performance.now() + ms);
    clearTimeout(this.#timer);
    if (!over) return;
    // A timer may come early, as it counts from when the event loop last turned.
    const wait = () => {
      const left = this.pauseLeft;
      if (left <= 0) over();
      else this.#timer = setTimeout(wait, Math.ceil(left));
    };
    wait();
  }

  close(): void {
    clearTimeout(this.#timer);
  }
}
