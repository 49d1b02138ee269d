import type { Dispatcher } from 'undici';
import { Failure } from '../../core/failure.ts';
import type { Network } from '../../protocol/measure.ts';
import { isLoopback } from './base-url.ts';
import { ConnectionClock } from './connection-clock.ts';
import { abortFailure, failureFromNetwork, refuseCompressed, type Stage } from './network-failure.ts';
import { ConnectionReuse, type ConnectionUse } from './reuse.ts';
import type { ResponseHandler, Sent, Transport, TransportRequest } from './transport.ts';

/** Where requests go: straight to loopback, through the proxy, if there is one, to all else. */
interface Routes {
  readonly direct: Dispatcher;
  readonly proxied: Dispatcher;
}

/**
 * The transport for everything measured: undici's dispatch, at most `connections` sockets per origin, no redirects, no
 * decompression, no timeout of its own but the one for connecting (10 s). `sentAt` is taken in `onRequestStart`, which
 * undici calls when it has a connected socket, right before it writes to it; bench/chat-client.ts measures how close.
 * undici is loaded at the first request; only the measuring process and the CLI import this file.
 */
export function createUndiciTransport(options: { network: Network; connections: number }): Transport {
  const proxies = proxiesOf(options.network);
  const { strictSsl } = options.network;
  const unlessSwitchedOff = strictSsl ? {} : { rejectUnauthorized: false };
  const usual = once(() => load(unlessSwitchedOff));
  // Said outright, so that NODE_TLS_REJECT_UNAUTHORIZED does not count either.
  const verified = once(() => load({ rejectUnauthorized: true }));
  let closed = false;
  const reuse = new ConnectionReuse();
  const connecting = new ConnectionClock();

  async function load(tls: { readonly rejectUnauthorized?: boolean }): Promise<Routes> {
    const undici = await import('undici');
    const pool = {
      connections: options.connections,
      pipelining: 1,
      // The caller's signal holds the only clock; undici's would be re-armed at every chunk.
      headersTimeout: 0,
      bodyTimeout: 0,
      // What a proxy opens is not timed: nobody here can tell the parts.
      connect: connecting.timed(undici.buildConnector(tls)),
    };
    const direct = new undici.Agent(pool);
    direct.on('disconnect', (origin, _targets, error) => {
      // Else it was undici that closed it, because we or the server had said so.
      if (error.code !== 'UND_ERR_INFO') reuse.closed(origin.origin);
    });
    const proxied =
      proxies === undefined
        ? direct
        : new undici.EnvHttpProxyAgent({
            ...pool,
            ...proxies,
            // Plain http goes to the proxy as such: many let CONNECT through to port 443 only.
            proxyTunnel: false,
            requestTls: tls,
            // What goes through the tunnel is safe whoever the proxy is.
            proxyTls: unlessSwitchedOff,
            factory: (origin, own) => new undici.Pool(origin, { ...pool, ...own }),
          });
    return { direct, proxied };
  }

  return {
    now: () => performance.now(),
    async send(request, handler) {
      const routes = request.verifyTls ? verified : usual;
      const ready = routes.made() ?? (await routes.make());
      if (closed) throw new Failure({ code: 'cancelled', message: 'The connections are closed already.' });
      const { origin, path, address, loopback } = whereIs(request.url);
      const route = loopback ? ready.direct : ready.proxied;
      // Behind a proxy the connections are the proxy's.
      const use = route === ready.direct ? (reuse.known(address) ?? (await reuse.for(origin, address))) : noUse;
      return new Promise<Sent>((resolve, reject) => {
        const exchange = new Exchange(request, handler, use, connecting, resolve, reject);
        if (exchange.settled) return;
        route.dispatch(
          {
            origin,
            path,
            method: request.method,
            headers: { ...request.headers, 'accept-encoding': 'identity' },
            body: request.body ?? null,
            reset: use.reset,
          },
          exchange,
        );
      });
    },
    async close() {
      closed = true;
      for (const routes of [usual, verified]) {
        const open = await routes.making();
        if (!open) continue;
        await open.direct.destroy();
        if (open.proxied !== open.direct) await open.proxied.destroy();
      }
    },
  };
}

interface Where {
  readonly origin: string;
  readonly path: string;
  /** Without its query. */
  readonly address: string;
  readonly loopback: boolean;
}

/** A run has few addresses and sends to each of them thousands of times. */
const mostAddresses = 1_000;
const addresses = new Map<string, Where>();

function whereIs(url: string): Where {
  const known = addresses.get(url);
  if (known) return known;
  const { origin, pathname, search, hostname } = new URL(url);
  const where = { origin, path: pathname + search, address: origin + pathname, loopback: isLoopback(hostname) };
  if (addresses.size >= mostAddresses) addresses.clear();
  addresses.set(url, where);
  return where;
}

/** Makes something when it is first needed. */
function once<T>(load: () => Promise<T>) {
  let made: T | undefined;
  let making: Promise<T> | undefined;
  return {
    made: () => made,
    making: () => making,
    make: async () => {
      making ??= load();
      made = await making;
      return made;
    },
  };
}

