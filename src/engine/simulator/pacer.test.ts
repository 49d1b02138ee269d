import { describe, expect, it } from 'vitest';
import { Pacer } from './pacer.ts';
import { keyedRandom } from './random.ts';

describe('the pacer', () => {
  it('runs tasks in the order of their deadlines and never before them', async () => {
    const pacer = new Pacer();
    const random = keyedRandom(7);
    const start = performance.now();
    const ran: { due: number; at: number }[] = [];
    await new Promise<void>((resolve) => {
      for (let index = 0; index < 500; index += 1) {
        const due = start + random() * 40;
        pacer.schedule({
          dueMs: due,
          run: (at) => {
            ran.push({ due, at });
            if (ran.length === 500) resolve();
          },
        });
      }
    });
    expect(ran.every(({ due, at }) => at >= due)).toBe(true);
    expect(ran.map(({ due }) => due)).toEqual(ran.map(({ due }) => due).sort((a, b) => a - b));
  });

  it('lets a task schedule itself again without keeping the process from other work', async () => {
    const pacer = new Pacer();
    let runs = 0;
    const task = {
      dueMs: performance.now(),
      run: () => {
        runs += 1;
        pacer.schedule(task);
      },
    };
    pacer.schedule(task);
    await new Promise((resolve) => setTimeout(resolve, 20));
    pacer.stop();
    const stopped = runs;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(stopped).toBeGreaterThan(1);
    expect(runs).toBe(stopped);
  });

  it('tells how late tokens were', () => {
    const pacer = new Pacer();
    expect(pacer.lateness()).toEqual({ count: 0, p50: 0, p99: 0, max: 0 });
    for (let late = 0; late < 100; late += 1) pacer.record(late);
    pacer.record(5000);
    const { count, p50, p99, max } = pacer.lateness();
    expect(count).toBe(101);
    expect(p50).toBeCloseTo(50, 0);
    expect(p99).toBeCloseTo(99, 0);
    expect(max).toBe(5000);
  });
});
