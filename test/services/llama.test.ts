import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { everythingIn } from '../spawned-cli.ts';
import { Command } from './command.ts';
import { endlessPrompt, shortPrompts } from './prompts.ts';
import { modelName, prepareLlama, type Server, startLlama } from './servers.ts';

const prepared = await prepareLlama();
const { missing } = prepared;

describe.skipIf(missing !== undefined)(missing === undefined ? 'llama.cpp' : `skipped: ${missing}`, () => {
  const bin = 'bin' in prepared ? prepared.bin : '';
  let command: Command;
  let server: Server;
  const ask = async (path: string, body?: object): Promise<any> => {
    const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
    return (await fetch(`http://127.0.0.1:${server.port}${path}`, init)).json();
  };
  /** The server's own count. */
  const tokensOf = async (content: string): Promise<number> =>
    (await ask('/tokenize', { content, add_special: true, parse_special: true })).tokens.length;

  beforeAll(async () => {
    command = new Command();
    server = await startLlama(bin);
  });
  afterAll(async () => {
    command?.remove();
    await server?.kill();
  });

  describe('a benchmark of streamed answers', () => {
    it('has every answer with the times and tokens of a real model', async () => {
      const args = ['--concurrency', '3', '--max-tokens', '32', '--warmup', '2'];
      const { code, stdout, stderr } = await command.bench('streamed', {
        baseUrl: server.baseUrl,
        models: [modelName],
        prompts: shortPrompts,
        args,
      }).ended;
      expect(stderr).not.toMatch(/simulated/i);
      expect(stdout).not.toMatch(/simulated/i);
      expect(code).toBe(0);

      const records = command.records('streamed');
      expect(records).toHaveLength(shortPrompts.length + 2);
      for (const record of records) {
        const { times, tokens, answer, chunks = 0 } = record;
        expect(record).toMatchObject({ status: 'ok', model: modelName, tokens: { source: 'server' } });
        expect(record.simulated).toBeUndefined();
        expect(record.attempts).toHaveLength(1);
        expect(record.finishReason).toMatch(/^(stop|length)$/);
        expect(tokens!.output).toBeGreaterThan(2);
        expect(tokens!.output).toBeLessThanOrEqual(32);
        expect(chunks).toBeGreaterThan(1);
        expect(chunks).toBeLessThanOrEqual(tokens!.output);
        expect(times.sent).toBeLessThanOrEqual(times.headers!);
        expect(times.headers).toBeLessThanOrEqual(times.firstToken!);
        expect(times.firstToken).toBe(times.firstVisible);
        expect(times.firstToken).toBeLessThan(times.lastToken!);
        expect(times.lastToken).toBeLessThanOrEqual(times.end);
        expect(record.costUsd).toBeCloseTo((tokens!.input + 2 * tokens!.output) / 1e6, 12);
        expect(answer!.trim()).not.toBe('');
      }
    });

    it('counts the tokens that the tokenizer of the model counts', async () => {
      for (const { promptId, tokens, answer, finishReason } of command.records('streamed')) {
        const content = shortPrompts[Number(promptId.slice(1))]!;
        const { prompt } = await ask('/apply-template', { messages: [{ role: 'user', content }] });
        expect(tokens!.input).toBe(await tokensOf(prompt));
        // The mark that ends an answer is a token too. Text can be cut into tokens in more than one way.
        const visible = tokens!.output - (finishReason === 'stop' ? 1 : 0);
        expect(Math.abs((await tokensOf(answer!)) - visible)).toBeLessThanOrEqual(2);
      }
    });

    it('is summed up without warm-up, with a time to first token before the end of the answer', () => {
      const summary = command.summary('streamed');
      const [model] = summary.models;
      expect(summary.simulated).toBe(false);
      expect(model!.counts).toEqual({ requests: 12, ok: 12, error: 0, warmup: 2 });
      expect(model!.tokens.source).toBe('server');
      expect(model!.ttftMs!.n).toBe(12);
      expect(model!.ttftMs!.p50).toBeLessThan(model!.e2eMs!.p50);
      expect(model!.tpotMs!.p50).toBeGreaterThan(0);
      expect(model!.outputTokensPerSecond).toBeGreaterThan(0);
    });

    it('makes reports in every format, none of which calls it simulated', async () => {
      for (const format of ['html', 'md', 'json', 'csv']) {
        const { code, stdout } = await command.run(['report', 'streamed', '--format', format]);
        expect(code).toBe(0);
        expect(stdout).toContain(modelName);
        if (format === 'html' || format === 'md') expect(stdout).not.toMatch(/simulated/i);
        if (format === 'json') expect(JSON.parse(stdout)).toMatchObject({ manifest: { simulated: false } });
        if (format === 'csv') {
          const [header, ...rows] = stdout.trim().split(/\r?\n/);
          expect(header).toMatch(/,simulated$/);
          expect(rows.filter((row) => row.endsWith(',false'))).toHaveLength(shortPrompts.length + 2);
        }
      }
    });
  });

  it('has tokens but no time to first token when answers are asked for whole', async () => {
    const { code } = await command.bench('whole', {
      baseUrl: server.baseUrl,
      models: [modelName],
      prompts: shortPrompts.slice(0, 4),
      args: ['--concurrency', '2', '--max-tokens', '16', '--no-stream'],
    }).ended;
    expect(code).toBe(0);
    for (const record of command.records('whole')) {
      expect(record).toMatchObject({ status: 'ok', tokens: { source: 'server' } });
      expect(record.times.firstToken).toBe(record.times.lastToken);
      expect(record.answer!.trim()).not.toBe('');
    }
    const [model] = command.summary('whole').models;
    expect(model!.ttftMs).toBeUndefined();
    expect(model!.e2eMs!.n).toBe(4);
  });

  it('gives the same answers streamed and whole', async () => {
    const byPrompt = new Map(command.records('streamed').map(({ promptId, answer }) => [promptId, answer!]));
    for (const { promptId, answer } of command.records('whole')) {
      // Computed together with other requests, the last digits differ, and with them a later word.
      expect(byPrompt.get(promptId)!.slice(0, 8)).toBe(answer!.slice(0, 8));
    }
  });

  it('keeps more requests in flight than the server works on at once', async () => {
    const { code } = await command.bench('queued', {
      baseUrl: server.baseUrl,
      models: [modelName],
      prompts: shortPrompts,
      args: ['--concurrency', '10', '--max-tokens', '4'],
    }).ended;
    expect(code).toBe(0);
    expect(command.records('queued').map(({ status }) => status)).toEqual(shortPrompts.map(() => 'ok'));
  });

  it('outlives the connections that the server closes after a hundred requests', async () => {
    const { code } = await command.bench('long', {
      baseUrl: server.baseUrl,
      models: [modelName],
      prompts: shortPrompts.slice(0, 1),
      args: ['--concurrency', '1', '--max-tokens', '1', '--requests', '210'],
    }).ended;
    expect(code).toBe(0);
    expect(command.summary('long').models[0]!.counts).toMatchObject({ ok: 210, error: 0 });
  });

  it('says that a prompt is longer than the context, and measures the others', async () => {
    const { code, stdout } = await command.bench('too-long', {
      baseUrl: server.baseUrl,
      models: [modelName],
      prompts: [endlessPrompt, shortPrompts[0]!],
      args: ['--max-tokens', '8', '--concurrency', '1'],
    }).ended;
    expect(code).toBe(0);
    expect(stdout).toMatch(/context/i);
    const [long, short] = ['p0', 'p1'].map((id) => command.records('too-long').find(({ promptId }) => promptId === id));
    expect(long).toMatchObject({ status: 'error', error: { code: 'context-too-long', status: 400 } });
    expect(long!.error!.message).toMatch(/exceeds the available context size \(512 tokens\)/);
    expect(long!.tokens).toBeUndefined();
    expect(short!.status).toBe('ok');
  });

  it('records under the name that was asked for, as the server takes any name for its only model', async () => {
    const { code } = await command.bench('other-name', {
      baseUrl: server.baseUrl,
      models: ['no-such-model'],
      prompts: shortPrompts.slice(0, 2),
      args: ['--max-tokens', '4'],
    }).ended;
    expect(code).toBe(0);
    for (const record of command.records('other-name')) {
      expect(record).toMatchObject({ status: 'ok', model: 'no-such-model' });
    }
  });

  describe('with a key', () => {
    const key = 'right-4c11d0a97e';
    const wrongKey = 'wrong-b2f07715cc';
    let guarded: Server;
    beforeAll(async () => {
      guarded = await startLlama(bin, { key });
    });
    afterAll(() => guarded?.kill());
    const bench = (run: string, used?: string) =>
      command.bench(run, {
        baseUrl: guarded.baseUrl,
        models: [modelName],
        prompts: shortPrompts.slice(0, 2),
        args: ['--max-tokens', '4'],
        ...(used === undefined ? {} : { key: used }),
      }).ended;

    it('answers to the right one, which is written nowhere', async () => {
      const { code, stdout, stderr } = await bench('right-key', key);
      expect(code).toBe(0);
      expect(command.records('right-key').map(({ status }) => status)).toEqual(['ok', 'ok']);
      expect(stdout + stderr + everythingIn(command.path('right-key'))).not.toContain(key);
    });

    it('refuses a wrong one and none, which is an error of authentication and exit code 3', async () => {
      for (const [run, used] of [
        ['wrong-key', wrongKey],
        ['no-key', undefined],
      ] as const) {
        const { code, stdout, stderr } = await bench(run, used);
        expect(code).toBe(3);
        expect(stderr).toMatch(/Check the API key of this endpoint/);
        for (const record of command.records(run)) {
          expect(record).toMatchObject({ status: 'error', error: { code: 'auth', status: 401 } });
          expect(record.error!.message).toContain('Invalid API Key');
        }
        expect(stdout + stderr + everythingIn(command.path(run))).not.toContain(wrongKey);
      }
    });
  });

  describe('that goes down', () => {
    let mortal: Server | undefined;
    afterEach(async () => {
      await mortal?.kill();
      mortal = undefined;
    });
    /** Waits until the server has sent so many tokens of an answer that it is still at work on. */
    const answering = async (port: number, tokens: number) => {
      for (;;) {
        const slots = (await (await fetch(`http://127.0.0.1:${port}/slots`)).json()) as any[];
        const decoded = (slot: any) => [slot.next_token].flat()[0]?.n_decoded ?? 0;
        if (slots.some((slot) => slot.is_processing && decoded(slot) >= tokens)) return;
        await delay(20);
      }
    };

    it('leaves what was answered, a cut-off stream, and refused connections', async () => {
      mortal = await startLlama(bin);
      const { ended } = command.bench('killed', {
        baseUrl: mortal.baseUrl,
        models: [modelName],
        prompts: ['Say yes.', ...Array.from({ length: 11 }, (_, n) => `Write a long story about ${n + 2} friends.`)],
        args: ['--concurrency', '2', '--max-tokens', '300', '--seed', '1'],
      });
      await command.stored('killed', 1);
      await answering(mortal.port, 5);
      await mortal.kill();
      const { code, stdout } = await ended;
      expect(code).toBe(0);

      const records = command.records('killed');
      expect(records).toHaveLength(12);
      const errors = records.filter(({ status }) => status === 'error');
      expect(errors.length).toBeLessThan(12);
      expect(new Set(errors.map(({ error }) => error!.code))).toEqual(new Set(['truncated-stream', 'connect']));
      const cut = errors.filter(({ error }) => error!.code === 'truncated-stream');
      expect(cut.length).toBeLessThanOrEqual(2);
      expect(cut.some(({ answer }) => answer)).toBe(true);
      expect(cut[0]!.times.firstToken).toBeLessThan(cut[0]!.times.end);
      for (const { error } of errors) expect(error!.message).toMatch(/closed the connection|refused the connection/);
      expect(command.summary('killed').models[0]!.errors).toEqual({
        connect: errors.length - cut.length,
        'truncated-stream': cut.length,
      });
      expect(stdout).toMatch(/truncated-stream/);
    });

    it('is asked for the rest, and only for that, when it is up again and the run is taken up', async () => {
      mortal = await startLlama(bin);
      const { port } = mortal;
      const running = command.bench('resumed', {
        baseUrl: mortal.baseUrl,
        models: [modelName],
        prompts: shortPrompts,
        args: ['--concurrency', '2', '--max-tokens', '32'],
      });
      await command.stored('resumed', 3);
      running.interrupt();
      const { code, stderr } = await running.ended;
      await mortal.kill();
      expect(code).toBe(130);
      expect(stderr).toContain('tierwise resume resumed');
      const before = readFileSync(command.path('resumed', 'records.jsonl'), 'utf8');
      const done = command.records('resumed').length;
      expect(done).toBeGreaterThanOrEqual(3);
      expect(done).toBeLessThan(12);

      mortal = await startLlama(bin, { port });
      expect((await command.run(['resume', 'resumed'])).code).toBe(0);
      expect(readFileSync(command.path('resumed', 'records.jsonl'), 'utf8').startsWith(before)).toBe(true);
      const records = command.records('resumed');
      expect(new Set(records.map(({ promptId }) => promptId)).size).toBe(12);
      expect(records.map(({ status, session }) => [status, session])).toEqual([
        ...Array.from({ length: done }, () => ['ok', undefined]),
        ...Array.from({ length: 12 - done }, () => ['ok', 1]),
      ]);
      expect(command.summary('resumed').models[0]!.counts).toMatchObject({ requests: 12, ok: 12, error: 0 });
    });
  });
});
