/** What is to be done, and what holds it back. */
export interface LoopOptions<Job> {
  readonly jobs: Iterator<Job>;
  /** Most jobs in flight at once in each lane. Every lane stands here; no limit is `Infinity`. */
  readonly lanes: ReadonlyMap<string, number>;
  /** ms for which a lane is paused from the beginning on; absent: none is. */
  readonly pausedMs?: (lane: string) => number;
  laneOf(job: Job): string;
  /** Jobs of one party take no more than `most` slots, so that none waits for what another is slow at; absent: whoever comes first. */
  readonly shares?: { readonly most: number; partyOf(job: Job): string } | undefined;
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

/** When a loop may start its jobs. */
export interface Pace<Job> {
  /** Jobs that may be in flight at once, for the moment. */
  readonly slots: number;
  /** Whether this job, the next in order, may be taken. If not, the loop is told to look again once it may. */
  isDue(job: Job): boolean;
  /** The loop starts nothing more. */
  stop(): void;
}

/**
 * Does jobs until there are no more. Always the first job goes that is due, whose lane has room and whose party has a slot left: those
 * of one party in one lane keep their order, and what is full holds up no other. `paceOf` is given a function that makes the loop look for what it may start.
 */
export function startLoop<Job>(
  { jobs, lanes: limits, pausedMs, laneOf, shares, skip, admit, run }: LoopOptions<Job>,
  paceOf: (look: () => void) => Pace<Job>,
): RunningLoop<Job> {
  const lanes = new Map([...limits].map(([name, limit]) => [name, new Lane(limit)]));
  const lines = new Map<string, Line<Job>>();
  const pace = paceOf(pump);
  let inFlight = 0;
  let taken = 0;
  /** Taken out of `jobs`, but not due yet. */
  let ahead: Job | undefined;
  let waiting: Job | undefined;
  let refused: Job | undefined;
  let exhausted = false;
  let stopped = false;
  let end: (refused: Job | undefined) => void;
  const ended = new Promise<Job | undefined>((resolve) => {
    end = resolve;
  });

  function lineFor(job: Job): Line<Job> {
    const name = laneOf(job);
    const key = shares ? JSON.stringify([name, shares.partyOf(job)]) : name;
    let line = lines.get(key);
    if (!line) {
      const lane = lanes.get(name);
      if (!lane) throw new Error(`There is no lane "${name}".`);
      line = new Line(lane, shares?.most ?? Number.POSITIVE_INFINITY);
      lines.set(key, line);
    }
    return line;
  }

  /** The first job that is to be done, is due and whose line has room. */
  function next(): Job | undefined {
    const now = performance.now();
    let best: Line<Job> | undefined;
    for (const line of lines.values()) {
      if (line.firstHeld < (best?.firstHeld ?? Number.POSITIVE_INFINITY) && line.hasRoom(now)) best = line;
    }
    if (best) return best.take();
    // With all lanes full there is no need to look further ahead.
    while (!exhausted && [...lanes.values()].some((lane) => lane.hasRoom(now))) {
      const job = ahead ?? takeOne();
      if (job === undefined) break;
      ahead = job;
      if (!skip(job)) {
        if (!pace.isDue(job)) break;
        const line = lineFor(job);
        if (line.hasRoom(now)) {
          ahead = undefined;
          return job;
        }
        line.hold(job, taken);
      }
      ahead = undefined;
    }
    return undefined;
  }

  function takeOne(): Job | undefined {
    const { done, value } = jobs.next();
    if (done === true) {
      exhausted = true;
      return undefined;
    }
    taken++;
    return value;
  }

  function pump(): void {
    while (!stopped && inFlight < pace.slots) {
      waiting ??= next();
      if (waiting === undefined) {
        stopped = exhausted && [...lines.values()].every((line) => line.firstHeld === Number.POSITIVE_INFINITY);
        break;
      }
      if (skip(waiting)) {
        waiting = undefined;
        continue;
      }
      // Its lane can have been paused while it waited to be admitted.
      if (!lineFor(waiting).hasRoom(performance.now())) return;
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
    pace.stop();
    for (const lane of lanes.values()) lane.close();
    if (inFlight === 0) end(refused);
  }

  function start(job: Job): void {
    const line = lineFor(job);
    inFlight++;
    line.inFlight++;
    line.lane.inFlight++;
    void run(job).then(() => {
      inFlight--;
      line.inFlight--;
      line.lane.inFlight--;
      pump();
    });
  }

  for (const [name, lane] of lanes) {
    const ms = pausedMs?.(name) ?? 0;
    if (ms > 0) lane.pause(ms, pump);
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

/** One party's jobs in a lane. */
class Line<Job> {
  inFlight = 0;
  readonly lane: Lane;
  readonly #limit: number;
  /** Jobs that found no room, in order; those before `#head` have gone. */
  #held: { readonly job: Job; readonly place: number }[] = [];
  #head = 0;

  constructor(lane: Lane, limit: number) {
    this.lane = lane;
    this.#limit = limit;
  }

  hasRoom(now: number): boolean {
    return this.inFlight < this.#limit && this.lane.hasRoom(now);
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
}

/** What jobs share a limit and its pauses. */
class Lane {
  inFlight = 0;
  readonly #limit: number;
  #pausedUntil = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  constructor(limit: number) {
    this.#limit = limit;
  }

  hasRoom(now: number): boolean {
    return this.inFlight < this.#limit && now >= this.#pausedUntil;
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
