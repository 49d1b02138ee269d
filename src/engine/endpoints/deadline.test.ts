import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Deadline } from './deadline.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('deadlines', () => {
  it('pass each at its own moment, in whatever order they were set, over one timer', () => {
    const passed: string[] = [];
    for (const [name, ms] of [
      ['c', 300],
      ['a', 100],
      ['d', 300],
      ['b', 200],
    ] as const) {
      new Deadline(ms, () => passed.push(name));
    }
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(98);
    expect(passed).toEqual([]);
    vi.advanceTimersByTime(2);
    expect(passed).toEqual(['a']);
    vi.advanceTimersByTime(100);
    expect(passed).toEqual(['a', 'b']);
    vi.advanceTimersByTime(100);
    expect(passed).toEqual(['a', 'b', 'c', 'd']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('that are cleared do not pass, and leave no timer behind', () => {
    const passed = vi.fn();
    const first = new Deadline(100, passed);
    const second = new Deadline(200, passed);
    first.clear();
    vi.advanceTimersByTime(150);
    expect(passed).not.toHaveBeenCalled();
    second.clear();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('can be moved, nearer and farther', () => {
    const passed: string[] = [];
    const near = new Deadline(1_000, () => passed.push('near'));
    const far = new Deadline(100, () => passed.push('far'));
    near.move(50);
    far.move(500);
    vi.advanceTimersByTime(60);
    expect(passed).toEqual(['near']);
    vi.advanceTimersByTime(400);
    expect(passed).toEqual(['near']);
    vi.advanceTimersByTime(40);
    expect(passed).toEqual(['near', 'far']);
  });

  it('may set and clear others when they pass', () => {
    const passed: string[] = [];
    const other = new Deadline(100, () => passed.push('other'));
    new Deadline(50, () => {
      other.clear();
      new Deadline(10, () => passed.push('new'));
    });
    vi.advanceTimersByTime(500);
    expect(passed).toEqual(['new']);
    expect(vi.getTimerCount()).toBe(0);
  });
});
