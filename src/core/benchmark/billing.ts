import type { RunRecord } from './record.ts';

/** Failures that happen before a model starts to work. */
const beforeWork: ReadonlySet<string> = new Set(['connect', 'tls', 'redirect']);

/**
 * Whether a server may charge for a request of which it told no token counts: not when it was never reached or when it
 * refused with a status outside 2xx; otherwise it may, also when the answer broke off.
 */
export function mayHaveCost(status: number | undefined, errorCode: string | undefined): boolean {
  if (errorCode !== undefined && beforeWork.has(errorCode)) return false;
  return status === undefined || (status >= 200 && status < 300);
}

/** Whether the cost of a finished request is unknown: it may have cost something, and no figure says how much. */
export function costUnknown(record: RunRecord): boolean {
  return record.costUsd === undefined && mayHaveCost(record.attempts[0]?.status, record.error?.code);
}
