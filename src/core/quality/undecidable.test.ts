import { expect, it } from 'vitest';
import { undecidable } from './undecidable.ts';

const embedding = { endpoint: 'lab', model: 'e' };
const similar = { checks: [{ type: 'similarity' as const, least: 0.8 }] };
const equal = { checks: [{ type: 'equals' as const }] };

it('says that similarity needs an embedding model, and nothing once there is one', () => {
  expect(undecidable({ keepAnswers: true }, [similar, equal, {}, similar])).toEqual([
    expect.stringMatching(/similarity \(2 prompts\).*no embedding model is named/),
  ]);
  expect(undecidable({ keepAnswers: true, evaluation: { embedding } }, [similar])).toEqual([]);
  expect(undecidable({ keepAnswers: true }, [equal, {}])).toEqual([]);
});

it('says that answers must be kept to be checked', () => {
  expect(undecidable({ keepAnswers: false }, [equal])).toEqual([expect.stringMatching(/not kept/)]);
  expect(undecidable({ keepAnswers: false, evaluation: { embedding } }, [{}])).toHaveLength(1);
  expect(undecidable({ keepAnswers: false }, [{}])).toEqual([]);
});
