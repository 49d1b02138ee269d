import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Command } from './command.ts';
import { prepareOllama, startOllama } from './ollama-server.ts';
import { endlessPrompt, shortPrompts } from './prompts.ts';
import { modelName, prepareLlama, type Server } from './servers.ts';

const llama = await prepareLlama();
const prepared = 'bin' in llama ? prepareOllama(llama.bin) : llama;
const { missing } = prepared;

describe.skipIf(missing !== undefined)(missing === undefined ? 'Ollama' : `skipped: ${missing}`, () => {
  let command: Command;
  let server: Server;
  const endpoint = (more: object = {}) => ({
    id: 'ollama',
    protocol: 'ollama' as const,
    baseUrl: new URL(server.baseUrl).origin,
    models: [modelName],
    ...more,
  });

  beforeAll(async () => {
    command = new Command();
    if ('program' in prepared) server = await startOllama(prepared);
  });
  afterAll(async () => {
    command?.remove();
    await server?.kill();
  });

  it('is measured by its own protocol and by those that it imitates, in one run', async () => {
    const models = [modelName];
    const { origin } = new URL(server.baseUrl);
    const { code } = await command.benchAll('protocols', {
      endpoints: [
        endpoint(),
        { id: 'chat', baseUrl: server.baseUrl, models },
        { id: 'responses', protocol: 'openai-responses', baseUrl: server.baseUrl, models },
        { id: 'messages', protocol: 'anthropic', baseUrl: origin, models },
      ],
      prompts: shortPrompts.slice(0, 2),
      args: ['--concurrency', '1', '--max-tokens', '8', '--adaptive-timeout', '--max-retries', '2'],
    }).ended;
    expect(code).toBe(0);
    const records = command.records('protocols');
    expect(records).toHaveLength(8);
    const inputs = new Map<string, Set<number>>();
    for (const { promptId, status, tokens, times } of records) {
      expect({ status, source: tokens?.source }).toEqual({ status: 'ok', source: 'server' });
      expect(times.firstToken).toBeLessThan(times.lastToken!);
      inputs.set(promptId, (inputs.get(promptId) ?? new Set()).add(tokens!.input));
    }
    // Whichever way a prompt comes, it counts it alike.
    expect([...inputs.values()].map(({ size }) => size)).toEqual([1, 1]);
  });

  it('answers a data set; of a prompt that is too long it says so instead of cutting it', async () => {
    const { code, rows } = await command.ask('too-long', {
      endpoint: endpoint(),
      prompts: [shortPrompts[0]!, endlessPrompt],
      args: ['--max-tokens', '4', '--concurrency', '1'],
    });
    expect(code).toBe(3);
    expect(rows[0]).toMatchObject({ tokens: { output: 4, source: 'server' }, attempts: [{ status: 200 }] });
    expect(rows[1]).toMatchObject({ error: { code: 'context-too-long', status: 400 } });
  });

  it('says how to fetch a model that it does not have', async () => {
    const { code, rows } = await command.ask('unknown', {
      endpoint: endpoint({ models: ['nobody'] }),
      prompts: shortPrompts.slice(0, 1),
    });
    expect(code).toBe(3);
    expect(rows[0]!.error).toMatchObject({ code: 'not-found', message: expect.stringContaining('ollama pull nobody') });
  });
});
