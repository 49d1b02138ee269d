import { expect, it } from 'vitest';
import { refusesKey } from './refused-key.ts';

it('tells a key that is refused from a permission that is missing', () => {
  expect(refusesKey(401, '')).toBe(true);
  expect(refusesKey(403, '403: Invalid access token. [ReqId: 145ae51b]')).toBe(true);
  expect(refusesKey(403, "PERMISSION_DENIED: User does not have permission 'Query'")).toBe(false);
  expect(refusesKey(undefined, 'Invalid access token')).toBe(false);
});
