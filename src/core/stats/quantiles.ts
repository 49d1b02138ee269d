import type { Distribution } from './distribution.ts';

/**
 * Fewest values that an upper quantile needs: n·(1 − p) ≥ 1. With fewer not even one whole value lies above it, so it is
 * interpolated between the largest two or is close to them.
 */
export const fewestValues = { p95: 20, p99: 100, p999: 1_000 } as const;

/**
 * The p-quantile of ascending `sorted` by linear interpolation between order statistics: position (n − 1)·p, which is
 * type 7 of Hyndman and Fan (1996), the default of R, NumPy and spreadsheets. `p` in [0,1]. NaN for no values.
 */
export function quantile(sorted: ArrayLike<number>, p: number): number {
  const last = sorted.length - 1;
  if (last < 0) return Number.NaN;
  const position = Math.min(Math.max(p, 0), 1) * last;
  const below = Math.floor(position);
  const low = sorted[below] ?? Number.NaN;
  const high = sorted[Math.min(below + 1, last)] ?? Number.NaN;
  return low + (high - low) * (position - below);
}

/** Count, mean, extremes and quantiles of finite values in any order; undefined when there is none. */
export function distribution(values: ArrayLike<number>): Distribution | undefined {
  const sorted = new Float64Array(values).sort();
  const n = sorted.length;
  const [min] = sorted;
  const max = sorted[n - 1];
  if (min === undefined || max === undefined) return undefined;
  let mean = 0;
  for (let i = 0; i < n; i++) mean += ((sorted[i] ?? 0) - mean) / (i + 1);
  return {
    n,
    mean,
    min,
    max,
    p50: quantile(sorted, 0.5),
    p90: quantile(sorted, 0.9),
    p95: quantile(sorted, 0.95),
    p99: quantile(sorted, 0.99),
    p999: quantile(sorted, 0.999),
  };
}
