// A server on this machine that answers what a test wants.
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Loopback {
  readonly origin: string;
  readonly port: number;
  /** Requests so far. */
  readonly asked: readonly IncomingMessage[];
  stop(): void;
}

/** Answers a path (its query included) with JSON; 404 where there is none. */
export async function startLoopback(answers: Readonly<Record<string, unknown>>): Promise<Loopback> {
  const asked: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    asked.push(request);
    const answer = answers[request.url ?? ''];
    response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer ?? { error: { message: 'not found' } }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    port,
    asked,
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}
