import type http from 'node:http';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { bodyOf, freePort, serve, serveRaw, serveTls } from '../../../test/fixtures/loopback-server.ts';
import { Failure } from '../../core/failure.ts';
import { createFetchTransport } from '../http/fetch-transport.ts';
import type { Transport } from '../http/transport.ts';
import { createUndiciTransport } from '../http/undici-transport.ts';
import { callChat, listModels, maskingKeys } from './call.ts';
import type { ChatOutcome, ChatRequest } from './chat.ts';

const canary = 'canary-key-0123456789';
const request: ChatRequest = { model: 'm', messages: [{ role: 'user', content: 'Hi' }], stream: true };

function closing(transport: Transport): Transport {
  onTestFinished(() => transport.close());
  return transport;
}

const event = (json: unknown) => `data: ${JSON.stringify(json)}\n\n`;
const token = (content: string) => event({ choices: [{ index: 0, delta: { content }, finish_reason: null }] });
const finish = event({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] });
const usage = event({ choices: [], usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 } });
const done = 'data: [DONE]\n\n';

function streaming(response: http.ServerResponse): http.ServerResponse {
  return response.writeHead(200, { 'content-type': 'text/event-stream' });
}

/** Waits until a response was closed from the other side. */
function watchClose(): { on(response: http.ServerResponse): void; closed: Promise<void> } {
  let resolve: () => void = () => {};
  const closed = new Promise<void>((done) => {
    resolve = done;
  });
  return { on: (response) => void response.on('close', resolve), closed };
}

