import { describe, expect, it } from 'vitest';
import type { RunPrompt } from '../benchmark/manifest.ts';
import { checksFor, withChecks } from './given-checks.ts';

const prompt = (id: string, more: Partial<RunPrompt> = {}): RunPrompt => ({
  id,
  text: 'What?',
  tokens: 1,
  score: 0,
  tier: 'simple',
  ...more,
});

describe('checks that a data set gives to a run', () => {
  it('are those of rows with the ids of its prompts, with the values of the rows’ references', () => {
    const rows = [
      { id: 'a', text: '?', reference: '42', checks: [{ type: 'number' }, { type: 'contains' }] as const },
      { id: 'elsewhere', text: '?', checks: [{ type: 'refusal' }] as const },
      { id: 'b', text: '?' },
    ];
    const given = checksFor(rows as never, [prompt('a'), prompt('b')]);
    expect(given).toEqual([
      {
        prompt: 'a',
        checks: [
          { type: 'number', value: 42 },
          { type: 'contains', value: '42' },
        ],
      },
    ]);
  });

  it('take the place of a prompt’s own, and leave those of other prompts', () => {
    const own = [{ type: 'equals', value: 'x' }] as RunPrompt['checks'];
    const given = [{ prompt: 'a', checks: [{ type: 'equals', value: 'y' }] as NonNullable<RunPrompt['checks']> }];
    const [a, b] = withChecks([prompt('a', { checks: own }), prompt('b', { checks: own })], given);
    expect(a?.checks).toEqual(given[0]?.checks);
    expect(b?.checks).toEqual(own);
  });

  it('are refused where no row has the id of a prompt', () => {
    expect(() => checksFor([{ id: 'other', text: '?' }], [prompt('a')])).toThrow(/no checks for any prompt of the run/);
  });
});
