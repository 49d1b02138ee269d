import { expect, it } from 'vitest';
import { Values } from './values.ts';

it('keeps every value in its order, however many come', () => {
  const values = new Values();
  for (let i = 0; i < 10_000; i++) values.push(i / 3);
  expect(values.length).toBe(10_000);
  expect([...values.all()]).toEqual(Array.from({ length: 10_000 }, (_, i) => i / 3));
});

it('has nothing before the first', () => {
  expect([...new Values().all()]).toEqual([]);
});
