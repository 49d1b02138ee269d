import { expect, it } from 'vitest';
import { Failure } from '../failure.ts';
import { scorerById } from './scorers.ts';
import { seedScorer } from './seed-scorer.ts';

it('gives the seed scorer', () => {
  expect(scorerById('seed')).toBe(seedScorer);
});

it('says that the learned scorer is not in this version and that seed is', () => {
  const ask = () => scorerById('learned');
  expect(ask).toThrow(Failure);
  expect(ask).toThrow(/"learned" is not in this version.*"seed"/);
  expect(() => scorerById('constructor' as 'seed')).toThrow(Failure);
});
