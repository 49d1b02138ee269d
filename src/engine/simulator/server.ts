import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Protocol } from '../../core/catalog/protocol.ts';
import { Failure } from '../../core/failure.ts';
import { Answering } from './answering.ts';
import { Batches } from './batches.ts';
import type { Dialect, Vendor } from './dialect.ts';
import { openAiVendor } from './dialects/openai.ts';
import { checkFaults, type Faults } from './faults.ts';
import { faultyReply, refusalOf } from './faulty-reply.ts';
import { type Lateness, Pacer } from './pacer.ts';
import { play, type Stage } from './player.ts';
import { instrumentProfiles, type SimulatedProfile, simulatedProfiles } from './profiles.ts';
import { bodyOf, honestHeaders, jsonReply, plainReply, type Reply, refusalReply } from './reply.ts';
import { faultOf, Refusal, readRequest } from './request.ts';
import { routeOf } from './routes.ts';
import type { TruthEntry } from './truth.ts';

/** Largest body that is read, in bytes. */
export const bodyLimit = 16 * 1024 * 1024;

export interface SimulatorOptions {
  /** 0 or absent: any free port. */
  readonly port?: number | undefined;
  /** An integer; same seed, same delays, texts and errors. Default 1. */
  readonly seed?: number | undefined;
  /** 1: real time (default); 10: ten times faster. */
  readonly speed?: number | undefined;
  /** Instead of small, medium and large. `instant` and `paced` always answer. */
  readonly profiles?: readonly SimulatedProfile[] | undefined;
  /** True: `GET /v1/models` lists `instant` and `paced` as well. */
  readonly listInstruments?: boolean | undefined;
  /** Faults of all requests; one that names its own, by model suffix or header, meets only those. */
  readonly faults?: Faults | undefined;
  /** When set, `/v1` asks for `Authorization: Bearer <apiKey>`. */
  readonly apiKey?: string | undefined;
  /** Called once for each well-formed request, when its answer has ended. */
  readonly truth?: ((entry: TruthEntry) => void) | undefined;
}

/** Where each protocol finds the simulated endpoint: base URLs as a configuration has them. */
export type SimulatorAddresses = Readonly<Record<Exclude<Protocol, 'vscode-lm'>, string>>;

export interface Simulator {
  /** `http://127.0.0.1:PORT/v1`. */
  readonly baseUrl: string;
  /** `http://127.0.0.1:PORT`. */
  readonly origin: string;
  readonly addresses: SimulatorAddresses;
  /** The models that `GET /v1/models` lists. */
  readonly models: readonly SimulatedProfile[];
  /** How late its own paced tokens were so far. */
  lateness(): Lateness;
  /** Stops, cutting open streams. Resolves when every socket is closed and every truth entry is out. */
  close(): Promise<void>;
}

/**
 * Starts the simulated endpoint on 127.0.0.1. It speaks OpenAI (chat, completions, responses, embeddings, batches), Azure
 * OpenAI, Anthropic, Ollama and Databricks, side by side on one port. Every answer says that it is simulated: a header, a
 * field of every body and chunk, and the beginning of every visible text. Throws a Failure: `usage` for options that
 * cannot be, `local` when the port cannot be had.
 */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const { port = 0, seed = 1, speed = 1, profiles = simulatedProfiles, faults = {} } = options;
  checkOptions({ port, seed, speed, profiles });
  checkFaults(faults);
  const instruments = instrumentProfiles.filter(({ id }) => !profiles.some((profile) => profile.id === id));
  const listed = options.listInstruments === true ? [...profiles, ...instruments] : profiles;
  const byId = new Map([...profiles, ...instruments].map((profile) => [profile.id, profile]));
  const stage: Stage = { pacer: new Pacer(), playing: new Set() };
  const answering = new Answering(seed, speed);
  let ownPort = port;
  const now = () => performance.timeOrigin + performance.now();

  const answer = (
    http: IncomingMessage,
    response: ServerResponse,
    { dialect, model }: { readonly dialect: Dialect; readonly model?: string | undefined },
    body: string,
    startMs: number,
  ) => {
    const request = readRequest(dialect, body, { model, headers: http.headers }, byId);
    const { vendor } = dialect;
    const { plan, drawn } = answering.plan(request, vendor, clientRequestId(http), performance.timeOrigin + startMs);
    const fault = faultOf(request, faults, drawn);
    const seen = { credential: credentialIn(http.headers, vendor), port: ownPort };
    const reply = fault === undefined ? plainReply(plan) : faultyReply(fault, plan, seen);
    play(response, reply, stage, startMs, ({ tokens, aborted, ...played }) => {
      options.truth?.({
        requestId: plan.requestId,
        model: request.profile.id,
        stream: request.stream,
        receivedMs: performance.timeOrigin + startMs,
        ...played,
        inputTokens: request.inputTokens,
        outputTokens: tokens,
        wrong: drawn.wrong && tokens > 0,
        fault,
        aborted: aborted || undefined,
        plannedTtftMs: drawn.ttftMs,
      });
    });
  };

  /** One line of a batch: answered as a request of its own would be, at once and without an entry in the truth. */
  const batches = new Batches((url, body) => {
    const { dialect, vendor = openAiVendor } = routeOf(url, {}) ?? {};
    try {
      if (dialect === undefined) throw nothingAt(url);
      const request = readRequest(dialect, body, { headers: {} }, byId);
      const { plan, drawn } = answering.plan({ ...request, stream: false }, vendor, undefined, now());
      const fault = faultOf(request, faults, drawn);
      if (fault === undefined) return { status: 200, requestId: plan.requestId, body: JSON.parse(bodyOf(plan)) };
      throw refusalOf(fault, { credential: undefined, port: ownPort }) ?? new Refusal(500, `Failed by ${fault}.`);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { ...vendor.refuse(error), requestId: 'req-refused' };
    }
  }, now);

  const server = createServer({ keepAliveTimeout: 65_000 }, (http, response) => {
    const startMs = performance.now();
    const { url = '/', headers } = http;
    const send = (reply: Reply) => play(response, reply, stage, startMs, () => {});
    let vendor: Vendor = openAiVendor;
    const refuse = (error: unknown) => {
      if (!(error instanceof Refusal)) throw error;
      http.resume();
      send(refusalReply(vendor, error, clientRequestId(http) ?? 'req-refused'));
    };
    try {
      if (url === '/health') return send(jsonReply(200, { status: 'ok' }));
      const route = routeOf(url, headers);
      if (route !== undefined) {
        vendor = route.vendor;
        checkKey(http, vendor, options.apiKey);
      }
      const { dialect, list, batch } = route ?? {};
      if (list !== undefined) {
        allow(http, 'GET');
        return send(jsonReply(200, list(listed)));
      }
      if (dialect !== undefined) allow(http, 'POST');
      else if (batch === undefined) throw nothingAt(url);
      readBody(http, (body) => {
        try {
          if (dialect !== undefined)
            answer(http, response, { dialect, model: route?.model }, body().toString(), startMs);
          else send(batches.respond(http.method ?? 'GET', batch ?? '', headers['content-type'], body()));
        } catch (error) {
          refuse(error);
        }
      });
    } catch (error) {
      refuse(error);
    }
  });
  server.on('clientError', (_error, socket) => {
    if (!socket.writable) {
      socket.destroy();
      return;
    }
    const marks = Object.entries(honestHeaders).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.end(`HTTP/1.1 400 Bad Request\r\n${marks.join('')}content-length: 0\r\nconnection: close\r\n\r\n`);
  });

  ownPort = await listen(server, port);
  const origin = `http://127.0.0.1:${ownPort}`;
  return {
    baseUrl: `${origin}/v1`,
    origin,
    addresses: {
      openai: `${origin}/v1`,
      'openai-responses': `${origin}/v1`,
      'azure-openai': origin,
      anthropic: origin,
      ollama: origin,
      databricks: origin,
    },
    models: listed,
    lateness: () => stage.pacer.lateness(),
    close: () =>
      new Promise((resolve) => {
        for (const cut of stage.playing) cut();
        server.close(() => resolve());
        server.closeAllConnections();
        stage.pacer.stop();
      }),
  };
}

