/** How a request ended. */
export type Answered<Request, Answer> = {
  /** From 0, in the order of the requests. */
  readonly index: number;
  readonly request: Request;
} & (
  | { readonly state: 'answered'; readonly answer: Answer }
  /** The call rejected. */
  | { readonly state: 'failed'; readonly error: unknown }
  /** The call rejected after the signal was aborted. */
  | { readonly state: 'cancelled' }
);

export interface AnswerAllOptions<Request, Answer> {
  /** Makes one call. Its signal is aborted when the whole is cancelled or nobody listens any more. */
  call(request: Request, index: number, signal: AbortSignal): Promise<Answer>;
  /** Calls in flight at once. */
  readonly limit: number;
  /**
   * Requests that may have begun and not been handed out: how far others go on while one is slow, and how many answers
   * are in memory at most. Default 4 · limit.
   */
  readonly lookAhead?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Answers requests, some at once, and hands out how each ended in the order of the requests, whatever the order in
 * which they end. One that fails touches no other. Each request that is taken from `requests` is handed out exactly
 * once; after the signal none is taken any more, and those in flight end as they end. Whoever stops listening ends what
 * is in flight.
 */
export async function* answerAll<Request, Answer>(
  requests: Iterable<Request> | AsyncIterable<Request>,
  options: AnswerAllOptions<Request, Answer>,
): AsyncGenerator<Answered<Request, Answer>, void, undefined> {
  const { call, limit, signal } = options;
  const lookAhead = Math.max(limit, options.lookAhead ?? 4 * limit);
  const source = Symbol.asyncIterator in requests ? requests[Symbol.asyncIterator]() : requests[Symbol.iterator]();
  // One for each call: were all to listen to a single signal, its list would keep the answers of those that have ended.
  const inFlight = new Set<AbortController>();
  const begun: Promise<Answered<Request, Answer>>[] = [];
  const room = new Room();
  let taken = 0;
  let exhausted = false;

  const cancel = () => {
    for (const controller of inFlight) controller.abort(signal?.reason);
    room.open();
  };

  function begin(request: Request): Promise<Answered<Request, Answer>> {
    const index = taken++;
    const own = new AbortController();
    inFlight.add(own);
    // Async, so that a call that throws is one that rejects.
    const started = (async () => call(request, index, own.signal))();
    return started
      .then(
        (answer): Answered<Request, Answer> => ({ index, request, state: 'answered', answer }),
        (error: unknown): Answered<Request, Answer> =>
          own.signal.aborted ? { index, request, state: 'cancelled' } : { index, request, state: 'failed', error },
      )
      .finally(() => {
        inFlight.delete(own);
        room.open();
      });
  }

  function hasRoom(): boolean {
    return !exhausted && !signal?.aborted && inFlight.size < limit && begun.length < lookAhead;
  }

  signal?.addEventListener('abort', cancel);
  try {
    for (;;) {
      while (hasRoom()) {
        const next = await source.next();
        if (next.done === true) exhausted = true;
        else begun.push(begin(next.value));
      }
      const [first] = begun;
      if (first === undefined) return;
      // Whichever comes first: the next to hand out, or room for another call.
      const ended = await Promise.race([first, room.opened()]);
      if (ended === undefined) continue;
      void begun.shift();
      yield ended;
    }
  } finally {
    signal?.removeEventListener('abort', cancel);
    cancel();
    await Promise.all(begun);
    await source.return?.();
  }
}

/** Tells that a call has ended. */
class Room {
  #promise: Promise<undefined> | undefined;
  #resolve: ((value: undefined) => void) | undefined;

  /** Resolves at the next `open`. */
  opened(): Promise<undefined> {
    this.#promise ??= new Promise((resolve) => {
      this.#resolve = resolve;
    });
    return this.#promise;
  }

  open(): void {
    this.#resolve?.(undefined);
    this.#promise = undefined;
    this.#resolve = undefined;
  }
}