describe.each([
  ['undici', () => closing(createUndiciTransport({ network: { strictSsl: true }, connections: 4 }))],
  ['fetch', () => closing(createFetchTransport())],
])('a chat over %s', (_name, create) => {
  const call = (
    origin: string,
    options: Partial<Parameters<typeof callChat>[3]> & { key?: string; keyOrigin?: string; stream?: boolean } = {},
  ): Promise<ChatOutcome> => {
    const { key, keyOrigin = origin, stream = true, ...rest } = options;
    const target = {
      protocol: 'openai' as const,
      baseUrl: `${origin}/v1`,
      key: key === undefined ? undefined : { endpoint: 'e', origin: keyOrigin, key },
    };
    return callChat(create(), target, { ...request, stream }, { timeoutMs: 5_000, ...rest });
  };

  it('streams: text as it comes, tokens, usage, and moments in their order', async () => {
    let goOn = () => {};
    let got: { url: string | undefined; authorization: string | undefined; body: unknown } | undefined;
    const server = await serve(async (incoming, response) => {
      got = {
        url: incoming.url,
        authorization: incoming.headers.authorization,
        body: JSON.parse(await bodyOf(incoming)),
      };
      streaming(response).write(event({ choices: [{ delta: { role: 'assistant', content: '' } }] }));
      setTimeout(() => response.write(token('Hel')), 30);
      goOn = () => response.end(token('lo') + finish + usage + done);
    });
    const deltas: string[] = [];
    const onText = (text: string) => {
      if (deltas.push(text) === 1) goOn();
    };
    const outcome = await call(server.origin, { key: canary, onText });
    expect(outcome).toMatchObject({
      failure: undefined,
      status: 200,
      text: 'Hello',
      finishReason: 'stop',
      usage: { input: 3, output: 2 },
      chunks: 2,
      simulated: false,
    });
    expect(deltas).toEqual(['Hel', 'lo']);
    expect(got).toEqual({
      url: '/v1/chat/completions',
      authorization: `Bearer ${canary}`,
      body: expect.objectContaining({ model: 'm', stream: true }),
    });
    const { sent, headers = 0, firstToken = 0, firstVisible = 0, lastToken = 0, end } = outcome.times;
    expect([sent, headers, firstToken, lastToken, end]).toEqual(
      [sent, headers, firstToken, lastToken, end].toSorted((a, b) => a - b),
    );
    expect(firstVisible).toBe(firstToken);
    // The role chunk came with the headers, and the second token was sent when the first had arrived.
    expect(firstToken).toBeGreaterThan(headers);
    expect(lastToken).toBeGreaterThan(firstToken);
  });

  it('keeps every word of an answer when the key is short or a placeholder', async () => {
    const answer = 'EMPTY or none: tök ollama test sk-no-key-required';
    for (const key of ['t', 'none', 'ollama', 'EMPTY', 'test', 'sk-no-key-required']) {
      const server = await serve((_request, response) => streaming(response).end(token(answer) + finish + done));
      expect(await call(server.origin, { key })).toMatchObject({ failure: undefined, text: answer });
    }
  });

  it('serves many calls under one signal without a warning', async () => {
    const warnings: string[] = [];
    const note = (warning: Error) => warnings.push(warning.message);
    process.on('warning', note);
    onTestFinished(() => void process.off('warning', note));
    const server = await serve((_request, response) => streaming(response).end(token('x') + finish));
    const { signal } = new AbortController();
    const all = await Promise.all(Array.from({ length: 20 }, () => call(server.origin, { signal })));
    await new Promise((resolve) => setImmediate(resolve));
    expect(all.every((one) => one.text === 'x')).toBe(true);
    expect(warnings).toEqual([]);
  });

  it('takes a whole answer, asked for or not, and says that it was simulated', async () => {
    const server = await serve((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'x-tierwise-simulated': '1' });
      response.end(
        JSON.stringify({
          choices: [{ message: { content: 'Hello' }, finish_reason: 'stop' }],
          usage: { prompt_tokens: 3, completion_tokens: 1 },
        }),
      );
    });
    for (const stream of [true, false]) {
      const outcome = await call(server.origin, { stream });
      expect(outcome).toMatchObject({
        failure: undefined,
        text: 'Hello',
        usage: { input: 3, output: 1 },
        chunks: 1,
        simulated: true,
      });
      expect(outcome.times.firstToken).toBe(outcome.times.lastToken);
    }
  });

  it('keeps characters whole that the network cuts', async () => {
    const server = await serve(async (_request, response) => {
      streaming(response);
      for (const byte of Buffer.from(token('日💥é') + finish + done)) {
        response.write(Uint8Array.of(byte));
        if (byte > 127) await new Promise((resolve) => setTimeout(resolve, 1));
      }
      response.end();
    });
    expect((await call(server.origin)).text).toBe('日💥é');
  });

  it('stops a stream that never ends at its time limit, and keeps what came', async () => {
    const watch = watchClose();
    const server = await serve((_request, response) => {
      watch.on(streaming(response));
      const timer = setInterval(() => response.write(token('x')), 5);
      response.on('close', () => clearInterval(timer));
    });
    const outcome = await call(server.origin, { timeoutMs: 150 });
    expect(outcome.failure).toMatchObject({
      code: 'timeout',
      status: 200,
      message: expect.stringContaining('within 0.15 s'),
    });
    expect(outcome.text).toMatch(/^x+$/);
    await watch.closed;
  });

  it('stops a stream that never ends at its byte cap', async () => {
    const watch = watchClose();
    const server = await serve((_request, response) => {
      watch.on(streaming(response));
      const timer = setInterval(() => response.write(token('x').repeat(100)), 1);
      response.on('close', () => clearInterval(timer));
    });
    const outcome = await call(server.origin, { maxBytes: 50_000 });
    expect(outcome.failure).toMatchObject({ code: 'too-large', message: expect.stringContaining('50,000 bytes') });
    expect(outcome.chunks).toBeGreaterThan(100);
    await watch.closed;
  });

  it('stops an event that never ends', async () => {
    const server = await serve((_request, response) => {
      streaming(response).write('data: ');
      const timer = setInterval(() => response.write('x'.repeat(1_000_000)), 1);
      response.on('close', () => clearInterval(timer));
    });
    expect((await call(server.origin)).failure).toMatchObject({
      code: 'too-large',
      message: expect.stringContaining('event'),
    });
  });

  it('stops a server that drips, at the time limit', async () => {
    const server = await serve((_request, response) => {
      streaming(response);
      const timer = setInterval(() => response.write(':'), 20);
      response.on('close', () => clearInterval(timer));
    });
    expect((await call(server.origin, { timeoutMs: 120 })).failure?.code).toBe('timeout');
  });

  it('says that a server never answered', async () => {
    const server = await serve(() => {});
    const outcome = await call(server.origin, { timeoutMs: 80 });
    expect(outcome.failure).toMatchObject({ code: 'timeout', message: expect.stringContaining('did not answer') });
    expect(outcome.status).toBeUndefined();
    expect(outcome.times.end).toBeGreaterThan(outcome.times.sent);
  });

  it('is cancelled in the middle and keeps what came', async () => {
    const cancel = new AbortController();
    const watch = watchClose();
    const server = await serve((_request, response) => {
      watch.on(streaming(response));
      response.write(token('half'));
    });
    const outcome = await call(server.origin, {
      signal: cancel.signal,
      onText: () => setTimeout(() => cancel.abort(), 5),
    });
    expect(outcome).toMatchObject({ failure: { code: 'cancelled' }, text: 'half' });
    await watch.closed;
  });

  it('is cancelled before it began', async () => {
    const server = await serve((_request, response) => response.end());
    expect((await call(server.origin, { signal: AbortSignal.abort() })).failure?.code).toBe('cancelled');
    expect(server.connections()).toBe(0);
  });

  it('tells a stream that was cut off from one that lost only its end', async () => {
    const cut = async (parts: string) => {
      const server = await serve((_request, response) => {
        streaming(response).write(parts);
        setTimeout(() => response.destroy(), 10);
      });
      return call(server.origin);
    };
    expect(await cut(token('half'))).toMatchObject({ failure: { code: 'truncated-stream' }, text: 'half' });
    expect(await cut(token('whole') + finish)).toMatchObject({ failure: undefined, text: 'whole' });
    expect(await cut(token('whole') + done)).toMatchObject({ failure: undefined, text: 'whole' });
    expect(await cut(finish)).toMatchObject({ failure: { code: 'truncated-stream' }, text: '' });
  });

  it('does not wait for a server that says [DONE] and does not hang up', async () => {
    const watch = watchClose();
    const server = await serve((_request, response) => {
      watch.on(streaming(response));
      response.write(token('whole') + finish + usage + done);
    });
    expect(await call(server.origin, { timeoutMs: 60_000 })).toMatchObject({
      failure: undefined,
      text: 'whole',
      usage: { output: 2 },
    });
    await watch.closed;
  });

  it('reports an empty answer', async () => {
    const server = await serve((incoming, response) =>
      streaming(response).end(incoming.url === '/v1/chat/completions' ? finish + done : ''),
    );
    expect((await call(server.origin)).failure).toMatchObject({ code: 'empty', status: 200 });
    const silent = await serve((_request, response) => response.writeHead(204).end());
    expect((await call(silent.origin)).failure?.code).toBe('empty');
  });

  it('reports an error in the middle of a stream and keeps the text', async () => {
    const server = await serve((_request, response) =>
      streaming(response).end(token('half') + event({ error: { message: 'engine died' } })),
    );
    expect(await call(server.origin)).toMatchObject({
      failure: { code: 'stream-error', message: expect.stringContaining('engine died') },
      text: 'half',
    });
  });

  it('reports broken events, web pages and plain text as malformed', async () => {
    for (const [type, body] of [
      ['text/event-stream', `${token('half')}data: {oops\n\n`],
      ['text/html', '<!doctype html><title>Sign in</title>'],
      ['text/plain', 'Hello'],
      ['application/json', '{"hello":1}'],
    ] as const) {
      const server = await serve((_request, response) => response.writeHead(200, { 'content-type': type }).end(body));
      expect((await call(server.origin)).failure, body).toMatchObject({ code: 'malformed', status: 200 });
    }
  });

  it('refuses a compressed answer, unpacked it would fill the memory', async () => {
    const server = await serve((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'content-encoding': 'gzip' });
      response.end(gzipSync(Buffer.alloc(50_000_000, 'x')));
    });
    expect((await call(server.origin)).failure).toMatchObject({
      code: 'malformed',
      message: expect.stringContaining('compressed'),
    });
  });

  it('notices a Content-Length that lies', async () => {
    const answer = (length: number, body: string) =>
      serveRaw((socket) =>
        socket.once('data', () =>
          socket.end(
            `HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: ${length}\r\nconnection: close\r\n\r\n${body}`,
          ),
        ),
      );
    expect((await call((await answer(5_000, token('half'))).origin)).failure?.code).toBe('truncated-stream');
    expect((await call((await answer(30, token('half') + finish)).origin)).failure?.code).toBe('truncated-stream');
  });

  it('names a Content-Length that promises more than a complete stream holds', async () => {
    const { length } = token('whole') + finish + done;
    for (const hold of [false, true]) {
      const server = await serve((_request, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream', 'content-length': length + 100 });
        response.write(token('whole') + finish + done);
        if (!hold) setTimeout(() => response.destroy(), 10);
      });
      const { failure, text } = await call(server.origin);
      expect(failure).toMatchObject({ code: 'truncated-stream', message: expect.stringContaining(`sent ${length}`) });
      expect(text).toBe('whole');
    }
  });

  it('says what kind of refusal it met', async () => {
    for (const [status, headers, body, failure] of [
      [401, {}, { error: { message: 'Invalid key' } }, { code: 'auth', status: 401 }],
      [
        404,
        {},
        { error_code: 'RESOURCE_DOES_NOT_EXIST', message: 'No endpoint m' },
        { code: 'not-found', status: 404 },
      ],
      [429, { 'retry-after': '7' }, {}, { code: 'rate-limited', status: 429, retryAfterMs: 7_000 }],
      [
        503,
        { 'retry-after': new Date(Date.now() + 90_000).toUTCString() },
        {},
        { code: 'server', status: 503, retryAfterMs: expect.any(Number) },
      ],
      [
        400,
        {},
        { error: { message: 'x', code: 'context_length_exceeded' } },
        { code: 'context-too-long', status: 400 },
      ],
      [400, {}, { error: { message: 'Unknown parameter: stream_options' } }, { code: 'bad-request', status: 400 }],
    ] as const) {
      const server = await serve((_request, response) => response.writeHead(status, headers).end(JSON.stringify(body)));
      const outcome = await call(server.origin);
      expect(outcome).toMatchObject({ failure, status, text: '' });
      expect(outcome.failure?.message).toContain(`${server.origin}/v1/chat/completions answered ${status}`);
    }
  });

  it('names a refusal as such though its text never ends', async () => {
    const server = await serve((_request, response) => {
      response.writeHead(500);
      const timer = setInterval(() => response.write('error '.repeat(1_000)), 1);
      response.on('close', () => clearInterval(timer));
    });
    expect((await call(server.origin)).failure).toMatchObject({ code: 'server', status: 500 });
    const dripping = await serve((_request, response) => void response.writeHead(401).write('{"error":'));
    expect((await call(dripping.origin, { timeoutMs: 80 })).failure).toMatchObject({ code: 'auth', status: 401 });
  });

  it('does not follow a redirect to another origin, and the key does not arrive there', async () => {
    const arrived: http.IncomingHttpHeaders[] = [];
    const evil = await serve((incoming, response) => {
      arrived.push(incoming.headers);
      response.end();
    });
    for (const status of [301, 302, 303, 307, 308]) {
      const server = await serve((_request, response) =>
        response.writeHead(status, { location: `${evil.origin}/v1` }).end(),
      );
      const { failure } = await call(server.origin, { key: canary });
      expect(failure).toMatchObject({
        code: 'redirect',
        status,
        message: expect.stringContaining(`redirect to ${evil.origin}`),
      });
    }
    expect(arrived).toEqual([]);
  });

  it('does not send a key to another origin than its own, and says so when one is wanted', async () => {
    let authorization: string | undefined;
    const server = await serve((incoming, response) => {
      authorization = incoming.headers.authorization;
      response.writeHead(401).end();
    });
    const { failure } = await call(server.origin, { key: canary, keyOrigin: 'https://elsewhere.example' });
    expect(authorization).toBeUndefined();
    expect(failure).toMatchObject({
      code: 'auth',
      message: expect.stringContaining('belongs to https://elsewhere.example'),
    });
  });

  it('refuses a key that no header can hold, without showing it', async () => {
    const server = await serve((_request, response) => response.end());
    const outcome = await call(server.origin, { key: `${canary}\r\nx-evil: 1` });
    expect(outcome.failure?.code).toBe('auth');
    expect(JSON.stringify(outcome)).not.toContain('canary');
    expect(server.connections()).toBe(0);
  });

  it('never gives back a key that a server echoes', async () => {
    const echoes: ((response: http.ServerResponse) => void)[] = [
      (response) =>
        response.writeHead(401, { 'x-echo': canary }).end(JSON.stringify({ error: { message: `bad key ${canary}` } })),
      (response) => response.writeHead(400).end(`Authorization: Bearer ${canary}`),
      (response) => response.writeHead(500).end(`<title>${Buffer.from(`user:${canary}`).toString('base64')}</title>`),
      (response) => response.writeHead(302, { location: `https://${canary}.example/${canary}` }).end(),
      (response) => response.writeHead(200, { 'content-encoding': canary }).end(),
      (response) => streaming(response).end(event({ error: { message: encodeURIComponent(canary) + canary } })),
      (response) => streaming(response).end(`data: ${canary}\n\n`),
      (response) =>
        streaming(response).end(token(`your key is ${canary.slice(0, 9)}`) + token(canary.slice(9)) + finish + done),
      (response) =>
        streaming(response).end(
          event({ choices: [{ delta: { content: 'x', reasoning: canary }, finish_reason: canary }] }),
        ),
      (response) => response.writeHead(200).end(JSON.stringify({ error: canary })),
    ];
    for (const echo of echoes) {
      const server = await serve((_request, response) => echo(response));
      const outcome = await call(server.origin, { key: canary });
      expect(JSON.stringify(outcome)).not.toContain(canary);
      expect(JSON.stringify(outcome)).not.toContain(Buffer.from(canary).toString('base64').slice(0, 20));
    }
  });

  it('says that nobody answers, and dates the attempt', async () => {
    const outcome = await call(`http://127.0.0.1:${await freePort()}`);
    expect(outcome).toMatchObject({ failure: { code: 'connect' }, status: undefined, chunks: 0 });
    expect(outcome.times.end).toBeGreaterThanOrEqual(outcome.times.sent);
  });

  it('does not trust a self-signed certificate', async () => {
    const server = await serveTls((_request, response) => response.end());
    expect((await call(server.origin, { key: canary })).failure?.code).toBe('tls');
  });

  it('lets an error of the caller through, for it is no failure of the endpoint', async () => {
    const server = await serve((_request, response) => streaming(response).end(token('x') + finish));
    const calling = call(server.origin, {
      onText: () => {
        throw new TypeError('a defect');
      },
    });
    await expect(calling).rejects.toThrow('a defect');
  });

  it('does not take a time limit of years for none', async () => {
    const server = await serve((_request, response) =>
      setTimeout(() => streaming(response).end(token('x') + finish), 20),
    );
    expect((await call(server.origin, { timeoutMs: 1e12 })).failure).toBeUndefined();
  });

  it('lists the models of an endpoint', async () => {
    const server = await serve((incoming, response) => {
      const known =
        incoming.headers.authorization === `Bearer ${canary}` &&
        incoming.url === '/v1/models' &&
        incoming.method === 'GET';
      response.writeHead(known ? 200 : 401).end(JSON.stringify({ data: [{ id: 'a' }, { id: 'b' }] }));
    });
    const target = {
      protocol: 'openai' as const,
      baseUrl: `${server.origin}/v1`,
      key: { endpoint: 'e', origin: server.origin, key: canary },
    };
    expect(await listModels(create(), target, { timeoutMs: 5_000 })).toEqual([{ id: 'a' }, { id: 'b' }]);
    await expect(
      listModels(create(), { protocol: 'openai', baseUrl: target.baseUrl }, { timeoutMs: 5_000 }),
    ).rejects.toMatchObject({
      code: 'auth',
    });
  });

  it('takes the key out of a list that names it', async () => {
    const server = await serve((_request, response) => response.end(JSON.stringify({ data: [{ id: `m-${canary}` }] })));
    const key = { endpoint: 'e', origin: server.origin, key: canary };
    const target = { protocol: 'openai' as const, baseUrl: server.origin, key };
    expect(await listModels(create(), target, { timeoutMs: 5_000 })).toEqual([{ id: 'm-[redacted]' }]);
  });

  it('says that something is no list of models', async () => {
    const server = await serve((_request, response) => response.end('<html>'));
    const listing = listModels(create(), { protocol: 'openai', baseUrl: server.origin }, { timeoutMs: 5_000 });
    await expect(listing).rejects.toBeInstanceOf(Failure);
    await expect(listing).rejects.toMatchObject({
      code: 'malformed',
      message: expect.stringContaining(`${server.origin}/models`),
    });
  });
});

