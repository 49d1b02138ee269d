import type http from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { bodyOf, serve, serveTls } from '../../../test/fixtures/loopback-server.ts';
import { createFetchTransport } from '../http/fetch-transport.ts';
import { createUndiciTransport } from '../http/undici-transport.ts';
import { callChat, listModels } from './call.ts';
import type { ChatOutcome, ChatRequest, ChatTarget } from './chat.ts';

const canary = 'canary-key-0123456789';

/** One answer of each protocol, in pieces as its server writes them; the first word comes in the second piece. */
const protocols = {
  anthropic: {
    target: { protocol: 'anthropic', path: '' },
    task: 'chat',
    asked: '/v1/messages',
    type: 'text/event-stream',
    pieces: [
      'event: message_start\ndata: {"type":"message_start","message":{"model":"served","content":[],"usage":{"input_tokens":3,"output_tokens":1}}}\n\n',
      'event: content_block_start\ndata: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}\n\nevent: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hel"}}\n\n',
      'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"lo"}}\n\n',
      'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":2}}\n\nevent: message_stop\ndata: {"type":"message_stop"}\n\n',
    ],
    error: { type: 'error', error: { type: 'overloaded_error', message: `Overloaded ${canary}` }, request_id: 'req_9' },
  },
  ollama: {
    target: { protocol: 'ollama', path: '/v1' },
    task: 'chat',
    asked: '/api/chat',
    type: 'application/x-ndjson',
    pieces: [
      '{"model":"served","created_at":"1","message":{"role":"assistant","content":""},"done":false}\n',
      '{"model":"served","created_at":"2","message":{"role":"assistant","content":"Hel"},"done":false}\n',
      '{"model":"served","created_at":"3","message":{"role":"assistant","content":"lo"},"done":false}\n',
      '{"model":"served","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop","prompt_eval_count":3,"eval_count":2}\n',
    ],
    error: { error: `engine died ${canary}` },
  },
  'databricks chat': {
    target: { protocol: 'databricks', path: '' },
    task: 'chat',
    asked: '/serving-endpoints/m/invocations',
    type: 'text/event-stream',
    pieces: [
      'data: {"trace_id":"t"}\n\n',
      'data: {"model":"served","choices":[{"index":0,"delta":{"content":[{"type":"text","text":"Hel"}]},"finish_reason":null}],"usage":{"prompt_tokens":3,"completion_tokens":1}}\n\n',
      'data: {"model":"served","choices":[{"index":0,"delta":{"content":"lo"},"finish_reason":null}],"usage":{"prompt_tokens":3,"completion_tokens":2}}\n\n',
      'data: {"model":"served","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":null}\n\n',
    ],
    error: { error_code: 'TEMPORARILY_UNAVAILABLE', message: `not now ${canary}` },
  },
  'databricks completions': {
    target: { protocol: 'databricks', path: '' },
    task: 'completions',
    asked: '/serving-endpoints/m/invocations',
    type: 'text/event-stream',
    pieces: [
      ': waiting\n\n',
      'data: {"model":"served","choices":[{"index":0,"text":"Hel","finish_reason":null}]}\n\n',
      'data: {"model":"served","choices":[{"index":0,"text":"lo","finish_reason":null}]}\n\n',
      'data: {"model":"served","choices":[{"index":0,"text":"","finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":2}}\n\ndata: [DONE]\n\n',
    ],
    error: { error_code: 'TEMPORARILY_UNAVAILABLE', message: `not now ${canary}` },
  },
} as const;

const transports = {
  undici: () => createUndiciTransport({ network: { strictSsl: true }, connections: 2 }),
  fetch: () => createFetchTransport(),
};

async function call(
  create: () => ReturnType<typeof createFetchTransport>,
  target: ChatTarget,
  more: Partial<ChatRequest> & { timeoutMs?: number; onText?: (text: string) => void } = {},
): Promise<ChatOutcome> {
  const { timeoutMs = 5_000, onText, ...request } = more;
  const transport = create();
  onTestFinished(() => transport.close());
  const messages = [{ role: 'user' as const, content: 'Hi' }];
  return callChat(transport, target, { model: 'm', messages, stream: true, ...request }, { timeoutMs, onText });
}