const noUse: ConnectionUse = { reset: false, answered() {}, failed() {} };

/** One request on its way: undici's callbacks on one side, ours on the other. It settles once and then ignores all. */
class Exchange implements Dispatcher.DispatchHandler {
  settled = false;
  readonly #request: TransportRequest;
  #handler: ResponseHandler;
  #use: ConnectionUse;
  readonly #connecting: ConnectionClock;
  #resolve: (sent: Sent) => void;
  #reject: (error: unknown) => void;
  #controller: Dispatcher.DispatchController | undefined;
  #sentAt = 0;
  #status: number | undefined;

  constructor(
    request: TransportRequest,
    handler: ResponseHandler,
    use: ConnectionUse,
    connecting: ConnectionClock,
    resolve: (sent: Sent) => void,
    reject: (error: unknown) => void,
  ) {
    this.#request = request;
    this.#handler = handler;
    this.#use = use;
    this.#connecting = connecting;
    this.#resolve = resolve;
    this.#reject = reject;
    if (request.signal.aborted) {
      this.handleEvent();
    } else {
      request.signal.addEventListener('abort', this);
    }
  }

  /** The signal's abort event. Before undici has a socket there is nothing to stop: `onRequestStart` will refuse. */
  handleEvent(): void {
    this.#fail(abortFailure(this.#request.signal));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    const at = performance.now();
    // Thrown, not aborted: so the fresh socket survives for the next request.
    if (this.settled) throw new Failure({ code: 'cancelled', message: 'The request was cancelled.' });
    this.#controller = controller;
    this.#sentAt = at;
    try {
      this.#handler.sent?.(at, this.#connecting.take());
    } catch (error) {
      this.#fail(error);
    }
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    const at = performance.now();
    if (this.settled || status < 200) return;
    this.#status = status;
    try {
      const fields = flatten(headers);
      this.#handler.headers(status, fields, at);
      refuseCompressed(fields, this.#request.url);
    } catch (error) {
      this.#fail(error);
    }
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    const at = performance.now();
    if (this.settled) return;
    try {
      this.#handler.data(chunk, at);
    } catch (error) {
      this.#fail(error);
    }
  }

  onResponseEnd(): void {
    const endAt = performance.now();
    if (this.settled) return;
    this.#settle();
    this.#use.answered(this.#status ?? 0);
    this.#resolve({ sentAt: this.#sentAt, endAt });
    this.#release();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.settled) return;
    this.#settle();
    this.#use.failed();
    this.#reject(failureFromNetwork(error, this.#request.url, this.#stage()));
    this.#release();
  }

  /** Ends the exchange from our side; the socket is closed, so that the server stops generating. */
  #fail(error: unknown): void {
    if (this.settled) return;
    this.#settle();
    this.#use.failed();
    this.#reject(error);
    this.#controller?.abort(error instanceof Error ? error : new Error('ended'));
    this.#release();
  }

  #stage(): Stage {
    if (this.#controller === undefined) return 'connecting';
    return this.#status === undefined ? 'sent' : 'answering';
  }

  /**
   * Lets go of what belongs to the answer. V8 can hold this exchange, by its signal's former listener, until it collects
   * its old space; the answers of all requests since would wait there with it (bench/measure.ts).
   */
  #release(): void {
    this.#handler = idle;
    this.#use = noUse;
    this.#controller = undefined;
    this.#resolve = ignore;
    this.#reject = ignore;
  }

  #settle(): void {
    this.settled = true;
    this.#request.signal.removeEventListener('abort', this);
  }
}

const idle: ResponseHandler = { headers() {}, data() {} };
const ignore = (): void => {};

function flatten(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined) flat[name] = typeof value === 'string' ? value : value.join(', ');
  }
  return flat;
}

/** The proxies of the settings or, where these are silent, of the environment; undefined: none. */
function proxiesOf(network: Network): { httpProxy: string; httpsProxy: string; noProxy: string } | undefined {
  const env = process.env;
  const httpProxy = proxyUrl(network.proxy || env.http_proxy || env.HTTP_PROXY);
  const httpsProxy = proxyUrl(network.proxy || env.https_proxy || env.HTTPS_PROXY) || httpProxy;
  if (httpProxy === '' && httpsProxy === '') return undefined;
  return { httpProxy, httpsProxy, noProxy: network.noProxy ?? env.no_proxy ?? env.NO_PROXY ?? '' };
}

function proxyUrl(text: string | undefined): string {
  if (!text) return '';
  const full = text.includes('://') ? text : `http://${text}`;
  if (URL.canParse(full) && /^(https?|socks5?):/i.test(full)) return full;
  throw new Failure({
    code: 'config',
    message:
      'The proxy setting is not an address such as http://proxy.example:8080. Correct the setting http.proxy or the variable HTTPS_PROXY.',
  });
}
