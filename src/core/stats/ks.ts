/**
 * Whether values come from a distribution (one-sample Kolmogorov-Smirnov): the largest distance between the share of the
 * values up to a point and `cdf` there, and the chance of one at least as large. p is asymptotic with Stephens' correction for
 * small n (1970), good from about 5 values. Parameters of `cdf` must not be estimated from the same values. NaN for no values.
 */
export function kolmogorovSmirnov(
  values: ArrayLike<number>,
  cdf: (value: number) => number,
): { readonly statistic: number; readonly p: number } {
  const sorted = Float64Array.from(values).sort();
  const n = sorted.length;
  if (n === 0) return { statistic: Number.NaN, p: Number.NaN };
  let statistic = 0;
  for (let i = 0; i < n; i++) {
    const expected = cdf(sorted[i] ?? 0);
    statistic = Math.max(statistic, expected - i / n, (i + 1) / n - expected);
  }
  const root = Math.sqrt(n);
  return { statistic, p: kolmogorovTail((root + 0.12 + 0.11 / root) * statistic) };
}

/** The chance of a value above x of Kolmogorov's distribution; of its two series the one that converges at once. */
export function kolmogorovTail(x: number): number {
  if (x <= 0) return 1;
  let sum = 0;
  if (x < 1.2) {
    for (let k = 1; k <= 5; k++) sum += Math.exp((-((2 * k - 1) ** 2) * Math.PI ** 2) / (8 * x * x));
    return 1 - (Math.sqrt(2 * Math.PI) / x) * sum;
  }
  for (let k = 1; k <= 5; k++) sum += (k % 2 === 1 ? 2 : -2) * Math.exp(-2 * k * k * x * x);
  return sum;
}
