import { Failure } from '../../core/failure.ts';
import { abortFailure, failureFromNetwork, refuseCompressed } from './network-failure.ts';
import type { ResponseHandler, Sent, Transport, TransportRequest } from './transport.ts';

/**
 * A transport over fetch, for the host's small requests. Without `fetchFn` it takes `globalThis.fetch` anew for each
 * request, because VS Code replaces it to honour its proxy settings. `sentAt` is the moment fetch was called: fetch
 * does not tell when the request leaves. Not for measuring.
 */
export function createFetchTransport(fetchFn?: typeof fetch): Transport {
  const closing = new AbortController();

  async function send(request: TransportRequest, handler: ResponseHandler): Promise<Sent> {
    const { url, method, headers, body } = request;
    if (request.verifyTls) refuseUnverified(url);
    const outside = AbortSignal.any([request.signal, closing.signal]);
    if (outside.aborted) throw abortFailure(outside);
    const ending = new AbortController();
    let headersArrived = false;
    /** Set while the caller's code runs: what is thrown then is the caller's. */
    let inHandler = true;
    try {
      const sentAt = performance.now();
      handler.sent?.(sentAt);
      inHandler = false;
      const response = await (fetchFn ?? globalThis.fetch)(url, {
        method,
        headers: { ...headers, 'accept-encoding': 'identity' },
        ...(body === undefined ? {} : { body }),
        redirect: 'manual',
        credentials: 'omit',
        cache: 'no-store',
        signal: AbortSignal.any([outside, ending.signal]),
      });
      const headersAt = performance.now();
      headersArrived = true;
      const fields = Object.fromEntries(response.headers);
      inHandler = true;
      // A browser-like fetch hides a redirect's status and target behind status 0.
      handler.headers(response.type === 'opaqueredirect' ? 302 : response.status, fields, headersAt);
      inHandler = false;
      refuseCompressed(fields, url);
      const reader = response.body?.getReader();
      while (reader) {
        const { done, value } = await reader.read();
        const at = performance.now();
        if (done) break;
        inHandler = true;
        handler.data(value, at);
        inHandler = false;
      }
      return { sentAt, endAt: performance.now() };
    } catch (error) {
      ending.abort();
      if (inHandler) throw error;
      if (outside.aborted) throw abortFailure(outside);
      throw failureFromNetwork(error, url, headersArrived ? 'answering' : 'connecting');
    }
  }

  return {
    send,
    now: () => performance.now(),
    close: async () => closing.abort(),
  };
}

/** Node can be told to trust every certificate, and fetch cannot be told otherwise. */
function refuseUnverified(url: string): void {
  if (!url.startsWith('https:') || process.env.NODE_TLS_REJECT_UNAUTHORIZED !== '0') return;
  throw new Failure({
    code: 'tls',
    message: `NODE_TLS_REJECT_UNAUTHORIZED=0 switches the check of certificates off, so what is meant for ${new URL(url).origin} could go to anybody. Unset it; for a certificate of your own, set NODE_EXTRA_CA_CERTS.`,
  });
}
