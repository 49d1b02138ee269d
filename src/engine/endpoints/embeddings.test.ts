import type http from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { bodyOf, freePort, serve } from '../../../test/fixtures/loopback-server.ts';
import type { Protocol } from '../../core/catalog/protocol.ts';
import { createUndiciTransport } from '../http/undici-transport.ts';
import type { ChatTarget } from './chat.ts';
import { callEmbeddings, type EmbeddingOptions, type EmbeddingRequest } from './embeddings.ts';

const canary = 'canary-key-0123456789';

function transport() {
  const created = createUndiciTransport({ network: { strictSsl: true }, connections: 2 });
  onTestFinished(() => created.close());
  return created;
}

/** What a text becomes: its length and its first letter, so that a wrong order shows. */
const vector = (text: string) => [text.length, text.charCodeAt(0), 0.5];

interface Asked {
  readonly url: string | undefined;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: { input: string[] } & Record<string, unknown>;
}

/** A server that embeds, or answers what `answer` says, and remembers what it was asked. */
async function embedder(answer: (asked: Asked, response: http.ServerResponse) => unknown = openAi) {
  const asked: Asked[] = [];
  const server = await serve(async (incoming, response) => {
    const one = {
      url: incoming.url,
      headers: incoming.headers,
      body: JSON.parse(await bodyOf(incoming)) as Asked['body'],
    };
    asked.push(one);
    const body = answer(one, response);
    if (!response.writableEnded) response.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  return { origin: server.origin, asked };
}

const openAi = ({ body }: Asked) => ({
  object: 'list',
  data: body.input.map((text, index) => ({ object: 'embedding', index, embedding: vector(text) })),
  model: 'embed-1',
  usage: { prompt_tokens: 2 * body.input.length, total_tokens: 2 * body.input.length },
});

function embed(
  origin: string,
  input: readonly string[],
  more: Partial<EmbeddingRequest & EmbeddingOptions & ChatTarget> = {},
) {
  const { protocol = 'openai', baseUrl = `${origin}/v1`, apiVersion, key, timeoutMs = 5_000, ...rest } = more;
  const { batchSize, signal, maxBytes, ...request } = rest;
  return callEmbeddings(
    transport(),
    { protocol, baseUrl, apiVersion, key: key ?? { endpoint: 'e', origin, key: canary } },
    { model: 'm', input, ...request },
    { timeoutMs, batchSize, signal, maxBytes },
  );
}

describe('embeddings', () => {
  it('come in the order of the texts, with tokens, the model and moments', async () => {
    const { origin, asked } = await embedder((one) => {
      const answer = openAi(one);
      return { ...answer, data: answer.data.toReversed() };
    });
    const outcome = await embed(origin, ['a', 'bb', 'ccc']);
    expect(outcome).toMatchObject({
      results: [{ vector: vector('a') }, { vector: vector('bb') }, { vector: vector('ccc') }],
      inputTokens: 6,
      servedModel: 'embed-1',
      calls: [{ from: 0, count: 3, status: 200, failure: undefined, inputTokens: 6 }],
    });
    const { sent, headers = 0, end } = outcome.calls[0]?.times ?? { sent: 0, end: -1 };
    expect(headers).toBeGreaterThanOrEqual(sent);
    expect(end).toBeGreaterThanOrEqual(headers);
    expect(asked).toMatchObject([
      {
        url: '/v1/embeddings',
        headers: { authorization: `Bearer ${canary}` },
        body: { model: 'm', input: ['a', 'bb', 'ccc'] },
      },
    ]);
    expect(Object.keys(asked[0]?.body ?? {}).sort()).toEqual(['input', 'model']);
  });

  it('are asked for in batches of a size', async () => {
    const { origin, asked } = await embedder();
    const texts = ['a', 'bb', 'ccc', 'dddd', 'eeeee'];
    const outcome = await embed(origin, texts, { batchSize: 2 });
    expect(asked.map(({ body }) => body.input)).toEqual([['a', 'bb'], ['ccc', 'dddd'], ['eeeee']]);
    expect(outcome.results).toEqual(texts.map((text) => ({ vector: vector(text) })));
    expect(outcome.calls.map(({ from, count }) => [from, count])).toEqual([
      [0, 2],
      [2, 2],
      [4, 1],
    ]);
    expect(outcome.inputTokens).toBe(10);
  });

  it('of nothing need no request', async () => {
    expect(await embed('http://127.0.0.1:1', [])).toEqual({
      results: [],
      calls: [],
      inputTokens: 0,
      servedModel: undefined,
    });
  });

  it('may travel as base64 of 32-bit floats', async () => {
    const { origin, asked } = await embedder(({ body }) => ({
      data: body.input.map((text, index) => ({
        index,
        embedding: Buffer.from(Float32Array.from(vector(text)).buffer).toString('base64'),
      })),
    }));
    const outcome = await embed(origin, ['a', 'bb'], { encoding: 'base64', dimensions: 3 });
    expect(outcome.results).toEqual([{ vector: vector('a') }, { vector: vector('bb') }]);
    expect(outcome.inputTokens).toBeUndefined();
    expect(asked[0]?.body).toMatchObject({ encoding_format: 'base64', dimensions: 3 });
  });

  it('need no index where the server sends them in order', async () => {
    const { origin } = await embedder(({ body }) => ({
      data: body.input.map((text) => ({ embedding: vector(text) })),
    }));
    expect((await embed(origin, ['a', 'bb'])).results).toEqual([{ vector: vector('a') }, { vector: vector('bb') }]);
  });
});

describe('one bad text', () => {
  const bad = (asked: Asked, response: http.ServerResponse) => {
    if (!asked.body.input.includes('bad')) return openAi(asked);
    response.writeHead(400);
    return { error: { message: "This model's maximum context length is 512 tokens" } };
  };

  it('costs only itself: its batch is sent again text by text', async () => {
    const { origin, asked } = await embedder(bad);
    const outcome = await embed(origin, ['a', 'bb', 'ccc', 'bad', 'e', 'ff'], { batchSize: 2 });
    expect(outcome.results).toMatchObject([
      { vector: vector('a') },
      { vector: vector('bb') },
      { vector: vector('ccc') },
      { failure: { code: 'context-too-long', status: 400 } },
      { vector: vector('e') },
      { vector: vector('ff') },
    ]);
    expect(outcome.servedModel).toBe('embed-1');
    expect((await embed(origin, ['a', 'bad'], { batchSize: 1 })).servedModel).toBe('embed-1');
    asked.splice(-2);
    expect(asked.map(({ body }) => body.input.join())).toEqual(['a,bb', 'ccc,bad', 'ccc', 'bad', 'e,ff']);
    expect(outcome.calls.map(({ failure }) => failure?.code)).toEqual([
      undefined,
      'context-too-long',
      undefined,
      'context-too-long',
      undefined,
    ]);
    expect(outcome.inputTokens).toBe(10);
  });

  it('is not looked for where the fault is not in the texts', async () => {
    for (const [status, code] of [
      [401, 'auth'],
      [404, 'not-found'],
      [429, 'rate-limited'],
      [503, 'server'],
    ] as const) {
      const { origin, asked } = await embedder((_asked, response) => {
        response.writeHead(status);
        return {};
      });
      const outcome = await embed(origin, ['a', 'bb', 'ccc'], { batchSize: 2 });
      expect(outcome.results.map(({ failure }) => failure?.code)).toEqual([code, code, code]);
      expect(asked).toHaveLength(2);
    }
  });

  it('is looked for where a server breaks over it, or answers less than was asked', async () => {
    const breaking = await embedder((asked, response) => {
      if (asked.body.input.includes('bad')) response.writeHead(500);
      return openAi(asked);
    });
    expect((await embed(breaking.origin, ['bad', 'a'])).results).toMatchObject([
      { failure: { code: 'server', status: 500 } },
      { vector: vector('a') },
    ]);
    const single = await embedder((asked) => ({ data: openAi(asked).data.slice(0, 1) }));
    expect((await embed(single.origin, ['a', 'bb'])).results).toEqual([
      { vector: vector('a') },
      { vector: vector('bb') },
    ]);
  });
});

describe('an answer that is no embeddings', () => {
  for (const [name, body] of [
    ['a web page', '<!doctype html><title>Sign in</title>'],
    ['cut off', '{"data":[{"embed'],
    ['empty', ''],
    ['of another kind', '{"choices":[]}'],
    ['one without a vector', '{"data":[{"index":0}]}'],
    ['with an empty vector', '{"data":[{"index":0,"embedding":[]}]}'],
    ['with words in a vector', '{"data":[{"index":0,"embedding":[1,"x"]}]}'],
    ['with null in a vector', '{"data":[{"index":0,"embedding":[1,null]}]}'],
    ['with broken base64', '{"data":[{"index":0,"embedding":"*"}]}'],
    ['with base64 of half a float', '{"data":[{"index":0,"embedding":"AAA="}]}'],
    ['with too many vectors', '{"data":[{"index":0,"embedding":[1]},{"index":1,"embedding":[1]}]}'],
    ['with an index of its own', '{"data":[{"index":3,"embedding":[1]}]}'],
  ] as const) {
    it(`${name} is malformed`, async () => {
      const { origin } = await embedder(() => body);
      const { results, inputTokens } = await embed(origin, ['a']);
      expect(results).toMatchObject([{ failure: { code: 'malformed', status: 200 } }]);
      expect(inputTokens).toBe(0);
    });
  }

  it('with vectors of different lengths is malformed', async () => {
    const { origin } = await embedder(({ body }) => ({
      data: body.input.map((_text, index) => ({ index, embedding: Array(index + 1).fill(1) })),
    }));
    expect((await embed(origin, ['a', 'b'])).calls[0]?.failure).toMatchObject({
      code: 'malformed',
      message: expect.stringMatching(/different lengths/),
    });
  });

  it('but an error under status 200 says so, without the key', async () => {
    const { origin } = await embedder(() => ({ error: { message: `no ${canary}` } }));
    const outcome = await embed(origin, ['a']);
    expect(outcome.results).toMatchObject([
      { failure: { code: 'server', message: expect.stringContaining('no [redacted]') } },
    ]);
    expect(JSON.stringify(outcome)).not.toContain(canary);
  });
});

describe('a call for embeddings', () => {
  it('does not reject because of the endpoint', async () => {
    const nobody = `http://127.0.0.1:${await freePort()}`;
    expect((await embed(nobody, ['a'])).results).toMatchObject([{ failure: { code: 'connect' } }]);
    const silent = await serve(() => {});
    expect((await embed(silent.origin, ['a', 'b'], { timeoutMs: 40 })).results).toMatchObject([
      { failure: { code: 'timeout' } },
      { failure: { code: 'timeout' } },
    ]);
    const { origin } = await embedder();
    const cancelled = await embed(origin, ['a'], { signal: AbortSignal.abort() });
    expect(cancelled.results).toMatchObject([{ failure: { code: 'cancelled' } }]);
    expect((await embed(origin, ['a'], { maxBytes: 20 })).results).toMatchObject([{ failure: { code: 'too-large' } }]);
  });

  it('keeps the key to its own origin', async () => {
    const { origin, asked } = await embedder();
    await embed(origin, ['a'], { key: { endpoint: 'e', origin: 'https://elsewhere.example', key: canary } });
    expect(asked[0]?.headers).not.toHaveProperty('authorization');
  });

  it('needs a batch size from 1 on, and a protocol that has embeddings', async () => {
    for (const batchSize of [0, -1, 1.5, Number.NaN]) {
      await expect(embed('http://127.0.0.1:1', ['a'], { batchSize })).rejects.toMatchObject({ code: 'usage' });
    }
    await expect(embed('http://127.0.0.1:1', ['a'], { protocol: 'anthropic' })).rejects.toMatchObject({
      code: 'config',
    });
  });

  for (const [name, protocol, path, apiVersion, model, url, header, body] of [
    ['OpenAI', 'openai', '/v1', undefined, 'm', '/v1/embeddings', 'authorization', { model: 'm', dimensions: 3 }],
    ['OpenAI responses', 'openai-responses', '/v1', undefined, 'm', '/v1/embeddings', 'authorization', { model: 'm' }],
    ['Azure', 'azure-openai', '', undefined, 'm', '/openai/v1/embeddings', 'api-key', { model: 'm', dimensions: 3 }],
    [
      'Azure of a dated version',
      'azure-openai',
      '',
      '2024-10-21',
      'my m',
      '/openai/deployments/my%20m/embeddings?api-version=2024-10-21',
      'api-key',
      { dimensions: 3 },
    ],
    [
      'Databricks',
      'databricks',
      '',
      undefined,
      'databricks-gte-large-en',
      '/serving-endpoints/databricks-gte-large-en/invocations',
      'authorization',
      { instruction: 'Find:', dimensions: 3 },
    ],
    [
      'the gateway of Databricks',
      'databricks',
      '',
      undefined,
      'system.ai.gte',
      '/ai-gateway/mlflow/v1/embeddings',
      'authorization',
      { model: 'system.ai.gte' },
    ],
  ] as const) {
    it(`speaks to ${name}`, async () => {
      const { origin, asked } = await embedder();
      const outcome = await embed(origin, ['a'], {
        protocol: protocol satisfies Protocol,
        baseUrl: origin + path,
        apiVersion,
        model,
        dimensions: 3,
        instruction: 'Find:',
      });
      expect(outcome.results).toEqual([{ vector: vector('a') }]);
      expect(asked[0]).toMatchObject({ url, body: { input: ['a'], ...body } });
      expect(asked[0]?.headers[header]).toContain(canary);
      expect('model' in (asked[0]?.body ?? {})).toBe('model' in body);
      expect('instruction' in (asked[0]?.body ?? {})).toBe(protocol === 'databricks');
    });
  }

  it('speaks to Ollama, which is asked not to cut texts in silence', async () => {
    const { origin, asked } = await embedder(({ body }) => ({
      model: 'nomic-embed-text',
      embeddings: body.input.map(vector),
      total_duration: 14143917,
      prompt_eval_count: 8,
    }));
    for (const path of ['', '/api', '/v1']) {
      expect(await embed(origin, ['a', 'bb'], { protocol: 'ollama', baseUrl: origin + path })).toMatchObject({
        results: [{ vector: vector('a') }, { vector: vector('bb') }],
        inputTokens: 8,
        servedModel: 'nomic-embed-text',
      });
    }
    expect(asked.map(({ url }) => url)).toEqual(['/api/embed', '/api/embed', '/api/embed']);
    expect(asked[0]?.body).toEqual({ model: 'm', input: ['a', 'bb'], truncate: false });
  });

  it('names what Ollama refuses', async () => {
    const { origin } = await embedder((_asked, response) => {
      response.writeHead(400);
      return { error: 'the input length exceeds the context length' };
    });
    expect((await embed(origin, ['a'], { protocol: 'ollama', baseUrl: origin })).results).toMatchObject([
      { failure: { code: 'context-too-long' } },
    ]);
  });
});
