/** One reason for a score. The base and the contributions of all factors sum to the score. */
export interface Factor {
  /** Stable id, for example `length`. */
  readonly id: string;
  /** What it is called, for example `Length`. */
  readonly label: string;
  /** What was counted, in `unit`. */
  readonly raw: number;
  readonly unit: string;
  /** The count mapped to [0,1]; of a scorer that weighs counts. */
  readonly value?: number | undefined;
  readonly weight?: number | undefined;
  /** The count from which on the value is 1, where value = min(raw / full, 1). */
  readonly full?: number | undefined;
  /** What this factor adds to the score, negative where it speaks for a smaller model; value × weight where there are these. */
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
  /** In [0,1]: the base and all contributions. */
  readonly score: number;
  /** The score of a prompt of which nothing is known; absent: 0. */
  readonly base?: number | undefined;
  readonly factors: readonly Factor[];
  /** Probability in [0,1] that the cheap model's answer is not good enough. Absent: the scorer gives none. */
  readonly pFail?: number | undefined;
  /** By how much a strong model's answer is expected to be better, in [−1,1] on a scale of quality from 0 to 1. */
  readonly gain?: number | undefined;
  readonly uncertainty?: Uncertainty | undefined;
  /** Name of the profile by which it was calibrated on a person's own results. */
  readonly profile?: string | undefined;
}

/** Scores prompts. Pure and linear in the prompt's length. */
export interface Scorer {
  readonly id: ScorerId;
  score(prompt: string): Complexity;
}
