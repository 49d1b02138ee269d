import { describe, expect, it } from 'vitest';
import type { FailureDetail } from '../../core/failure.ts';
import { seededRandom } from '../../core/stats/random.ts';
import { failureFromResponse } from '../endpoints/failures.ts';
import { type AttemptOutcome, callWithRetries, RetryBudget, type RetryOptions, wasCancelled } from './retry.ts';
import { type FakeClock, fakeClock } from './testing/fake-clock.ts';
import { AdaptiveTimeouts, fixedTimeouts } from './timeout.ts';

type Options = RetryOptions<AttemptOutcome>;

const answered: AttemptOutcome = { status: 200, times: { sent: 0, end: 5 } };

function failed(failure: FailureDetail): AttemptOutcome {
  return { failure, status: failure.status, times: { sent: 0, end: 5 } };
}

/** As a server's answer is read. */
function refused(status: number, headers: Record<string, string> = {}, body = ''): AttemptOutcome {
  return failed(failureFromResponse(status, headers, body, [], 'https://host.example/v1'));
}

const broken = (code: FailureDetail['code']) => failed({ code, message: code });

function options(clock: FakeClock, more: Partial<Options> = {}): Options {
  return {
    ...clock,
    maxRetries: 3,
    budget: new RetryBudget(),
    timeouts: fixedTimeouts(1_000),
    complexity: 0,
    target: 'endpoint/model',
    ...more,
  };
}

/** Ends with these outcomes in turn; the last one again and again. */
function ending(outcomes: readonly AttemptOutcome[]): () => Promise<AttemptOutcome> {
  let next = 0;
  return async () => outcomes[Math.min(next++, outcomes.length - 1)] ?? answered;
}

async function attemptsOf(outcomes: readonly AttemptOutcome[], more?: Partial<Options>) {
  const clock = fakeClock({ eager: true });
  const attempts = await callWithRetries(ending(outcomes), options(clock, more));
  return { attempts, clock };
}

describe('a call', () => {
  it('that is answered is made once', async () => {
    const { attempts } = await attemptsOf([answered]);
    expect(attempts).toEqual([{ outcome: answered, timeout: { ms: 1_000, basis: 'fixed' }, waitedMs: 0 }]);
  });

  it.each([408, 409, 425, 429, 503, 529])(
    'that is turned away with %d is made again, each try recorded',
    async (status) => {
      const { attempts } = await attemptsOf([refused(status), refused(status), answered]);
      expect(attempts.map(({ outcome }) => outcome.status)).toEqual([status, status, 200]);
    },
  );

  it('is made again after the 403 that means a rate limit, and after a connection that never came about', async () => {
    const forbidden = refused(403, {}, '{"error_code":"PERMISSION_DENIED","message":"temporarily rate-limited"}');
    expect((await attemptsOf([forbidden, answered])).attempts).toHaveLength(2);
    expect((await attemptsOf([broken('connect'), answered])).attempts).toHaveLength(2);
  });

  it.each([400, 401, 402, 403, 404, 413, 422, 500, 502, 504])(
    'that is answered %d is not made again',
    async (status) => {
      const { attempts } = await attemptsOf([refused(status), answered]);
      expect(attempts).toHaveLength(1);
      expect(attempts[0]?.givenUp).toBeUndefined();
    },
  );

  it.each<FailureDetail['code']>([
    'truncated-stream',
    'stream-error',
    'malformed',
    'empty',
    'too-large',
    'tls',
    'redirect',
    'context-too-long',
    'cancelled',
    'timeout',
  ])('that ends as %s is not made again', async (code) => {
    expect((await attemptsOf([broken(code), answered])).attempts).toHaveLength(1);
  });

  it('is not made again when the quota is used up', async () => {
    const body = '{"error":{"message":"You exceeded your current quota","type":"insufficient_quota"}}';
    expect((await attemptsOf([refused(429, {}, body), answered])).attempts).toHaveLength(1);
  });

  it('is made once with maxRetries 0, also when it runs into an adaptive limit', async () => {
    const { attempts, clock } = await attemptsOf([refused(429), answered], { maxRetries: 0 });
    expect(attempts.map(({ givenUp }) => givenUp)).toEqual(['max-retries']);
    expect(clock.slept).toEqual([]);
    const timeouts = new AdaptiveTimeouts({ capMs: 60_000 });
    expect((await attemptsOf([broken('timeout'), answered], { maxRetries: 0, timeouts })).attempts).toHaveLength(1);
  });

  it('ends after maxRetries, and says so on the last try alone', async () => {
    const { attempts } = await attemptsOf([refused(503)]);
    expect(attempts.map(({ givenUp }) => givenUp)).toEqual([undefined, undefined, undefined, 'max-retries']);
  });
});

