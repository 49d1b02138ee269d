import { Socket } from 'node:net';
import type { buildConnector } from 'undici';
import type { ConnectionTimes } from './transport.ts';

/** Takes the times of connections while undici opens them, and tells the request for which one was opened. */
export class ConnectionClock {
  #opened: ConnectionTimes | undefined;

  /** The same connector, its connections timed. */
  timed(connector: buildConnector.connector): buildConnector.connector {
    return (options, callback) => {
      const start = performance.now();
      let resolved: number | undefined;
      let connected: number | undefined;
      // It gives the socket, though its type does not say so.
      const socket: unknown = connector(options, (...result) => {
        const now = performance.now();
        const [failure] = result;
        if (failure === null) {
          const tcpEnd = connected ?? now;
          this.#opened = {
            dnsMs: resolved === undefined ? undefined : resolved - start,
            tcpMs: tcpEnd - (resolved ?? start),
            tlsMs: options.protocol === 'https:' ? now - tcpEnd : undefined,
          };
        }
        try {
          // Within this call undici starts the request for which it wanted the connection, if that is still wanted.
          callback(...result);
        } finally {
          this.#opened = undefined;
        }
      });
      if (!(socket instanceof Socket)) return;
      socket.once('lookup', () => {
        resolved = performance.now();
      });
      socket.once('connect', () => {
        connected = performance.now();
      });
    };
  }

  /** To be asked where a request starts: the times of its connection; undefined for one that was open. */
  take(): ConnectionTimes | undefined {
    const opened = this.#opened;
    this.#opened = undefined;
    return opened;
  }
}
