import { normalQuantile } from './normal.ts';

/** Beyond this an estimate is no advice any more. */
const mostPairs = 1_000_000;

export interface Seen {
  /** Mean of the paired differences. */
  readonly effect: number;
  /** Their standard deviation. */
  readonly deviation: number;
  /** Chance of a false alarm, two-sided; 0.05. */
  readonly alpha?: number | undefined;
}

const power = 0.8;

/**
 * How many pairs a two-sided paired test needs to find this effect in this spread with 80 % power:
 * ((z(1 − α/2) + z(0.8)) · deviation / effect)² + z(1 − α/2)² / 2, the second term for Student's t in place of
 * the normal (Guenther, 1981). Undefined where there is no effect to find, or none within a million pairs.
 */
export function pairsToTell({ effect, deviation, alpha = 0.05 }: Seen): number | undefined {
  return pairs(Math.abs(effect), deviation, alpha, normalQuantile(power));
}

/**
 * How many pairs show that the effect lies within ±`margin`, with 80 % power: as above with the room that is left, and
 * the risk shared by both sides. Undefined where the effect seen lies outside.
 */
export function pairsToTie({ effect, deviation, alpha = 0.05 }: Seen, margin: number): number | undefined {
  return pairs(margin - Math.abs(effect), deviation, alpha, normalQuantile((1 + power) / 2));
}

function pairs(room: number, deviation: number, alpha: number, reach: number): number | undefined {
  if (!(room > 0) || !Number.isFinite(deviation)) return undefined;
  const z = normalQuantile(1 - alpha / 2);
  const count = Math.ceil((((z + reach) * deviation) / room) ** 2 + (z * z) / 2);
  return count <= mostPairs ? count : undefined;
}
