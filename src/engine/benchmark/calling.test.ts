import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import type { Plan } from '../../core/benchmark/plan.ts';
import { Failure } from '../../core/failure.ts';
import type { BoundKey } from '../../protocol/measure.ts';
import { type MeasuringOptions, startMeasuring } from './measuring.ts';
import { readRun } from './run-folder.ts';
import { Bench, until } from './testing/bench.ts';
import type { EndpointOptions, Received } from './testing/endpoint.ts';
import { makePlan, makePrompts, resumeMessage, startMessage } from './testing/run.ts';

const bench = new Bench();

const refuse = (response: ServerResponse, status: number, message = 'not now', headers = {}) => {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify({ error: { message } }));
  return true;
};

/** Refuses each request so many times, with this status. */
const refuseFirst = (times: number, status: number, which = (_request: Received) => true): EndpointOptions => {
  const seen = new Map<string, number>();
  return {
    onRequest(request, response) {
      const before = seen.get(request.id) ?? 0;
      seen.set(request.id, before + 1);
      return before < times && which(request) ? refuse(response, status) : false;
    },
  };
};

async function measure(plan: Plan, options: Partial<MeasuringOptions> & { keys?: BoundKey[]; prompts?: number } = {}) {
  const { keys = [], prompts = 10, ...rest } = options;
  const message = startMessage(bench.runDir, plan, makePrompts(prompts), keys);
  await startMeasuring({ entry: bench.entry, message, ...rest }).done;
  return readRun(bench.runDir);
}

