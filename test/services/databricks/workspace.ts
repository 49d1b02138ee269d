import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Behaviour } from './answers.ts';
import { Clock } from './clock.ts';
import { Identity, type OAuthClient, type Principal } from './identity.ts';
import { type Fault, Invocations } from './invocations.ts';
import { type RateLimit, RateLimits } from './limits.ts';
import { Refusal } from './refusals.ts';
import { createRest, type SeenRequest, send } from './rest.ts';
import { sampleEndpoints } from './sample.ts';
import { Serving, type ServingTimes, type WireEndpoint } from './serving.ts';

export interface WorkspaceOptions {
  /** Default: `sampleEndpoints()`. */
  readonly endpoints?: readonly WireEndpoint[];
  /** So many times as fast as the wall's the workspace's clock runs; default 0: only `advance` moves it. */
  readonly clockRate?: number;
  readonly times?: Partial<ServingTimes>;
  /** Speaks HTTPS with these, in PEM. */
  readonly tls?: { readonly key: string; readonly cert: string };
}

/** A stand-in for a Databricks workspace that runs. */
export interface Workspace {
  /** For example `http://127.0.0.1:41234`. */
  readonly host: string;
  /** A personal access token that may do everything. */
  readonly token: string;
  /** A personal access token that may see databricks-gpt-oss-120b but not query it. */
  readonly limitedToken: string;
  readonly oauthClient: OAuthClient;
  readonly identity: Identity;
  readonly serving: Serving;
  /** In the order in which they came. */
  readonly requests: SeenRequest[];
  /** Moves the workspace's clock on; ms. */
  advance(ms: number): void;
  /** Adds to how an endpoint's model answers. */
  behave(endpoint: string, behaviour: Behaviour): void;
  /** Sets the rate limits of an endpoint and forgets what it has admitted. */
  limit(endpoint: string, limit: RateLimit): void;
  /** Lets the next `count` requests to an endpoint's model fail. */
  fail(endpoint: string, fault: Fault, count?: number): void;
  stop(): Promise<void>;
}

/** Of a longer body only this much is kept: enough to see that it is too long; bytes. */
const largestBody = 17 * 1024 * 1024;

/** Documented: an endpoint sleeps after half an hour. The other two are of the size that people report. */
const usualTimes: ServingTimes = { deployMs: 10 * 60_000, coldStartMs: 90_000, idleMs: 30 * 60_000 };

/** Starts a stand-in for a Databricks workspace on loopback. */
export async function startWorkspace({ endpoints, clockRate, times, tls }: WorkspaceOptions = {}): Promise<Workspace> {
  const clock = new Clock(clockRate === undefined ? {} : { rate: clockRate });
  const serving = new Serving(clock, { ...usualTimes, ...times }, endpoints ?? sampleEndpoints());
  const limits = new RateLimits(clock);
  const invocations = new Invocations(clock, serving, limits);
  const token = personalToken();
  const limitedToken = personalToken();
  const oauthClient = { id: randomUUID(), secret: `dose${randomUUID().replaceAll('-', '')}` };
  const people = new Map<string, Principal>([
    [token, { name: 'user@example.com', mayNotQuery: [] }],
    [limitedToken, { name: 'guest@example.com', mayNotQuery: ['databricks-gpt-oss-120b'] }],
  ]);
  const identity = new Identity(clock, people, [oauthClient]);
  const requests: SeenRequest[] = [];
  const sockets = new Set<Socket>();
  let host = '';
  const rest = createRest({ host: () => host, identity, serving, invocations, requests });

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    response.setHeader('x-request-id', randomUUID());
    const { method = 'GET', url: path = '/', headers } = request;
    const seen: SeenRequest = { method, path, headers, body: await readBody(request), status: undefined };
    requests.push(seen);
    response.on('close', () => {
      if (response.headersSent) seen.status = response.statusCode;
    });
    try {
      await rest({ seen, response, signal: gone.signal });
    } catch (error) {
      if (response.headersSent || response.destroyed) response.destroy();
      else if (error instanceof Refusal) send(response, error.status, error.body, error.headers);
      else send(response, 500, { error_code: 'INTERNAL_ERROR', message: String(error) });
    }
  };
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    answer(request, response).catch(() => response.destroy());
  };
  const server = tls ? createTlsServer(tls, listener) : createServer(listener);
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  host = tls ? `https://localhost:${port}` : `http://127.0.0.1:${port}`;

  return {
    host,
    token,
    limitedToken,
    oauthClient,
    identity,
    serving,
    requests,
    advance: (ms) => clock.advance(ms),
    behave(endpoint, behaviour) {
      invocations.behaviours.set(endpoint, { ...invocations.behaviours.get(endpoint), ...behaviour });
    },
    limit: (endpoint, limit) => limits.set(endpoint, limit),
    fail(endpoint, fault, count = 1) {
      invocations.faults.set(endpoint, Array<Fault>(count).fill(fault));
    },
    async stop() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function personalToken(): string {
  return `dapi${randomUUID().replaceAll('-', '')}`;
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    if (bytes <= largestBody) chunks.push(chunk);
    bytes += chunk.length;
  }
  return Buffer.concat(chunks).toString('utf8');
}
