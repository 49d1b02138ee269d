/** A lognormal distribution: its median, and the standard deviation of its logarithm (0: always the median). */
export interface Spread {
  readonly median: number;
  readonly sigma: number;
}

/** A simulated model. The figures are inventions of a believable size; no real model is meant. */
export interface SimulatedProfile {
  /** The name on the wire; without `+`, which begins a fault. */
  readonly id: string;
  readonly description: string;
  /** From the request's arrival to its first token, at speed 1. */
  readonly ttftMs: Spread;
  /** Between two tokens, at speed 1. Drawn once for a request: a request is slow or fast as a whole. */
  readonly msPerToken: Spread;
  /** Tokens of an answer that `max_tokens` does not cut. */
  readonly outputTokens: Spread;
  /** USD per million tokens. */
  readonly inputPrice: number;
  readonly outputPrice: number;
  /** Tokens of prompt and answer together. */
  readonly contextWindow: number;
  /** In [0,1]: the difficulty at which half of the answers are wrong; 1: never wrong. See difficulty.ts. */
  readonly skill: number;
  /** Share of requests answered with status 500. */
  readonly errorRate: number;
}

/** Shown by `GET /v1/models` and offered to people. */
export const simulatedProfiles: readonly SimulatedProfile[] = [
  {
    id: 'small',
    description: 'Fast and cheap, often wrong on harder prompts',
    ttftMs: { median: 150, sigma: 0.25 },
    msPerToken: { median: 8, sigma: 0.15 },
    outputTokens: { median: 60, sigma: 0.35 },
    inputPrice: 0.1,
    outputPrice: 0.4,
    contextWindow: 32_768,
    skill: 0.4,
    errorRate: 0.01,
  },
  {
    id: 'medium',
    description: 'A middle way',
    ttftMs: { median: 320, sigma: 0.3 },
    msPerToken: { median: 16, sigma: 0.2 },
    outputTokens: { median: 80, sigma: 0.35 },
    inputPrice: 0.8,
    outputPrice: 3.2,
    contextWindow: 131_072,
    skill: 0.6,
    errorRate: 0.005,
  },
  {
    id: 'large',
    description: 'Slow and dear, mostly right',
    ttftMs: { median: 650, sigma: 0.35 },
    msPerToken: { median: 26, sigma: 0.2 },
    outputTokens: { median: 100, sigma: 0.35 },
    inputPrice: 3,
    outputPrice: 15,
    contextWindow: 200_000,
    skill: 0.85,
    errorRate: 0.01,
  },
];

const exact = (median: number): Spread => ({ median, sigma: 0 });

/** Instruments for benches and tests: always answering, listed only on demand. */
export const instrumentProfiles: readonly SimulatedProfile[] = [
  {
    id: 'instant',
    description: 'No delay, 64 tokens: measures the client',
    ttftMs: exact(0),
    msPerToken: exact(0),
    outputTokens: exact(64),
    inputPrice: 1,
    outputPrice: 2,
    contextWindow: 1_000_000,
    skill: 1,
    errorRate: 0,
  },
  {
    id: 'paced',
    description: 'First token at 200 ms, then one each 10 ms, 64 tokens: measures the clock',
    ttftMs: exact(200),
    msPerToken: exact(10),
    outputTokens: exact(64),
    inputPrice: 1,
    outputPrice: 2,
    contextWindow: 1_000_000,
    skill: 1,
    errorRate: 0,
  },
];
