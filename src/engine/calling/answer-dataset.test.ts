import { describe, expect, it } from 'vitest';
import type { Model } from '../../core/catalog/model.ts';
import { loadScorer } from '../../core/complexity/scorers.ts';
import { Failure } from '../../core/failure.ts';
import { seededRandom } from '../../core/stats/random.ts';
import { Budget, costBound } from '../benchmark/budget.ts';
import type { Transport, TransportRequest } from '../http/transport.ts';
import { type AnswerDatasetOptions, answerDataset, type DatasetEnding } from './answer-dataset.ts';
import type { AnswerRow } from './answer-row.ts';
import { EndpointCaller } from './endpoint-caller.ts';
import { RetryBudget } from './retry.ts';
import { type FakeClock, fakeClock } from './testing/fake-clock.ts';
import { AdaptiveTimeouts } from './timeout.ts';

interface Reply {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body?: object;
  /** ms until it is there. */
  readonly after?: number;
}

/** A network of one server that answers as `reply` says; a connection that fails is a Failure. */
function network(clock: FakeClock, reply: (body: { prompt?: string[] | string }) => Reply | Failure): Transport {
  return {
    now: clock.now,
    async send(request: TransportRequest, handler) {
      const sentAt = clock.now();
      const answer = reply(JSON.parse(String(request.body)));
      handler.sent?.(sentAt);
      if (answer instanceof Failure) throw answer;
      await clock.sleep(answer.after ?? 1, request.signal);
      if (request.signal.aborted) throw new Failure({ code: 'cancelled', message: 'Cancelled.' });
      handler.headers(answer.status, answer.headers ?? {}, clock.now());
      handler.data(Buffer.from(JSON.stringify(answer.body ?? {})), clock.now());
      return { sentAt, endAt: clock.now() };
    },
    close: async () => {},
  };
}

const price = (value: number) => ({ value, provenance: 'user' as const });
const model: Model = {
  ref: 'e/m',
  endpoint: 'e',
  id: 'm',
  task: 'completions',
  inputPrice: price(10),
  outputPrice: price(100),
  simulated: false,
};
const prices = { endpoint: 'e', model: 'm', inputPrice: 10, outputPrice: 100 };
const maxTokens = 50;

async function run(
  count: number,
  reply: Parameters<typeof network>[1],
  more: Partial<AnswerDatasetOptions> = {},
  seed = 1,
): Promise<{ rows: AnswerRow[]; ending: DatasetEnding; clock: FakeClock }> {
  const clock = fakeClock({ eager: true, seed });
  const concurrency = more.concurrency ?? 4;
  const caller = new EndpointCaller({
    transport: network(clock, reply),
    target: { protocol: 'openai', baseUrl: 'http://127.0.0.1:1/v1' },
    endpoint: 'e',
    concurrency,
    maxRetries: 2,
    timeouts: new AdaptiveTimeouts({ capMs: 60_000 }),
    budget: new RetryBudget({ few: 1_000 }),
    clock,
  });
  const answers = answerDataset({
    prompts: Array.from({ length: count }, (_, at) => ({ id: `p${at}`, text: `Question ${at}` })),
    model,
    caller,
    scorer: await loadScorer('seed'),
    concurrency,
    maxTokens,
    ...more,
  });
  const rows: AnswerRow[] = [];
  for (;;) {
    const next = await answers.next();
    if (next.done === true) return { rows, ending: next.value, clock };
    rows.push(next.value);
  }
}

function answer(prompt: string | string[] | undefined, output: number): Reply {
  const prompts = [prompt ?? ''].flat();
  return {
    status: 200,
    body: {
      choices: prompts.map((text, index) => ({ index, text: `Re: ${text}`, finish_reason: 'stop' })),
      usage: { prompt_tokens: 12 * prompts.length, completion_tokens: output * prompts.length },
    },
  };
}

