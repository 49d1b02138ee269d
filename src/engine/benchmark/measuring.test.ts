import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Progress } from '../../protocol/measure.ts';
import { isLocked } from './lock.ts';
import { startMeasuring } from './measuring.ts';
import { readRun } from './run-folder.ts';
import { Bench } from './testing/bench.ts';
import type { Endpoint } from './testing/endpoint.ts';
import { makePlan, makePrompts, resumeMessage, startMessage } from './testing/run.ts';

const bench = new Bench();

describe('a run', { timeout: 60_000 }, () => {
  it('sends every prompt once to every model and leaves manifest, prompts, records and summary', async () => {
    const endpoint = await bench.serve();
    const prompts = makePrompts(10);
    const plan = makePlan(endpoint.baseUrl, {
      models: [
        { endpoint: 'lab', model: 'alpha', inputPrice: 1, outputPrice: 2 },
        { endpoint: 'lab', model: 'beta' },
      ],
      warmup: 1,
    });
    const seen: Progress[] = [];
    const { manifest, summary } = await startMeasuring({
      entry: bench.entry,
      message: startMessage(bench.runDir, plan, prompts),
      onProgress: (progress) => seen.push(progress),
    }).done;

    expect(manifest.state).toBe('complete');
    expect(manifest.lag).toBeDefined();
    expect(summary.totals).toMatchObject({ requests: 20, ok: 20, error: 0, warmup: 2 });
    const measured = endpoint.received.filter(({ id }) => id.includes('.r'));
    expect(new Set(measured.map(({ model, prompt }) => `${model} ${prompt}`)).size).toBe(20);
    expect(seen.at(-1)).toMatchObject({ done: 22, total: 22, inFlight: 0 });

    const run = await readRun(bench.runDir);
    expect(run.notes).toEqual([]);
    expect(run.prompts).toEqual(prompts);
    expect(run.summary).toEqual(summary);
    expect(run.records.map(({ id }) => id).sort()).toEqual(endpoint.received.map(({ id }) => id).sort());
    const alpha = run.records.find(({ model }) => model === 'alpha');
    expect(alpha).toMatchObject({
      status: 'ok',
      answer: 'one two three',
      tokens: { input: 30, output: 16, source: 'server' },
    });
    expect(alpha?.costUsd).toBeCloseTo((30 * 1 + 16 * 2) / 1e6, 12);
    expect(run.records.find(({ model }) => model === 'beta')).not.toHaveProperty('costUsd');
    expect(summary.models[1]?.cost).toEqual({ unknown: 10 });
    expect(isLocked(bench.runDir)).toBe(false);
  });

  it('keeps as many requests in flight as the plan says, and no more', async () => {
    const endpoint = await bench.serve({ delayMs: 30 });
    const plan = makePlan(endpoint.baseUrl, { concurrency: 7, requests: 60 });
    await startMeasuring({ entry: bench.entry, message: startMessage(bench.runDir, plan, makePrompts(60)) }).done;
    expect(endpoint.peak()).toBe(7);
  });

  it('takes the models in turn, and does not wait between warm-up and measuring', async () => {
    const endpoint = await bench.serve({ delayMs: 5 });
    const models = ['alpha', 'beta'].map((model) => ({ endpoint: 'lab', model }));
    const plan = makePlan(endpoint.baseUrl, { models, concurrency: 1, requests: 3, warmup: 1 });
    await startMeasuring({ entry: bench.entry, message: startMessage(bench.runDir, plan, makePrompts(3)) }).done;
    const ids = endpoint.received.map(({ id }) => id.split('.').slice(1).join('.'));
    for (const [turn, name] of ['w1', 'r1', 'r2', 'r3'].entries()) {
      expect(ids.slice(2 * turn, 2 * turn + 2).sort()).toEqual([`${name}.m1`, `${name}.m2`]);
    }
    const turns = endpoint.received.slice(2).map(({ prompt }) => prompt);
    expect(turns[0]).toBe(turns[1]);
    expect(turns[2]).toBe(turns[3]);
  });

  it('stores no answers when it is told so', async () => {
    const endpoint = await bench.serve({ answer: 'confidential' });
    const plan = makePlan(endpoint.baseUrl, { keepAnswers: false });
    await startMeasuring({ entry: bench.entry, message: startMessage(bench.runDir, plan, makePrompts(10)) }).done;
    expect(readFileSync(join(bench.runDir, 'records.jsonl'), 'utf8')).not.toContain('confidential');
  });

  it('caps a stored answer and says so', async () => {
    const endpoint = await bench.serve({ answer: 'x'.repeat(50_000) });
    const plan = makePlan(endpoint.baseUrl, { requests: 1 });
    await startMeasuring({ entry: bench.entry, message: startMessage(bench.runDir, plan, makePrompts(1)) }).done;
    const [record] = (await readRun(bench.runDir)).records;
    expect(record?.answer).toHaveLength(20_000);
    expect(record?.answerCut).toBe(true);
  });

  it('estimates tokens that the server does not tell, and says so', async () => {
    const endpoint = await bench.serve({ usage: null });
    const { summary } = await startMeasuring({
      entry: bench.entry,
      message: startMessage(bench.runDir, makePlan(endpoint.baseUrl), makePrompts(10)),
    }).done;
    expect(summary.models[0]?.tokens.source).toBe('estimate');
    expect(summary.models[0]?.tokens.input).toBe(90);
    expect(summary.warnings.join()).toContain('did not always tell its token counts');
  });

  it('records errors by class and goes on', async () => {
    let count = 0;
    const endpoint = await bench.serve({
      onRequest(_request, response) {
        if (++count % 2 === 1) return false;
        response.writeHead(500, { 'content-type': 'application/json' }).end('{"error":{"message":"out of order"}}');
        return true;
      },
    });
    const { manifest, summary } = await startMeasuring({
      entry: bench.entry,
      message: startMessage(bench.runDir, makePlan(endpoint.baseUrl, { concurrency: 1 }), makePrompts(10)),
    }).done;
    expect(manifest.state).toBe('complete');
    expect(summary.models[0]).toMatchObject({ counts: { requests: 10, ok: 5, error: 5 }, errors: { server: 5 } });
    expect(summary.models[0]?.cost.unknown).toBe(5);
    expect(summary.models[0]?.e2eMs?.n).toBe(5);
  });

  it('sends a key to its endpoint and writes it nowhere', async () => {
    const endpoint = await bench.serve({
      answer: 'your key is sk-test-0123456789abcdef',
      onRequest(request, response) {
        if (!request.id.includes('r2')) return false;
        response.writeHead(401).end(JSON.stringify({ error: { message: `bad key ${request.authorization}` } }));
        return true;
      },
    });
    const keys = [{ endpoint: 'lab', origin: endpoint.origin, key: 'sk-test-0123456789abcdef' }];
    const plan = makePlan(endpoint.baseUrl);
    await startMeasuring({ entry: bench.entry, message: startMessage(bench.runDir, plan, makePrompts(10), keys) }).done;
    expect(endpoint.received[0]?.authorization).toBe('Bearer sk-test-0123456789abcdef');
    for (const name of ['manifest.json', 'records.jsonl', 'prompts.jsonl', 'summary.json']) {
      expect(readFileSync(join(bench.runDir, name), 'utf8')).not.toContain('0123456789abcdef');
    }
  });

  it('refuses a key that was saved for another address, before anything is sent', async () => {
    const endpoint = await bench.serve();
    const keys = [{ endpoint: 'lab', origin: 'https://host.example', key: 'sk-test-0123456789abcdef' }];
    const message = startMessage(bench.runDir, makePlan(endpoint.baseUrl), makePrompts(10), keys);
    await expect(startMeasuring({ entry: bench.entry, message }).done).rejects.toMatchObject({
      code: 'config',
      message: expect.stringContaining('belongs to https://host.example'),
    });
    expect(endpoint.received).toEqual([]);
    expect(existsSync(bench.runDir)).toBe(false);
  });

  it('does not begin in a folder that holds a run', async () => {
    const endpoint = await bench.serve();
    const message = startMessage(bench.runDir, makePlan(endpoint.baseUrl), makePrompts(10));
    await startMeasuring({ entry: bench.entry, message }).done;
    await expect(startMeasuring({ entry: bench.entry, message }).done).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('holds a run already'),
    });
    expect(endpoint.received).toHaveLength(10);
  });

  it('says in words that the folder cannot be made', async () => {
    writeFileSync(join(bench.folder, 'file'), '');
    const message = startMessage(join(bench.folder, 'file', 'run'), makePlan('http://127.0.0.1:9/v1'), makePrompts(1));
    await expect(startMeasuring({ entry: bench.entry, message }).done).rejects.toMatchObject({
      code: 'local',
      message: expect.stringContaining('a part of the path is a file'),
    });
  });

  it.skipIf(!existsSync('/proc'))('says so, and does not hang, where a folder that exists takes no other', async () => {
    const message = startMessage('/proc/nope/run', makePlan('http://127.0.0.1:9/v1'), makePrompts(1));
    const measuring = startMeasuring({ entry: bench.entry, message });
    const bound = setTimeout(() => measuring.cancel(), 5_000);
    await expect(measuring.done).rejects.toMatchObject({
      code: 'local',
      message: expect.stringMatching(/^Cannot create \/proc\/nope\/run: .*takes no others/),
    });
    clearTimeout(bound);
  });

  it('leaves no folder behind when the settings of the network are wrong', async () => {
    const message = startMessage(bench.runDir, makePlan('http://127.0.0.1:9/v1'), makePrompts(1));
    const network = { strictSsl: true, proxy: '::bad' };
    await expect(startMeasuring({ entry: bench.entry, message: { ...message, network } }).done).rejects.toMatchObject({
      code: 'config',
      message: expect.stringContaining('proxy'),
    });
    expect(existsSync(bench.runDir)).toBe(false);
  });

  it('is resumed with the settings of the network put right, and not harmed by wrong ones', async () => {
    const endpoint = await bench.serve({ delayMs: 20 });
    const plan = makePlan(endpoint.baseUrl, { requests: 30, timeLimitMs: 60 });
    await startMeasuring({ entry: bench.entry, message: startMessage(bench.runDir, plan, makePrompts(5)) }).done;
    const before = readdirSync(bench.runDir).map((name) => [name, readFileSync(join(bench.runDir, name), 'utf8')]);
    const message = { ...resumeMessage(bench.runDir), network: { strictSsl: true, proxy: '::bad' } };
    await expect(startMeasuring({ entry: bench.entry, message }).done).rejects.toMatchObject({ code: 'config' });
    expect(readdirSync(bench.runDir).map((name) => [name, readFileSync(join(bench.runDir, name), 'utf8')])).toEqual(
      before,
    );
  });

  it('sends nothing more once its time is up, and lets what is in flight end', async () => {
    const endpoint = await bench.serve({ delayMs: 100 });
    const plan = makePlan(endpoint.baseUrl, { concurrency: 2, requests: 1_000, timeLimitMs: 350 });
    const { manifest, summary } = await startMeasuring({
      entry: bench.entry,
      message: startMessage(bench.runDir, plan, makePrompts(5)),
    }).done;
    expect(manifest).toMatchObject({ state: 'stopped', stopReason: 'time-limit' });
    expect(summary.totals.ok).toBe(endpoint.received.length);
    expect(summary.totals.requests).toBeLessThan(20);
  });
});

