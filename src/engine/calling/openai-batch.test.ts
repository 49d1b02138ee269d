import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { serve } from '../../../test/fixtures/loopback-server.ts';
import { createUndiciTransport } from '../http/undici-transport.ts';
import { startSimulator } from '../simulator/server.ts';
import { answerOffline, forgetOffline, isUnderWay, type OfflineOptions, type OfflineResult } from './openai-batch.ts';
import { fakeClock } from './testing/fake-clock.ts';

const canary = 'canary-key-0123456789';

interface Line {
  readonly custom_id: string;
  readonly method: string;
  readonly url: string;
  readonly body: { readonly messages: { readonly content: string }[] };
}

interface Batch {
  readonly id: string;
  readonly input_file_id: string;
  readonly metadata: unknown;
  status: string;
  looks: number;
  output_file_id?: string;
  error_file_id?: string;
  errors?: object;
}

/** The Batch API on loopback, as its reference describes it. A batch needs three looks. */
async function batchServer(behaviour: { loseAnswerOf?: string; statuses?: string[]; skip?: string } = {}) {
  const files = new Map<string, { id: string; filename: string; text: string }>();
  const batches = new Map<string, Batch>();
  const asked: string[] = [];
  const state = { ...behaviour };

  const add = (filename: string, text: string) => {
    const id = `file-${files.size + 1}`;
    files.set(id, { id, filename, text });
    return id;
  };

  function finish(batch: Batch): void {
    const lines = (files.get(batch.input_file_id)?.text ?? '')
      .trim()
      .split('\n')
      .map((line): Line => JSON.parse(line));
    const good: object[] = [];
    const bad: object[] = [];
    for (const { custom_id, body } of lines.reverse()) {
      const prompt = body.messages[0]?.content ?? '';
      if (prompt === state.skip) continue;
      if (prompt.includes('bad')) {
        const refusal = { error: { message: `cannot read ${canary}`, type: 'invalid_request_error' } };
        bad.push({ custom_id, response: { status_code: 400, body: refusal }, error: null });
      } else if (prompt.includes('late')) {
        bad.push({ custom_id, response: null, error: { code: 'batch_expired', message: 'not in time' } });
      } else {
        const choices = [{ message: { content: `Re: ${prompt}` }, finish_reason: 'stop' }];
        const usage = { prompt_tokens: 3, completion_tokens: 4 };
        good.push({ custom_id, response: { status_code: 200, body: { choices, usage } }, error: null });
      }
    }
    const text = (rows: object[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('');
    if (good.length > 0) batch.output_file_id = add('out', text(good));
    if (bad.length > 0) batch.error_file_id = add('err', text(bad));
  }

  const server = await serve(async (request, response) => {
    const [path = '', query] = (request.url ?? '').split('?');
    const what = `${request.method} ${path.replace(/(file|batch)-\d+/, '{id}')}`;
    asked.push(what);
    if (request.headers.authorization !== `Bearer ${canary}`) return void response.writeHead(401).end('{}');
    const id = /(file|batch)-\d+/.exec(path)?.[0] ?? '';
    const answer = await respond(what, id, query, request);
    if (state.loseAnswerOf === what) {
      delete state.loseAnswerOf;
      request.socket.destroy();
      return;
    }
    send(response, answer);
  });

  async function respond(what: string, id: string, _query: string | undefined, request: IncomingMessage) {
    const batch = batches.get(id);
    switch (what) {
      case 'POST /v1/files': {
        const boundary = /boundary=(.+)$/.exec(request.headers['content-type'] ?? '')?.[1] ?? 'none';
        const parts = (await latin1(request)).split(`--${boundary}`);
        expect(parts).toHaveLength(4);
        expect(parts[1]).toMatch(/name="purpose"\r\n\r\nbatch\r\n$/);
        const [head = '', ...text] = (parts[2] ?? '').split('\r\n\r\n');
        const name = /name="file"; filename="([^"]+)"/.exec(head)?.[1] ?? 'none';
        const lines = Buffer.from(text.join('\r\n\r\n').replace(/\r\n$/, ''), 'latin1').toString('utf8');
        return { id: add(name, lines), object: 'file' };
      }
      case 'GET /v1/files':
        return { data: [...files.values()].map(({ id, filename }) => ({ id, filename })) };
      case 'GET /v1/files/{id}/content':
        return files.get(id)?.text ?? '';
      case 'POST /v1/batches': {
        const body = JSON.parse(await latin1(request));
        expect(body).toMatchObject({ endpoint: '/v1/chat/completions', completion_window: '24h' });
        const made: Batch = { ...body, id: `batch-${batches.size + 1}`, status: 'validating', looks: 0 };
        batches.set(made.id, made);
        return made;
      }
      case 'GET /v1/batches':
        return { data: [...batches.values()] };
      case 'GET /v1/batches/{id}': {
        if (batch === undefined) return {};
        const statuses = state.statuses ?? ['validating', 'in_progress', 'completed'];
        if (batch.status !== 'cancelled') batch.status = statuses[Math.min(batch.looks++, statuses.length - 1)] ?? '';
        if (batch.status === 'completed' && !batch.output_file_id && !batch.error_file_id) finish(batch);
        if (batch.status === 'failed') batch.errors = { data: [{ message: 'line 3 is too long', line: 3 }] };
        return batch;
      }
      case 'POST /v1/batches/{id}/cancel':
        if (batch) batch.status = 'cancelled';
        return batch ?? {};
      default:
        return {};
    }
  }

  return { origin: server.origin, asked, files, count: (what: string) => asked.filter((one) => one === what).length };
}