describe('a retry', () => {
  it('is not made when it is not admitted, and is asked about with what failed', async () => {
    const asked: AttemptOutcome[] = [];
    const first = refused(503);
    const admitRetry = (failed: AttemptOutcome) => asked.push(failed) < 2;
    const { attempts } = await attemptsOf([first], { admitRetry });
    expect(attempts.map(({ givenUp }) => givenUp)).toEqual([undefined, 'not-admitted']);
    expect(asked).toEqual([first, first]);
  });
});

describe('the wait before a retry', () => {
  it('is never shorter than Retry-After, and is recorded', async () => {
    for (let seed = 0; seed < 50; seed++) {
      const clock = fakeClock({ eager: true, seed });
      const asked = 1 + Math.floor(seededRandom(seed)() * 40);
      const once = ending([refused(429, { 'retry-after': String(asked) }), answered]);
      const attempts = await callWithRetries(once, options(clock));
      expect(attempts[1]?.waitedMs).toBeGreaterThanOrEqual(asked * 1000);
      expect(attempts[1]?.waitedMs).toBe(clock.slept[0]);
    }
  });

  it('grows without Retry-After, at random within 1 s, 2 s, 4 s and at most 30 s', async () => {
    const longest: number[] = [];
    for (let seed = 0; seed < 200; seed++) {
      const clock = fakeClock({ eager: true, seed });
      await callWithRetries(ending([refused(503)]), options(clock, { maxRetries: 7 }));
      expect(clock.slept).toHaveLength(7);
      for (const [retry, ms] of clock.slept.entries()) longest[retry] = Math.max(longest[retry] ?? 0, ms);
    }
    const bounds = [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000];
    for (const [retry, ms] of longest.entries()) {
      expect(ms).toBeLessThan(bounds[retry] ?? 0);
      expect(ms).toBeGreaterThan((bounds[retry] ?? 0) * 0.9);
    }
  });

  it('is not entered when the server asks for more than the limit', async () => {
    const asked: number[] = [];
    const { attempts, clock } = await attemptsOf([refused(429, { 'retry-after': '3600' }), answered], {
      onRetryAfter: (ms) => asked.push(ms),
    });
    expect(attempts.map(({ givenUp }) => givenUp)).toEqual(['wait-too-long']);
    expect(attempts[0]?.outcome.failure?.message).toContain('3600 s');
    expect(clock.slept).toEqual([]);
    expect(asked).toEqual([]);
    const patient = await attemptsOf([refused(429, { 'retry-after': '3600' }), answered], {
      longestWaitMs: 3_600_000,
      onRetryAfter: (ms) => asked.push(ms),
    });
    expect(patient.attempts).toHaveLength(2);
    expect(asked).toEqual([3_600_000]);
  });

  it('ends at once when the call is cancelled, without another try and without a timer', async () => {
    const clock = fakeClock();
    const cancelling = new AbortController();
    let tries = 0;
    const once = async () => {
      tries++;
      return refused(503, { 'retry-after': '30' });
    };
    const call = callWithRetries(once, options(clock, { signal: cancelling.signal }));
    await clock.advance(10);
    expect(clock.sleeping).toBe(1);
    cancelling.abort();
    const attempts = await call;
    expect(clock.sleeping).toBe(0);
    expect(tries).toBe(1);
    expect(attempts).toHaveLength(1);
    expect(wasCancelled(attempts)).toBe(true);
  });

  it('lasts until a longer pause is over that another request has been told of meanwhile', async () => {
    const clock = fakeClock({ eager: true });
    let until = 0;
    const askedToWait: AttemptOutcome = {
      status: 429,
      failure: { code: 'rate-limited', message: 'slow down', status: 429, retryAfterMs: 1_000 },
      times: { sent: 0, end: 1 },
    };
    const attempts = await callWithRetries(
      ending([askedToWait, answered]),
      options(clock, {
        // Whoever shares the endpoint is told to wait 20 s just after this request was told to wait one.
        onRetryAfter: () => {
          until = clock.now() + 20_000;
        },
        pauseLeft: () => Math.max(0, until - clock.now()),
      }),
    );
    expect(attempts[1]?.waitedMs).toBeGreaterThanOrEqual(20_000);
  });

  it('is not entered after the call was cancelled', async () => {
    const { attempts, clock } = await attemptsOf([refused(503), answered], { signal: AbortSignal.abort() });
    expect(attempts).toHaveLength(1);
    expect(wasCancelled(attempts)).toBe(true);
    expect(clock.slept).toEqual([]);
  });
});

