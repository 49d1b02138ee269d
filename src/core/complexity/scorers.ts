import type { Scorer, ScorerId } from './scorer.ts';
import { seedScorer } from './seed-scorer.ts';

export const scorerIds = ['learned', 'seed'] as const satisfies readonly ScorerId[];

/** The scorer used where nobody names one. */
export const defaultScorer: ScorerId = 'seed';

/** Loads a scorer: the learned one reads its weights only when it is first asked for. */
export async function loadScorer(id: ScorerId): Promise<Scorer> {
  if (id === 'seed') return seedScorer;
  const { learnedScorer } = await import('./learned/learned-scorer.ts');
  return learnedScorer;
}
