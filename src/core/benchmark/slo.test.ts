import { expect, it } from 'vitest';
import type { RunRecord } from './record.ts';
import { meetsSlo, sloFromSchedule } from './slo.ts';

const times = { sent: 50, firstToken: 150, lastToken: 550, end: 551 };
const record: RunRecord = {
  id: 'r',
  promptId: 'p',
  endpoint: 'lab',
  model: 'a',
  status: 'ok',
  scheduledAt: '2026-11-23T09:00:00.000Z',
  attempts: [{ times, status: 200 }],
  times,
  tokens: { input: 1, output: 41, source: 'server' },
};

it('holds a request to every limit, at the limit too', () => {
  expect(meetsSlo(record, { ttftMs: 100, e2eMs: 500, tpotMs: 10 }, false)).toBe(true);
  expect(meetsSlo(record, { ttftMs: 99.9 }, false)).toBe(false);
  expect(meetsSlo(record, { e2eMs: 499 }, false)).toBe(false);
  expect(meetsSlo(record, { tpotMs: 9.9 }, false)).toBe(false);
});

it('counts waiting in the client where requests arrive by the clock', () => {
  expect(meetsSlo(record, { ttftMs: 100 }, true)).toBe(false);
  expect(meetsSlo(record, { ttftMs: 150, e2eMs: 550 }, true)).toBe(true);
  expect(sloFromSchedule({ kind: 'open', arrivals: 'poisson', perSecond: 1 })).toBe(true);
  expect(sloFromSchedule({ kind: 'closed', concurrency: 1 })).toBe(false);
  expect(sloFromSchedule({ pattern: 'trace', offsetsMs: [0] })).toBe(true);
  expect(sloFromSchedule(undefined)).toBe(false);
});

it('is kept by no request that failed, was retried, or lacks what is asked for', () => {
  expect(meetsSlo({ ...record, status: 'error' }, {}, false)).toBe(false);
  expect(meetsSlo({ ...record, attempts: [...record.attempts, ...record.attempts] }, { e2eMs: 9_999 }, false)).toBe(
    false,
  );
  expect(meetsSlo({ ...record, tokens: undefined }, { tpotMs: 9_999 }, false)).toBe(false);
  expect(meetsSlo({ ...record, times: { sent: 0, end: 9 } }, { ttftMs: 9_999 }, false)).toBe(false);
});
