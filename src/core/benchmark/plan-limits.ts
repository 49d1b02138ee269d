/** Least and most of what a person may ask of a run; the units are those of `Plan`. */
export const planLimits = {
  concurrency: [1, 1024],
  requests: [1, 1_000_000],
  repeats: [1, 1_000],
  warmup: [0, 10_000],
  maxTokens: [1, 1_000_000],
  temperature: [0, 2],
  /** Of a search. */
  trialSeconds: [0, 3_600],
  timeoutMs: [1, 86_400_000],
  maxRetries: [0, 20],
  timeLimitMs: [1, 604_800_000],
  maxTotalTokens: [1, 1_000_000_000_000],
  seed: [0, 4_294_967_295],
  /** The most; a rate is above 0. */
  perSecond: 100_000,
} as const;

/** What a run does where nobody says otherwise; the number of requests is then one for each prompt. */
export const planDefaults = {
  concurrency: 4,
  maxTokens: 512,
  stream: true,
  /** The instrument measures its own error first. */
  calibrate: true,
  timeoutMs: 120_000,
  keepAnswers: true,
  seed: 1,
} as const;

/** `concurrency` of a run whose requests arrive by the clock, where nobody says otherwise: what is due must not wait for what is slow. */
export const openConcurrency = 256;
