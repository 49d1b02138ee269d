export const tierNames = ['simple', 'medium', 'complex'] as const;
export type TierName = (typeof tierNames)[number];

/** A tier holds the scores above the tier before it, up to and with `upTo`. */
export interface Tier {
  readonly name: TierName;
  /** Inclusive upper bound of the score; the last tier's is 1. */
  readonly upTo: number;
  /** Preferred model as `endpoint/model`; absent: chosen by price. */
  readonly model?: string | undefined;
}

export type Preference = 'balanced' | 'cost' | 'quality';

/** Whether a tier is for harder prompts than another. */
export function isAbove(tier: TierName, other: TierName): boolean {
  return tierNames.indexOf(tier) > tierNames.indexOf(other);
}
