import type { Clock } from './clock.ts';
import { refusals } from './refusals.ts';

/** Limits of one endpoint; what is absent is not limited. */
export interface RateLimit {
  readonly inputTokensPerMinute?: number;
  readonly outputTokensPerMinute?: number;
  readonly queriesPerSecond?: number;
  readonly queriesPerHour?: number;
  /** A limit that the endpoint's owner has set on its AI Gateway. */
  readonly gatewayQueriesPerMinute?: number;
  /** Whether a refusal says how long to wait. */
  readonly retryAfter?: boolean;
  /** Reserved where a request names no max_tokens. */
  readonly defaultReservation?: number;
}

interface Admitted {
  readonly at: number;
  readonly input: number;
  output: number;
}

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

/**
 * Sliding windows, as the documentation of pay-per-token limits tells it: input tokens count at admission, max_tokens is
 * reserved before it and the rest is credited back once the answer is complete; the most restrictive limit wins.
 */
export class RateLimits {
  readonly #clock: Clock;
  readonly #limits = new Map<string, RateLimit>();
  readonly #admitted = new Map<string, Admitted[]>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  set(name: string, limit: RateLimit): void {
    this.#limits.set(name, limit);
    this.#admitted.delete(name);
  }

  /**
   * Admits a request and returns what tells its real output at its end.
   * @throws Refusal 429
   */
  admit(name: string, input: number, maxTokens: number | undefined): (output: number) => void {
    const limit = this.#limits.get(name);
    if (!limit) return () => {};
    const now = this.#clock.now;
    const past = (this.#admitted.get(name) ?? []).filter(({ at }) => at > now - hour);
    this.#admitted.set(name, past);
    const reserve = maxTokens ?? limit.defaultReservation ?? 1_000;

    const check = (
      what: string,
      most: number | undefined,
      window: number,
      wanted: number,
      of: (a: Admitted) => number,
    ) => {
      if (most === undefined) return;
      const inWindow = past.filter(({ at }) => at > now - window);
      let over = inWindow.reduce((sum, request) => sum + of(request), 0) + wanted - most;
      if (over <= 0) return;
      let wait = window;
      for (const request of inWindow) {
        over -= of(request);
        if (over > 0) continue;
        wait = request.at + window - now;
        break;
      }
      if (what === 'gateway') throw refusals.gatewayLimited(name);
      const retryAfterSeconds = limit.retryAfter ? Math.max(1, Math.ceil(this.#clock.wallMs(wait) / 1000)) : undefined;
      throw refusals.rateLimited(what, name, { retryAfterSeconds });
    };
    check('QPS', limit.queriesPerSecond, second, 1, () => 1);
    check('queries per hour', limit.queriesPerHour, hour, 1, () => 1);
    check('gateway', limit.gatewayQueriesPerMinute, minute, 1, () => 1);
    check('input tokens per minute', limit.inputTokensPerMinute, minute, input, (request) => request.input);
    check('output tokens per minute', limit.outputTokensPerMinute, minute, reserve, (request) => request.output);

    const request = { at: now, input, output: reserve };
    past.push(request);
    return (output) => {
      request.output = output;
    };
  }
}
