import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../core/stats/random.ts';
import { AdaptiveTimeouts, fixedTimeouts } from './timeout.ts';

const target = 'endpoint/model';

function timeouts(capMs = 600_000): AdaptiveTimeouts {
  return new AdaptiveTimeouts({ capMs });
}

describe('an adaptive time-out', () => {
  it.each([
    [0, 10_000],
    [0.5, 12_500],
    [1, 15_000],
    [-1, 10_000],
    [7, 15_000],
  ])('for complexity %d is %d ms while nothing is known', (complexity, ms) => {
    expect(timeouts().choose(target, complexity)).toEqual({ ms, basis: 'complexity' });
  });

  it('adds the time in which a slow server writes all that is asked for, while nothing is known', () => {
    expect(timeouts().choose(target, 0.5, 1_024)).toEqual({ ms: 12_500 + 1_024 * 50, basis: 'complexity' });
    expect(timeouts(30_000).choose(target, 0.5, 1_024).ms).toBe(30_000);
    const known = timeouts();
    for (let at = 0; at < 20; at++) known.learn(target, 8_000, true);
    expect(known.choose(target, 0.5, 1_024)).toEqual({ ms: 16_000, basis: 'recent' });
  });

  it('follows the complexity until 20 answers are known, of that target alone', () => {
    const limits = timeouts();
    for (let at = 0; at < 19; at++) limits.learn(target, 30_000, true);
    expect(limits.choose(target, 0).basis).toBe('complexity');
    limits.learn(target, 30_000, true);
    expect(limits.choose(target, 0)).toEqual({ ms: 60_000, basis: 'recent' });
    expect(limits.choose('endpoint/other', 0).basis).toBe('complexity');
  });

  it('is never below 10 s, however fast the answers were', () => {
    const limits = timeouts();
    for (let at = 0; at < 200; at++) limits.learn(target, 3, true);
    expect(limits.choose(target, 1)).toEqual({ ms: 10_000, basis: 'recent' });
  });

  it('forgets what is older than 200 answers', () => {
    const limits = timeouts();
    for (let at = 0; at < 200; at++) limits.learn(target, 100_000, true);
    expect(limits.choose(target, 0).ms).toBe(200_000);
    for (let at = 0; at < 200; at++) limits.learn(target, 10_000, true);
    expect(limits.choose(target, 0).ms).toBe(20_000);
  });

  it('is twice as long after a time-out, once, and not where the cap leaves nothing more', () => {
    const limits = timeouts(25_000);
    const first = limits.choose(target, 0);
    const second = limits.afterTimeout(first);
    expect(second).toEqual({ ms: 20_000, basis: 'doubled' });
    expect(second && limits.afterTimeout(second)).toBeUndefined();
    expect(limits.afterTimeout({ ms: 20_000, basis: 'recent' })).toEqual({ ms: 25_000, basis: 'doubled' });
    expect(limits.afterTimeout({ ms: 25_000, basis: 'recent' })).toBeUndefined();
    expect(timeouts(4_000).choose(target, 1)).toEqual({ ms: 4_000, basis: 'complexity' });
  });

  it('does not come down because slow answers were cut off', () => {
    // Answers need 1 to 40 s; those beyond the limit are only seen to have needed more. Looking at what was answered
    // alone, the limit would settle where it cuts off.
    const random = seededRandom(5);
    const limits = timeouts();
    let lateTimeouts = 0;
    for (let request = 0; request < 3_000; request++) {
      const needs = 1_000 + 39_000 * random();
      const { ms } = limits.choose(target, 0);
      limits.learn(target, Math.min(needs, ms), needs <= ms);
      if (request >= 1_000 && needs > ms) lateTimeouts++;
    }
    expect(lateTimeouts).toBeLessThan(20);
  });

  it('finds its way to an endpoint that needs longer than the limit at the start, with time-outs alone', () => {
    const limits = timeouts();
    let answered = false;
    for (let request = 0; request < 100 && !answered; request++) {
      const { ms } = limits.choose(target, 0);
      answered = ms >= 90_000;
      limits.learn(target, Math.min(90_000, ms), answered);
    }
    expect(answered).toBe(true);
  });

  it('takes no time-out for a fast answer', () => {
    const limits = timeouts();
    for (let at = 0; at < 100; at++) limits.learn(target, 50_000, true);
    for (let at = 0; at < 200; at++) limits.learn(target, 5, false);
    expect(limits.choose(target, 0).ms).toBe(100_000);
  });
});

describe('a fixed time-out', () => {
  it('stays what it is and is not doubled', () => {
    const limits = fixedTimeouts(1_234);
    for (let at = 0; at < 100; at++) limits.learn(target, 50_000, true);
    const limit = limits.choose(target, 1);
    expect(limit).toEqual({ ms: 1_234, basis: 'fixed' });
    expect(limits.afterTimeout(limit)).toBeUndefined();
  });
});