for (const [over, create] of Object.entries(transports)) {
  describe.each(Object.entries(protocols))(
    `over ${over}, a call to %s`,
    (_name, { target, task, asked, type, pieces, error }) => {
      const answer = async (listener: http.RequestListener, more: Parameters<typeof call>[2] = {}) => {
        const { origin } = await serve(listener);
        const key = { endpoint: 'e', origin, key: canary };
        return call(create, { protocol: target.protocol, baseUrl: origin + target.path, key }, { task, ...more });
      };
      const streaming = (response: http.ServerResponse) => response.writeHead(200, { 'content-type': type });

      it('brings text as it comes, tokens, the model, and the key where it belongs', async () => {
        let goOn = () => {};
        let got: http.IncomingMessage | undefined;
        const deltas: string[] = [];
        const outcome = await answer(
          async (incoming, response) => {
            await bodyOf(incoming);
            got = incoming;
            streaming(response).write(pieces[0]);
            setTimeout(() => response.write(pieces[1]), 20);
            goOn = () => response.end(pieces[2] + pieces[3]);
          },
          // The rest is sent once the first word has arrived: it was not held back.
          { onText: (text) => deltas.push(text) === 1 && goOn() },
        );
        expect(outcome).toMatchObject({
          failure: undefined,
          text: 'Hello',
          chunks: 2,
          finishReason: 'stop',
          servedModel: 'served',
          usage: { input: 3, output: 2 },
        });
        expect(deltas).toEqual(['Hel', 'lo']);
        expect(got?.url).toBe(asked);
        expect(got?.headers[target.protocol === 'anthropic' ? 'x-api-key' : 'authorization']).toContain(canary);
      });

      it('keeps what came when the connection is cut, and is whole when only the end is missing', async () => {
        const cut = (parts: readonly string[]) =>
          answer((_incoming, response) => {
            streaming(response).write(parts.join(''));
            setTimeout(() => response.destroy(), 10);
          });
        expect(await cut(pieces.slice(0, 2))).toMatchObject({ text: 'Hel', failure: { code: 'truncated-stream' } });
        expect(await cut(pieces)).toMatchObject({ text: 'Hello', failure: undefined });
      });

      it('ends at its time limit when the server drips or falls silent', async () => {
        const outcome = await answer((_incoming, response) => void streaming(response).write(pieces[0] + pieces[1]), {
          timeoutMs: 100,
        });
        expect(outcome).toMatchObject({ text: 'Hel', failure: { code: 'timeout', status: 200 } });
      });

      it('shows the words of an error without the key in them, before the stream and in it', async () => {
        const before = await answer((_incoming, response) => void response.writeHead(503).end(JSON.stringify(error)));
        expect(before.failure).toMatchObject({ code: 'server', status: 503 });
        const frame =
          type === 'text/event-stream' ? `data: ${JSON.stringify(error)}\n\n` : `${JSON.stringify(error)}\n`;
        const within = await answer(
          (_incoming, response) => void streaming(response).end(pieces[0] + pieces[1] + frame),
        );
        expect(within).toMatchObject({ text: 'Hel', failure: { code: 'stream-error', status: 200 } });
        for (const { failure } of [before, within]) {
          expect(failure?.message).toContain('[redacted]');
          expect(failure?.message).not.toContain(canary);
        }
      });

      it('takes a web page for no answer', async () => {
        const outcome = await answer((_incoming, response) => void streaming(response).end('<html>sign in</html>'));
        expect(outcome.failure).toMatchObject({ code: 'malformed', status: 200 });
      });
    },
  );

  describe(`over ${over}, a call to a custom model`, () => {
    it('is answered at once, the served model named in a header', async () => {
      let body: unknown;
      const { origin } = await serve(async (incoming, response) => {
        body = JSON.parse(await bodyOf(incoming));
        response.writeHead(200, { 'content-type': 'application/json', 'served-model-name': 'my-model-3' });
        response.end('{"predictions":[{"answer":"Hello"}]}');
      });
      const pyfunc = { input: 'dataframe_records', column: 'q' } as const;
      const outcome = await call(create, { protocol: 'databricks', baseUrl: origin }, { task: 'pyfunc', pyfunc });
      expect(body).toEqual({ dataframe_records: [{ q: 'Hi' }] });
      expect(outcome).toMatchObject({
        failure: undefined,
        text: 'Hello',
        chunks: 1,
        servedModel: 'my-model-3',
        usage: undefined,
        finishReason: undefined,
      });
      expect(outcome.times.firstToken).toBe(outcome.times.lastToken);
    });

    it('says what its author must know', async () => {
      const { origin } = await serve((_incoming, response) => {
        response.writeHead(400, { 'content-type': 'application/json' });
        response.end(
          '{"error_code":"BAD_REQUEST","message":"Failed to enforce schema of data. Error: Model is missing inputs [\'question\']."}',
        );
      });
      const { failure } = await call(create, { protocol: 'databricks', baseUrl: origin }, { task: 'pyfunc' });
      expect(failure).toMatchObject({ code: 'bad-request', message: expect.stringContaining('pyfuncColumn') });
    });
  });
}

it('lists the models of Anthropic and Ollama, and says that Databricks’ are listed elsewhere', async () => {
  const transport = createFetchTransport();
  onTestFinished(() => transport.close());
  const { origin } = await serve((incoming, response) => {
    const list = incoming.url === '/api/tags' ? { models: [{ name: 'a:1b' }] } : { data: [{ id: 'claude' }] };
    response.writeHead(incoming.url === '/other' ? 404 : 200).end(JSON.stringify(list));
  });
  const list = (protocol: 'anthropic' | 'ollama' | 'databricks') =>
    listModels(transport, { protocol, baseUrl: origin }, { timeoutMs: 5_000 });
  expect(await list('anthropic')).toEqual([{ id: 'claude' }]);
  expect(await list('ollama')).toEqual([{ id: 'a:1b' }]);
  await expect(list('databricks')).rejects.toMatchObject({ code: 'not-found' });
});

it('sends a workspace’s token to no server whose certificate nobody trusts, though the person switched that check off', async () => {
  const keys: unknown[] = [];
  const { origin } = await serveTls((incoming, response) => {
    keys.push(incoming.headers.authorization);
    response.end('{"choices":[{"message":{"content":"Hello"},"finish_reason":"stop"}]}');
  });
  const create = () => createUndiciTransport({ network: { strictSsl: false }, connections: 1 });
  const key = { endpoint: 'e', origin, key: canary };
  const { failure } = await call(create, { protocol: 'databricks', baseUrl: origin, key }, {});
  expect(failure?.code).toBe('tls');
  expect(keys).toEqual([]);
  expect((await call(create, { protocol: 'openai', baseUrl: origin, key }, {})).text).toBe('Hello');
});
