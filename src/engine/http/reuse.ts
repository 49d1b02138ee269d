/** A server that closes without a word does so at once; its FIN follows the last byte on the same path. ms. */
const watchMs = 100;

/** How a request is to treat the connection it gets. */
export interface ConnectionUse {
  /** Close the connection after the answer instead of keeping it for the next request. */
  readonly reset: boolean;
  /** Told when the answer has ended. */
  answered(status: number): void;
  /** Told when there was no whole answer. */
  failed(): void;
}

const kept: ConnectionUse = { reset: false, answered() {}, failed() {} };
const closed: ConnectionUse = { reset: true, answered() {}, failed() {} };

/**
 * Learns which servers keep a connection open after an answer. Some close it without saying so (llama.cpp after every
 * stream, though it announces Keep-Alive), and a request that was just sent on such a connection is lost. So the first
 * request to an address is watched: until it is known what became of its connection, nothing else uses one twice.
 */
export class ConnectionReuse {
  readonly #keeps = new Map<string, boolean>();
  readonly #watched = new Map<string, Watch>();

  /** The same as `for`, where there is nothing to find out about the origin and all is known of the address. */
  known(address: string): ConnectionUse | undefined {
    if (this.#watched.size > 0) return undefined;
    const keeps = this.#keeps.get(address);
    return keeps === undefined ? undefined : keeps ? kept : closed;
  }

  /**
   * What the next request to an address should do. Waits where that is just being found out: 100 ms from when the request came, so that
   * requests which came apart leave apart. Were they all to leave at the verdict, they would stay in step for the rest of a run.
   */
  async for(origin: string, address: string): Promise<ConnectionUse> {
    // A connection belongs to an origin: a request to another of its addresses could get one that is just closing.
    const came = performance.now();
    for (let watch = this.#pending(origin); watch; watch = this.#pending(origin)) {
      await watch.verdict;
      const laterMs = Math.min(watchMs, came - watch.since);
      if (laterMs >= 1) await new Promise((resolve) => setTimeout(resolve, laterMs));
    }
    const keeps = this.#keeps.get(address);
    if (keeps !== undefined || this.#watched.has(address)) return keeps === true ? kept : closed;
    const watch: Watch = { origin, since: 0, verdict: undefined, closed() {} };
    this.#watched.set(address, watch);
    return {
      reset: false,
      answered: (status) => {
        // After an error many servers close; that tells nothing of the others.
        if (status < 200 || status > 299) this.#watched.delete(address);
        else {
          watch.since = performance.now();
          watch.verdict = this.#await(address, watch);
        }
      },
      failed: () => void this.#watched.delete(address),
    };
  }

  /** What is being found out about an origin; undefined: nothing. */
  #pending(origin: string): Watch | undefined {
    return [...this.#watched.values()].find((watch) => watch.origin === origin && watch.verdict !== undefined);
  }

  /** To be told when a connection to an origin was closed. */
  closed(origin: string): void {
    for (const watch of this.#watched.values()) if (watch.origin === origin) watch.closed();
  }

  async #await(address: string, watch: Watch): Promise<void> {
    const keeps = await new Promise<boolean>((resolve) => {
      watch.closed = () => resolve(false);
      // When the timer is late, the FIN may have come and not been read yet.
      setTimeout(() => setImmediate(() => resolve(true)), watchMs);
    });
    this.#keeps.set(address, keeps);
    this.#watched.delete(address);
  }
}

interface Watch {
  readonly origin: string;
  /** When the first answer ended, on `performance.now()`. */
  since: number;
  /** Set while the connection of the first answer is idle. */
  verdict: Promise<void> | undefined;
  closed(): void;
}
