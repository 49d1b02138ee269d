/** A request as a transport sends it. Redirects are never followed: a 3xx arrives as its status. */
export interface TransportRequest {
  readonly method: 'GET' | 'POST';
  /** Absolute http(s) URL, checked already. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Bytes are sent as they are: the files of a multipart form. */
  readonly body?: string | Uint8Array | undefined;
  readonly signal: AbortSignal;
  /** True: the server's certificate is checked, whatever settings and environment say. */
  readonly verifyTls?: boolean | undefined;
}

/** What opening a connection took, ms each. A part that there was not is absent: an address needs no DNS, plain HTTP no TLS. */
export interface ConnectionTimes {
  readonly dnsMs?: number | undefined;
  readonly tcpMs?: number | undefined;
  readonly tlsMs?: number | undefined;
}

/**
 * Receives a response as it arrives. `at` is the transport's monotonic clock in ms, taken before anything is parsed.
 * What a method throws ends the request and is what `send` rejects with.
 */
export interface ResponseHandler {
  /**
   * The request leaves for the socket. Not called when no connection came about.
   * @param opened of a connection that was opened for this request
   */
  sent?(at: number, opened?: ConnectionTimes): void;
  /** Names are in lower case; values of a repeated header are joined by ", ". Informational (1xx) answers are not shown. */
  headers(status: number, headers: Readonly<Record<string, string>>, at: number): void;
  data(chunk: Uint8Array, at: number): void;
}

export interface Sent {
  readonly sentAt: number;
  readonly endAt: number;
}

/**
 * The port through which everything speaks HTTP. Two backings: `globalThis.fetch` for the host's small requests
 * (it honours VS Code's proxy), undici's dispatch for everything measured.
 */
export interface Transport {
  /**
   * Resolves when the response has ended. Rejects with a Failure whose code is `connect`, `tls`, `timeout`,
   * `cancelled`, `truncated-stream`, `malformed` (no HTTP, or a compressed body) or `too-large` (headers) when it did
   * not; `connect` and `tls` mean that the server never received the request (fetch cannot always tell); `signal.reason`, if it is a Failure, is passed through.
   */
  send(request: TransportRequest, handler: ResponseHandler): Promise<Sent>;
  /** Monotonic ms; the clock of every `at`. */
  now(): number;
  /** Frees the sockets. Requests still in flight end as `cancelled`. */
  close(): Promise<void>;
}
