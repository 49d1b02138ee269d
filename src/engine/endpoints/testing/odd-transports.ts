import type { Transport } from '../../http/transport.ts';

/** Hands on every byte by itself. */
export function byteByByte(transport: Transport): Transport {
  return {
    now: () => transport.now(),
    close: () => transport.close(),
    send: (request, handler) =>
      transport.send(request, {
        sent: (at) => handler.sent?.(at),
        headers: (status, headers, at) => handler.headers(status, headers, at),
        data(chunk, at) {
          for (let from = 0; from < chunk.length; from += 1) handler.data(chunk.subarray(from, from + 1), at);
        },
      }),
  };
}

/** Cancels as soon as the first bytes of the answer are here, before they are read. */
export function cancelling(transport: Transport, cancel: AbortController): Transport {
  return {
    now: () => transport.now(),
    close: () => transport.close(),
    send: (request, handler) =>
      transport.send(request, {
        sent: (at) => handler.sent?.(at),
        headers(status, headers, at) {
          handler.headers(status, headers, at);
          cancel.abort();
        },
        data: (chunk, at) => handler.data(chunk, at),
      }),
  };
}
