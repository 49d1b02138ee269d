import { expect, it } from 'vitest';
import { seededRandom } from '../stats/random.ts';
import { WaitGrowth } from './wait-growth.ts';

/** Requests at a rate to a server with so many slots, each taken for a time around `ms`; all are due at random. */
function growth({ perSecond, slots, ms, seconds }: Record<'perSecond' | 'slots' | 'ms' | 'seconds', number>, seed = 1) {
  const random = seededRandom(seed);
  const found = new WaitGrowth();
  const freeAt = Array<number>(slots).fill(0);
  // What came before it has filled the slots.
  let at = -2_000;
  while (at < seconds * 1000) {
    at += (-Math.log(1 - random()) * 1000) / perSecond;
    const first = freeAt.indexOf(Math.min(...freeAt));
    const end = Math.max(at, freeAt[first] ?? 0) + ms * (0.5 + random());
    freeAt[first] = end;
    if (at >= 0) found.add(0, at, end - at);
  }
  return found.atLeast();
}

it('is what arrives beyond what the server does, however short the waits are', () => {
  for (const seed of [1, 2, 3]) {
    expect(growth({ perSecond: 160, slots: 50, ms: 500, seconds: 10 }, seed)).toBeCloseTo(0.6, 0);
    expect(growth({ perSecond: 120, slots: 50, ms: 500, seconds: 10 }, seed)).toBeGreaterThan(0.05);
  }
});

it('is none where the server keeps up, though the waits are not alike', () => {
  for (const seed of [1, 2, 3, 4, 5, 6]) {
    expect(growth({ perSecond: 90, slots: 50, ms: 500, seconds: 10 }, seed)).toBeLessThan(0.05);
    expect(growth({ perSecond: 5, slots: 50, ms: 2_000, seconds: 10 }, seed)).toBeLessThan(0.05);
  }
});

it('is told of each session by itself, as an interruption empties the queue', () => {
  const found = new WaitGrowth();
  for (let index = 0; index < 40; index++) {
    const session = index < 20 ? 0 : 1;
    const at = (index % 20) * 100;
    found.add(session, at + session * 3_600_000, 50 + at * 0.5);
  }
  expect(found.atLeast()).toBeCloseTo(0.5, 9);
});

it('is unknown of a handful of requests, and of requests at one moment', () => {
  const few = new WaitGrowth();
  for (let at = 0; at < 7; at++) few.add(0, at, at * at);
  expect(few.atLeast()).toBeUndefined();
  const once = new WaitGrowth();
  for (let wait = 0; wait < 20; wait++) once.add(0, 5, wait);
  expect(once.atLeast()).toBeUndefined();
});
