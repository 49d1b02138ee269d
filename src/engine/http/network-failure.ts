import { Failure, type FailureDetail } from '../../core/failure.ts';
import { plainText } from '../../core/prompts/plain-text.ts';
import { redact } from './redact.ts';

const tlsCodes =
  /^(CERT_|ERR_TLS_|ERR_SSL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|INVALID_CA|PATH_LENGTH_EXCEEDED|HOSTNAME_MISMATCH|EPROTO$|UND_ERR_PRX_TLS)/;
/** Chromium's names, for a host whose fetch is not Node's. */
const tlsText = /net::ERR_(CERT|SSL)_|certificate/i;

/** How an attempt ended whose signal was aborted: the signal's own Failure, or `cancelled`. */
export function abortFailure(signal: AbortSignal): Failure {
  if (signal.reason instanceof Failure) return signal.reason;
  if (signal.reason instanceof DOMException && signal.reason.name === 'TimeoutError') {
    return new Failure({ code: 'timeout', message: 'The request took longer than its time limit.' });
  }
  return new Failure({ code: 'cancelled', message: 'The request was cancelled.' });
}

/** What `promise` becomes, or the signal's failure (see `abortFailure`) if that comes first: only the wait ends, not what is waited for. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise<T>((resolve, reject) => {
    const abort = () => reject(abortFailure(signal));
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

/**
 * Refuses a compressed body: we ask for `identity`, so that arrival times are those of the tokens and no small answer
 * can unfold into gigabytes.
 */
export function refuseCompressed(headers: Readonly<Record<string, string>>, url: string): void {
  const encoding = headers['content-encoding'];
  if (encoding === undefined || encoding === '' || encoding.toLowerCase() === 'identity') return;
  throw new Failure({
    code: 'malformed',
    message: `${new URL(url).origin} compressed its answer (${redact(encoding.slice(0, 40))}) though it was asked not to. Switch compression off on the server or on the proxy before it.`,
  });
}

/** How far a request had come when the network failed; `sent` from the moment it began to leave. */
export type Stage = 'connecting' | 'sent' | 'answering';

/**
 * The Failure for an error of the network layer (undici, fetch, node:net, node:tls). `connect` and `tls` are only said
 * of a request that was not sent: what becomes of one that was, and what it costs, nobody knows.
 */
export function failureFromNetwork(error: unknown, url: string, stage: Stage): Failure {
  if (error instanceof Failure) return error;
  const { code, text } = rootOf(error);
  const { origin } = new URL(url);
  const why = plainText(redact(text), 200);
  // undici reports this one of a plain request that a proxy refused, after it was sent to that proxy.
  const unsent = stage === 'connecting' || /^Proxy Authentication Required/.test(text);
  const known = unsent ? whileConnecting(code, text, new URL(url), why) : undefined;
  return new Failure(known ?? atAnyTime(code, text, origin, why) ?? closed(origin, why, stage), { cause: error });
}

function whileConnecting(code: string, text: string, url: URL, why: string): FailureDetail | undefined {
  const where = url.origin;
  const proxied = /proxy/i.test(text);
  if (code === 'UND_ERR_PRX_TLS' || (tlsCodes.test(code) && proxied)) {
    return { code: 'tls', message: `The proxy before ${where} showed a certificate that is not trusted (${why}).` };
  }
  if (tlsCodes.test(code) || tlsText.test(text)) return { code: 'tls', message: describeTls(code, where, why) };
  if (proxied) {
    return {
      code: 'connect',
      message: `The proxy refused the connection to ${where} (${why}). Check the proxy's address and its user and password.`,
    };
  }
  switch (code) {
    case 'ECONNREFUSED':
      return {
        code: 'connect',
        message: `${where} refused the connection. Check that the server is running and that the port is right.`,
      };
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EAI_FAIL':
      return {
        code: 'connect',
        message: `The host name "${url.hostname}" could not be found. Check the base URL, the network and the proxy settings.`,
      };
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'EADDRNOTAVAIL':
      return { code: 'connect', message: `${where} cannot be reached from here. Check the network, VPN or proxy.` };
    case 'EMFILE':
    case 'ENFILE':
      return {
        code: 'connect',
        message: `No socket was left for ${where}: the limit of open files is reached. Lower the concurrency or raise the limit (ulimit -n).`,
      };
    case 'UND_ERR_CONNECT_TIMEOUT':
    case 'ETIMEDOUT':
      return {
        // fetch does not tell a connection that never came about from one that died in silence; Node's words do.
        code: code === 'ETIMEDOUT' && !/^connect\b/.test(text) ? 'timeout' : 'connect',
        message: `${where} did not accept a connection in time. Check the address, the firewall and the proxy settings.`,
      };
  }
  if (text !== 'bad port') return undefined;
  return { code: 'connect', message: `Port ${url.port} belongs to another protocol; fetch does not connect to it.` };
}

function atAnyTime(code: string, text: string, where: string, why: string): FailureDetail | undefined {
  switch (code) {
    case 'UND_ERR_HEADERS_TIMEOUT':
    case 'UND_ERR_BODY_TIMEOUT':
      return { code: 'timeout', message: `${where} fell silent while it was answering.` };
    case 'UND_ERR_HEADERS_OVERFLOW':
    case 'HPE_HEADER_OVERFLOW':
      return { code: 'too-large', message: `${where} sent more response headers than are accepted.` };
    case 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH':
      return {
        code: 'truncated-stream',
        message: `${where} sent another number of bytes than its Content-Length announced.`,
      };
    case 'UND_ERR_DESTROYED':
    case 'UND_ERR_CLOSED':
      return { code: 'cancelled', message: `The connections to ${where} were closed while the request was in flight.` };
  }
  // The parser's words for a connection that was closed within a chunked answer.
  if (!code.startsWith('HPE_') || /Invalid EOF state/i.test(text)) return undefined;
  return {
    code: 'malformed',
    message: `What ${where} answered is not HTTP/1.1 (${why}). Check host, port and http/https.`,
  };
}

function closed(where: string, why: string, stage: Stage): FailureDetail {
  return stage === 'answering'
    ? { code: 'truncated-stream', message: `${where} closed the connection in the middle of its answer.` }
    : {
        code: stage === 'connecting' ? 'connect' : 'truncated-stream',
        message: `${where} closed the connection before it answered${why ? ` (${why})` : ''}.`,
      };
}

function describeTls(code: string, where: string, why: string): string {
  if (code === 'EPROTO' || code.startsWith('ERR_SSL_')) {
    return `No TLS connection to ${where} came about (${why}). Does the server speak plain http on this port?`;
  }
  if (code === 'CERT_HAS_EXPIRED') return `The certificate of ${where} has expired. It must be renewed on the server.`;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return `The certificate of ${where} belongs to another host (${why}). Check the base URL.`;
  }
  return `The certificate of ${where} is not trusted (${code || why}). Add the issuing CA to the system or to NODE_EXTRA_CA_CERTS.`;
}

/** fetch hides the cause some levels down; several addresses tried come as an AggregateError. */
function rootOf(error: unknown): { code: string; text: string } {
  let code = '';
  let text = '';
  let current: unknown = error;
  for (let depth = 0; depth < 6 && current instanceof Error; depth++) {
    text = current.message || text;
    if ('code' in current && typeof current.code === 'string') code = current.code;
    // undici's parser errors do not always carry their code.
    else if (current.name === 'HTTPParserError') code = 'HPE_';
    current = current.cause ?? (current instanceof AggregateError ? current.errors[0] : undefined);
  }
  return { code, text };
}
