import { seededOrder } from './random.ts';

/** More values than this are grouped, which bounds the work of resampling whatever the size of a run. */
export const mostGroups = 1_024;

/**
 * The values themselves, or where there are more than `most`, the means of so many groups drawn at random. The mean is kept, and
 * so, to the first order, are variance and skewness of it: independent values with one distribution give groups of the same kind, so a
 * bootstrap or a sign-flip test of the groups is one of the values, with fewer degrees of freedom. Groups differ by one in size at
 * most; only what lies above or below the mean is shared out, so that this does not move it.
 */
export function inGroups(values: Float64Array, seed: number, most = mostGroups): Float64Array {
  const n = values.length;
  if (n <= most) return values;
  const mean = meanOf(values);
  const groups = new Float64Array(most).fill(mean);
  const order = seededOrder(n, seed);
  for (let i = 0; i < n; i++) {
    const group = i % most;
    groups[group] = (groups[group] ?? 0) + (((values[order[i] ?? 0] ?? 0) - mean) * most) / n;
  }
  return groups;
}

export function meanOf(values: ArrayLike<number>): number {
  let mean = 0;
  for (let i = 0; i < values.length; i++) mean += ((values[i] ?? 0) - mean) / (i + 1);
  return mean;
}

/** Sample standard deviation, with n − 1; 0 for fewer than two values. */
export function deviationOf(values: ArrayLike<number>): number {
  const n = values.length;
  if (n < 2) return 0;
  const mean = meanOf(values);
  let squares = 0;
  for (let i = 0; i < n; i++) squares += ((values[i] ?? 0) - mean) ** 2;
  return Math.sqrt(squares / (n - 1));
}