function send(response: ServerResponse, answer: object | string): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(typeof answer === 'string' ? answer : JSON.stringify(answer));
}

async function latin1(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString('latin1');
}

function setUp(origin: string, prompts: readonly string[], more: Partial<OfflineOptions> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'tierwise-batch-'));
  const transport = createUndiciTransport({ network: { strictSsl: true }, connections: 2 });
  onTestFinished(async () => {
    await transport.close();
    rmSync(folder, { recursive: true });
  });
  const clock = fakeClock({ eager: true });
  const results: OfflineResult[] = [];
  const options: OfflineOptions = {
    transport,
    target: async () => ({
      protocol: 'openai',
      baseUrl: `${origin}/v1`,
      key: { endpoint: 'e', origin, key: canary },
    }),
    statePath: join(folder, 'answers.batch.json'),
    requests: prompts.map((content, at) => ({
      id: `r${at}`,
      request: { model: 'm', messages: [{ role: 'user', content }], stream: true },
    })),
    onResult: (result) => results.push(result),
    clock,
    ...more,
  };
  const textOf = () => Object.fromEntries(results.map(({ id, text, failure }) => [id, failure?.code ?? text]));
  return { options, results, textOf, clock };
}

describe('an offline batch', () => {
  it('gives each request its own result, whatever order they come in and whichever fail', async () => {
    const server = await batchServer({ skip: 'lost' });
    const { options, results, textOf } = setUp(server.origin, ['Grüße', 'bad', 'two', 'late', 'lost']);
    expect(await answerOffline(options)).toBe(true);
    expect(textOf()).toEqual({ r0: 'Re: Grüße', r1: 'bad-request', r2: 'Re: two', r3: 'server', r4: 'server' });
    expect(results).toHaveLength(5);
    expect(results.find(({ id }) => id === 'r0')).toMatchObject({
      usage: { input: 3, output: 4 },
      finishReason: 'stop',
    });
    expect(results.find(({ id }) => id === 'r3')?.failure?.message).toContain('not in time');
    expect(results.find(({ id }) => id === 'r4')?.failure?.message).toContain('ended as "completed" without an answer');
    expect(JSON.stringify(results)).not.toContain(canary);
    expect(isUnderWay(options.statePath)).toBe(true);
    expect(readFileSync(options.statePath, 'utf8')).not.toContain(canary);
    forgetOffline(options.statePath);
    expect(existsSync(options.statePath)).toBe(false);
  });

  it('is divided where it is larger than the API allows', async () => {
    const server = await batchServer();
    const prompts = Array.from({ length: 7 }, (_, at) => `prompt ${at}`);
    const { options, textOf } = setUp(server.origin, prompts, { maxRequests: 3 });
    expect(await answerOffline(options)).toBe(true);
    expect(server.count('POST /v1/files')).toBe(3);
    expect(server.count('POST /v1/batches')).toBe(3);
    expect(textOf()).toEqual(Object.fromEntries(prompts.map((prompt, at) => [`r${at}`, `Re: ${prompt}`])));
    const bytes = await batchServer();
    const limited = setUp(bytes.origin, prompts, { maxBytes: 300 });
    await answerOffline(limited.options);
    for (const { filename, text } of bytes.files.values()) {
      if (filename.startsWith('tierwise-')) expect(Buffer.byteLength(text)).toBeLessThanOrEqual(300);
    }
  });

  it('is answered by the simulated endpoint, whose idea of the API is another one than the server here', async () => {
    const simulator = await startSimulator({ apiKey: canary });
    onTestFinished(() => simulator.close());
    const { options, results } = setUp(simulator.origin, ['What is 2 plus 3?', 'What is 4 plus 5?']);
    const requests = options.requests.map(({ id, request }) => ({ id, request: { ...request, model: 'small' } }));
    expect(await answerOffline({ ...options, requests })).toBe(true);
    expect(results.map(({ id }) => id).sort()).toEqual(['r0', 'r1']);
    for (const { failure, text, usage, simulated } of results) {
      expect(failure).toBeUndefined();
      expect(text).not.toBe('');
      expect(usage?.output).toBeGreaterThan(0);
      expect(simulated).toBe(true);
    }
  });

  it('is asked after ever less often', async () => {
    const statuses = [...Array(12).fill('in_progress'), 'completed'];
    const server = await batchServer({ statuses });
    const { options, clock } = setUp(server.origin, ['one']);
    await answerOffline(options);
    expect(clock.slept.map((ms) => Math.round(ms / 1000))).toEqual([5, 8, 11, 17, 25, 38, 57, 60, 60, 60, 60, 60]);
  });

  it.each(['POST /v1/files', 'POST /v1/batches'])('is not begun twice when the answer to %s is lost', async (lost) => {
    const server = await batchServer({ loseAnswerOf: lost });
    const { options, textOf } = setUp(server.origin, ['one', 'two']);
    await expect(answerOffline(options)).rejects.toMatchObject({ code: 'truncated-stream' });
    expect(await answerOffline(options)).toBe(true);
    expect(server.count('POST /v1/files')).toBe(1);
    expect(server.count('POST /v1/batches')).toBe(1);
    expect(textOf()).toEqual({ r0: 'Re: one', r1: 'Re: two' });
  });

  it('goes on at the server when the wait is interrupted, and is picked up, also without its prompts', async () => {
    const server = await batchServer();
    const cancelling = new AbortController();
    const { options, textOf } = setUp(server.origin, ['one', 'two']);
    const onProgress = () => cancelling.abort();
    expect(await answerOffline({ ...options, signal: cancelling.signal, onProgress })).toBe(false);
    expect(textOf()).toEqual({});
    expect(await answerOffline({ ...options, requests: [] })).toBe(true);
    expect(server.count('POST /v1/files')).toBe(1);
    expect(server.count('POST /v1/batches')).toBe(1);
    expect(textOf()).toEqual({ r0: 'Re: one', r1: 'Re: two' });
  });

  it('is cancelled at the server when that is asked, and says so for each request', async () => {
    const server = await batchServer();
    const { options, results } = setUp(server.origin, ['one', 'two']);
    expect(await answerOffline({ ...options, cancel: true })).toBe(true);
    expect(server.count('POST /v1/batches/{id}/cancel')).toBe(1);
    expect(results.map(({ failure }) => failure?.message)).toEqual([
      'The batch batch-1 ended as "cancelled" without an answer to this prompt.',
      'The batch batch-1 ended as "cancelled" without an answer to this prompt.',
    ]);
  });

  it('that the API refuses tells every request why', async () => {
    const server = await batchServer({ statuses: ['validating', 'failed'] });
    const { options, results } = setUp(server.origin, ['one']);
    expect(await answerOffline(options)).toBe(true);
    expect(results[0]?.failure).toMatchObject({
      code: 'bad-request',
      message: expect.stringContaining('line 3 is too long'),
    });
  });

  it('is not taken for one at another address, nor for one that cannot be read', async () => {
    const server = await batchServer();
    const { options } = setUp(server.origin, ['one']);
    writeFileSync(options.statePath, JSON.stringify({ version: 1, baseUrl: 'https://other.example/v1', parts: [] }));
    await expect(answerOffline(options)).rejects.toMatchObject({ code: 'config' });
    writeFileSync(options.statePath, '{"version":');
    await expect(answerOffline(options)).rejects.toMatchObject({ code: 'input' });
    expect(server.asked).toEqual([]);
  });
});