describe('answering a data set', () => {
  it('never costs more than the ceiling, whatever fails, is tried again, divided or in flight', async () => {
    let stopped = 0;
    for (let seed = 1; seed <= 30; seed++) {
      const random = seededRandom(seed);
      const ceiling = 0.05 + random() * 0.6;
      const budget = new Budget(ceiling, 0);
      let charged = 0;
      const { rows, ending } = await run(
        80,
        ({ prompt }) => {
          const count = [prompt].flat().length;
          const chance = random();
          // What the server takes, whether it answers or not; a refusal costs nothing.
          const output = Math.floor(random() * maxTokens);
          if (chance < 0.1) return { status: 429, headers: { 'retry-after': '1' } };
          if (chance < 0.15) return { status: 400, body: { error: { message: 'bad' } } };
          if (chance < 0.2) return new Failure({ code: 'connect', message: 'refused' });
          charged += (count * (12 * 10 + output * 100)) / 1e6;
          if (chance < 0.3) return { status: 503, after: 20 };
          if (chance < 0.35) return { status: 500 };
          if (chance < 0.4) return { status: 200, body: { nonsense: true } };
          return { ...answer(prompt, output), after: 1 + random() * 50 };
        },
        { budget, batchSize: seed % 2 === 0 ? 4 : 1, concurrency: 1 + Math.floor(random() * 12) },
        seed,
      );
      expect(charged).toBeLessThanOrEqual(ceiling + 1e-12);
      expect(budget.reserved).toBe(0);
      expect(budget.spent).toBeGreaterThanOrEqual(charged - 1e-12);
      expect(budget.spent).toBeLessThanOrEqual(ceiling + 1e-12);
      expect(rows.map(({ id }) => id)).toEqual(rows.map((_, at) => `p${at}`));
      if (ending.state === 'complete') expect(rows).toHaveLength(80);
      else {
        expect(ending).toMatchObject({ state: 'stopped', by: 'cost-ceiling' });
        stopped++;
      }
    }
    expect(stopped).toBeGreaterThan(5);
    expect(stopped).toBeLessThan(30);
  });

  it('spends what the ceiling allows: refusals that cost nothing take nothing from it', async () => {
    const bound = costBound(Buffer.byteLength('Question 0'), maxTokens, prices) ?? 0;
    let refusals = 0;
    const { rows, ending } = await run(
      4,
      ({ prompt }) => (refusals++ % 2 === 0 ? { status: 429 } : answer(prompt, maxTokens)),
      { budget: new Budget(4 * bound, 0), concurrency: 1 },
    );
    expect(ending.state).toBe('complete');
    expect(rows.map(({ attempts }) => attempts.map(({ status }) => status))).toEqual(Array(4).fill([429, 200]));
    expect(rows.some(({ costAtLeast }) => costAtLeast)).toBe(false);
  });

  it.each([1, 4])('takes an answer of unknown price for the dearest it can be, in batches of %i', async (batchSize) => {
    const bound = costBound(Buffer.byteLength('Question 0'), maxTokens, prices) ?? 0;
    const budget = new Budget(4 * bound, 0);
    const { rows, ending } = await run(
      8,
      ({ prompt }) => {
        const { body, ...reply } = answer(prompt, 1);
        // Tokens written to a cache, for which this model has no price.
        const prompt_tokens_details = { cached_tokens: 0, cache_write_tokens: 9 };
        const written = { prompt_tokens: 12, completion_tokens: 1, prompt_tokens_details };
        return { ...reply, body: { ...body, usage: batchSize === 1 ? written : undefined } };
      },
      { budget, batchSize, concurrency: 1 },
    );
    expect(ending).toMatchObject({ state: 'stopped', by: 'cost-ceiling' });
    expect(rows).toHaveLength(4);
    expect(budget.spent).toBeCloseTo(4 * bound, 12);
  });

  it('says that a row may have cost more when an attempt before it may have been worked on', async () => {
    let first = true;
    const { rows } = await run(1, ({ prompt }) => {
      if (!first) return answer(prompt, 7);
      first = false;
      return { status: 503 };
    });
    expect(rows[0]).toMatchObject({ answer: 'Re: Question 0', costUsd: (12 * 10 + 7 * 100) / 1e6, costAtLeast: true });
  });

  it('holds all requests back while the endpoint asks one of them to wait', async () => {
    let refused = false;
    const times: number[] = [];
    const clock = fakeClock({ eager: true });
    const caller = new EndpointCaller({
      transport: network(clock, ({ prompt }) => {
        times.push(clock.now());
        if (times.length < 5 || refused) return answer(prompt, 1);
        refused = true;
        return { status: 429, headers: { 'retry-after': '30' } };
      }),
      target: { protocol: 'openai', baseUrl: 'http://127.0.0.1:1/v1' },
      endpoint: 'e',
      concurrency: 2,
      maxRetries: 2,
      timeouts: new AdaptiveTimeouts({ capMs: 60_000 }),
      clock,
    });
    const prompts = Array.from({ length: 20 }, (_, at) => ({ id: `p${at}`, text: `Question ${at}` }));
    let answered = 0;
    for await (const row of answerDataset({
      prompts,
      model,
      caller,
      scorer: await loadScorer('seed'),
      concurrency: 8,
      maxTokens,
    })) {
      if (row.answer !== undefined) answered++;
    }
    expect(answered).toBe(20);
    const gaps = times.slice(1).map((time, at) => time - (times[at] ?? 0));
    expect(Math.max(...gaps)).toBeGreaterThanOrEqual(30_000);
    // Beside the refused one at most one more was on its way.
    expect(times.filter((time) => time < 30_000).length).toBeLessThanOrEqual(7);
  });

  it.each<[string, Reply | Failure, RegExp]>([
    ['the key is refused', { status: 401 }, /answered 401/],
    ['the model is not there', { status: 404 }, /answered 404/],
    ['nobody listens', new Failure({ code: 'connect', message: 'refused the connection' }), /refused/],
    ['the wait is longer than a request waits', { status: 429, headers: { 'retry-after': '7200' } }, /7200 s/],
  ])('sends nothing more when %s', async (_name, reply, message) => {
    let asked = 0;
    const { rows, ending } = await run(
      200,
      () => {
        asked++;
        return reply;
      },
      { concurrency: 2 },
    );
    expect(ending).toMatchObject({ state: 'stopped', by: 'endpoint', message: expect.stringMatching(message) });
    expect(rows.length).toBeLessThanOrEqual(2);
    expect(asked).toBeLessThanOrEqual(6);
  });

  it('goes on when the first to end is refused and another that is in flight is answered', async () => {
    const { rows, ending } = await run(50, ({ prompt }) =>
      [prompt].flat()[0] === 'Question 0' ? { status: 403 } : { ...answer(prompt, 1), after: 100 },
    );
    expect(ending.state).toBe('complete');
    expect(rows.filter(({ error }) => error).map(({ id }) => id)).toEqual(['p0']);
    expect(rows).toHaveLength(50);
  });

  it('goes on after a failure of one prompt, whatever it is, once another was answered', async () => {
    const { rows, ending } = await run(50, ({ prompt }) =>
      [prompt].flat()[0] === 'Question 25' ? { status: 403 } : answer(prompt, 1),
    );
    expect(ending.state).toBe('complete');
    expect(rows.filter(({ error }) => error?.code === 'auth').map(({ id }) => id)).toEqual(['p25']);
    expect(rows).toHaveLength(50);
  });

  it('ends when it is cancelled in a pause, and leaves no timer', async () => {
    const cancelling = new AbortController();
    const { rows, ending, clock } = await run(
      30,
      () => {
        setImmediate(() => cancelling.abort());
        return { status: 429, headers: { 'retry-after': '50' } };
      },
      { signal: cancelling.signal },
    );
    expect(ending).toEqual({ state: 'cancelled' });
    expect(rows).toEqual([]);
    expect(clock.sleeping).toBe(0);
  });
});