describe('a run with retries', { timeout: 60_000 }, () => {
  it('records every attempt, keeps retried requests out of the latency figures, and counts them', async () => {
    const endpoint = await bench.serve(refuseFirst(1, 429, ({ id }) => /r[12]\./.test(id)));
    const { manifest, records, summary } = await measure(makePlan(endpoint.baseUrl, { maxRetries: 2 }));
    expect(manifest.state).toBe('complete');
    expect(endpoint.received).toHaveLength(12);
    const retried = records.filter(({ attempts }) => attempts.length > 1);
    expect(retried).toHaveLength(2);
    for (const { attempts, status, times, tokens, costUsd } of retried) {
      expect(attempts.map((attempt) => attempt.status)).toEqual([429, 200]);
      expect(attempts[0]?.error?.code).toBe('rate-limited');
      expect(attempts[1]?.waitedMs).toBeGreaterThan(0);
      expect(attempts[1]?.times.sent).toBeGreaterThanOrEqual(
        (attempts[0]?.times.end ?? 0) + attempts[1]!.waitedMs! - 1,
      );
      expect(times).toEqual(attempts[0]?.times);
      expect(status).toBe('ok');
      expect(tokens?.source).toBe('server');
      // A refusal costs nothing.
      expect(costUsd).toBeCloseTo((30 * 1 + 16 * 2) / 1e6, 12);
    }
    expect(summary.warnings.join()).toContain('More than 5 % of the first attempts failed: lab/alpha');
    expect(summary.models[0]).toMatchObject({
      counts: { requests: 10, ok: 10, error: 0, retried: 2, firstAttemptFailed: 2 },
      e2eMs: { n: 8 },
      cost: { unknown: 0 },
    });
  });

  it('says that the cost is at least what is known when a retried attempt may have been charged', async () => {
    const endpoint = await bench.serve(refuseFirst(1, 503, ({ id }) => id.includes('r1.')));
    const { records, summary } = await measure(makePlan(endpoint.baseUrl, { maxRetries: 1 }));
    const retried = records.find(({ attempts }) => attempts.length > 1);
    expect(retried).toMatchObject({ status: 'ok', costAtLeast: true });
    expect(retried?.costUsd).toBeGreaterThan(0);
    expect(summary.models[0]?.cost.unknown).toBe(1);
  });

  it('takes what was counted of an answer that broke off for the least it may have cost', async () => {
    const chunk = {
      choices: [{ delta: { content: 'x' }, finish_reason: null }],
      usage: { prompt_tokens: 30, completion_tokens: 1 },
    };
    const endpoint = await bench.serve({
      onRequest(_request, response) {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write(`data: ${JSON.stringify(chunk)}\n\n`);
        return true;
      },
    });
    // 94 tokens in and 1,000 out at most: 1.094 a request, of which the first chunk tells 0.031.
    const models = [{ endpoint: 'lab', model: 'alpha', inputPrice: 1_000, outputPrice: 1_000 }];
    const plan = { models, maxTokens: 1_000, maxCostUsd: 2.5, concurrency: 1, timeoutMs: 100 };
    const { manifest, records, summary } = await measure(makePlan(endpoint.baseUrl, plan));
    expect(records[0]).toMatchObject({ error: { code: 'timeout' }, costUsd: 0.031, costAtLeast: true });
    expect(summary.models[0]?.cost).toMatchObject({ knownUsd: 0.062, unknown: 2 });
    expect(manifest.stopReason).toBe('cost-ceiling');
    await startMeasuring({ entry: bench.entry, message: resumeMessage(bench.runDir) }).done;
    expect(endpoint.received).toHaveLength(2);
  });

  it('ends with the last error when retries do not help, and with the first where none are allowed', async () => {
    const endpoint = await bench.serve(refuseFirst(9, 429));
    const { records } = await measure(makePlan(endpoint.baseUrl, { maxRetries: 1, requests: 1 }), { prompts: 1 });
    expect(records[0]).toMatchObject({ status: 'error', error: { code: 'rate-limited' } });
    expect(records[0]?.attempts).toHaveLength(2);
    endpoint.received.length = 0;
    const message = startMessage(`${bench.runDir}2`, makePlan(endpoint.baseUrl, { requests: 3 }), makePrompts(3));
    const { summary } = await startMeasuring({ entry: bench.entry, message }).done;
    expect(endpoint.received).toHaveLength(3);
    expect(summary.models[0]?.counts).toEqual({ requests: 3, ok: 0, error: 3, warmup: 0 });
  });

  it('holds back other requests while the server asks to wait', async () => {
    let first = true;
    const endpoint = await bench.serve({
      onRequest(_request, response) {
        if (!first) return false;
        first = false;
        return refuse(response, 429, 'slow down', { 'retry-after': '1' });
      },
    });
    await measure(makePlan(endpoint.baseUrl, { maxRetries: 1, concurrency: 2, requests: 6 }));
    // The second may have left before the first was refused.
    const [refused, , next] = endpoint.received.map(({ at }) => at);
    expect(next! - refused!).toBeGreaterThanOrEqual(990);
  });

  it('pays for retries out of the same ceiling', async () => {
    // 94 tokens in and 1,000 out at most: 1.094 a try.
    const endpoint = await bench.serve({ onRequest: (_request, response) => refuse(response, 503) });
    const models = [{ endpoint: 'lab', model: 'alpha', inputPrice: 1_000, outputPrice: 1_000 }];
    const plan = makePlan(endpoint.baseUrl, {
      models,
      maxRetries: 1,
      maxTokens: 1_000,
      maxCostUsd: 4.5,
      concurrency: 1,
    });
    const { manifest, records } = await measure(plan);
    expect(manifest.stopReason).toBe('cost-ceiling');
    expect(endpoint.received).toHaveLength(4);
    expect(records.map(({ attempts }) => attempts.length)).toEqual([2, 2]);
    // What the records say at most is what counts when it is taken up again.
    await startMeasuring({ entry: bench.entry, message: resumeMessage(bench.runDir) }).done;
    expect(endpoint.received).toHaveLength(4);
  });

  it('gives time by complexity where that is asked for, and says so in each attempt', async () => {
    const endpoint = await bench.serve();
    const plan = makePlan(endpoint.baseUrl, { adaptiveTimeout: true, timeoutMs: 12_000, requests: 2 });
    const { records } = await measure(plan, { prompts: 2 });
    const timeouts = records.map(({ promptId, attempts }) => [promptId, attempts[0]?.timeout]);
    expect(Object.fromEntries(timeouts)).toEqual({
      // 10 s, and 16 tokens of 50 ms.
      p1: { ms: 10_800, basis: 'complexity' },
      p2: { ms: 12_000, basis: 'complexity' },
    });
    const fixed = startMessage(`${bench.runDir}2`, makePlan(endpoint.baseUrl, { requests: 1 }), makePrompts(1));
    await startMeasuring({ entry: bench.entry, message: fixed }).done;
    expect((await readRun(`${bench.runDir}2`)).records[0]?.attempts[0]).not.toHaveProperty('timeout');
  });
});

