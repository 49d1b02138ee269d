import { describe, expect, it } from 'vitest';
import { Answering, type Drawn } from './answering.ts';
import { openAiChat } from './dialects/openai-chat.ts';
import { chanceOfWrong, difficulty } from './difficulty.ts';
import { type SimulatedProfile, simulatedProfiles } from './profiles.ts';
import { hashToUnit, keyedRandom } from './random.ts';
import { readRequest } from './request.ts';

const draws = (profile: SimulatedProfile, count = 2000): Drawn[] => {
  const answering = new Answering(1, 1);
  const body = JSON.stringify({ model: profile.id, messages: [{ role: 'user', content: 'x' }] });
  const request = readRequest(openAiChat, body, { headers: {} }, new Map([[profile.id, profile]]));
  return Array.from({ length: count }, (_, index) =>
    answering.draw(request, `What do you know about subject ${index}?`),
  );
};
const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

describe('the simulated models', () => {
  it.each(simulatedProfiles)('$id keeps to its distributions and its error rate', (profile) => {
    const drawn = draws(profile);
    expect(median(drawn.map((one) => one.ttftMs)) / profile.ttftMs.median).toBeCloseTo(1, 1);
    expect(median(drawn.map((one) => one.msPerToken)) / profile.msPerToken.median).toBeCloseTo(1, 1);
    expect(median(drawn.map((one) => one.chunks.length)) / profile.outputTokens.median).toBeCloseTo(1, 1);
    expect(Math.max(...drawn.map((one) => one.ttftMs))).toBeLessThan(profile.ttftMs.median * 4);
    const failing = drawn.filter((one) => one.error < profile.errorRate).length / drawn.length;
    expect(failing).toBeGreaterThan(0);
    expect(failing).toBeLessThan(3 * profile.errorRate);
  });

  it('grow slower, dearer and more often right from small to large', () => {
    const wrong = simulatedProfiles.map((profile) => draws(profile).filter((one) => one.wrong).length);
    expect(wrong).toEqual([...wrong].sort((a, b) => b - a));
    for (const figure of [
      (profile: SimulatedProfile) => profile.ttftMs.median,
      (profile: SimulatedProfile) => profile.outputPrice,
      (profile: SimulatedProfile) => profile.contextWindow,
      (profile: SimulatedProfile) => profile.skill,
    ]) {
      const figures = simulatedProfiles.map(figure);
      expect(figures).toEqual([...figures].sort((a, b) => a - b));
      expect(new Set(figures).size).toBe(3);
    }
  });

  it('are wrong more often on complex prompts than on simple ones', () => {
    const long = 'Analyze, compare, evaluate and explain; reason, justify and prove it. '.repeat(20);
    const chance = (profile: SimulatedProfile, text: string) =>
      Array.from({ length: 200 }, (_, index) => chanceOfWrong(profile, `${text}${index}`)).reduce((a, b) => a + b) /
      200;
    for (const profile of simulatedProfiles) expect(chance(profile, long)).toBeGreaterThan(chance(profile, 'Hi '));
    expect(chanceOfWrong({ skill: 1 }, long)).toBe(0);
    expect(difficulty(long)).toBeLessThanOrEqual(1);
  });
});

describe('the seeded draws', () => {
  it('are the same for the same key on every machine', () => {
    const random = keyedRandom(1, 2, 3);
    const first = [random(), random(), random()];
    const again = keyedRandom(1, 2, 3);
    expect([again(), again(), again()]).toEqual(first);
    expect(keyedRandom(1, 2, 4)()).not.toBe(first[0]);
    expect(keyedRandom(1 + 2 ** 32, 2, 3)()).not.toBe(first[0]);
  });

  it('fill [0,1) evenly, across one key and across neighbouring keys', () => {
    const random = keyedRandom(9);
    for (const draw of [random, keyed(), hashed()]) {
      const tenths = new Array<number>(10).fill(0);
      for (let index = 0; index < 10_000; index += 1) {
        const tenth = Math.floor(draw() * 10);
        tenths[tenth] = (tenths[tenth] ?? 0) + 1;
      }
      expect(tenths).toHaveLength(10);
      expect(Math.min(...tenths)).toBeGreaterThan(850);
    }
  });
});

function keyed(): () => number {
  let key = 0;
  return () => {
    key += 1;
    return keyedRandom(1, key)();
  };
}

function hashed(): () => number {
  let key = 0;
  return () => {
    key += 1;
    return hashToUnit(`prompt ${key}`);
  };
}