describe('an answer that is shown while it comes', () => {
  const shown = (keys: readonly string[], pieces: readonly string[]): string[] => {
    const out: string[] = [];
    const mask = maskingKeys(keys, (delta) => out.push(delta));
    for (const piece of pieces) mask.push(piece);
    mask.end();
    return out;
  };

  it('shows no key, wherever the pieces are cut', () => {
    const text = `It is ${canary}, canary-key or ${canary}${canary}`;
    for (let size = 1; size <= text.length; size++) {
      const pieces = text.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? [];
      expect(shown([canary], pieces).join('')).toBe('It is [redacted], canary-key or [redacted][redacted]');
    }
  });

  it('keeps back no more than may be the beginning of a key', () => {
    expect(shown([canary], ['a', 'b c', 'anary-'])).toEqual(['a', 'b ', 'canary-']);
    expect(shown([], ['c', 'a'])).toEqual(['c', 'a']);
    // A placeholder is no secret.
    expect(shown(['ollama'], ['oll', 'ama'])).toEqual(['oll', 'ama']);
  });

  it('shows no key of a server that streams it', async () => {
    const server = await serve((_request, response) =>
      streaming(response).end([...canary].map(token).join('') + finish + done),
    );
    let text = '';
    const target = { protocol: 'openai' as const, baseUrl: server.origin };
    await callChat(
      createFetchTransport(),
      { ...target, key: { endpoint: 'e', origin: server.origin, key: canary } },
      request,
      {
        timeoutMs: 5_000,
        onText: (delta) => {
          text += delta;
        },
      },
    );
    expect(text).toBe('[redacted]');
  });

  it('quotes no part of a key that stands where a broken event is cut', async () => {
    const server = await serve((_request, response) =>
      streaming(response).end(`data: {${'x'.repeat(70)} ${canary}\n\n`),
    );
    const key = { endpoint: 'e', origin: server.origin, key: canary };
    const { failure } = await callChat(
      createFetchTransport(),
      { protocol: 'openai', baseUrl: server.origin, key },
      request,
      { timeoutMs: 5_000 },
    );
    expect(failure?.code).toBe('malformed');
    expect(failure?.message).not.toContain(canary.slice(0, 8));
  });
});