describe('several endpoints', { timeout: 60_000 }, () => {
  const twoEndpoints = (a: string, b: string, fields: Partial<Plan> = {}): Plan =>
    makePlan('', {
      endpoints: [
        { id: 'a', protocol: 'openai', baseUrl: a },
        { id: 'b', protocol: 'openai', baseUrl: b },
      ],
      models: [
        { endpoint: 'a', model: 'alpha', inputPrice: 1, outputPrice: 2 },
        { endpoint: 'b', model: 'beta', inputPrice: 1, outputPrice: 2 },
      ],
      ...fields,
    });

  it('keeps to the limit of each, and lets the other have the slots', async () => {
    const slow = await bench.serve({ delayMs: 40 });
    const free = await bench.serve({ delayMs: 40 });
    const plan = twoEndpoints(slow.baseUrl, free.baseUrl, { concurrency: 6, requests: 12 });
    const [a, b] = plan.endpoints;
    const { summary } = await measure({ ...plan, endpoints: [{ ...a!, concurrency: 2 }, b!] });
    expect(slow.peak()).toBe(2);
    expect(free.peak()).toBeGreaterThanOrEqual(4);
    expect(summary.totals.ok).toBe(24);
  });

  it('gives up one that never answers, goes on with the other, and can be taken up once it is mended', async () => {
    let broken = true;
    const door = await bench.serve({
      onRequest: (_request, response) => (broken ? refuse(response, 401, 'no such key') : false),
    });
    const other = await bench.serve();
    const plan = twoEndpoints(door.baseUrl, other.baseUrl, { requests: 60, concurrency: 2 });
    const { manifest, records } = await measure(plan);
    expect(manifest).toMatchObject({ state: 'stopped', stopReason: 'endpoint' });
    expect(manifest.stopMessage).toMatch(/^a failed .*"no such key".* resume the run/);
    expect(door.received.length).toBeGreaterThanOrEqual(20);
    expect(door.received.length).toBeLessThanOrEqual(21);
    expect(other.received).toHaveLength(60);
    expect(records).toHaveLength(door.received.length + 60);
    broken = false;
    const resumed = await startMeasuring({ entry: bench.entry, message: resumeMessage(bench.runDir) }).done;
    expect(resumed.manifest.state).toBe('complete');
    expect(other.received).toHaveLength(60);
    expect(door.received).toHaveLength(60);
  });

  it('ends a run whose only endpoint is not there', async () => {
    const gone = await bench.serve();
    await gone.close();
    const { manifest, summary } = await measure(makePlan(gone.baseUrl, { requests: 1_000, concurrency: 8 }));
    expect(manifest).toMatchObject({ state: 'stopped', stopReason: 'endpoint' });
    expect(summary.totals.error).toBeGreaterThanOrEqual(20);
    expect(summary.totals.error).toBeLessThan(40);
    expect(summary.warnings.join()).toContain('an endpoint never answered');
  });

  it('gives up a model that is not served without touching its neighbour', async () => {
    const endpoint = await bench.serve({
      onRequest: ({ model }, response) => (model === 'gone' ? refuse(response, 404, 'no such model') : false),
    });
    const models = ['gone', 'alpha'].map((model) => ({ endpoint: 'lab', model }));
    const { manifest, summary } = await measure(makePlan(endpoint.baseUrl, { models, requests: 50, concurrency: 1 }));
    expect(manifest).toMatchObject({ stopReason: 'endpoint', stopMessage: expect.stringContaining('lab/gone failed') });
    expect(summary.models.map(({ counts }) => counts.requests)).toEqual([20, 50]);
  });

  it('goes on where one has answered before it began to fail', async () => {
    const endpoint = await bench.serve({
      onRequest: (_request, response) => (endpoint.received.length > 1 ? refuse(response, 401) : false),
    });
    const { manifest } = await measure(makePlan(endpoint.baseUrl, { requests: 40, concurrency: 1 }));
    expect(manifest.state).toBe('complete');
    expect(endpoint.received).toHaveLength(40);
  });
});

