import type { RunRecord } from './record.ts';

/** Failures of requests that were never sent; a connection that is lost later is a `truncated-stream`. */
const unsent: ReadonlySet<string> = new Set(['connect', 'tls', 'auth']);

/**
 * Whether a server may charge for a request of which it told no token counts. Not when it never received the request,
 * and not when it redirected or refused it (3xx, 4xx). Otherwise it may have worked on it: also when the connection was
 * lost before an answer, when a proxy before it lost patience (504), or when the answer broke off.
 */
export function mayHaveCost(status: number | undefined, errorCode: string | undefined): boolean {
  if (status === undefined) return errorCode === undefined || !unsent.has(errorCode);
  return status < 300 || status >= 500;
}

/** Whether the cost of a finished request is unknown, in whole or in part: it may have cost what no figure tells. */
export function costUnknown(record: RunRecord): boolean {
  if (record.costAtLeast) return true;
  return record.costUsd === undefined && mayHaveCost(record.attempts.at(-1)?.status, record.error?.code);
}
