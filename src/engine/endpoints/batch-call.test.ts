import { describe, expect, it, onTestFinished } from 'vitest';
import { bodyOf, serve } from '../../../test/fixtures/loopback-server.ts';
import { createUndiciTransport } from '../http/undici-transport.ts';
import { callBatch, hasBatchForm } from './batch-call.ts';
import type { ChatRequest } from './chat.ts';

const canary = 'canary-key-0123456789';

function requests(...texts: string[]): ChatRequest[] {
  return texts.map((content) => ({
    model: 'm',
    task: 'completions',
    messages: [{ role: 'user', content }],
    stream: false,
  }));
}

async function asked(status: number, answer: object) {
  const bodies: unknown[] = [];
  const server = await serve(async (request, response) => {
    bodies.push(JSON.parse(await bodyOf(request)));
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  });
  const transport = createUndiciTransport({ network: { strictSsl: true }, connections: 1 });
  onTestFinished(() => transport.close());
  const target = {
    protocol: 'openai' as const,
    baseUrl: `${server.origin}/v1`,
    key: { endpoint: 'e', origin: server.origin, key: canary },
  };
  const outcome = await callBatch(transport, target, requests('one', 'two'), { timeoutMs: 5_000 });
  return { outcome, bodies };
}

describe('a batch of prompts', () => {
  it('goes in one request; answers come in the order of the prompts, with what all took', async () => {
    const { outcome, bodies } = await asked(200, {
      choices: [
        { index: 1, text: `zwei ${canary}`, finish_reason: 'length' },
        { index: 0, text: 'eins', finish_reason: 'stop' },
      ],
      usage: { prompt_tokens: 7, completion_tokens: 5 },
    });
    expect(bodies).toEqual([{ model: 'm', prompt: ['one', 'two'], stream: false }]);
    expect(outcome).toMatchObject({
      failure: undefined,
      status: 200,
      answers: [
        { text: 'eins', finishReason: 'stop' },
        { text: 'zwei [redacted]', finishReason: 'length' },
      ],
      usage: { input: 7, output: 5 },
    });
  });

  it('fails as a whole when an answer is missing, and when the server refuses it', async () => {
    const missing = await asked(200, { choices: [{ index: 0, text: 'eins' }] });
    expect(missing.outcome).toMatchObject({ failure: { code: 'malformed' }, answers: [] });
    const refused = await asked(401, { error: { message: `wrong key ${canary}` } });
    expect(refused.outcome.failure).toMatchObject({ code: 'auth', status: 401 });
    expect(JSON.stringify(refused.outcome)).not.toContain(canary);
  });

  it('is only there where the protocol has a form for it', async () => {
    expect(hasBatchForm({ protocol: 'openai' }, { task: 'completions' })).toBe(true);
    expect(hasBatchForm({ protocol: 'openai' }, { task: 'chat' })).toBe(false);
    const transport = createUndiciTransport({ network: { strictSsl: true }, connections: 1 });
    onTestFinished(() => transport.close());
    const target = { protocol: 'openai' as const, baseUrl: 'http://127.0.0.1:9/v1' };
    const chats = requests('a', 'b').map((request) => ({ ...request, task: 'chat' as const }));
    await expect(callBatch(transport, target, chats, { timeoutMs: 10 })).rejects.toMatchObject({ code: 'config' });
    await expect(callBatch(transport, target, [], { timeoutMs: 10 })).rejects.toMatchObject({ code: 'usage' });
  });
});
