import { expect, it } from 'vitest';
import { startClosedLoop } from './closed-loop.ts';

/** All jobs in one lane without a limit, none to be skipped. */
const oneLane = { lanes: new Map([['', Number.POSITIVE_INFINITY]]), laneOf: () => '', skip: () => false };

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
  const loop = startClosedLoop({ ...oneLane, jobs, slots: 3, admit: () => true, run });
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
  const loop = startClosedLoop({ ...oneLane, jobs, slots: 4, admit: () => running.size < 2, run });
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
  const loop = startClosedLoop({ ...oneLane, jobs, slots: 4, admit: (job) => job < 1, run });
  await turn();
  running.get(0)?.();
  expect(await loop.ended).toBe(1);
  expect(started).toEqual([0]);
});

it('starts nothing more once it is stopped, and waits for what is in flight', async () => {
  const { jobs, run, running, started } = bench(100);
  const loop = startClosedLoop({ ...oneLane, jobs, slots: 2, admit: () => true, run });
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
  const loop = startClosedLoop({ ...oneLane, jobs: [].values(), slots: 2, admit: () => true, run: async () => {} });
  expect(await loop.ended).toBeUndefined();
});

/** Numbers below 100 go to the lane a, the others to b. */
const twoLanes = (a: number, b: number) => ({
  ...oneLane,
  lanes: new Map([
    ['a', a],
    ['b', b],
  ]),
  laneOf: (job: number) => (job < 100 ? 'a' : 'b'),
  admit: () => true,
});

it('lets a lane with room go first while another is full, and keeps the order within each', async () => {
  const { run, running, started } = bench(0);
  const jobs = [0, 1, 2, 100, 3, 101, 102].values();
  const loop = startClosedLoop({ ...twoLanes(1, 2), jobs, slots: 4, run });
  await until(() => running.size === 3);
  for (let i = 0; i < 20; i++) await turn();
  expect(started).toEqual([0, 100, 101]);
  running.get(0)?.();
  await until(() => started.length === 4);
  running.get(100)?.();
  await until(() => started.length === 5);
  expect(started.slice(3)).toEqual([1, 102]);
  while (loop.inFlight > 0) {
    for (const end of [...running.values()]) end();
    await turn();
  }
  expect(await loop.ended).toBeUndefined();
  expect(started.filter((job) => job < 100)).toEqual([0, 1, 2, 3]);
});

it('starts held jobs in the order of the plan once several lanes have room', async () => {
  const { run, running, started } = bench(0);
  startClosedLoop({ ...twoLanes(1, 1), jobs: [0, 100, 1, 101].values(), slots: 2, run });
  await until(() => running.size === 2);
  running.get(100)?.();
  await until(() => started.length === 3);
  running.get(0)?.();
  await until(() => started.length === 4);
  expect(started).toEqual([0, 100, 101, 1]);
  for (const end of [...running.values()]) end();
});

it('starts in a paused lane not even the job that was waiting to be admitted', async () => {
  const { run, running, started } = bench(2);
  const jobs = [0, 1].values();
  const loop = startClosedLoop({ ...twoLanes(9, 9), jobs, slots: 2, admit: () => running.size === 0, run });
  for (let i = 0; i < 20; i++) await turn();
  loop.pause('a', 200);
  running.get(0)?.();
  for (let i = 0; i < 5; i++) await turn();
  expect(started).toEqual([0]);
  await until(() => started.length === 2);
  running.get(1)?.();
  expect(await loop.ended).toBeUndefined();
});

it('starts nothing in a lane that is paused, and goes on by itself afterwards', async () => {
  const { run, running, started } = bench(0);
  const loop = startClosedLoop({ ...twoLanes(9, 9), jobs: [0, 1, 100].values(), slots: 1, run });
  await until(() => running.size === 1);
  loop.pause('a', 60);
  running.get(0)?.();
  await until(() => running.size === 1);
  expect(started).toEqual([0, 100]);
  running.get(100)?.();
  await until(() => started.length === 3);
  running.get(1)?.();
  expect(await loop.ended).toBeUndefined();
});

it('keeps a pause for what is in flight, also when there is nothing more to start', async () => {
  const { run, running } = bench(0);
  const loop = startClosedLoop({ ...twoLanes(9, 9), jobs: [0].values(), slots: 2, run });
  await until(() => running.size === 1);
  for (let i = 0; i < 20; i++) await turn();
  loop.pause('a', 10_000);
  loop.pause('a', 10);
  expect(loop.pauseLeft('a')).toBeGreaterThan(1_000);
  expect(loop.pauseLeft('b')).toBe(0);
  running.get(0)?.();
  expect(await loop.ended).toBeUndefined();
});

it('drops jobs that are not to be done any more, also those that waited', async () => {
  const { run, running, started } = bench(0);
  let closed = false;
  const skip = (job: number) => closed && job < 100;
  const loop = startClosedLoop({ ...twoLanes(1, 1), skip, jobs: [0, 1, 2, 100, 101, 3].values(), slots: 2, run });
  await until(() => running.size === 2);
  closed = true;
  running.get(0)?.();
  running.get(100)?.();
  await until(() => running.size === 1);
  running.get(101)?.();
  expect(await loop.ended).toBeUndefined();
  expect(started).toEqual([0, 100, 101]);
});
