import { inGroups } from './groups.ts';
import { seededRandom } from './random.ts';

/** Up to so many values all signs are tried: 2^14 sums, as a sum and its opposite are one. */
const mostEnumerated = 15;
/** Values that share one table of sums. */
const together = 8;

export interface PermutationOptions {
  readonly seed: number;
  /** Random sign patterns where not all are tried; 9,999, which gives p to ±0.002 at 0.05. */
  readonly flips?: number | undefined;
  /** More values are grouped; see `inGroups`. */
  readonly groups?: number | undefined;
}

/**
 * Two-sided p of paired differences under sign flips: how often a sum at least as far from 0 comes about when for each
 * pair it is chance which side is which (Fisher, The Design of Experiments, 21). Exact for up to 15 values; else by Monte
 * Carlo, (k + 1) / (m + 1), which is never 0 and keeps the level (Phipson and Smyth, 2010). 1 for no values.
 */
export function signFlipTest(differences: Float64Array, { seed, flips = 9_999, groups }: PermutationOptions): number {
  const values = inGroups(differences, seed, groups).filter((value) => value !== 0);
  const n = values.length;
  if (n === 0) return 1;
  const sizes = values.map(Math.abs);
  const total = values.reduce((sum, value) => sum + value, 0);
  const reach = sizes.reduce((sum, value) => sum + value, 0);
  // Sums that are equal on paper may differ in the last bits.
  const least = Math.abs(total) - 1e-12 * reach;
  return n <= mostEnumerated ? exact(sizes, least) : monteCarlo(sizes, least, flips, seededRandom(seed));
}

/** All patterns in the order of a Gray code, one sign turning at a time; the last value keeps its sign. */
function exact(sizes: Float64Array, least: number): number {
  const patterns = 2 ** (sizes.length - 1);
  const signed = sizes.slice();
  let sum = signed.reduce((all, value) => all + value, 0);
  let extreme = 0;
  for (let pattern = 1; pattern <= patterns; pattern++) {
    if (Math.abs(sum) >= least) extreme++;
    const turned = 31 - Math.clz32(pattern & -pattern);
    const value = signed[turned] ?? 0;
    signed[turned] = -value;
    sum -= 2 * value;
  }
  return extreme / patterns;
}

/** Eight signs are drawn at once: a byte picks the sum of eight values from a table of all 256. */
function monteCarlo(sizes: Float64Array, least: number, flips: number, random: () => number): number {
  const tables: Float64Array[] = [];
  for (let from = 0; from < sizes.length; from += together) {
    const part = sizes.subarray(from, from + together);
    const table = new Float64Array(2 ** together);
    for (let signs = 0; signs < table.length; signs++) {
      let sum = 0;
      for (let i = 0; i < part.length; i++) sum += (signs & (1 << i) ? 1 : -1) * (part[i] ?? 0);
      table[signs] = sum;
    }
    tables.push(table);
  }
  let extreme = 0;
  for (let flip = 0; flip < flips; flip++) {
    let sum = 0;
    let bits = 0;
    for (let i = 0; i < tables.length; i++) {
      bits = i % 4 === 0 ? random() * 2 ** 32 : bits >>> together;
      sum += tables[i]?.[bits & 0xff] ?? 0;
    }
    if (Math.abs(sum) >= least) extreme++;
  }
  return (extreme + 1) / (flips + 1);
}
