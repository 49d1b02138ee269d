import { seedScorer } from '../../core/complexity/seed-scorer.ts';
import type { SimulatedProfile } from './profiles.ts';
import { hashToUnit } from './random.ts';

/** How sharply a model passes from mostly right to mostly wrong as difficulty grows beyond its skill. */
const steepness = 12;

/**
 * How hard a prompt is taken to be, in [0,1]: half its complexity by the seed scorer, half a hash of its text, because
 * real prompts of one complexity differ too. The same for every model, so that models fail on the same hard prompts.
 */
export function difficulty(prompt: string): number {
  return (seedScorer.score(prompt).score + hashToUnit(prompt, 0xd1ff)) / 2;
}

/** The probability in [0,1] of a wrong answer: logistic in (difficulty − skill); 0 for a skill of 1. */
export function chanceOfWrong(profile: Pick<SimulatedProfile, 'skill'>, prompt: string): number {
  if (profile.skill >= 1) return 0;
  return 1 / (1 + Math.exp(steepness * (profile.skill - difficulty(prompt))));
}