describe('a time limit', () => {
  it('that was our guess is doubled once, at once', async () => {
    const timeouts = new AdaptiveTimeouts({ capMs: 600_000 });
    const { attempts, clock } = await attemptsOf([broken('timeout')], { timeouts, complexity: 1 });
    expect(attempts.map(({ timeout }) => timeout)).toEqual([
      { ms: 15_000, basis: 'complexity' },
      { ms: 30_000, basis: 'doubled' },
    ]);
    expect(clock.slept).toEqual([]);
  });

  it('knows how many tokens are asked for', async () => {
    const timeouts = new AdaptiveTimeouts({ capMs: 600_000 });
    const { attempts } = await attemptsOf([answered], { timeouts, complexity: 1, maxTokens: 100 });
    expect(attempts[0]?.timeout).toEqual({ ms: 20_000, basis: 'complexity' });
  });

  it('stays doubled when the second try is turned away', async () => {
    const timeouts = new AdaptiveTimeouts({ capMs: 600_000 });
    const { attempts } = await attemptsOf([broken('timeout'), refused(503), answered], { timeouts });
    expect(attempts.map(({ timeout }) => timeout.ms)).toEqual([10_000, 20_000, 20_000]);
  });

  it('learns from answers and time-outs, not from refusals', async () => {
    const timeouts = new AdaptiveTimeouts({ capMs: 600_000 });
    const slow: AttemptOutcome = { status: 200, times: { sent: 100, end: 30_100 } };
    for (let at = 0; at < 19; at++) await attemptsOf([refused(503), slow], { timeouts });
    expect(timeouts.choose('endpoint/model', 0).basis).toBe('complexity');
    await attemptsOf([slow], { timeouts });
    expect(timeouts.choose('endpoint/model', 0)).toEqual({ ms: 60_000, basis: 'recent' });
  });
});

describe('the retry budget', () => {
  it('keeps retries to a tenth of all requests and a few, when every request is turned away', async () => {
    const budget = new RetryBudget();
    let tries = 0;
    let withoutBudget = 0;
    for (let request = 0; request < 500; request++) {
      const { attempts } = await attemptsOf([refused(503)], { budget, maxRetries: 1 });
      tries += attempts.length;
      if (attempts.at(-1)?.givenUp === 'retry-budget') withoutBudget++;
    }
    expect(tries - 500).toBeLessThanOrEqual(500 * 0.1 + 10);
    expect(tries - 500).toBeGreaterThanOrEqual(500 * 0.1);
    expect(withoutBudget).toBe(500 - (tries - 500));
  });

  it('saves up no more than `most` while all is well', () => {
    const budget = new RetryBudget({ share: 0.5, few: 2, most: 10 });
    for (let request = 0; request < 1_000; request++) budget.deposit();
    let taken = 0;
    while (budget.take()) taken++;
    expect(taken).toBe(10);
  });
});
