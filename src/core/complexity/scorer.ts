/** One reason for a score. The contributions of all factors sum to the score. */
export interface Factor {
  /** Stable id, for example `length`. */
  readonly id: string;
  /** What it is called, for example `Length`. */
  readonly label: string;
  /** What was counted, in `unit`. */
  readonly raw: number;
  readonly unit: string;
  /** The count mapped to [0,1]. */
  readonly value: number;
  readonly weight: number;
  /** The count from which on the value is 1, where value = min(raw / full, 1). */
  readonly full?: number | undefined;
  /** value × weight: what this factor adds to the score. */
  readonly contribution: number;
  /** One plain phrase, for example `3 of 10 reasoning words (compare, explain, prove)`. */
  readonly words: string;
}

export type ScorerId = 'seed' | 'learned';

/** How sure a scorer is. A heuristic has no calibrated uncertainty: then this is absent, and that is said. */
export interface Uncertainty {
  /** Interval of the score, in [0,1]. */
  readonly low: number;
  readonly high: number;
  /** Probability that the interval holds the truth, for example 0.9. */
  readonly level: number;
  /** True when the scorer does not know prompts of this kind: route to the tier set for that case. */
  readonly unsure: boolean;
}

/** A complexity in [0,1] with everything needed to explain it. */
export interface Complexity {
  readonly scorer: ScorerId;
  readonly score: number;
  readonly factors: readonly Factor[];
  readonly uncertainty?: Uncertainty | undefined;
}

/** Scores prompts. Pure and linear in the prompt's length. */
export interface Scorer {
  readonly id: ScorerId;
  score(prompt: string): Complexity;
}
