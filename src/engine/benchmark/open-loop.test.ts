import { expect, it } from 'vitest';
import { type OpenLoop, startOpenLoop } from './open-loop.ts';

/** Jobs that are due so many ms after the loop begins, and end when they are told to. */
function bench(dueMs: readonly number[], fields: Partial<OpenLoop<number>> = {}) {
  const origin = performance.now();
  const started: { job: number; at: number }[] = [];
  const running = new Map<number, () => void>();
  const loop = startOpenLoop<number>({
    jobs: dueMs.keys(),
    slots: 100,
    lanes: new Map([['', Number.POSITIVE_INFINITY]]),
    laneOf: () => '',
    skip: () => false,
    admit: () => true,
    now: () => performance.now() - origin,
    dueAt: (job) => dueMs[job] ?? 0,
    run: (job) =>
      new Promise<void>((resolve) => {
        started.push({ job, at: performance.now() - origin });
        running.set(job, () => {
          running.delete(job);
          resolve();
        });
      }),
    ...fields,
  });
  return { loop, started, running };
}

const turn = () => new Promise((resolve) => setTimeout(resolve, 0));

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turn();
}

it('starts no job before it is due, and waits for none that is running', async () => {
  const dueMs = [0, 0, 3, 3.4, 30, 31, 31.5, 60];
  const { loop, started, running } = bench(dueMs);
  expect(started.map(({ job }) => job)).toEqual([0, 1]);
  await until(() => started.length === dueMs.length);
  expect(running.size).toBe(dueMs.length);
  expect(started.map(({ job }) => job)).toEqual([...dueMs.keys()]);
  for (const { job, at } of started) expect(at).toBeGreaterThanOrEqual(dueMs[job]!);
  for (const end of [...running.values()]) end();
  expect(await loop.ended).toBeUndefined();
});

it('starts what had to wait for a slot as soon as there is one, first come first served', async () => {
  const { loop, started, running } = bench([0, 0, 0, 0], { slots: 2 });
  expect(started.map(({ job }) => job)).toEqual([0, 1]);
  running.get(1)?.();
  await until(() => started.length === 3);
  expect(started.at(-1)?.job).toBe(2);
  running.get(0)?.();
  await until(() => started.length === 4);
  for (const end of [...running.values()]) end();
  expect(await loop.ended).toBeUndefined();
});

it('lets what is due go past a full lane, and leaves no gap for what is skipped', async () => {
  const lanes = new Map([
    ['odd', 1],
    ['even', 9],
  ]);
  const { loop, started, running } = bench([0, 0, 0, 0, 1e9, 0], {
    lanes,
    laneOf: (job) => (job % 2 === 1 ? 'odd' : 'even'),
    skip: (job) => job === 4,
  });
  expect(started.map(({ job }) => job)).toEqual([0, 1, 2]);
  running.get(1)?.();
  await until(() => started.length === 4);
  expect(started.at(-1)?.job).toBe(3);
  running.get(3)?.();
  await until(() => started.length === 5);
  for (const end of [...running.values()]) end();
  expect(await loop.ended).toBeUndefined();
});

it('keeps each party to its share of the slots, so that none waits for another, in one lane as well', async () => {
  const shares = { most: 2, partyOf: (job: number) => (job < 4 ? 'slow' : 'quick') };
  const { loop, started, running } = bench([0, 0, 0, 0, 0, 0], { slots: 4, shares });
  expect(started.map(({ job }) => job)).toEqual([0, 1, 4, 5]);
  running.get(5)?.();
  running.get(1)?.();
  await until(() => started.length === 5);
  expect(started.at(-1)?.job).toBe(2);
  running.get(4)?.();
  await turn();
  expect(started).toHaveLength(5);
  running.get(0)?.();
  await until(() => started.length === 6);
  for (const end of [...running.values()]) end();
  expect(await loop.ended).toBeUndefined();
});

it('starts nothing in a lane that was paused before it began', async () => {
  const { loop, started, running } = bench([0, 0], { pausedMs: () => 40 });
  expect(started).toEqual([]);
  await until(() => started.length === 2);
  expect(started[0]?.at).toBeGreaterThanOrEqual(39);
  for (const end of [...running.values()]) end();
  await loop.ended;
});

it('ends at once when it is stopped while it waits for a time far away', async () => {
  const { loop, started } = bench([1e12]);
  await turn();
  loop.stop();
  expect(await loop.ended).toBeUndefined();
  expect(started).toEqual([]);
});

it('ends with the job that is not admitted while nothing is in flight', async () => {
  const { loop, started } = bench([0, 5], { admit: (job) => job < 1, run: async () => {} });
  expect(await loop.ended).toBe(1);
  expect(started).toEqual([]);
});
