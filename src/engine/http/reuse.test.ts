import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ConnectionReuse } from './reuse.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const origin = 'http://127.0.0.1:9';
const address = `${origin}/v1/chat/completions`;

it('lets requests that came while a connection was watched go as far apart as they came', async () => {
  const reuse = new ConnectionReuse();
  const first = await reuse.for(origin, address);
  const start = performance.now();
  first.answered(200);
  const went: number[] = [];
  for (const afterMs of [0, 20, 50]) {
    setTimeout(() => {
      void reuse.for(origin, address).then(({ reset }) => {
        expect(reset).toBe(false);
        went.push(Math.round(performance.now() - start));
      });
    }, afterMs);
  }
  await vi.advanceTimersByTimeAsync(400);
  expect(went).toHaveLength(3);
  const [one = 0, two = 0, three = 0] = went;
  expect(one).toBeGreaterThanOrEqual(100);
  expect([two - one, three - one]).toEqual([20, 50]);
});

it('knows without waiting what an address does once that was found out', async () => {
  const reuse = new ConnectionReuse();
  expect(reuse.known(address)).toBeUndefined();
  const first = await reuse.for(origin, address);
  expect(reuse.known(address)).toBeUndefined();
  first.answered(200);
  reuse.closed(origin);
  await vi.advanceTimersByTimeAsync(200);
  expect(reuse.known(address)?.reset).toBe(true);
});
