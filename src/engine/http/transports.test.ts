import http from 'node:http';
import net from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { bodyOf, freePort, listen, serve, serveRaw, serveTls } from '../../../test/fixtures/loopback-server.ts';
import { Failure } from '../../core/failure.ts';
import type { Network } from '../../protocol/measure.ts';
import { createFetchTransport } from './fetch-transport.ts';
import type { ConnectionTimes, Sent, Transport, TransportRequest } from './transport.ts';
import { createUndiciTransport } from './undici-transport.ts';

beforeEach(() => {
  for (const name of ['http_proxy', 'https_proxy', 'no_proxy']) {
    vi.stubEnv(name, undefined);
    vi.stubEnv(name.toUpperCase(), undefined);
  }
});
afterEach(() => {
  vi.unstubAllEnvs();
});

function closing(transport: Transport): Transport {
  onTestFinished(() => transport.close());
  return transport;
}

const overUndici = (network: Partial<Network> = {}, connections = 4) =>
  closing(createUndiciTransport({ network: { strictSsl: true, ...network }, connections }));

interface Seen {
  sent: number | undefined;
  opened: ConnectionTimes | undefined;
  status: number | undefined;
  headers: Readonly<Record<string, string>>;
  text: string;
  times: number[];
}

/** Sends and keeps what the handler saw. */
async function exchange(
  transport: Transport,
  url: string,
  request: Partial<TransportRequest> = {},
  onData: () => void = () => {},
): Promise<Seen & { result: Sent | undefined; error: unknown }> {
  const seen: Seen = { sent: undefined, opened: undefined, status: undefined, headers: {}, text: '', times: [] };
  const { signal } = new AbortController();
  let result: Sent | undefined;
  let error: unknown;
  try {
    result = await transport.send(
      { method: 'GET', url, headers: {}, signal, ...request },
      {
        sent: (at, opened) => {
          seen.sent = at;
          seen.opened = opened;
        },
        headers: (status, headers, at) => {
          seen.status = status;
          seen.headers = headers;
          seen.times.push(at);
        },
        data: (chunk, at) => {
          seen.text += Buffer.from(chunk).toString();
          seen.times.push(at);
          onData();
        },
      },
    );
  } catch (thrown) {
    error = thrown;
  }
  return { ...seen, result, error };
}

function expectFailure(error: unknown, code: string, message?: RegExp): void {
  expect(error).toBeInstanceOf(Failure);
  expect(error).toMatchObject({ code, message: expect.stringMatching(message ?? /./) });
}

