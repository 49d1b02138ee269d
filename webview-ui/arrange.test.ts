import { expect, test } from 'vitest';
import { buildReport } from '../src/core/report/view.ts';
import { sampleRun } from '../test/sample-run.ts';
import { type Arrangement, arrange, EVERYTHING } from './arrange.ts';

const view = buildReport(sampleRun({ requests: 40, errorShare: 0.2, unpriced: [2] }));
const shown = (filter: Partial<Arrangement['filter']>, sort = EVERYTHING.sort) =>
  arrange(view, { filter: { ...EVERYTHING.filter, ...filter }, sort }).map((position) => view.requests[position]!);

test('without a filter all measured requests are shown in their order', () => {
  const ids = shown({}).map((request) => request.id);
  expect(ids).toHaveLength(120);
  expect(ids).toEqual([...ids].sort());
  expect(shown({ warmup: true })).toHaveLength(126);
});

test('filters narrow together', () => {
  const all = shown({ status: 'error', model: '1', tier: 'medium' });
  expect(all.length).toBeGreaterThan(0);
  for (const request of all) {
    expect(request.status).toBe('error');
    expect(request.model).toBe(1);
    expect(view.prompts[request.prompt]!.tier).toBe('medium');
  }
});

test('every word of the text must occur, in any case and anywhere', () => {
  const found = shown({ text: 'locking absent' });
  expect(found).toHaveLength(0);
  const prompts = new Set(shown({ text: 'LOCKING small-8b' }).map((request) => request.prompt));
  expect([...prompts]).toEqual([3]);
  expect(shown({ text: 'rate-limited' }).every((request) => request.errorCode === 'rate-limited')).toBe(true);
});

test('a request without the figure comes last, up and down', () => {
  for (const down of [false, true]) {
    const values = shown({}, { key: 'e2e', down }).map((request) => request.e2eMs);
    const known = values.filter((value) => value !== undefined);
    expect(values.slice(0, known.length)).toEqual(known);
    expect(known).toEqual([...known].sort((a, b) => (down ? b - a : a - b)));
    expect(known.length).toBeLessThan(values.length);
  }
});

test('tiers sort by difficulty and not by letter', () => {
  const tiers = shown({}, { key: 'tier', down: false }).map((request) => view.prompts[request.prompt]!.tier);
  expect([...new Set(tiers)]).toEqual(['simple', 'medium', 'complex']);
});