describe('a cost ceiling', { timeout: 60_000 }, () => {
  const price = { endpoint: 'lab', model: 'alpha', inputPrice: 1_000, outputPrice: 1_000 };
  const charged = (endpoint: Endpoint) =>
    endpoint.received.reduce((sum, { prompt, maxTokens }) => sum + (Buffer.byteLength(prompt) + maxTokens) / 1_000, 0);

  it('holds at high concurrency when every answer is as long as it may be', async () => {
    const endpoint = await bench.serve({ delayMs: 20 });
    const plan = makePlan(endpoint.baseUrl, {
      models: [price],
      concurrency: 32,
      requests: 200,
      maxTokens: 1_000,
      maxCostUsd: 12,
    });
    const { manifest, summary } = await startMeasuring({
      entry: bench.entry,
      message: startMessage(bench.runDir, plan, makePrompts(20)),
    }).done;
    expect(manifest).toMatchObject({ state: 'stopped', stopReason: 'cost-ceiling' });
    expect(charged(endpoint)).toBeLessThanOrEqual(12);
    expect(summary.totals.knownUsd).toBeCloseTo(charged(endpoint), 9);
    // It stops only when the next one does not fit: less than one request's bound is left.
    expect(12 - charged(endpoint)).toBeLessThan(1.1);
    expect(manifest.stopMessage).toContain('$12.00');
  });

  it('counts what was used, not what was reserved', async () => {
    const endpoint = await bench.serve({ usage: () => ({ input: 10, output: 10 }) });
    const plan = makePlan(endpoint.baseUrl, {
      models: [price],
      concurrency: 16,
      requests: 50,
      maxTokens: 1_000,
      maxCostUsd: 3,
    });
    const { manifest } = await startMeasuring({
      entry: bench.entry,
      message: startMessage(bench.runDir, plan, makePrompts(20)),
    }).done;
    expect(manifest.state).toBe('complete');
    expect(endpoint.received).toHaveLength(50);
  });

  it('takes the most a request can cost for its cost when the server does not tell', async () => {
    const endpoint = await bench.serve({ usage: null });
    const plan = makePlan(endpoint.baseUrl, {
      models: [price],
      concurrency: 16,
      requests: 50,
      maxTokens: 1_000,
      maxCostUsd: 5,
    });
    const { manifest } = await startMeasuring({
      entry: bench.entry,
      message: startMessage(bench.runDir, plan, makePrompts(20)),
    }).done;
    expect(manifest.stopReason).toBe('cost-ceiling');
    expect(endpoint.received).toHaveLength(4);
  });

  it.each<[string, (response: ServerResponse) => unknown]>([
    ['resets the connection', (response) => response.socket?.resetAndDestroy()],
    ['closes the connection', (response) => response.destroy()],
    ['sits behind a proxy that loses patience', (response) => response.writeHead(504).end()],
  ])('holds when a server works, and bills, and then %s', async (_what, fail) => {
    const endpoint = await bench.serve({
      onRequest(_request, response) {
        setTimeout(() => fail(response), 10);
        return true;
      },
    });
    const plan = makePlan(endpoint.baseUrl, {
      models: [price],
      concurrency: 8,
      requests: 200,
      maxTokens: 1_000,
      maxCostUsd: 12,
    });
    const { manifest, summary } = await startMeasuring({
      entry: bench.entry,
      message: startMessage(bench.runDir, plan, makePrompts(20)),
    }).done;
    expect(manifest).toMatchObject({ state: 'stopped', stopReason: 'cost-ceiling' });
    expect(endpoint.received.length).toBeGreaterThan(8);
    expect(charged(endpoint)).toBeLessThanOrEqual(12);
    expect(summary.totals).toMatchObject({ error: endpoint.received.length, unknownCost: endpoint.received.length });
    expect(summary.warnings.join()).toContain('lower bounds');
  });

  it('takes nothing for requests that were refused or never sent', async () => {
    const endpoint = await bench.serve({
      onRequest(_request, response) {
        response.writeHead(429).end();
        return true;
      },
    });
    const closed = await bench.serve();
    await closed.close();
    for (const [index, { baseUrl }] of [endpoint, closed].entries()) {
      const plan = makePlan(baseUrl, { models: [price], requests: 19, maxTokens: 1_000, maxCostUsd: 5 });
      const { manifest, summary } = await startMeasuring({
        entry: bench.entry,
        message: startMessage(`${bench.runDir}${index}`, plan, makePrompts(20)),
      }).done;
      expect(manifest.state).toBe('complete');
      expect(summary.totals).toMatchObject({ error: 19, unknownCost: 0 });
    }
  });

  it('holds over a killed process and its resumption', async () => {
    let kill = true;
    const endpoint = await bench.serve({
      delayMs: 20,
      onRequest() {
        if (kill && endpoint.received.length === 20) {
          kill = false;
          process.kill(bench.measuringPid(), 'SIGKILL');
        }
        return false;
      },
    });
    const plan = makePlan(endpoint.baseUrl, {
      models: [price],
      concurrency: 6,
      requests: 200,
      maxTokens: 1_000,
      maxCostUsd: 40,
    });
    await expect(
      startMeasuring({ entry: bench.entry, message: startMessage(bench.runDir, plan, makePrompts(20)) }).done,
    ).rejects.toThrow();
    const { manifest } = await startMeasuring({ entry: bench.entry, message: resumeMessage(bench.runDir) }).done;
    expect(manifest.stopReason).toBe('cost-ceiling');
    expect(manifest.unrecordedUsd).toBeGreaterThan(0);
    expect(charged(endpoint)).toBeLessThanOrEqual(40);
    expect(endpoint.received.length).toBeGreaterThan(20);
  });

  it('sends nothing when not even the first request fits', async () => {
    const endpoint = await bench.serve();
    const plan = makePlan(endpoint.baseUrl, { models: [price], maxTokens: 1_000, maxCostUsd: 0.5 });
    const { manifest } = await startMeasuring({
      entry: bench.entry,
      message: startMessage(bench.runDir, plan, makePrompts(5)),
    }).done;
    expect(manifest.stopReason).toBe('cost-ceiling');
    expect(endpoint.received).toEqual([]);
  });

  it('can be raised when the run is taken up again, and holds then', async () => {
    const endpoint = await bench.serve();
    const plan = makePlan(endpoint.baseUrl, { models: [price], requests: 20, maxTokens: 1_000, maxCostUsd: 3.5 });
    await startMeasuring({ entry: bench.entry, message: startMessage(bench.runDir, plan, makePrompts(5)) }).done;
    expect(endpoint.received).toHaveLength(3);
    const raised = { ...resumeMessage(bench.runDir), maxCostUsd: 6.5 };
    const { manifest } = await startMeasuring({ entry: bench.entry, message: raised }).done;
    expect(manifest).toMatchObject({ stopReason: 'cost-ceiling', maxCostUsd: 6.5, plan: { maxCostUsd: 3.5 } });
    expect(endpoint.received).toHaveLength(6);
    // Without a word it stays as it was raised last.
    await startMeasuring({ entry: bench.entry, message: resumeMessage(bench.runDir) }).done;
    expect(endpoint.received).toHaveLength(6);
    const enough = { ...resumeMessage(bench.runDir), maxCostUsd: 100 };
    expect((await startMeasuring({ entry: bench.entry, message: enough }).done).manifest.state).toBe('complete');
    expect(endpoint.received).toHaveLength(20);
  });

  it('is refused for a model without a price', async () => {
    const endpoint = await bench.serve();
    const plan = makePlan(endpoint.baseUrl, { models: [{ endpoint: 'lab', model: 'alpha' }], maxCostUsd: 1 });
    const message = startMessage(bench.runDir, plan, makePrompts(5));
    await expect(startMeasuring({ entry: bench.entry, message }).done).rejects.toMatchObject({ code: 'usage' });
    expect(endpoint.received).toEqual([]);
  });
});