describe.each([
  ['undici', () => overUndici()],
  ['fetch', () => closing(createFetchTransport())],
])('the %s transport', (name, create) => {
  it('sends method, headers and body, and asks for an answer without compression', async () => {
    let got: unknown;
    const server = await serve(async (request, response) => {
      const { method, url, headers } = request;
      got = {
        method,
        url,
        type: headers['content-type'],
        encoding: headers['accept-encoding'],
        body: await bodyOf(request),
      };
      response.end('ok');
    });
    const { text, status } = await exchange(create(), `${server.origin}/a/b?c=d`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"text":"ünï"}',
    });
    expect(got).toEqual({
      method: 'POST',
      url: '/a/b?c=d',
      type: 'application/json',
      encoding: 'identity',
      body: '{"text":"ünï"}',
    });
    expect([status, text]).toEqual([200, 'ok']);
  });

  it('gives headers by lower-case name and joins repeated ones', async () => {
    const server = await serve((_request, response) => {
      response.writeHead(299, { 'X-One': 'A', 'X-Two': ['b', 'c'] });
      response.end();
    });
    const { status, headers } = await exchange(create(), server.origin);
    expect(status).toBe(299);
    expect(headers).toMatchObject({ 'x-one': 'A', 'x-two': 'b, c' });
  });

  it('dates every step on one clock, in the order in which they happen', async () => {
    let goOn = () => {};
    const server = await serve((_request, response) => {
      response.write('a');
      goOn = () => response.end('b');
    });
    const transport = create();
    const before = transport.now();
    // The second chunk is sent when the first has arrived.
    const { sent, times, result } = await exchange(transport, server.origin, {}, () => goOn());
    const all = [before, result?.sentAt, ...times, result?.endAt, transport.now()];
    expect(sent).toBe(result?.sentAt);
    expect(all).toEqual(all.toSorted((a, b) => (a ?? 0) - (b ?? 0)));
    expect(times.length).toBe(3);
    expect(times[2]).toBeGreaterThan(times[1] ?? Number.NaN);
  });

  it('hides informational answers', async () => {
    const server = await serve((_request, response) => {
      response.writeEarlyHints({ link: '</x>; rel=preload' });
      response.end('ok');
    });
    expect(await exchange(create(), server.origin)).toMatchObject({ status: 200, text: 'ok' });
  });

  it('does not follow a redirect', async () => {
    let visits = 0;
    const other = await serve((_request, response) => {
      visits++;
      response.end();
    });
    const server = await serve((_request, response) => {
      response.writeHead(307, { location: other.origin });
      response.end();
    });
    const { status, headers } = await exchange(create(), server.origin, { method: 'POST', body: 'x' });
    expect([status, headers.location, visits]).toEqual([307, other.origin, 0]);
  });

  it('refuses a compressed body before reading it', async () => {
    const server = await serve((_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' });
      response.end(gzipSync(Buffer.alloc(10_000_000)));
    });
    const { error, text, status } = await exchange(create(), server.origin);
    expectFailure(error, 'malformed', /compressed its answer \(gzip\)/);
    expect([status, text]).toEqual([200, '']);
  });

  it('says that nobody listens', async () => {
    const { error } = await exchange(create(), `http://127.0.0.1:${await freePort()}`);
    expectFailure(error, 'connect', /refused the connection/);
  });

  it('says that a host name does not exist', async () => {
    const { error } = await exchange(create(), 'http://no-such-host.invalid/v1');
    expectFailure(error, 'connect', /"no-such-host\.invalid" could not be found/);
  });

  it('tells a connection lost before the answer from one lost in it', async () => {
    const before = await serveRaw((socket) => socket.once('data', () => socket.destroy()));
    const lost = name === 'undici' ? 'truncated-stream' : 'connect';
    expectFailure((await exchange(create(), before.origin)).error, lost, /before it answered/);
    const during = await serve((_request, response) => {
      response.write('half');
      setTimeout(() => response.destroy(), 10);
    });
    const { error, text } = await exchange(create(), during.origin);
    expectFailure(error, 'truncated-stream');
    expect(text).toBe('half');
  });

  it('calls a chunked answer truncated whose connection is closed in order between its chunks or in one', async () => {
    for (const connection of ['keep-alive', 'close']) {
      for (const part of ['', '5\r\nhello\r\n', '5\r\nhel', '5\r\nhello\r\n0\r\n']) {
        const head = `HTTP/1.1 200 OK\r\nConnection: ${connection}\r\nTransfer-Encoding: chunked\r\n\r\n`;
        const server = await serveRaw((socket) => {
          socket.once('data', () => socket.end(head + part));
        });
        expectFailure((await exchange(create(), server.origin)).error, 'truncated-stream', /middle of its answer/);
      }
    }
  });

  it('notices a Content-Length that promises more than comes', async () => {
    const server = await serveRaw((socket) =>
      socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort')),
    );
    const { error, text } = await exchange(create(), server.origin);
    expectFailure(error, 'truncated-stream');
    expect(text).toBe('short');
  });

  it('reads no more than a Content-Length that promises less than comes', async () => {
    const server = await serveRaw((socket) =>
      socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 3\r\nconnection: close\r\n\r\nlonger')),
    );
    expect((await exchange(create(), server.origin)).text).toBe('lon');
  });

  it('refuses what is not HTTP', async () => {
    const server = await serveRaw((socket) => socket.end('SSH-2.0-OpenSSH_9.9\r\n'));
    expectFailure((await exchange(create(), server.origin)).error, 'malformed', /not HTTP/);
  });

  it('refuses endless headers', async () => {
    const server = await serveRaw((socket) =>
      socket.once('data', () => socket.end(`HTTP/1.1 200 OK\r\n${`x-a: ${'y'.repeat(1_000)}\r\n`.repeat(100)}\r\n`)),
    );
    expectFailure((await exchange(create(), server.origin)).error, 'too-large', /headers/);
  });

  it('does not trust a self-signed certificate', async () => {
    let asked = false;
    const server = await serveTls(() => {
      asked = true;
    });
    expectFailure((await exchange(create(), server.origin)).error, 'tls', /not trusted.*NODE_EXTRA_CA_CERTS/);
    expect(asked).toBe(false);
  });

  it('checks a certificate that must be checked even where Node is told to trust all', async () => {
    const server = await serveTls((_request, response) => response.end('ok'));
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    expect((await exchange(create(), server.origin)).text).toBe('ok');
    expectFailure((await exchange(create(), server.origin, { verifyTls: true })).error, 'tls', /NODE_EXTRA_CA_CERTS/);
  });

  it('says that a server does not speak TLS', async () => {
    const server = await serve((_request, response) => response.end());
    const { error } = await exchange(create(), server.origin.replace('http:', 'https:'));
    expectFailure(error, 'tls', /plain http/);
  });

  it('does not send when it was cancelled before', async () => {
    const server = await serve((_request, response) => response.end());
    const { error } = await exchange(create(), server.origin, { signal: AbortSignal.abort() });
    expectFailure(error, 'cancelled');
    expect(server.connections()).toBe(0);
  });

  it('is cancelled in the middle of an answer, and the server notices', async () => {
    const cancel = new AbortController();
    let noticed: () => void = () => {};
    const closed = new Promise<void>((resolve) => {
      noticed = resolve;
    });
    const server = await serve((_request, response) => {
      response.write('half');
      response.on('close', noticed);
      setTimeout(() => cancel.abort(), 20);
    });
    const { error, text } = await exchange(create(), server.origin, { signal: cancel.signal });
    expectFailure(error, 'cancelled');
    expect(text).toBe('half');
    await closed;
  });

  it('is cancelled while it waits for the headers', async () => {
    const cancel = new AbortController();
    const server = await serve(() => setTimeout(() => cancel.abort(), 20));
    expectFailure((await exchange(create(), server.origin, { signal: cancel.signal })).error, 'cancelled');
  });

  it('passes the Failure through with which it was aborted', async () => {
    const cancel = new AbortController();
    const reason = new Failure({ code: 'timeout', message: 'Too late.' });
    const server = await serve(() => cancel.abort(reason));
    expect((await exchange(create(), server.origin, { signal: cancel.signal })).error).toBe(reason);
  });

  it('ends the request with what the handler throws, and lets go of the server', async () => {
    let noticed: () => void = () => {};
    const closed = new Promise<void>((resolve) => {
      noticed = resolve;
    });
    const server = await serve((_request, response) => {
      const timer = setInterval(() => response.write('x'), 5);
      response.on('close', () => {
        clearInterval(timer);
        noticed();
      });
    });
    const thrown = new Failure({ code: 'too-large', message: 'Enough.' });
    const { signal } = new AbortController();
    const sending = create().send(
      { method: 'GET', url: server.origin, headers: {}, signal },
      {
        headers: () => {},
        data: () => {
          throw thrown;
        },
      },
    );
    await expect(sending).rejects.toBe(thrown);
    await closed;
  });

  it('ends what is in flight when it is closed', async () => {
    const transport = create();
    const server = await serve((_request, response) => {
      response.write('half');
      setTimeout(() => void transport.close(), 20);
    });
    expectFailure((await exchange(transport, server.origin)).error, 'cancelled');
    expectFailure((await exchange(transport, server.origin)).error, 'cancelled');
  });

  it('serves many requests under one signal without a warning', async () => {
    const warnings: string[] = [];
    const note = (warning: Error) => warnings.push(warning.message);
    process.on('warning', note);
    onTestFinished(() => void process.off('warning', note));
    const server = await serve((_request, response) => response.end('ok'));
    const transport = create();
    const { signal } = new AbortController();
    const all = await Promise.all(Array.from({ length: 40 }, () => exchange(transport, server.origin, { signal })));
    await new Promise((resolve) => setImmediate(resolve));
    expect(all.every((one) => one.text === 'ok')).toBe(true);
    expect(warnings).toEqual([]);
  });
});

