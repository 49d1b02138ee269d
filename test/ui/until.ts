import { setTimeout as pause } from 'node:timers/promises';

/**
 * Repeats `attempt` until it returns something other than undefined or false, and returns that. An attempt that throws counts
 * as one that found nothing.
 * @param what what is waited for, for the error message.
 * @throws when `timeoutMs` (default 60,000 ms) have passed; the cause is what the last attempt threw.
 */
export async function until<T>(
  what: string,
  attempt: () => Promise<T | undefined | false>,
  timeoutMs = 60_000,
): Promise<T> {
  const end = performance.now() + timeoutMs;
  let cause: unknown;
  do {
    try {
      const found = await attempt();
      if (found !== undefined && found !== false) return found;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    await pause(50);
  } while (performance.now() < end);
  throw new Error(`Waited ${timeoutMs} ms in vain for ${what}.`, { cause });
}
