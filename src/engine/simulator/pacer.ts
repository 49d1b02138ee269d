/** Something due at a moment. A task stands in the queue at most once. */
export interface PacedTask {
  /** Ms on the clock of `performance.now()`. */
  dueMs: number;
  run(nowMs: number): void;
}

/** How late paced tokens were against their deadlines, in ms. */
export interface Lateness {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

const bucketMs = 0.05;
const buckets = 20_000;

/**
 * Runs tasks at absolute deadlines off one timer: a heap ordered by deadline, and a single timeout for the earliest.
 * A late token therefore delays no later one, and a thousand open streams cost one timer. It keeps to the timer's own
 * step of about 1 ms rather than spinning: what is measured beside it needs the processor.
 */
export class Pacer {
  readonly #heap: PacedTask[] = [];
  readonly #late = new Uint32Array(buckets);
  #count = 0;
  #max = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #armedFor = Number.POSITIVE_INFINITY;
  #running = false;

  schedule(task: PacedTask): void {
    this.#push(task);
    if (!this.#running && task.dueMs < this.#armedFor) this.#arm(performance.now());
  }

  /** Counts one token's lateness. */
  record(lateMs: number): void {
    const late = Math.max(0, lateMs);
    const bucket = Math.min(buckets - 1, Math.floor(late / bucketMs));
    this.#late[bucket] = (this.#late[bucket] ?? 0) + 1;
    this.#count += 1;
    this.#max = Math.max(this.#max, late);
  }

  /** Of all tokens recorded so far; quantiles rounded up to 0.05 ms. */
  lateness(): Lateness {
    return { count: this.#count, p50: this.#quantile(0.5), p99: this.#quantile(0.99), max: this.#max };
  }

  /** Forgets every task. */
  stop(): void {
    this.#heap.length = 0;
    clearTimeout(this.#timer);
    this.#armedFor = Number.POSITIVE_INFINITY;
  }

  #quantile(q: number): number {
    let seen = 0;
    for (let bucket = 0; bucket < buckets; bucket += 1) {
      seen += this.#late[bucket] ?? 0;
      if (seen > 0 && seen >= q * this.#count) return Math.min(this.#max, (bucket + 1) * bucketMs);
    }
    return 0;
  }

  #arm(now: number): void {
    clearTimeout(this.#timer);
    const next = this.#heap[0];
    if (next === undefined) {
      this.#armedFor = Number.POSITIVE_INFINITY;
      return;
    }
    this.#armedFor = next.dueMs;
    this.#timer = setTimeout(this.#tick, Math.max(1, next.dueMs - now));
  }

  readonly #tick = (): void => {
    this.#running = true;
    // What falls due during this round waits for the next one: an overloaded simulator still reads its sockets.
    const round = performance.now();
    const due: PacedTask[] = [];
    for (let next = this.#heap[0]; next !== undefined && next.dueMs <= round; next = this.#heap[0]) {
      due.push(next);
      this.#pop();
    }
    for (const task of due) task.run(performance.now());
    this.#running = false;
    this.#arm(performance.now());
  };

  #push(task: PacedTask): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(task);
    while (at > 0) {
      const up = (at - 1) >> 1;
      const parent = heap[up];
      if (parent === undefined || parent.dueMs <= task.dueMs) break;
      heap[at] = parent;
      at = up;
    }
    heap[at] = task;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let down = 2 * at + 1;
      const left = heap[down];
      const right = heap[down + 1];
      if (left === undefined) break;
      if (right !== undefined && right.dueMs < left.dueMs) down += 1;
      const child = heap[down];
      if (child === undefined || child.dueMs >= last.dueMs) break;
      heap[at] = child;
      at = down;
    }
    heap[at] = last;
  }
}
