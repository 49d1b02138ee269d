import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../core/stats/random.ts';
import { type Answered, answerAll } from './answer-all.ts';
import { fakeClock } from './testing/fake-clock.ts';

async function all<Q, A>(answers: AsyncIterable<Answered<Q, A>>): Promise<Answered<Q, A>[]> {
  const list: Answered<Q, A>[] = [];
  for await (const answer of answers) list.push(answer);
  return list;
}

describe('answering all', () => {
  it('keeps the order of the requests, the limit and the look-ahead, whatever ends when', async () => {
    for (let seed = 1; seed <= 25; seed++) {
      const random = seededRandom(seed);
      const clock = fakeClock({ eager: true, seed });
      const limit = 1 + Math.floor(random() * 10);
      const lookAhead = limit + Math.floor(random() * 20);
      const count = Math.floor(random() * 150);
      let inFlight = 0;
      let most = 0;
      let taken = 0;
      let handedOut = 0;
      let furthest = 0;
      function* requests() {
        for (; taken < count; ) {
          furthest = Math.max(furthest, taken + 1 - handedOut);
          yield taken++;
        }
      }
      const calls: number[] = [];
      const answers = answerAll(requests(), {
        limit,
        lookAhead,
        async call(request) {
          calls.push(request);
          most = Math.max(most, ++inFlight);
          await clock.sleep(random() < 0.05 ? 5_000 : random() * 100);
          inFlight--;
          if (request % 7 === 3) throw new Error(`bad ${request}`);
          return request * 2;
        },
      });
      const list: Answered<number, number>[] = [];
      for await (const answer of answers) {
        handedOut++;
        list.push(answer);
      }
      expect(list).toEqual(
        Array.from({ length: count }, (_, index) =>
          index % 7 === 3
            ? { index, request: index, state: 'failed', error: new Error(`bad ${index}`) }
            : { index, request: index, state: 'answered', answer: index * 2 },
        ),
      );
      expect(calls.sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, index) => index));
      expect(most).toBeLessThanOrEqual(limit);
      expect(furthest).toBeLessThanOrEqual(lookAhead + 1);
    }
  });

  it('uses every place again although the first call is slow, up to the look-ahead', async () => {
    const begun: number[] = [];
    let release = () => {};
    const answers = answerAll(Array(100).keys(), {
      limit: 2,
      lookAhead: 10,
      call(request) {
        begun.push(request);
        if (request > 0) return Promise.resolve(request);
        return new Promise<number>((resolve) => {
          release = () => resolve(0);
        });
      },
    });
    const first = answers.next();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(begun).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    release();
    expect((await first).value).toMatchObject({ index: 0, answer: 0 });
    expect((await all(answers)).map(({ index }) => index)).toEqual(Array.from({ length: 99 }, (_, at) => at + 1));
  });

  it('accounts for each call that began exactly once when it is cancelled, and begins none after that', async () => {
    for (let seed = 1; seed <= 25; seed++) {
      const random = seededRandom(seed);
      const clock = fakeClock({ eager: true, seed });
      const cancelling = new AbortController();
      const begun: number[] = [];
      const cancelAt = Math.floor(random() * 60);
      const answers = answerAll(Array(80).keys(), {
        limit: 5,
        signal: cancelling.signal,
        async call(request, _index, signal) {
          expect(cancelling.signal.aborted).toBe(false);
          begun.push(request);
          if (request === cancelAt) cancelling.abort();
          await clock.sleep(random() * 100, signal);
          if (signal.aborted && request % 2 === 0) throw new Error('gave up');
          return request;
        },
      });
      const list = await all(answers);
      expect(list.map(({ index }) => index)).toEqual(begun);
      for (const { index, state } of list) if (state === 'cancelled') expect(index % 2).toBe(0);
      expect(list.length).toBeGreaterThan(cancelAt);
      expect(list.length).toBeLessThanOrEqual(cancelAt + 5);
    }
  });

  it('ends what is in flight when nobody listens any more', async () => {
    let ended = 0;
    const answers = answerAll(Array(50).keys(), {
      limit: 4,
      call: (request, _index, signal) =>
        request === 0
          ? Promise.resolve(0)
          : new Promise<number>((resolve) => {
              signal.addEventListener('abort', () => {
                ended++;
                resolve(request);
              });
            }),
    });
    for await (const { index } of answers) {
      expect(index).toBe(0);
      break;
    }
    expect(ended).toBeGreaterThan(0);
  });

  it('passes on that the requests cannot be read, after ending what is in flight', async () => {
    let aborted = false;
    async function* requests() {
      yield 1;
      throw new Error('the file broke off');
    }
    const answers = answerAll(requests(), {
      limit: 2,
      call: (_request, _index, signal) =>
        new Promise<number>((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            aborted = true;
            reject(new Error('given up'));
          });
        }),
    });
    await expect(all(answers)).rejects.toThrow('the file broke off');
    expect(aborted).toBe(true);
  });
});