/** A server that closes after every answer, though it announces that it will not. */
function serveClosing() {
  return serveRaw((socket) => {
    socket.once('data', () => {
      socket.write('HTTP/1.1 200 OK\r\nKeep-Alive: timeout=5, max=100\r\nTransfer-Encoding: chunked\r\n\r\n');
      socket.write('2\r\nok\r\n0\r\n\r\n');
      // The FIN comes a moment after the answer, when the next request may be on its way.
      setTimeout(() => socket.end(), 2);
    });
  });
}

describe('the undici transport', () => {
  it('opens no more sockets to an origin than it may', async () => {
    const server = await serve((_request, response) => setTimeout(() => response.end('ok'), 5));
    const transport = overUndici({}, 3);
    // From the first answer it learns that the server keeps connections open.
    await exchange(transport, server.origin);
    await Promise.all(Array.from({ length: 30 }, () => exchange(transport, server.origin)));
    expect(server.connections()).toBe(3);
  });

  it('loses no request to a server that closes every connection without saying so', async () => {
    const server = await serveClosing();
    const transport = overUndici({}, 3);
    const inTurn = async () => {
      for (let n = 0; n < 10; n++) expect((await exchange(transport, `${server.origin}/stream`)).text).toBe('ok');
    };
    await Promise.all([inTurn(), inTurn(), inTurn()]);
    expect(server.connections()).toBe(30);
  });

  it('loses none either when its addresses are asked in turn', async () => {
    const server = await serveClosing();
    const transport = overUndici({}, 1);
    for (let n = 0; n < 12; n++) {
      expect((await exchange(transport, `${server.origin}/stream-${n % 3}`)).text).toBe('ok');
    }
    expect(server.connections()).toBe(12);
  });

  it('learns that from each address by itself, and not from an error', async () => {
    let asked = 0;
    const server = await serve((request, response) => {
      if (request.url === '/stream' && ++asked === 1) {
        response.writeHead(503, { connection: 'close' }).end('no');
        return;
      }
      response.end('ok');
      if (request.url === '/stream') setTimeout(() => request.socket.end(), 2);
    });
    const transport = overUndici({}, 1);
    const texts: string[] = [];
    for (const path of ['/models', '/models', ...Array.from({ length: 8 }, () => '/stream')]) {
      texts.push((await exchange(transport, server.origin + path)).text);
    }
    expect(texts).toEqual(['ok', 'ok', 'no', ...Array.from({ length: 7 }, () => 'ok')]);
  });

  it('dates a request that had to wait for a socket by the moment it got one', async () => {
    const server = await serve((_request, response) => setTimeout(() => response.end('ok'), 40));
    const transport = overUndici({}, 1);
    const [first, second] = await Promise.all([exchange(transport, server.origin), exchange(transport, server.origin)]);
    expect(second?.result?.sentAt).toBeGreaterThanOrEqual(first?.result?.endAt ?? Number.NaN);
  });

  it('tells what opening a connection took, to the request for which it was opened and to no other', async () => {
    const server = await serve((_request, response) => setTimeout(() => response.end('ok'), 5));
    const transport = overUndici({}, 2);
    // The first answer of an address is watched; from then on two connections serve four requests.
    const first = await exchange(transport, server.origin);
    expect(first.opened).toEqual({ dnsMs: undefined, tcpMs: expect.any(Number), tlsMs: undefined });
    const next = await Promise.all([1, 2, 3, 4].map(() => exchange(transport, server.origin)));
    expect(next.filter(({ opened }) => opened !== undefined)).toHaveLength(1);
    expect(server.connections()).toBe(2);
  });

  it('tells the look-up of a name and the TLS handshake apart from the connection', async () => {
    const server = await serveTls((_request, response) => response.end('ok'));
    const transport = overUndici({ strictSsl: false });
    const { opened } = await exchange(transport, server.origin);
    const parts = [opened?.dnsMs, opened?.tcpMs, opened?.tlsMs];
    expect(parts.every((ms) => ms !== undefined && ms >= 0)).toBe(true);
    expect(opened?.tlsMs).toBeGreaterThan(0);
    expect((await exchange(transport, server.origin)).opened).toBeUndefined();
  });

  it('keeps the socket when a request is cancelled that waits for it', async () => {
    const server = await serve((_request, response) => setTimeout(() => response.end('ok'), 30));
    const transport = overUndici({}, 1);
    const cancel = new AbortController();
    const first = exchange(transport, server.origin);
    const second = exchange(transport, server.origin, { signal: cancel.signal });
    const third = exchange(transport, server.origin);
    setTimeout(() => cancel.abort(), 10);
    expectFailure((await second).error, 'cancelled');
    expect((await first).text).toBe('ok');
    expect((await third).text).toBe('ok');
    expect(server.connections()).toBe(1);
  });

  it('trusts any certificate where the person switched the check off', async () => {
    const server = await serveTls((_request, response) => response.end('ok'));
    const transport = overUndici({ strictSsl: false });
    expect((await exchange(transport, server.origin)).text).toBe('ok');
    expectFailure((await exchange(transport, server.origin, { verifyTls: true })).error, 'tls');
  });
});

