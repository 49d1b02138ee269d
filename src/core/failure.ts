/**
 * What can go wrong, as one closed list. A failure is made where it is understood and shown at one boundary
 * (the CLI's main, the extension's command wrapper, a record's `error`).
 */
export const endpointFailureCodes = [
  'auth',
  'not-found',
  'rate-limited',
  'context-too-long',
  'bad-request',
  'server',
  'timeout',
  'connect',
  'tls',
  'redirect',
  'truncated-stream',
  'stream-error',
  'malformed',
  'too-large',
  'empty',
  'cancelled',
] as const;

/** Failures of an endpoint: what a record's `error.code` can be. */
export type EndpointFailureCode = (typeof endpointFailureCodes)[number];

export type FailureCode =
  | EndpointFailureCode
  /** The person asked for something that cannot be: wrong option, empty selection, unknown model. */
  | 'usage'
  /** A configuration file or setting is wrong. */
  | 'config'
  /** A data set, prompt file or run folder is wrong. */
  | 'input'
  /** The local disk or process failed: full, not writable, measuring process died. */
  | 'local';

export interface FailureDetail {
  readonly code: FailureCode;
  /** What happened, where, and how to mend it; redacted already; one or two sentences for a person. */
  readonly message: string;
  /** HTTP status, when a server answered. */
  readonly status?: number | undefined;
  /** Milliseconds the server asked to wait before another try. */
  readonly retryAfterMs?: number | undefined;
}

/** An expected failure. `message` may be shown to a person as it stands; anything else thrown is a defect. */
export class Failure extends Error implements FailureDetail {
  readonly code: FailureCode;
  readonly status?: number | undefined;
  readonly retryAfterMs?: number | undefined;
  constructor(detail: FailureDetail, options?: { cause?: unknown }) {
    super(detail.message, options as ErrorOptions);
    this.name = 'Failure';
    this.code = detail.code;
    this.status = detail.status;
    this.retryAfterMs = detail.retryAfterMs;
  }
}
