import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { text } from 'node:stream/consumers';

/** What llama.cpp says in the last event of an answer about its own work, ms. */
export interface ServerTimings {
  readonly prompt_n: number;
  readonly prompt_ms: number;
  readonly predicted_n: number;
  readonly predicted_ms: number;
  readonly predicted_per_token_ms: number;
}

/** A request and its answer as they passed by. */
export interface Tapped {
  /** The client's `x-request-id`. */
  readonly id: string | undefined;
  readonly path: string;
  readonly asked: any;
  /** Requests on the same connection before it. */
  readonly before: number;
  readonly status: number;
  /** The answer's events as JSON, or the whole answer as the only one. */
  readonly events: readonly any[];
  readonly timings: ServerTimings | undefined;
}

/** Stands between a client and a server, passes everything on as it comes, and keeps it. */
export interface Tap {
  /** In place of the server's. */
  readonly baseUrl: string;
  readonly tapped: readonly Tapped[];
  close(): Promise<void>;
}

/** @param upstream the server's base URL, http */
export async function startTap(upstream: string): Promise<Tap> {
  const { origin, pathname } = new URL(upstream);
  const tapped: Tapped[] = [];
  const served = new Map<Socket, number>();
  // llama.cpp closes its connections without saying so; ours to it are never used twice.
  const agent = new Agent({ keepAlive: false });

  async function pass(asking: IncomingMessage, answering: ServerResponse): Promise<void> {
    const before = served.get(asking.socket) ?? 0;
    served.set(asking.socket, before + 1);
    const asked = await text(asking);
    const { host: _, connection: __, ...headers } = asking.headers;
    const passed = request(origin + asking.url, { agent, method: asking.method, headers });
    passed.end(asked);
    const [answer] = (await once(passed, 'response')) as [IncomingMessage];
    const { connection: ___, 'keep-alive': ____, ...answered } = answer.headers;
    answering.writeHead(answer.statusCode ?? 502, answered).flushHeaders();
    const parts: Buffer[] = [];
    for await (const part of answer) {
      parts.push(part);
      answering.write(part);
    }
    const events = eventsOf(Buffer.concat(parts).toString());
    // Before the client sees the end, so that whoever has its answer finds it here.
    tapped.push({
      id: asking.headers['x-request-id']?.toString(),
      path: asking.url ?? '',
      asked: asked === '' ? undefined : JSON.parse(asked),
      before,
      status: answer.statusCode ?? 502,
      events,
      timings: events.findLast((event) => event?.timings)?.timings,
    });
    answering.end();
  }

  const server = createServer((asking, answering) => {
    pass(asking, answering).catch(() => answering.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}${pathname}`,
    tapped,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function eventsOf(body: string): any[] {
  if (!body.startsWith('data:')) return [JSON.parse(body)];
  const lines = body.split('\n').filter((line) => line.startsWith('data: '));
  return lines.filter((line) => line !== 'data: [DONE]').map((line) => JSON.parse(line.slice(6)));
}