describe('an endpoint that sleeps', { timeout: 60_000 }, () => {
  const sleeping = (baseUrl: string, fields: Partial<Plan> = {}) =>
    makePlan(baseUrl, {
      models: [{ endpoint: 'lab', model: 'alpha', inputPrice: 1, outputPrice: 2, wake: true }],
      ...fields,
    });

  it('is woken by one request before all others, which is in no figure and says how long it took', async () => {
    let refusals = 2;
    const endpoint = await bench.serve({
      onRequest(_request, response) {
        if (refusals === 0) return false;
        return refuse(response, refusals-- === 2 ? 503 : 404, 'The endpoint is not ready');
      },
    });
    const { manifest, records, summary } = await measure(sleeping(endpoint.baseUrl, { warmup: 1, concurrency: 1 }));
    expect(manifest.state).toBe('complete');
    expect(endpoint.received.map(({ id }) => id.split('.').slice(1).join('.')).slice(0, 4)).toEqual([
      'c1.m1',
      'c1.m1',
      'c1.m1',
      'w1.m1',
    ]);
    const [cold] = records;
    expect(cold).toMatchObject({ coldStart: true, warmup: true, status: 'ok' });
    expect(cold?.attempts.map(({ status }) => status)).toEqual([503, 404, 200]);
    expect(summary.models[0]).toMatchObject({
      counts: { requests: 10, ok: 10, warmup: 1 },
      coldStarts: [{ ok: true }],
    });
    expect(summary.models[0]?.coldStarts?.[0]?.ms).toBe(cold?.attempts[2]?.times.firstToken);
    expect(summary.models[0]?.coldStarts?.[0]?.ms).toBeGreaterThan(cold!.attempts[2]!.times.sent);
    expect(summary.totals).toMatchObject({ requests: 10, warmup: 1 });
  });

  it('is woken again when the run is taken up, and not when nothing is left for it', async () => {
    const endpoint = await bench.serve({ delayMs: 20 });
    const plan = sleeping(endpoint.baseUrl, { requests: 100, timeLimitMs: 500, concurrency: 2 });
    expect((await measure(plan)).manifest.stopReason).toBe('time-limit');
    const resumed = await startMeasuring({ entry: bench.entry, message: resumeMessage(bench.runDir) }).done;
    const wakings = endpoint.received.map(({ id }) => id.split('.')[1]).filter((part) => part?.startsWith('c'));
    expect(wakings).toEqual(['c1', 'c2']);
    expect(resumed.summary.models[0]?.coldStarts).toHaveLength(2);
    const ids = endpoint.received.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('is not waited for when it says that it does not know the model', async () => {
    const endpoint = await bench.serve({ onRequest: (_request, response) => refuse(response, 404, 'no such model') });
    const { records, manifest } = await measure(sleeping(endpoint.baseUrl, { requests: 2 }), { prompts: 2 });
    expect(manifest.state).toBe('complete');
    expect(records.filter(({ coldStart }) => coldStart).map(({ attempts }) => attempts.length)).toEqual([1]);
  });

  it('is woken with a short question for a few tokens, so that knocking does not use up the ceiling', async () => {
    let refusals = 3;
    const endpoint = await bench.serve({
      onRequest: (_request, response) => (refusals-- > 0 ? refuse(response, 503) : false),
    });
    const plan = sleeping(endpoint.baseUrl, {
      models: [{ endpoint: 'lab', model: 'alpha', inputPrice: 0, outputPrice: 1_000, wake: true }],
      maxTokens: 1_000,
      requests: 2,
      concurrency: 1,
      // Two requests, and four short ones.
      maxCostUsd: 2.1,
    });
    const prompts = makePrompts(2).map((prompt) => ({ ...prompt, text: `${prompt.text}${'é'.repeat(5_000)}` }));
    await startMeasuring({ entry: bench.entry, message: startMessage(bench.runDir, plan, prompts) }).done;
    const { manifest, records } = await readRun(bench.runDir);
    expect(manifest.state).toBe('complete');
    expect(endpoint.received.map(({ maxTokens }) => maxTokens)).toEqual([16, 16, 16, 16, 1_000, 1_000]);
    expect(endpoint.received[0]!.prompt).toHaveLength(200);
    expect(records[0]).toMatchObject({ coldStart: true, promptId: expect.stringMatching(/^p\d$/) });
  });

  it('is awake when it answers without a single token', async () => {
    const endpoint = await bench.serve({
      onRequest({ id }, response) {
        if (!id.includes('.c1.')) return false;
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.end('data: {"choices":[{"index":0,"delta":{},"finish_reason":"length"}]}\n\ndata: [DONE]\n\n');
        return true;
      },
    });
    const { records, summary } = await measure(sleeping(endpoint.baseUrl, { requests: 2 }), { prompts: 2 });
    expect(records[0]).toMatchObject({ coldStart: true, status: 'ok' });
    expect(summary.models[0]).toMatchObject({ counts: { ok: 2, error: 0 }, coldStarts: [{ ok: true }] });
  });

  it('gets another key when it refuses the first', async () => {
    const endpoint = await bench.serve({
      onRequest: ({ authorization }, response) =>
        authorization?.includes('old') ? refuse(response, 401, 'token expired') : false,
    });
    const keyed = (name: string) => ({
      endpoint: 'lab',
      origin: endpoint.origin,
      key: `sk-test-${name}-0123456789`,
      expiresAt: Date.now() + 3_600_000,
    });
    const { records, summary } = await measure(sleeping(endpoint.baseUrl), {
      keys: [keyed('old')],
      refreshKey: async () => keyed('new'),
    });
    expect(records[0]).toMatchObject({ coldStart: true, status: 'ok' });
    expect(records[0]?.attempts.map(({ status }) => status)).toEqual([401, 200]);
    expect(summary.totals).toMatchObject({ ok: 10, error: 0 });
  });

  it('may have charged for every try of a run that was killed while it woke', async () => {
    let killed = false;
    const endpoint = await bench.serve({
      onRequest(_request, response) {
        if (killed) return false;
        if (endpoint.received.length === 3) {
          killed = true;
          process.kill(bench.measuringPid(), 'SIGKILL');
        }
        return refuse(response, 503);
      },
    });
    const plan = sleeping(endpoint.baseUrl, { requests: 1, concurrency: 1 });
    const message = startMessage(bench.runDir, plan, makePrompts(1));
    await startMeasuring({ entry: bench.entry, message }).done.catch(() => undefined);
    expect(endpoint.received).toHaveLength(3);
    const { manifest } = await startMeasuring({ entry: bench.entry, message: resumeMessage(bench.runDir) }).done;
    const boundUsd = (94 * 1 + 16 * 2) / 1e6;
    expect(manifest.state).toBe('complete');
    expect(manifest.unrecordedUsd).toBeGreaterThanOrEqual(3 * boundUsd * 0.99);
    // In ten minutes, with pauses that grow to 15 s, no more tries than these.
    expect(manifest.unrecordedUsd).toBeLessThanOrEqual(50 * boundUsd);
  });

  it('has what it may have cost counted when the time is up while it wakes', async () => {
    const endpoint = await bench.serve({ onRequest: (_request, response) => refuse(response, 503) });
    const { manifest } = await measure(sleeping(endpoint.baseUrl, { timeLimitMs: 300 }));
    expect(manifest).toMatchObject({ state: 'stopped', stopReason: 'time-limit' });
    expect(manifest.unrecordedUsd).toBeGreaterThan(0);
  });

  it('can be given up while it wakes', async () => {
    const endpoint = await bench.serve({ onRequest: (_request, response) => refuse(response, 503) });
    const measuring = startMeasuring({
      entry: bench.entry,
      message: startMessage(bench.runDir, sleeping(endpoint.baseUrl), makePrompts(3)),
    });
    await until(() => endpoint.received.length === 2);
    measuring.cancel();
    expect((await measuring.done).manifest.state).toBe('cancelled');
    expect((await readRun(bench.runDir)).records).toEqual([]);
  });
});

describe('a key that expires', { timeout: 60_000 }, () => {
  const key = (origin: string, name: string, expiresAt?: number): BoundKey => ({
    endpoint: 'lab',
    origin,
    key: `sk-test-${name}-0123456789`,
    ...(expiresAt === undefined ? {} : { expiresAt }),
  });
  const anHour = 3_600_000;

  it('is renewed before it does, once for all requests', async () => {
    const endpoint = await bench.serve({ delayMs: 5 });
    const asked: string[] = [];
    const { manifest } = await measure(makePlan(endpoint.baseUrl, { requests: 20 }), {
      keys: [key(endpoint.origin, 'old', Date.now() + 30_000)],
      async refreshKey(id) {
        asked.push(id);
        return key(endpoint.origin, 'new', Date.now() + anHour);
      },
    });
    expect(manifest.state).toBe('complete');
    expect(asked).toEqual(['lab']);
    expect(new Set(endpoint.received.map(({ authorization }) => authorization))).toEqual(
      new Set(['Bearer sk-test-new-0123456789']),
    );
  });

  it('is renewed after a 401, and the refused request is sent once more', async () => {
    const endpoint = await bench.serve({
      onRequest: ({ authorization }, response) =>
        authorization?.includes('old') ? refuse(response, 401, 'token expired') : false,
    });
    const { records, summary } = await measure(makePlan(endpoint.baseUrl, { concurrency: 2 }), {
      keys: [key(endpoint.origin, 'old', Date.now() + anHour)],
      refreshKey: async () => key(endpoint.origin, 'new', Date.now() + anHour),
    });
    expect(summary.totals).toMatchObject({ ok: 10, error: 0 });
    const twice = records.filter(({ attempts }) => attempts.length === 2);
    expect(twice.length).toBeGreaterThanOrEqual(1);
    expect(twice.length).toBeLessThanOrEqual(2);
    expect(twice[0]?.attempts.map(({ status }) => status)).toEqual([401, 200]);
  });

  it.each<[string, MeasuringOptions['refreshKey'], string]>([
    ['nobody can renew it', undefined, 'Sign in again'],
    [
      'signing in fails',
      async () => {
        throw new Failure({ code: 'auth', message: 'Run databricks auth login.' });
      },
      'Run databricks auth login.',
    ],
    ['the new one is for elsewhere', async () => key('https://host.example', 'new'), 'belongs to https://host.example'],
  ])('fails its requests, and not the run, when it has expired and %s', async (_what, refreshKey, words) => {
    const endpoint = await bench.serve();
    const { manifest, records } = await measure(makePlan(endpoint.baseUrl), {
      keys: [key(endpoint.origin, 'old', Date.now() - 1)],
      refreshKey,
    });
    expect(manifest.state).toBe('complete');
    expect(endpoint.received).toEqual([]);
    expect(new Set(records.map(({ error }) => error?.code))).toEqual(new Set(['auth']));
    expect(records[0]?.error?.message).toContain(words);
    expect(records[0]).not.toHaveProperty('costUsd');
  });

  it('is asked for once when the new one expires soon too', async () => {
    const endpoint = await bench.serve();
    const asked: string[] = [];
    const { summary } = await measure(makePlan(endpoint.baseUrl, { concurrency: 1 }), {
      keys: [key(endpoint.origin, 'old', Date.now() + 30_000)],
      async refreshKey(id) {
        asked.push(id);
        return key(endpoint.origin, 'new', Date.now() + 30_000);
      },
    });
    expect(summary.totals.ok).toBe(10);
    expect(asked).toEqual(['lab']);
  });

  it('is asked for once when the new one is refused too', async () => {
    const endpoint = await bench.serve({ onRequest: (_request, response) => refuse(response, 401) });
    const asked: string[] = [];
    const { records } = await measure(makePlan(endpoint.baseUrl, { concurrency: 1 }), {
      keys: [key(endpoint.origin, 'old', Date.now() + anHour)],
      async refreshKey(id) {
        asked.push(id);
        return key(endpoint.origin, `new${asked.length}`, Date.now() + anHour);
      },
    });
    expect(records.map(({ attempts }) => attempts.length)).toEqual([2, ...Array(9).fill(1)]);
    expect(asked).toEqual(['lab']);
  });

  it('is not waited for once the run is cancelled', async () => {
    const endpoint = await bench.serve();
    let asked = false;
    const measuring = startMeasuring({
      entry: bench.entry,
      message: startMessage(bench.runDir, makePlan(endpoint.baseUrl), makePrompts(3), [
        key(endpoint.origin, 'old', Date.now() - 1),
      ]),
      refreshKey: () => {
        asked = true;
        return new Promise(() => {});
      },
    });
    await until(() => asked);
    measuring.cancel();
    expect((await measuring.done).manifest.state).toBe('cancelled');
    expect((await readRun(bench.runDir)).records).toEqual([]);
  });

  it('is never asked for when it does not expire', async () => {
    const endpoint = await bench.serve({ onRequest: (_request, response) => refuse(response, 401) });
    const asked: string[] = [];
    await measure(makePlan(endpoint.baseUrl, { requests: 3 }), {
      keys: [key(endpoint.origin, 'old')],
      async refreshKey(id) {
        asked.push(id);
        return undefined;
      },
    });
    expect(asked).toEqual([]);
    expect(endpoint.received).toHaveLength(3);
  });
});

// VS Code's side is a function of the test here; test/host asks a real one.
describe("VS Code's own models", { timeout: 60_000 }, () => {
  const plan = (fields: Partial<Plan> = {}) =>
    makePlan('', {
      endpoints: [{ id: 'vscode', protocol: 'vscode-lm', baseUrl: '' }],
      models: [{ endpoint: 'vscode', model: 'copilot/gpt-4o' }],
      ...fields,
    });

  it('are asked through the parent, with times of arrival and no time per token', async () => {
    const asked: unknown[] = [];
    const { records, summary } = await measure(plan({ requests: 3, concurrency: 1 }), {
      async askModel(question, onText) {
        asked.push(question);
        onText('one ');
        await new Promise((resolve) => setTimeout(resolve, 30));
        onText('two three');
        return { tokens: { input: 8, output: 3 } };
      },
    });
    expect(asked[0]).toEqual({ model: 'copilot/gpt-4o', prompt: expect.any(String), maxTokens: 16 });
    expect(records[0]).toMatchObject({
      status: 'ok',
      transport: 'vscode-lm',
      answer: 'one two three',
      tokens: { input: 8, output: 3, source: 'tokenizer' },
    });
    const { firstToken = 0, lastToken = 0 } = records[0]?.times ?? {};
    expect(lastToken).toBeGreaterThan(firstToken);
    expect(summary.models[0]).toMatchObject({ ttftMs: { n: 3 }, e2eMs: { n: 3 }, tokens: { source: 'tokenizer' } });
    expect(summary.models[0]?.tpotMs ?? summary.models[0]?.tokensPerSecond).toBeUndefined();
  });

  it('fail with the words of the parent, and with a time-out that cancels the question', async () => {
    const aborted: string[] = [];
    const { records } = await measure(plan({ requests: 2, concurrency: 1, timeoutMs: 500 }), {
      askModel: ({ prompt }, _onText, signal) =>
        prompt.startsWith('p1')
          ? Promise.reject(new Failure({ code: 'rate-limited', message: 'Your quota is used up.' }))
          : new Promise((_, reject) => {
              signal.addEventListener('abort', () => {
                aborted.push(prompt);
                reject(new Error('cancelled'));
              });
            }),
      prompts: 2,
    });
    const codes = Object.fromEntries(records.map(({ promptId, error }) => [promptId, error?.code]));
    expect(codes).toEqual({ p1: 'rate-limited', p2: 'timeout' });
    expect(records.find(({ promptId }) => promptId === 'p1')?.error?.message).toBe('Your quota is used up.');
    await until(() => aborted.length === 1);
  });

  it('are given up when the run is cancelled', async () => {
    let asked = 0;
    let aborted = 0;
    const measuring = startMeasuring({
      entry: bench.entry,
      message: startMessage(bench.runDir, plan({ concurrency: 2 }), makePrompts(5)),
      askModel: (_question, _onText, signal) => {
        asked++;
        return new Promise(() => signal.addEventListener('abort', () => aborted++));
      },
    });
    await until(() => asked === 2);
    measuring.cancel();
    expect((await measuring.done).manifest.state).toBe('cancelled');
    await until(() => aborted === 2);
    expect((await readRun(bench.runDir)).records).toEqual([]);
  });

  it('are refused where nobody can ask them', () => {
    const message = startMessage(bench.runDir, plan(), makePrompts(1));
    expect(() => startMeasuring({ entry: bench.entry, message })).toThrow('inside VS Code');
  });
});

describe('what an answer says of itself', { timeout: 60_000 }, () => {
  it('is the model that answered, which the report warns of when it is always another', async () => {
    const endpoint = await bench.serve({ servedModel: 'tiny-1b' });
    const { records, summary } = await measure(makePlan(endpoint.baseUrl));
    expect(records[0]?.servedModel).toBe('tiny-1b');
    expect(summary.models[0]?.servedAs).toEqual([{ model: 'tiny-1b', count: 10 }]);
    expect(summary.warnings.join()).toContain('Every answer of lab/alpha came from another model');
  });

  it('is recorded without a warning when it only names the day of the model', async () => {
    const endpoint = await bench.serve({ servedModel: 'alpha-2024-08-06' });
    const { records, summary } = await measure(makePlan(endpoint.baseUrl));
    expect(records[0]?.servedModel).toBe('alpha-2024-08-06');
    expect(summary.warnings.join()).not.toContain('another model');
  });

  it('is how much of the prompt came from the cache, which has a price of its own', async () => {
    const endpoint = await bench.serve({ usage: () => ({ input: 1_000, output: 10, cached: 800 }) });
    const models = [
      { endpoint: 'lab', model: 'a', inputPrice: 10, outputPrice: 20, cachedInputPrice: 1 },
      { endpoint: 'lab', model: 'b', inputPrice: 10, outputPrice: 20 },
    ];
    const { records, summary } = await measure(makePlan(endpoint.baseUrl, { models, requests: 1 }));
    const [a, b] = ['a', 'b'].map((name) => records.find(({ model }) => model === name));
    expect(a?.tokens).toMatchObject({ input: 1_000, cachedInput: 800 });
    expect(a?.costUsd).toBeCloseTo((200 * 10 + 800 * 1 + 10 * 20) / 1e6, 12);
    expect(b?.costUsd).toBeCloseTo((1_000 * 10 + 10 * 20) / 1e6, 12);
    expect(summary.models.map(({ cost }) => cost.cachedAtInputPrice)).toEqual([undefined, true]);
  });
});

it.each<[string, Partial<Plan>, string]>([
  [
    'a task that its protocol does not have',
    { models: [{ endpoint: 'lab', model: 'a', task: 'embeddings' }] },
    'has no task "embeddings"',
  ],
])('refuses %s before anything is sent', async (_what, fields, words) => {
  const endpoint = await bench.serve();
  await expect(measure(makePlan(endpoint.baseUrl, fields))).rejects.toMatchObject({
    code: 'config',
    message: expect.stringContaining(words),
  });
  expect(endpoint.received).toEqual([]);
});
