import { describe, expect, it } from 'vitest';
import { ChunkTimes, eachGap, packTimes, unpackTimes } from './chunk-times.ts';

/** Repeatable chance in [0,1): mulberry32. */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function someTimes(random: () => number): number[] {
  const times: number[] = [];
  const count = Math.floor(random() * 300);
  let at = random() * 1e7;
  for (let i = 0; i < count; i++) {
    times.push(at);
    const kind = random();
    if (kind < 0.4) continue;
    at += kind < 0.8 ? random() * 40 : kind < 0.97 ? random() * 0.02 : random() * 4e6;
  }
  return times;
}

describe('chunk times', () => {
  it('come back within 5 µs, each, whatever they were and however many', () => {
    const random = chance(4);
    for (let round = 0; round < 500; round++) {
      const times = someTimes(random);
      const back = unpackTimes(packTimes(times));
      expect(back).toHaveLength(Math.max(1, times.length));
      const first = times[0] ?? 0;
      for (const [i, at] of times.entries())
        expect(Math.abs((back?.[i] ?? Number.NaN) - (at - first))).toBeLessThan(0.005001);
    }
  });

  it('pack to the same text when they are unpacked and packed again', () => {
    const random = chance(5);
    for (let round = 0; round < 200; round++) {
      const text = packTimes(someTimes(random));
      expect(packTimes(unpackTimes(text) ?? [])).toBe(text);
    }
  });

  it('stand in JSON as they are', () => {
    const text = packTimes(someTimes(chance(6)));
    expect(JSON.stringify(text)).toBe(`"${text}"`);
  });

  it('take two characters for a token of up to 10 ms, three up to 327 ms', () => {
    expect(packTimes([0, 10, 20, 30])).toHaveLength(6);
    expect(packTimes([0, 300, 600, 900])).toHaveLength(9);
  });

  it('take a few characters for a thousand chunks that came together', () => {
    const text = packTimes(new Array<number>(1000).fill(7));
    expect(text.length).toBeLessThan(5);
    expect(unpackTimes(text)).toEqual(new Float64Array(1000));
  });

  it('are the empty text for one chunk and for none', () => {
    expect(packTimes([])).toBe('');
    expect(packTimes([12.5])).toBe('');
    expect(unpackTimes('')).toEqual(Float64Array.of(0));
  });

  it('read so: two steps of 10 ms, three that came together, one of 0.05 ms', () => {
    // 1000 = 31·32 + 8: I (8, more follow) and _ (31, the last). 0: g. 3: j. 5: l.
    expect(packTimes([0, 10, 20, 20, 20, 20, 20.05])).toBe('I_I_gjl');
    expect([...(unpackTimes('I_I_gjl') ?? [])]).toEqual([0, 10, 20, 20, 20, 20, 20.05]);
  });

  it('can be asked for while more are to come', () => {
    const packing = new ChunkTimes();
    for (const at of [1, 1, 1]) packing.add(at);
    expect(unpackTimes(packing.text())).toHaveLength(3);
    packing.add(1);
    packing.add(3);
    expect([...(unpackTimes(packing.text()) ?? [])]).toEqual([0, 0, 0, 0, 2]);
  });

  it('that go back are taken to have come together', () => {
    expect([...(unpackTimes(packTimes([5, 8, 6, 9])) ?? [])]).toEqual([0, 3, 3, 4]);
  });

  it('of a text that is none are refused, and so are more than any answer has', () => {
    for (const text of ['I', 'g', 'I_I', 'é_', '"', 'gA', `${'A'.repeat(20)}h`])
      expect(unpackTimes(text)).toBeUndefined();
    // 0, and then 2^30 times.
    expect(unpackTimes('gAAAAAAh')).toBeUndefined();
  });

  it('are told as gaps without being unpacked', () => {
    const gaps: [number, number][] = [];
    expect(eachGap('I_gjl', (ms, count) => gaps.push([ms, count]))).toBe(true);
    expect(gaps).toEqual([
      [10, 1],
      [0, 3],
      [0.05, 1],
    ]);
  });
});
