import { expect, it } from 'vitest';
import { sampleRun } from '../../../test/sample-run.ts';
import { Listed } from './listed.ts';
import { requestRows } from './request-row.ts';

const run = sampleRun({ models: ['a'], requests: 400, warmup: 0, errorShare: 0.1 });

function listed(most: number) {
  const rowOf = requestRows(run);
  const list = new Listed(most);
  for (const record of run.records) list.add(rowOf(record)!, record);
  return { list, ids: list.rows().map(({ id }) => id) };
}

it('lists all requests in their order while there are few enough', () => {
  expect(listed(400).ids).toEqual(run.records.map(({ id }) => id));
});

it('lists of more the first half and the slowest of the rest, failed ones by their time, in order', () => {
  const { list, ids } = listed(40);
  const spent = ({ times }: (typeof run.records)[number]) => times.end - times.sent;
  const slowest = run.records
    .slice(20)
    .toSorted((a, b) => spent(b) - spent(a))
    .slice(0, 20)
    .map(({ id }) => id)
    .toSorted();
  expect(ids).toHaveLength(40);
  expect(list.count).toBe(400);
  expect(ids.slice(0, 20)).toEqual(run.records.slice(0, 20).map(({ id }) => id));
  expect(ids.slice(20)).toEqual(slowest);
});
