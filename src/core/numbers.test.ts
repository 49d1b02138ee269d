import { expect, test } from 'vitest';
import { counted, grouped } from './numbers.ts';

test('counts and groups read as a person writes them', () => {
  expect([counted(1, 'request'), counted(1_000, 'request')]).toEqual(['1 request', '1,000 requests']);
  expect([grouped(-1_234.5, 1), grouped(-0.01)]).toEqual(['-1,234.5', '0']);
});
