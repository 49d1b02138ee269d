import { expect, it } from 'vitest';
import { startClosedLoop } from './closed-loop.ts';

/** Jobs that end when they are told to. */
function bench(count: number) {
  const running = new Map<number, () => void>();
  const started: number[] = [];
  return {
    running,
    started,
    jobs: Array.from({ length: count }, (_, index) => index).values(),
    run: (job: number) =>
      new Promise<void>((resolve) => {
        started.push(job);
        running.set(job, () => {
          running.delete(job);
          resolve();
        });
      }),
  };
}

const turn = () => new Promise((resolve) => setTimeout(resolve, 0));

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turn();
}

it('does every job once, in order, with so many at a time', async () => {
  const { jobs, run, running, started } = bench(10);
  const loop = startClosedLoop({ jobs, slots: 3, admit: () => true, run });
  let most = 0;
  for (let done = 0; done < 10; done++) {
    await until(() => running.size === Math.min(3, 10 - done));
    most = Math.max(most, loop.inFlight);
    running.values().next().value?.();
    await turn();
  }
  expect(await loop.ended).toBeUndefined();
  expect(started).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(most).toBe(3);
});

it('asks again for a job that was not admitted when another has ended', async () => {
  const { jobs, run, running, started } = bench(4);
  const loop = startClosedLoop({ jobs, slots: 4, admit: () => running.size < 2, run });
  await until(() => running.size === 2);
  for (let i = 0; i < 20; i++) await turn();
  expect(started).toEqual([0, 1]);
  running.get(1)?.();
  await until(() => started.length === 3);
  running.get(0)?.();
  await until(() => started.length === 4);
  for (const end of [...running.values()]) end();
  expect(await loop.ended).toBeUndefined();
});

it('ends with the job that is not admitted while nothing is in flight', async () => {
  const { jobs, run, running, started } = bench(4);
  const loop = startClosedLoop({ jobs, slots: 4, admit: (job) => job < 1, run });
  await turn();
  running.get(0)?.();
  expect(await loop.ended).toBe(1);
  expect(started).toEqual([0]);
});

it('starts nothing more once it is stopped, and waits for what is in flight', async () => {
  const { jobs, run, running, started } = bench(100);
  const loop = startClosedLoop({ jobs, slots: 2, admit: () => true, run });
  await until(() => running.size === 2);
  loop.stop();
  let over = false;
  const ended = loop.ended.then(() => {
    over = true;
  });
  running.get(0)?.();
  await turn();
  expect(over).toBe(false);
  running.get(1)?.();
  await ended;
  expect(started).toEqual([0, 1]);
});

it('ends at once when there is nothing to do', async () => {
  const loop = startClosedLoop({ jobs: [].values(), slots: 2, admit: () => true, run: async () => {} });
  expect(await loop.ended).toBeUndefined();
});
