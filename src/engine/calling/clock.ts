/** Time and chance, passed in so that tests need neither. */
export interface Clock {
  /** Monotonic, ms. */
  now(): number;
  /** Resolves after `ms`, or at once when the signal is aborted, which frees the timer. Never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** In [0,1). */
  random(): number;
}

/** Node's timers fire at once when asked for more. */
const longestTimerMs = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => performance.now(),
  random: Math.random,
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const end = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, Math.min(ms, longestTimerMs));
      signal?.addEventListener('abort', end);
    }),
};
