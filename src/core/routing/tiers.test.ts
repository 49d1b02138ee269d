import { describe, expect, it } from 'vitest';
import { Failure } from '../failure.ts';
import { adjustScore, defaultTiers, makeTiers, type TiersSetting, tierOf } from './tiers.ts';

describe('tiers', () => {
  it.each([
    [0, 'simple'],
    [0.3, 'simple'],
    [0.3000001, 'medium'],
    [0.7, 'medium'],
    [0.7000001, 'complex'],
    [1, 'complex'],
  ])('put a score of %d into %s', (score, name) => {
    expect(tierOf(score, defaultTiers).name).toBe(name);
  });

  it('multiply the score by 0.7 for cost and by 1.3 for quality, at most 1', () => {
    expect(adjustScore(0.5, 'balanced')).toBe(0.5);
    expect(adjustScore(0.5, 'cost')).toBeCloseTo(0.35, 12);
    expect(adjustScore(0.5, 'quality')).toBeCloseTo(0.65, 12);
    expect(adjustScore(0.9, 'quality')).toBe(1);
    expect(adjustScore(0, 'quality')).toBe(0);
  });
});

describe('tiers of a setting', () => {
  it('are the defaults where nothing is set', () => {
    expect(makeTiers(undefined)).toEqual(defaultTiers);
    expect(makeTiers({})).toEqual(defaultTiers);
    expect(makeTiers({ simple: undefined, medium: {}, complex: { upTo: 1 } })).toEqual(defaultTiers);
  });

  it('take bounds and models, the rest by default', () => {
    const setting = { simple: { upTo: 0.1, model: ' a/small ' }, complex: { model: 'b/org/large' } };
    expect(makeTiers(setting)).toEqual([
      { name: 'simple', upTo: 0.1, model: 'a/small' },
      { name: 'medium', upTo: 0.7 },
      { name: 'complex', upTo: 1, model: 'b/org/large' },
    ]);
  });

  it.each<[what: string, setting: unknown, message: RegExp]>([
    [
      'bounds that do not ascend',
      { simple: { upTo: 0.7 } },
      /simple\.upTo \(0\.7\) is not below tiers\.medium\.upTo \(0\.7\)/,
    ],
    ['a bound above 1', { medium: { upTo: 1.5 } }, /tiers\.medium\.upTo is 1\.5\. Give a number from 0 to 1/],
    ['a negative bound', { simple: { upTo: -0.1 } }, /tiers\.simple\.upTo is -0\.1/],
    ['a bound that is text', { simple: { upTo: '0.2' } }, /tiers\.simple\.upTo is "0\.2"/],
    ['a bound that is no number', { simple: { upTo: Number.NaN } }, /tiers\.simple\.upTo/],
    ['a last bound below 1', { complex: { upTo: 0.9 } }, /complex\.upTo is 0\.9\. The last tier always reaches 1/],
    ['an empty model', { medium: { model: ' ' } }, /tiers\.medium\.model is " "\. Give a model as endpoint\/model/],
    ['a model that is no text', { medium: { model: 7 } }, /tiers\.medium\.model is 7/],
  ])('are refused for %s', (_, setting, message) => {
    const make = () => makeTiers(setting as TiersSetting);
    expect(make).toThrow(message);
    expect(make).toThrow(Failure);
    expect(make).toThrow(expect.objectContaining({ code: 'config' }));
  });
});
