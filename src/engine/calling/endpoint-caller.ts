import { type BatchOutcome, callBatch } from '../endpoints/batch-call.ts';
import { callChat } from '../endpoints/call.ts';
import type { ChatOutcome, ChatRequest, ChatTarget } from '../endpoints/chat.ts';
import type { Transport } from '../http/transport.ts';
import { type Clock, systemClock } from './clock.ts';
import { Limiter } from './limiter.ts';
import { type AttemptOutcome, type AttemptTask, type CallAttempt, callWithRetries, RetryBudget } from './retry.ts';
import type { Timeouts } from './timeout.ts';

export interface EndpointCallerOptions {
  readonly transport: Transport;
  /** Where requests go; asked anew before each try where it is a function, because keys expire. */
  readonly target: ChatTarget | ((signal: AbortSignal | undefined) => Promise<ChatTarget>);
  /** The endpoint's id: recent times are kept for each of its models. */
  readonly endpoint: string;
  /** Requests in flight at once. */
  readonly concurrency: number;
  readonly maxRetries: number;
  readonly timeouts: Timeouts;
  /** Default: a new one. */
  readonly budget?: RetryBudget | undefined;
  /** Most bytes of a body that are read. */
  readonly maxBytes?: number | undefined;
  readonly clock?: Clock | undefined;
}

export interface OneCall<Outcome extends AttemptOutcome> {
  /** Of the prompt (of the most complex one of a batch), in [0,1]. */
  readonly complexity: number;
  readonly signal?: AbortSignal | undefined;
  /** See `RetryOptions`. */
  readonly admitRetry?: ((failed: Outcome) => boolean) | undefined;
}

/**
 * Calls one endpoint well: limit, shared pauses, retries with a budget, time limits. All calls to an endpoint go through
 * one of these. A call that waits for a retry holds no place. Rejects only with the signal's Failure, when a call is
 * cancelled before it began.
 */
export class EndpointCaller {
  readonly #options: EndpointCallerOptions;
  readonly #limiter: Limiter;
  readonly #budget: RetryBudget;
  readonly #clock: Clock;

  constructor(options: EndpointCallerOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#limiter = new Limiter({ concurrency: options.concurrency, clock: this.#clock });
    this.#budget = options.budget ?? new RetryBudget();
  }

  get inFlight(): number {
    return this.#limiter.inFlight;
  }

  /** All attempts for one prompt; the last one decides. */
  chat(request: ChatRequest, call: OneCall<ChatOutcome>): Promise<CallAttempt[]> {
    const { transport, maxBytes } = this.#options;
    return this.#tried(request.model, request.maxTokens, call, async ({ timeout, signal }) =>
      callChat(transport, await this.#target(signal), request, { timeoutMs: timeout.ms, signal, maxBytes }),
    );
  }

  /** All attempts for several prompts in one request. @throws Failure as `callBatch` does */
  batch(requests: readonly ChatRequest[], call: OneCall<BatchOutcome>): Promise<CallAttempt<BatchOutcome>[]> {
    const { transport, maxBytes } = this.#options;
    // A batch needs longer than a prompt: what one has needed says nothing of the other.
    const name = `${requests[0]?.model} in batches`;
    const maxTokens = requests.reduce((sum, request) => sum + (request.maxTokens ?? 0), 0);
    return this.#tried(name, maxTokens, call, async ({ timeout, signal }) =>
      callBatch(transport, await this.#target(signal), requests, { timeoutMs: timeout.ms, signal, maxBytes }),
    );
  }

  async #target(signal: AbortSignal | undefined): Promise<ChatTarget> {
    const { target } = this.#options;
    return typeof target === 'function' ? target(signal) : target;
  }

  #tried<Outcome extends AttemptOutcome>(
    model: string,
    maxTokens: number | undefined,
    call: OneCall<Outcome>,
    once: (task: AttemptTask) => Promise<Outcome>,
  ): Promise<CallAttempt<Outcome>[]> {
    const { endpoint, maxRetries, timeouts } = this.#options;
    const { now, sleep, random } = this.#clock;
    return callWithRetries((task) => this.#limiter.run(() => once(task), task.signal), {
      now,
      sleep,
      random,
      maxRetries,
      budget: this.#budget,
      timeouts,
      complexity: call.complexity,
      maxTokens,
      target: `${endpoint}/${model}`,
      signal: call.signal,
      onRetryAfter: (ms) => this.#limiter.pause(ms),
      admitRetry: call.admitRetry,
    });
  }
}
