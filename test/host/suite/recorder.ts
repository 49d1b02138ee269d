// A server on this machine that remembers everything that reaches it: a stranger's, or the person's own.
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Recorded {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export type Answer = (request: Recorded, response: ServerResponse) => void;

export interface Recorder {
  /** `http://127.0.0.1:port`. */
  readonly origin: string;
  readonly port: number;
  readonly requests: readonly Recorded[];
  /** Sockets accepted so far: also of who never came to ask, because he spoke TLS or was refused. */
  readonly connections: number;
  /** What it answers from now on. */
  answer: Answer;
  /** Forgets what it has seen. */
  forget(): void;
  stop(): void;
}

/** Starts one; as long as nothing else is said, it answers a chat. */
export async function startRecorder(answer: Answer = chatAnswer()): Promise<Recorder> {
  const requests: Recorded[] = [];
  let connections = 0;
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const { method = '', url = '', headers } = request;
    const recorded = { method, url, headers, body };
    requests.push(recorded);
    recorder.answer(recorded, response);
  });
  // What a proxy is asked for.
  server.on('connect', ({ method = '', url = '', headers }, socket) => {
    requests.push({ method, url, headers, body: '' });
    socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
  });
  server.on('connection', (socket) => {
    connections += 1;
    socket.on('error', () => socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const recorder: Recorder = {
    origin: `http://127.0.0.1:${port}`,
    port,
    requests,
    get connections() {
      return connections;
    },
    answer,
    forget() {
      requests.length = 0;
      connections = 0;
      // Else a request of later could come over a socket of now, which nobody would count.
      server.closeAllConnections();
    },
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
  return recorder;
}

/** A streamed chat completion with these words, and JSON for whoever asks for a list of models. */
export function chatAnswer(text = 'Ulaanbaatar.', headers: Readonly<Record<string, string>> = {}): Answer {
  return ({ method, body }, response) => {
    if (method === 'GET') {
      json({ object: 'list', data: [{ id: 'first' }, { id: 'second' }] }, headers)(response);
      return;
    }
    if (!/"stream": ?true/.test(body)) {
      const message = { role: 'assistant', content: text };
      json({ choices: [{ message, finish_reason: 'stop' }], usage }, headers)(response);
      return;
    }
    response.writeHead(200, { ...headers, 'content-type': 'text/event-stream' });
    for (const part of text.match(/[\s\S]{1,7}/g) ?? []) event(response, { choices: [{ delta: { content: part } }] });
    event(response, { choices: [{ delta: {}, finish_reason: 'stop' }], usage });
    response.end('data: [DONE]\n\n');
  };
}

const usage = { prompt_tokens: 9, completion_tokens: 4, total_tokens: 13 };

/** One server-sent event. */
export function event(response: ServerResponse, data: object, name?: string): void {
  response.write(`${name === undefined ? '' : `event: ${name}\n`}data: ${JSON.stringify(data)}\n\n`);
}

export function json(
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
  status = 200,
): (response: ServerResponse) => void {
  return (response) => {
    response.writeHead(status, { ...headers, 'content-type': 'application/json' });
    response.end(JSON.stringify(value));
  };
}
