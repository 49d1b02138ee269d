import { describe, expect, it } from 'vitest';
import { arrivals, type OpenLoad, traceArrivals } from './arrivals.ts';

const open = (fields: Partial<OpenLoad>): OpenLoad => ({
  kind: 'open',
  arrivals: 'constant',
  perSecond: 10,
  ...fields,
});

function take(times: Iterator<number>, count: number): number[] {
  return Array.from({ length: count }, () => Number(times.next().value));
}

const gapsOf = (times: readonly number[]) => times.slice(1).map((time, index) => time - (times[index] ?? 0));

/** Kolmogorov and Smirnov's statistic of values against an exponential distribution. */
function distanceToExponential(values: readonly number[], mean: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return Math.max(
    ...sorted.map((value, index) => {
      const expected = 1 - Math.exp(-value / mean);
      return Math.max(expected - index / sorted.length, (index + 1) / sorted.length - expected);
    }),
  );
}

/** Largest distance that chance alone leaves in all but 1 of 100 samples. */
const critical = (count: number) => 1.628 / Math.sqrt(count);

describe('requests by the clock', () => {
  it('come evenly, first warm-up and then the measured ones without a break', () => {
    const times = take(arrivals(open({}), { warmup: 3, requests: 5 }, 0, 1), 8);
    expect(times).toEqual([0, 100, 200, 300, 400, 500, 600, 700]);
    expect(take(arrivals(open({}), { warmup: 3, requests: 5 }, 0.5, 1), 2)).toEqual([50, 150]);
  });

  it.each([1, 2, 3, 42])('have exponential gaps at 500/s when they are a Poisson process (seed %i)', (seed) => {
    const count = 10_000;
    const load = open({ arrivals: 'poisson', perSecond: 500 });
    const gaps = gapsOf([0, ...take(arrivals(load, { warmup: 0, requests: count }, 0, seed), count)]);
    expect(distanceToExponential(gaps, 2)).toBeLessThan(critical(count));
    // Gaps one after the other have nothing to do with each other.
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / count;
    const covariance = gaps.slice(1).reduce((sum, gap, index) => sum + (gap - mean) * ((gaps[index] ?? 0) - mean), 0);
    const variance = gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0);
    expect(Math.abs(covariance / variance)).toBeLessThan(2.58 / Math.sqrt(count));
  });

  it('are told from an even rate by the same test', () => {
    const gaps = gapsOf(take(arrivals(open({ perSecond: 500 }), { warmup: 0, requests: 1_000 }, 0, 1), 1_000));
    expect(distanceToExponential(gaps, 2)).toBeGreaterThan(10 * critical(999));
  });

  it.each([
    [10, 50],
    [50, 10],
  ])('go linearly from %i to %i per second over the measured requests', (perSecond, toPerSecond) => {
    const requests = 300;
    const load = open({ perSecond, toPerSecond });
    const times = take(arrivals(load, { warmup: 20, requests }, 0, 1), 20 + requests + 1);
    const begin = 20 / perSecond;
    const length = (2 * requests) / (perSecond + toPerSecond);
    expect(times[20]).toBeCloseTo(begin * 1000, 6);
    expect(times[20 + requests]).toBeCloseTo((begin + length) * 1000, 6);
    // After a share s of the time, the integral of the rate is due.
    for (const share of [0.25, 0.5, 0.75]) {
      const at = (begin + share * length) * 1000;
      const due = times.slice(20).filter((time) => time <= at + 1e-6).length - 1;
      const expected = length * (perSecond * share + ((toPerSecond - perSecond) * share * share) / 2);
      expect(Math.abs(due - expected)).toBeLessThanOrEqual(1);
    }
  });

  it('keep a Poisson process while the rate goes up: counts and times follow the integral of the rate', () => {
    const requests = 20_000;
    const load = open({ arrivals: 'poisson', perSecond: 100, toPerSecond: 900 });
    const times = take(arrivals(load, { warmup: 0, requests }, 0, 7), requests);
    const length = (2 * requests) / 1000;
    // By time change the gaps of the integral are exponential with mean 1.
    const integral = times
      .map((time) => time / 1000)
      .filter((time) => time < length)
      .map((time) => 100 * time + (800 / length) * (time * time) * 0.5);
    expect(integral.length).toBeGreaterThan(requests - 5 * Math.sqrt(requests));
    expect(distanceToExponential(gapsOf([0, ...integral]), 1)).toBeLessThan(critical(integral.length));
  });

  it('are the same for the same seed and others for another', () => {
    const walk = (seed: number) =>
      take(arrivals(open({ arrivals: 'poisson' }), { warmup: 0, requests: 50 }, 0, seed), 50);
    expect(walk(1)).toEqual(walk(1));
    expect(walk(1)).not.toEqual(walk(2));
  });
});

describe('a trace', () => {
  it('is followed from its first request, and begun again a mean gap after its last', () => {
    expect(take(traceArrivals([5, 15, 45], 0), 7)).toEqual([0, 10, 40, 60, 70, 100, 120]);
  });

  it('sends warm-up as the end of the trace before it', () => {
    const times = take(traceArrivals([0, 10, 40], 2), 5);
    expect(times).toEqual([0, 30, 50, 60, 90]);
    // The measured ones have the trace's own gaps.
    expect(gapsOf(times.slice(2))).toEqual([10, 30]);
  });
});
