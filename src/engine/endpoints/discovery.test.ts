import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { freePort, serve, serveRaw } from '../../../test/fixtures/loopback-server.ts';
import { createFetchTransport } from '../http/fetch-transport.ts';
import { type DiscoverOptions, discoverLocal } from './discovery.ts';

/** A server that answers what it knows with 200 and JSON, and the rest with 404; it remembers what it was asked. */
async function serving(
  answers: Readonly<Record<string, unknown>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ port: number; asked: http.IncomingMessage[] }> {
  const asked: http.IncomingMessage[] = [];
  const { port } = await serve((request, response) => {
    asked.push(request);
    const answer: any = answers[request.url ?? ''] ?? answers['*'] ?? { status: 404, json: { error: 'not found' } };
    const { status, json } = answer.status ? answer : { status: 200, json: answer };
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(json));
  });
  return { port, asked };
}

async function discover(ports: readonly number[], options: DiscoverOptions = {}) {
  const transport = createFetchTransport();
  onTestFinished(() => transport.close());
  return discoverLocal(transport, { ports, ...options });
}

const list = (...data: object[]) => ({ object: 'list', data });
const openAiError = { error: { message: 'Invalid API key', type: 'authentication_error', code: 401 } };

describe('discovery of local servers', () => {
  it('finds Ollama by its version and tags', async () => {
    const { port } = await serving({
      '/v1/models': list({ id: 'llama3.2:latest', object: 'model', owned_by: 'library' }),
      '/api/version': { version: '0.12.6' },
      '/api/tags': { models: [{ name: 'llama3.2:latest', model: 'llama3.2:latest' }, { name: 'qwen3:8b' }, 7] },
    });
    expect(await discover([port])).toEqual([
      {
        kind: 'ollama',
        name: 'Ollama',
        protocol: 'ollama',
        baseUrl: `http://127.0.0.1:${port}`,
        models: [{ id: 'llama3.2:latest' }, { id: 'qwen3:8b' }],
      },
    ]);
  });

  it('takes a llama.cpp that imitates Ollama’s list for what it is, and the context of one of its slots', async () => {
    const { port } = await serving(
      {
        '/v1/models': list({ id: 'smollm2', object: 'model', owned_by: 'llamacpp', meta: { n_ctx_train: 8192 } }),
        '/api/tags': { models: [{ name: 'smollm2' }] },
        '/props': { default_generation_settings: { n_ctx: 512 }, total_slots: 4 },
      },
      { server: 'llama.cpp' },
    );
    expect(await discover([port])).toMatchObject([
      {
        kind: 'llama.cpp',
        protocol: 'openai',
        baseUrl: `http://127.0.0.1:${port}/v1`,
        models: [{ id: 'smollm2', contextWindow: 512 }],
      },
    ]);
  });

  it('says that a llama.cpp with a key needs it, though it lists its models to anybody', async () => {
    const { port } = await serving(
      {
        '/v1/models': list(
          { id: 'smollm2', meta: { n_ctx: 512, n_ctx_train: 8192 } },
          { id: 'of-an-older-one', meta: { n_ctx_train: 8192 } },
        ),
        '/props': { status: 401, json: openAiError },
      },
      { server: 'llama.cpp' },
    );
    const models = [
      { id: 'smollm2', contextWindow: 512 },
      { id: 'of-an-older-one', contextWindow: 8192 },
    ];
    expect(await discover([port])).toMatchObject([{ kind: 'llama.cpp', models, needsKey: true }]);
  });

  it('finds LM Studio by its own list, with the context that is loaded', async () => {
    const { port } = await serving({
      '/v1/models': list({ id: 'qwen', object: 'model', owned_by: 'organization_owner' }),
      '/api/v0/models': list(
        { id: 'qwen', type: 'llm', state: 'loaded', max_context_length: 131072, loaded_context_length: 4096 },
        { id: 'nomic', type: 'embeddings', state: 'not-loaded', max_context_length: 2048 },
      ),
      // It answers 200 to what it does not know.
      '*': { error: 'Unexpected endpoint or method.' },
    });
    expect(await discover([port])).toMatchObject([
      {
        kind: 'lm-studio',
        protocol: 'openai',
        models: [
          { id: 'qwen', contextWindow: 4096 },
          { id: 'nomic', contextWindow: 2048, task: 'embeddings' },
        ],
      },
    ]);
  });

  it('finds vLLM by the owner of its models, and behind a key by its version', async () => {
    const open = await serving({ '/v1/models': list({ id: 'qwen', owned_by: 'vllm', max_model_len: 32768 }) });
    const keyed = await serving({
      '/v1/models': { status: 401, json: { error: 'Unauthorized' } },
      '/version': { version: '0.11.0' },
    });
    expect(await discover([open.port, keyed.port])).toMatchObject([
      { kind: 'vllm', models: [{ id: 'qwen', contextWindow: 32768 }] },
      { kind: 'vllm', models: [], needsKey: true },
    ]);
  });

  it('finds LiteLLM by its liveliness, before and behind a key', async () => {
    const alive = { '/health/liveliness': "I'm alive!" };
    const open = await serving({ ...alive, '/v1/models': list({ id: 'gpt', owned_by: 'vllm' }) });
    const keyed = await serving({ ...alive, '/v1/models': { status: 401, json: openAiError } });
    const stumbling = await serving({ ...alive, '/v1/models': { status: 500, json: 'Internal Server Error' } });
    expect(await discover([open.port, keyed.port, stumbling.port])).toMatchObject([
      { kind: 'litellm', models: [{ id: 'gpt' }] },
      { kind: 'litellm', models: [], needsKey: true },
      { kind: 'litellm', models: [], needsKey: true },
    ]);
  });

  it('finds what speaks as OpenAI does without having a name', async () => {
    const { port } = await serving({ '/v1/models': list({ id: 'one' }, { id: 'one' }, { id: 'bad\u202Ename' }) });
    expect(await discover([port])).toMatchObject([{ kind: 'openai-compatible', models: [{ id: 'one' }] }]);
  });

  it('finds one that refuses in OpenAI’s words', async () => {
    const { port } = await serving({ '*': { status: 401, json: openAiError } });
    expect(await discover([port])).toMatchObject([{ kind: 'openai-compatible', models: [], needsKey: true }]);
  });

  it('passes over other programs', async () => {
    const page = await serve((_, response) => {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Jenkins</h1>');
    });
    const locked = await serve((_, response) => {
      response.writeHead(401, { 'www-authenticate': 'Basic' }).end('Sign in');
    });
    const lockedApi = await serving({ '*': { status: 401, json: { error: 'Unauthorized' } } });
    const api = await serving({ '*': { data: [{ id: 'a user' }] } });
    const redirecting = await serve((_, response) => {
      response.writeHead(302, { location: `http://127.0.0.1:${api.port}/v1/models` }).end();
    });
    const noHttp = await serveRaw((socket) => socket.end('220 mail ESMTP\r\n'));
    const ports = [page, locked, lockedApi, api, redirecting, noHttp].map(({ port }) => port);
    expect(await discover([...ports, await freePort()])).toEqual([]);
    expect(api.asked.length, 'the redirect was not followed').toBeLessThanOrEqual(8);
  });

  it('sends no key, no cookie and no body', async () => {
    const { port, asked } = await serving({ '/v1/models': list({ id: 'one' }) });
    await discover([port]);
    for (const { headers, method } of asked) {
      expect(method).toBe('GET');
      expect(headers).not.toHaveProperty('authorization');
      expect(headers).not.toHaveProperty('cookie');
    }
  });

  it('reaches a server that listens on IPv6 only', async ({ skip }) => {
    const server = http.createServer((_, response) => response.end(JSON.stringify(list({ id: 'six' }))));
    const listening = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false)).listen(0, '::1', () => resolve(true));
    });
    if (!listening) skip('this machine has no IPv6');
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    expect(await discover([port])).toMatchObject([{ baseUrl: `http://[::1]:${port}/v1` }]);
  });

  it('waits for nobody: a silent server and one that never ends do not hold up the others', async () => {
    const silent = await serveRaw(() => {});
    const endless = await serve((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const writing = setInterval(() => response.write(' '.repeat(65_536)), 1);
      response.on('close', () => clearInterval(writing));
    });
    const quick = await serving({ '/v1/models': list({ id: 'one' }) });
    const found = await discover([silent.port, endless.port, quick.port], { timeoutMs: 1_000 });
    expect(found).toMatchObject([{ models: [{ id: 'one' }] }]);
  });

  it('ends when it is cancelled', async () => {
    const silent = await serveRaw(() => {});
    const cancelling = new AbortController();
    const looking = discover([silent.port], { signal: cancelling.signal, timeoutMs: 60_000 });
    cancelling.abort();
    await expect(looking).rejects.toMatchObject({ code: 'cancelled' });
  });
});