function checkOptions(options: {
  port: number;
  seed: number;
  speed: number;
  profiles: readonly SimulatedProfile[];
}): void {
  const { port, seed, speed, profiles } = options;
  const wrong = (message: string) => new Failure({ code: 'usage', message });
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw wrong(`The port must be a whole number from 0 to 65535, not ${port}. 0 takes any free port.`);
  }
  if (!Number.isSafeInteger(seed)) throw wrong(`The seed must be a whole number, not ${seed}.`);
  if (!(speed > 0 && speed <= 1000)) throw wrong(`The speed must be above 0 and at most 1000, not ${speed}.`);
  const ids = new Set<string>();
  for (const { id } of profiles) {
    if (id === '' || id.includes('+')) throw wrong(`A model cannot be called "${id}": the name holds a fault or none.`);
    if (ids.has(id)) throw wrong(`Two simulated models are called "${id}". Give each its own name.`);
    ids.add(id);
  }
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const why = cause.code === 'EADDRINUSE' ? 'it is in use' : cause.message;
      const message = `Cannot listen on 127.0.0.1:${port}: ${why}. Choose another port, or 0 for any free one.`;
      reject(new Failure({ code: 'local', message }, { cause }));
    });
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

function checkKey(http: IncomingMessage, vendor: Vendor, apiKey: string | undefined): void {
  if (apiKey === undefined) return;
  for (const [name, prefix] of Object.entries(vendor.keyHeaders)) {
    if (http.headers[name] === prefix + apiKey) return;
  }
  throw new Refusal(401, 'The API key is missing or wrong. Send the key that the simulator was started with.', {
    code: 'invalid_api_key',
  });
}

/** The header that carries the key, as it came. */
function credentialIn(headers: IncomingHttpHeaders, vendor: Vendor): string | undefined {
  for (const name of Object.keys(vendor.keyHeaders)) {
    const value = headers[name];
    if (typeof value === 'string') return value;
  }
  return undefined;
}

function nothingAt(url: string): Refusal {
  const [path = '/'] = url.split('?');
  return new Refusal(404, `There is nothing at ${path.slice(0, 200)}. POST to /v1/chat/completions.`, {
    code: 'unknown_url',
  });
}

function allow(http: IncomingMessage, method: string): void {
  if (http.method === method) return;
  throw new Refusal(405, `Use ${method} here, not ${http.method}.`, { code: 'method_not_allowed' });
}

/** Calls `done` when the body has ended, with a reader that throws a Refusal when it was over the limit. */
function readBody(http: IncomingMessage, done: (body: () => Buffer) => void): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  http.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    // The rest is read and dropped: a client that is still sending would see a reset instead of the refusal.
    if (bytes <= bodyLimit) chunks.push(chunk);
    else chunks.length = 0;
  });
  http.once('end', () =>
    done(() => {
      if (bytes > bodyLimit) throw new Refusal(413, `The body is over ${bodyLimit} bytes. Shorten the messages.`);
      return Buffer.concat(chunks);
    }),
  );
}

function clientRequestId(http: IncomingMessage): string | undefined {
  const id = http.headers['x-request-id'];
  return typeof id === 'string' && id !== '' ? id.slice(0, 200) : undefined;
}
