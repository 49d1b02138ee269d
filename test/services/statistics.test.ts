import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { agreement } from '../../src/core/stats/agreement.ts';
import { bootstrapMean, type Interval } from '../../src/core/stats/bootstrap.ts';
import { kolmogorovSmirnov } from '../../src/core/stats/ks.ts';
import { holm } from '../../src/core/stats/multiple.ts';
import { normalCdf, normalQuantile } from '../../src/core/stats/normal.ts';
import { passHatK } from '../../src/core/stats/pass-k.ts';
import { signFlipTest } from '../../src/core/stats/permutation.ts';
import { pairsToTell } from '../../src/core/stats/power.ts';
import { quantile } from '../../src/core/stats/quantiles.ts';
import { seededRandom } from '../../src/core/stats/random.ts';
import { prepare } from './python.ts';

// Our statistics and those of well-known libraries, on the same random data sets.

const prepared = await prepare({
  name: 'statistics',
  installs: [['numpy==2.4.6', 'scipy==1.17.1', 'statsmodels==0.15.0', 'krippendorff==0.9.0']],
  limitMs: 180_000,
});
const { missing } = prepared;

const random = seededRandom(11);
const sets = <T>(count: number, make: (index: number) => T) => Array.from({ length: count }, (_, index) => make(index));
const values = (n: number, make: () => number) => sets(n, make);
const between = (low: number, high: number) => low + random() * (high - low);
const exponential = () => -Math.log(1 - random());
const normal = () => Math.sqrt(2 * exponential()) * Math.cos(2 * Math.PI * random());

const shares = [0, 0.01, 0.25, 0.5, 0.9, 0.95, 0.99, 0.999, 1];
const given = {
  // Few values, some equal and some 0, so that sums tie.
  exactFlips: sets(12, (index) =>
    values(4 + (index % 10), () => (index % 2 ? Math.round(between(-3, 5)) : normal() + index / 10)),
  ),
  manyFlips: sets(12, (index) => values(20 + 5 * index, () => normal() + 0.06 * index)),
  skewed: sets(12, (index) => values(25 + 5 * index, () => (index % 2 ? exponential() : Math.exp(0.8 * normal())))),
  lumpy: sets(12, (index) => values(60 + 10 * index, () => Number(random() < 0.1 + 0.07 * index))),
  large: sets(12, () => values(400, exponential)),
  ks: sets(12, (index) => values(5 + 20 * index, () => exponential() * (1 + 0.05 * index))),
  agreement: sets(12, (index) =>
    values(5 + index, () => between(1, 5)).map((truth) =>
      values(2 + Math.floor(random() * 3), () => Math.round(truth + (index / 6) * normal())),
    ),
  ),
  holm: sets(12, (index) => values(1 + index, () => random() ** 3)),
  quantiles: sets(12, (index) => values(1 + 37 * index, () => 1000 * exponential())),
  normal: sets(12, () => [between(-8, 8), random()] as const),
  power: sets(12, (index) => 0.15 + 0.05 * index),
  passes: sets(12, (index) => [10 + index, Math.floor(random() * (10 + index)), 1 + (index % 5)] as const),
  shares,
};

