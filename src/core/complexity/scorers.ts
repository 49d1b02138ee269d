import { Failure } from '../failure.ts';
import type { Scorer, ScorerId } from './scorer.ts';
import { seedScorer } from './seed-scorer.ts';

/** @throws Failure `usage` for a scorer that this version does not have. */
export function scorerById(id: ScorerId): Scorer {
  if (id === 'seed') return seedScorer;
  throw new Failure({
    code: 'usage',
    message: `The scorer "${id}" is not in this version. Use the scorer "seed".`,
  });
}
