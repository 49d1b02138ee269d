import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { everythingIn } from '../spawned-cli.ts';
import { Command } from './command.ts';
import { endlessPrompt, shortPrompts } from './prompts.ts';
import { limited, modelName, prepareLiteLlm, prepareLlama, type Server, startLiteLlm, startLlama } from './servers.ts';

const llama = await prepareLlama();
const liteLlm = llama.missing === undefined ? await prepareLiteLlm() : llama;
const { missing } = liteLlm;

describe.skipIf(missing !== undefined)(
  missing === undefined ? 'LiteLLM before llama.cpp' : `skipped: ${missing}`,
  () => {
    let command: Command;
    let model: Server;
    let gateway: Server & { readonly key: string };
    const bench = (run: string, options: Partial<Parameters<Command['bench']>[1]> = {}) =>
      command.bench(run, {
        baseUrl: gateway.baseUrl,
        key: gateway.key,
        models: [modelName],
        prompts: shortPrompts,
        ...options,
      }).ended;

    beforeAll(async () => {
      command = new Command();
      const bins = [llama, liteLlm].map((prepared) => ('bin' in prepared ? prepared.bin : ''));
      model = await startLlama(bins[0]!);
      gateway = await startLiteLlm(bins[1]!, model.baseUrl);
    });
    afterAll(async () => {
      command?.remove();
      await gateway?.kill();
      await model?.kill();
    });

    it('passes on streams with the times and tokens of the model, and keeps its key to itself', async () => {
      const { code, stdout, stderr } = await bench('streamed', {
        args: ['--concurrency', '4', '--max-tokens', '32', '--warmup', '2'],
      });
      expect(code).toBe(0);
      const records = command.records('streamed');
      expect(records).toHaveLength(shortPrompts.length + 2);
      for (const { status, error, tokens, times, chunks, simulated, finishReason, answer } of records) {
        expect({ status, error, source: tokens?.source, simulated }).toEqual({ status: 'ok', source: 'server' });
        expect(tokens!.input).toBeGreaterThan(10);
        expect(tokens!.output).toBeGreaterThan(2);
        expect(tokens!.output).toBeLessThanOrEqual(32);
        expect(chunks).toBeLessThanOrEqual(tokens!.output);
        expect(finishReason).toMatch(/^(stop|length)$/);
        expect(answer!.trim()).not.toBe('');
        expect(times.firstToken).toBeLessThan(times.lastToken!);
      }
      expect(stdout + stderr + everythingIn(command.path('streamed'))).not.toContain(gateway.key);
    });

    it('counts the tokens that the model behind it counts', async () => {
      const args = ['--concurrency', '2', '--max-tokens', '1'];
      await bench('through', { args });
      await bench('direct', { baseUrl: model.baseUrl, args });
      const tokensOf = (run: string) =>
        // What of a prompt is in the cache is another matter each time.
        Object.fromEntries(command.records(run).map(({ promptId, tokens: t }) => [promptId, [t!.input, t!.output]]));
      expect(tokensOf('through')).toEqual(tokensOf('direct'));
    });

    it('makes reports that do not call it simulated', async () => {
      for (const format of ['html', 'md']) {
        const { code, stdout } = await command.run(['report', 'streamed', '--format', format]);
        expect(code).toBe(0);
        expect(stdout).toContain(modelName);
        expect(stdout).not.toMatch(/simulated/i);
      }
    });

    it('passes on whole answers', async () => {
      const { code } = await bench('whole', {
        prompts: shortPrompts.slice(0, 3),
        args: ['--max-tokens', '8', '--no-stream'],
      });
      expect(code).toBe(0);
      for (const record of command.records('whole')) {
        expect(record).toMatchObject({ status: 'ok', tokens: { source: 'server' } });
      }
    });

    it('says in its own words that a prompt is too long, that it knows no such model, that the key is wrong', async () => {
      const args = ['--max-tokens', '4'];
      const prompts = shortPrompts.slice(0, 1);
      const failed = async (run: string, options: Partial<Parameters<Command['bench']>[1]>) => {
        expect((await bench(run, { prompts, args, ...options })).code).toBe(3);
        return command.records(run)[0]!.error!;
      };
      expect(await failed('too-long', { prompts: [endlessPrompt] })).toMatchObject({
        code: 'context-too-long',
        message: expect.stringContaining('exceeds the available context size (512 tokens)'),
      });
      expect(await failed('no-model', { models: ['no-such-model'] })).toMatchObject({
        code: 'not-found',
        message: expect.stringContaining('no-such-model'),
      });
      const wrongKey = 'sk-wrong-b2f07715cc';
      expect(await failed('wrong-key', { key: wrongKey })).toMatchObject({ code: 'auth' });
      expect(everythingIn(command.path('wrong-key'))).not.toContain(wrongKey);
    });

    it('makes those who ask too often wait as long as it says, and then answers all of them', async () => {
      const { code, stdout, rows } = await command.ask('limited', {
        endpoint: { id: 'gateway', baseUrl: gateway.baseUrl, key: gateway.key, models: [limited.model] },
        prompts: shortPrompts.slice(0, 2 * limited.requests + 1),
        args: ['--concurrency', '2', '--max-tokens', '4', '--json'],
      });
      expect(code).toBe(0);
      expect(rows.map(({ id, error }) => [id, error])).toEqual(rows.map((_, n) => [`p${n}`, undefined]));
      expect(rows).toHaveLength(2 * limited.requests + 1);
      const saved = rows.filter(({ attempts }) => attempts.length > 1);
      expect(saved.length).toBeGreaterThan(0);
      for (const { attempts, costAtLeast, tokens } of saved) {
        expect(attempts[0]).toMatchObject({ status: 429, error: 'rate-limited' });
        expect(attempts[1]!.waitedMs).toBeGreaterThanOrEqual(limited.windowMs);
        expect(attempts.at(-1)).toMatchObject({ status: 200, timeout: { basis: 'complexity' } });
        // Who is turned away pays nothing.
        expect(costAtLeast).toBeUndefined();
        expect(tokens).toMatchObject({ output: 4, source: 'server' });
      }
      const retries = rows.reduce((sum, { attempts }) => sum + attempts.length - 1, 0);
      expect(JSON.parse(stdout)).toMatchObject({ state: 'complete', answered: rows.length, failed: 0, retries });
    });

    it('turns away for good whoever may not try again', async () => {
      const { code, rows } = await command.ask('not-again', {
        endpoint: { id: 'gateway', baseUrl: gateway.baseUrl, key: gateway.key, models: [limited.model] },
        prompts: shortPrompts.slice(0, 2 * limited.requests + 1),
        args: ['--concurrency', '4', '--max-tokens', '4', '--max-retries', '0'],
      });
      expect(code).toBe(3);
      const failed = rows.filter(({ error }) => error);
      expect(failed.length).toBeGreaterThan(0);
      for (const { error, attempts } of failed) {
        expect(error).toMatchObject({ code: 'rate-limited', status: 429, retryAfterMs: limited.windowMs });
        expect(attempts).toHaveLength(1);
      }
    });

    it('is measured beside the model behind it, by several protocols in one run, with retries and adaptive time limits', async () => {
      const { origin } = new URL(model.baseUrl);
      const models = [modelName];
      const prompts = shortPrompts.slice(0, 4);
      const { code, stdout } = await command.benchAll('protocols', {
        endpoints: [
          { id: 'chat', baseUrl: model.baseUrl, models },
          { id: 'responses', protocol: 'openai-responses', baseUrl: model.baseUrl, models },
          { id: 'messages', protocol: 'anthropic', baseUrl: origin, models },
          { id: 'gateway', baseUrl: gateway.baseUrl, key: gateway.key, models: [limited.model] },
        ],
        prompts,
        args: ['--concurrency', '16', '--max-tokens', '16', '--adaptive-timeout', '--max-retries', '4'],
      }).ended;
      expect(code).toBe(0);
      const records = command.records('protocols');
      expect(records).toHaveLength(4 * prompts.length);
      for (const record of records) {
        expect(record).toMatchObject({ status: 'ok', tokens: { source: 'server' } });
        expect(record.tokens!.output).toBeLessThanOrEqual(16);
        for (const { timeout } of record.attempts) expect(timeout).toMatchObject({ basis: 'complexity' });
      }
      // One model, whoever carries the question to it: it counts the same prompt alike.
      const inputs = new Map<string, Set<number>>();
      for (const { promptId, tokens } of records) {
        inputs.set(promptId, (inputs.get(promptId) ?? new Set()).add(tokens!.input));
      }
      expect([...inputs.values()].map(({ size }) => size)).toEqual(prompts.map(() => 1));

      const retried = records.filter(({ attempts }) => attempts.length > 1);
      expect(retried.length).toBeGreaterThan(0);
      for (const { endpoint, attempts } of retried) {
        expect(endpoint).toBe('gateway');
        expect(attempts[0]).toMatchObject({ status: 429, error: { retryAfterMs: limited.windowMs } });
        expect(attempts[1]!.waitedMs).toBeGreaterThanOrEqual(limited.windowMs);
      }
      const counts = command.summary('protocols').models.map((each) => [each.endpoint, each.counts]);
      expect(counts).toEqual([
        ...['chat', 'responses', 'messages'].map((id) => [id, expect.objectContaining({ ok: 4, error: 0 })]),
        ['gateway', expect.objectContaining({ ok: 4, error: 0, retried: retried.length })],
      ]);
      expect(stdout).toMatch(/needed a retry/);
    });

    it('says that the model behind it is gone', async () => {
      await model.kill();
      const { code } = await bench('gone', { prompts: shortPrompts.slice(0, 2), args: ['--max-tokens', '4'] });
      expect(code).toBe(3);
      for (const { error } of command.records('gone')) expect(error).toMatchObject({ code: 'server' });
    });
  },
);