describe.skipIf(missing !== undefined)(missing === undefined ? 'statistics' : `skipped: ${missing}`, () => {
  let theirs: any;
  beforeAll(() => {
    const python = join('bin' in prepared ? prepared.bin : '', 'python');
    const printed = execFileSync(python, [join(import.meta.dirname, 'statistics.py')], {
      input: JSON.stringify(given),
    });
    theirs = JSON.parse(printed.toString());
  }, 120_000);

  it('the sign-flip test is SciPy’s permutation test, exact for few values', () => {
    for (const [index, differences] of given.exactFlips.entries()) {
      const p = signFlipTest(Float64Array.from(differences), { seed: 1 });
      expect(p, `${differences}`).toBeCloseTo(theirs.exactFlips[index], 12);
    }
    expect(new Set(theirs.exactFlips).size).toBeGreaterThan(6);
  });

  it('and for many within four standard errors of both Monte Carlo estimates', () => {
    for (const [index, differences] of given.manyFlips.entries()) {
      const p: number = theirs.manyFlips[index];
      const error = Math.sqrt(p * (1 - p) * (1 / 9_999 + 1 / 99_999));
      expect(Math.abs(signFlipTest(Float64Array.from(differences), { seed: 1 }) - p)).toBeLessThan(4 * error + 1e-4);
    }
    expect(Math.min(...theirs.manyFlips)).toBeLessThan(0.01);
    expect(Math.max(...theirs.manyFlips)).toBeGreaterThan(0.2);
  });

  /** Both ends within a share of the interval's width, and within `more`. */
  const expectAlike = (ours: Interval, [low, high]: [number, number], share: number, more = 0) => {
    const most = share * (high - low) + more;
    expect(Math.abs(ours.low - low)).toBeLessThan(most);
    expect(Math.abs(ours.high - high)).toBeLessThan(most);
  };
  const interval = (data: readonly number[]) => bootstrapMean(Float64Array.from(data), { seed: 1 });

  it('intervals of few and skewed values are bootstrap-t’s, within 6 % of their width', () => {
    for (const [index, data] of given.skewed.entries()) {
      const ours = interval(data);
      expect(ours.method).toBe('percentile-t');
      expectAlike(ours, theirs.skewed[index], 0.06);
    }
  });

  it('intervals of answers that pass or fail are SciPy’s BCa, within 8 % of their width and one answer', () => {
    for (const [index, data] of given.lumpy.entries()) {
      const ours = interval(data);
      expect(ours.method).toBe('bca');
      expectAlike(ours, theirs.lumpy[index], 0.08, 1 / data.length);
    }
  });

  it('intervals of many values are SciPy’s BCa, whatever the method, within 8 % of their width', () => {
    for (const [index, data] of given.large.entries()) expectAlike(interval(data), theirs.large[index], 0.08);
  });

  it('Kolmogorov and Smirnov’s distance is SciPy’s, and p within 0.02 of the exact one, 0.005 where it matters', () => {
    for (const [index, data] of given.ks.entries()) {
      const { statistic, p } = kolmogorovSmirnov(data, (value) => 1 - Math.exp(-value));
      expect(statistic).toBeCloseTo(theirs.ks[index].statistic, 12);
      expect(Math.abs(p - theirs.ks[index].p)).toBeLessThan(theirs.ks[index].p < 0.2 ? 0.005 : 0.02);
    }
  });

  it('agreement is Krippendorff’s alpha of the package of that name, with judgements missing', () => {
    for (const [index, answers] of given.agreement.entries())
      expect(agreement(answers)).toBeCloseTo(theirs.agreement[index], 9);
    expect(Math.min(...theirs.agreement)).toBeLessThan(0.5);
  });

  it('Holm’s correction is that of statsmodels', () => {
    for (const [index, p] of given.holm.entries())
      for (const [at, value] of holm(p).entries()) expect(value).toBeCloseTo(theirs.holm[index][at], 12);
  });

  it('quantiles are NumPy’s', () => {
    for (const [index, data] of given.quantiles.entries()) {
      const sorted = Float64Array.from(data).sort();
      for (const [at, share] of shares.entries())
        expect(quantile(sorted, share)).toBeCloseTo(theirs.quantiles[index][at], 8);
    }
  });

  it('the normal distribution is SciPy’s, to 13 digits', () => {
    for (const [index, [z, p]] of given.normal.entries()) {
      const [cdf, ppf] = theirs.normal[index];
      expect(Math.abs(normalCdf(z) / cdf - 1)).toBeLessThan(1e-12);
      expect(Math.abs(normalQuantile(p) - ppf)).toBeLessThan(1e-12 * Math.max(1, Math.abs(ppf)));
    }
  });

  it('pairs that would tell are those of statsmodels’ t test, give or take two', () => {
    for (const [index, effect] of given.power.entries())
      expect(Math.abs(pairsToTell({ effect, deviation: 1 })! - theirs.power[index])).toBeLessThan(2);
  });

  it('pass^k is a quotient of SciPy’s binomial coefficients', () => {
    for (const [index, [n, passed, k]] of given.passes.entries())
      expect(passHatK({ n, passed }, k)).toBeCloseTo(theirs.passes[index], 12);
  });
});