/** A forwarding proxy that sends everything to one loopback port and notes what it was asked. */
async function serveProxy(port: number, authorization?: string) {
  const asked: string[] = [];
  const refused = (headers: http.IncomingHttpHeaders) =>
    authorization !== undefined && headers['proxy-authorization'] !== authorization;
  const server = http.createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    if (refused(request.headers)) {
      response.writeHead(407).end();
      return;
    }
    const path = new URL(request.url ?? '').pathname;
    const { method, headers } = request;
    const onward = http.request({ port, host: '127.0.0.1', path, method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 0, answer.headers);
      answer.pipe(response);
    });
    request.pipe(onward);
  });
  server.on('connect', (request, socket: net.Socket) => {
    asked.push(`CONNECT ${request.url}`);
    if (refused(request.headers)) {
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
      return;
    }
    const onward = net.connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      onward.pipe(socket).pipe(onward);
    });
    onward.on('error', () => socket.destroy());
    socket.on('error', () => onward.destroy());
  });
  return { ...(await listen(server, 'http://127.0.0.1')), asked };
}

describe('the undici transport behind a proxy', () => {
  it('sends plain http to the proxy with the full address', async () => {
    const server = await serve((request, response) => response.end(`host ${request.headers.host}`));
    const proxy = await serveProxy(server.port);
    const { text } = await exchange(overUndici({ proxy: proxy.origin }), 'http://endpoint.test/v1');
    expect(text).toBe('host endpoint.test');
    expect(proxy.asked).toEqual(['GET http://endpoint.test/v1']);
  });

  it('tunnels https through the proxy and checks the certificate behind it', async () => {
    const server = await serveTls((_request, response) => response.end('secure'));
    const proxy = await serveProxy(server.port);
    const strict = await exchange(overUndici({ proxy: proxy.origin }), 'https://endpoint.test/v1');
    expectFailure(strict.error, 'tls');
    const transport = overUndici({ proxy: proxy.origin, strictSsl: false });
    expect((await exchange(transport, 'https://endpoint.test/v1')).text).toBe('secure');
    const verified = await exchange(transport, 'https://endpoint.test/v1', { verifyTls: true });
    expectFailure(verified.error, 'tls');
    expect(proxy.asked).toEqual(Array(3).fill('CONNECT endpoint.test:443'));
  });

  it('takes the proxy of the environment when the settings name none, and the settings first', async () => {
    const server = await serve((_request, response) => response.end('ok'));
    const proxy = await serveProxy(server.port);
    vi.stubEnv('HTTP_PROXY', proxy.origin);
    expect((await exchange(overUndici(), 'http://endpoint.test/a')).text).toBe('ok');
    const other = await serveProxy(server.port);
    expect((await exchange(overUndici({ proxy: other.origin }), 'http://endpoint.test/b')).text).toBe('ok');
    expect([proxy.asked, other.asked]).toEqual([['GET http://endpoint.test/a'], ['GET http://endpoint.test/b']]);
  });

  it('goes straight to loopback and to hosts that are excepted', async () => {
    const server = await serve((_request, response) => response.end('ok'));
    const proxy = await serveProxy(server.port);
    const transport = overUndici({ proxy: proxy.origin, noProxy: 'other.invalid,endpoint.invalid' });
    expect((await exchange(transport, server.origin)).text).toBe('ok');
    expectFailure((await exchange(transport, 'http://endpoint.invalid')).error, 'connect', /could not be found/);
    expect(proxy.asked).toEqual([]);
  });

  it('limits the sockets to the proxy too', async () => {
    const server = await serve((_request, response) => setTimeout(() => response.end('ok'), 5));
    const proxy = await serveProxy(server.port);
    const transport = overUndici({ proxy: proxy.origin }, 2);
    await Promise.all(Array.from({ length: 12 }, () => exchange(transport, 'http://endpoint.test/v1')));
    expect(proxy.connections()).toBe(2);
  });

  it.each(['http', 'https'])('says that the proxy wants a user, without showing the password (%s)', async (scheme) => {
    const proxy = await serveProxy(1, 'Basic other');
    const transport = overUndici({ proxy: proxy.origin.replace('//', '//anna:canary-77@') });
    const { error } = await exchange(transport, `${scheme}://endpoint.test/v1`);
    expectFailure(error, 'connect', /proxy refused .*407/i);
    expect(String(error)).not.toContain('canary-77');
  });

  it('sends the user and password of the proxy setting', async () => {
    const server = await serve((request, response) => response.end(`${request.headers['proxy-authorization']}`));
    const proxy = await serveProxy(server.port, `Basic ${Buffer.from('anna:pass').toString('base64')}`);
    const { text } = await exchange(
      overUndici({ proxy: proxy.origin.replace('//', '//anna:pass@') }),
      'http://endpoint.test/',
    );
    expect(text).not.toBe('');
  });

  it('refuses a proxy setting that is no address', () => {
    const create = () => createUndiciTransport({ network: { proxy: 'ftp://x', strictSsl: true }, connections: 1 });
    expect(create).toThrow(/http\.proxy/);
  });
});
