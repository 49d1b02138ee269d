import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { everythingIn } from '../spawned-cli.ts';
import { Command } from './command.ts';
import { endlessPrompt, shortPrompts } from './prompts.ts';
import { modelName, prepareLiteLlm, prepareLlama, type Server, startLiteLlm, startLlama } from './servers.ts';

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
        Object.fromEntries(command.records(run).map(({ promptId, tokens }) => [promptId, tokens]));
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

    it('says that the model behind it is gone', async () => {
      await model.kill();
      const { code } = await bench('gone', { prompts: shortPrompts.slice(0, 2), args: ['--max-tokens', '4'] });
      expect(code).toBe(3);
      for (const { error } of command.records('gone')) expect(error).toMatchObject({ code: 'server' });
    });
  },
);
