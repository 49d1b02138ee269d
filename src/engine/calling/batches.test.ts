import { describe, expect, it } from 'vitest';
import { Failure, type FailureDetail } from '../../core/failure.ts';
import { seededRandom } from '../../core/stats/random.ts';
import { askBatch, batchesOf } from './batches.ts';
import { type AttemptOutcome, type CallAttempt, wasCancelled } from './retry.ts';

function attempt(failure?: FailureDetail): CallAttempt<AttemptOutcome>[] {
  return [{ outcome: { failure, times: { sent: 0, end: 1 } }, timeout: { ms: 1, basis: 'fixed' }, waitedMs: 0 }];
}

const refusal: FailureDetail = { code: 'bad-request', message: 'one of them is bad', status: 400 };

/** A server that refuses every request with a bad item in it, and counts. */
function server(bad: ReadonlySet<number>, failure: FailureDetail = refusal) {
  const sizes: number[] = [];
  return {
    sizes,
    async askMany(items: readonly number[]) {
      sizes.push(items.length);
      return items.some((item) => bad.has(item))
        ? { attempts: attempt(failure) }
        : { attempts: attempt(), answers: items.map((item) => item * 2) };
    },
    async askOne(item: number) {
      sizes.push(1);
      return bad.has(item) ? { attempts: attempt(failure) } : { attempts: attempt(), answer: item * 2 };
    },
  };
}

describe('batches', () => {
  it('hold at most so many items and bytes, in order, each item once', () => {
    const random = seededRandom(3);
    for (let round = 0; round < 100; round++) {
      const items = Array.from({ length: Math.floor(random() * 60) }, () => Math.floor(random() * 120));
      const size = 1 + Math.floor(random() * 10);
      const batches = [...batchesOf(items, { size, maxBytes: 200, bytesOf: (item) => item })];
      expect(batches.flat()).toEqual(items);
      for (const batch of batches) {
        expect(batch.length).toBeGreaterThan(0);
        expect(batch.length).toBeLessThanOrEqual(size);
        expect(batch.reduce((sum, item) => sum + item, 0)).toBeLessThanOrEqual(200);
      }
    }
    expect([...batchesOf([500, 1, 500], { size: 9, maxBytes: 200, bytesOf: (item) => item })]).toEqual([
      [500],
      [1],
      [500],
    ]);
  });

  it('keep the answers that are there when they are cancelled while they are divided', async () => {
    const { askMany, askOne } = server(new Set([1, 4]));
    const cancelledAt = (size: number, first: number) => ({
      askOne,
      async askMany(items: readonly number[]) {
        if (items.length === size && items[0] === first) throw new Failure({ code: 'cancelled', message: 'Stop.' });
        return askMany(items);
      },
    });
    const items = await askBatch([1, 2, 3, 4], cancelledAt(2, 3));
    expect(items.map(({ answer, attempts }) => answer ?? (wasCancelled(attempts) ? 'cancelled' : 'failed'))).toEqual([
      'failed',
      4,
      'cancelled',
      'cancelled',
    ]);
    await expect(askBatch([1, 2, 3, 4], cancelledAt(4, 1))).rejects.toThrow('Stop.');
  });

  it('answer all in one request when all is well', async () => {
    const calls = server(new Set());
    const items = await askBatch([1, 2, 3], calls);
    expect(items.map(({ answer, sentWith }) => [answer, sentWith])).toEqual([
      [2, 3],
      [4, 3],
      [6, 3],
    ]);
    expect(calls.sizes).toEqual([3]);
  });

  it('lose only the bad ones, whichever they are, and tell of every request that an item was in', async () => {
    for (let seed = 1; seed <= 60; seed++) {
      const random = seededRandom(seed);
      const items = Array.from({ length: 1 + Math.floor(random() * 33) }, (_, at) => at);
      const bad = new Set(items.filter(() => random() < 0.1));
      const calls = server(bad);
      const parts = await askBatch(items, calls);
      expect(parts.map(({ answer, failure }) => failure?.code ?? answer)).toEqual(
        items.map((item) => (bad.has(item) ? 'bad-request' : item * 2)),
      );
      for (const [at, part] of parts.entries()) {
        if (bad.has(at)) expect(part.sentWith).toBe(1);
        expect(part.attempts.slice(0, -1).every(({ outcome }) => outcome.failure === refusal)).toBe(true);
      }
      const most = 1 + 2 * bad.size * Math.ceil(Math.log2(Math.max(2, items.length)));
      expect(calls.sizes.length).toBeLessThanOrEqual(most);
    }
  });

  it.each<FailureDetail>([
    { code: 'auth', message: '', status: 401 },
    { code: 'rate-limited', message: '', status: 429 },
    { code: 'server', message: '', status: 503 },
    { code: 'connect', message: '' },
    { code: 'cancelled', message: '' },
  ])('are not divided for $code $status, which concerns none of their items', async (failure) => {
    const calls = server(new Set([0]), failure);
    const parts = await askBatch([0, 1, 2, 3], calls);
    expect(calls.sizes).toEqual([4]);
    expect(parts.map((part) => part.failure)).toEqual([failure, failure, failure, failure]);
  });

  it('are not divided where that is not admitted', async () => {
    const calls = { ...server(new Set([0])), admitHalves: () => false };
    expect((await askBatch([0, 1], calls)).map(({ failure }) => failure)).toEqual([refusal, refusal]);
  });
});
