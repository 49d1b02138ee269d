import { expect, it } from 'vitest';
import { loadScorer, scorerIds } from './scorers.ts';
import { seedScorer } from './seed-scorer.ts';

it('loads each scorer by its name', async () => {
  for (const id of scorerIds) expect((await loadScorer(id)).id).toBe(id);
  expect(await loadScorer('seed')).toBe(seedScorer);
});
