import { describe, expect, it } from 'vitest';
import { Failure } from '../../core/failure.ts';
import { seededRandom } from '../../core/stats/random.ts';
import { Limiter } from './limiter.ts';
import { fakeClock } from './testing/fake-clock.ts';

/** Tasks that end when they are told to. */
function tasks() {
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  return {
    begun,
    end: (name: string) => ends.get(name)?.(),
    task: (name: string) => () =>
      new Promise<string>((resolve) => {
        begun.push(name);
        ends.set(name, () => resolve(name));
      }),
  };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('a limiter', () => {
  it('lets so many run at once, first come, first served', async () => {
    const limiter = new Limiter({ concurrency: 2 });
    const { begun, end, task } = tasks();
    const all = ['a', 'b', 'c', 'd'].map((name) => limiter.run(task(name)));
    await turn();
    expect(begun).toEqual(['a', 'b']);
    expect([limiter.inFlight, limiter.waiting]).toEqual([2, 2]);
    end('b');
    await turn();
    expect(begun).toEqual(['a', 'b', 'c']);
    end('a');
    end('c');
    await turn();
    end('d');
    expect(await Promise.all(all)).toEqual(['a', 'b', 'c', 'd']);
    expect([limiter.inFlight, limiter.waiting]).toEqual([0, 0]);
  });

  it('gives the place of a task that fails to the next', async () => {
    const limiter = new Limiter({ concurrency: 1 });
    const bad = limiter.run(() => Promise.reject(new Error('bad')));
    const good = limiter.run(async () => 'good');
    await expect(bad).rejects.toThrow('bad');
    expect(await good).toBe('good');
  });

  it('holds all back during a pause, and the longest of several counts', async () => {
    const clock = fakeClock();
    const limiter = new Limiter({ concurrency: 2, clock });
    const { begun, task } = tasks();
    limiter.pause(1_000);
    limiter.pause(5_000);
    limiter.pause(10);
    void limiter.run(task('a'));
    void limiter.run(task('b'));
    await clock.advance(4_999);
    expect(begun).toEqual([]);
    await clock.advance(1);
    expect(begun).toEqual(['a', 'b']);
    expect(clock.sleeping).toBe(0);
  });

  it('goes on waiting when a pause grows', async () => {
    const clock = fakeClock();
    const limiter = new Limiter({ concurrency: 1, clock });
    const { begun, task } = tasks();
    limiter.pause(100);
    void limiter.run(task('a'));
    await clock.advance(50);
    limiter.pause(1_000);
    await clock.advance(999);
    expect(begun).toEqual([]);
    await clock.advance(1);
    expect(begun).toEqual(['a']);
  });

  it('lets a cancelled one go at once, with the reason, without a timer and without a place', async () => {
    const clock = fakeClock();
    const limiter = new Limiter({ concurrency: 1, clock });
    const cancelling = new AbortController();
    limiter.pause(60_000);
    const waiting = limiter.run(async () => 'never', cancelling.signal);
    const reason = new Failure({ code: 'cancelled', message: 'Enough.' });
    cancelling.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    await turn();
    expect([limiter.inFlight, limiter.waiting, clock.sleeping]).toEqual([0, 0, 0]);
    await expect(limiter.run(async () => 'never', cancelling.signal)).rejects.toBe(reason);
    const later = limiter.run(async () => 'later');
    await clock.advance(60_000);
    expect(await later).toBe('later');
  });

  it('neither exceeds its limit nor loses a place, whatever ends, fails, is cancelled or pauses', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const clock = fakeClock({ eager: true, seed });
      const random = seededRandom(seed);
      const limit = 1 + Math.floor(random() * 8);
      const limiter = new Limiter({ concurrency: limit, clock });
      let most = 0;
      let running = 0;
      const ended = Array.from({ length: 200 }, async (_, index) => {
        const cancelling = new AbortController();
        const chance = random();
        const ms = random() * 50;
        if (chance < 0.2) void clock.sleep(random() * 300).then(() => cancelling.abort());
        await clock.sleep(random() * 400);
        return limiter
          .run(async () => {
            most = Math.max(most, ++running);
            await clock.sleep(ms);
            running--;
            if (index % 17 === 0) limiter.pause(30);
            if (chance > 0.9) throw new Error('failed');
            return 'ok';
          }, cancelling.signal)
          .catch((error: Error) => (error instanceof Failure ? 'cancelled' : 'failed'));
      });
      expect(await Promise.all(ended)).toHaveLength(200);
      expect(most).toBeLessThanOrEqual(limit);
      expect([limiter.inFlight, limiter.waiting, running]).toEqual([0, 0, 0]);
    }
  });
});
