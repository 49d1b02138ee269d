import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { isLocked, lockRun } from './lock.ts';
import { makeFolder } from './testing/run.ts';

let folder: ReturnType<typeof makeFolder>;
let path = '';
beforeEach(() => {
  folder = makeFolder();
  path = join(folder.dir, 'lock');
});
afterEach(() => folder.remove());

function writeLock(holder: object): void {
  writeFileSync(path, JSON.stringify({ pid: process.pid, host: hostname(), lockedAt: Date.now(), ...holder }));
}

it('is held by one, and free again after its release, with nothing left behind', () => {
  const lock = lockRun(folder.dir);
  expect(isLocked(folder.dir)).toBe(true);
  expect(() => lockRun(folder.dir)).toThrow(`is being worked on by process ${process.pid}`);
  lock.release();
  expect(isLocked(folder.dir)).toBe(false);
  expect(readdirSync(folder.dir)).toEqual([]);
});

it('is taken over from a process that is gone', () => {
  const { pid } = spawnSync(process.execPath, ['-e', '']);
  writeLock({ pid });
  expect(isLocked(folder.dir)).toBe(false);
  const lock = lockRun(folder.dir);
  expect(JSON.parse(readFileSync(path, 'utf8')).pid).toBe(process.pid);
  lock.release();
});

it.runIf(process.platform === 'linux')('is taken over when its number belongs to a later process', () => {
  writeLock({ started: 'an earlier boot/42' });
  expect(isLocked(folder.dir)).toBe(false);
  lockRun(folder.dir).release();
});

it('is taken over when the machine was started since', () => {
  writeLock({ lockedAt: 1 });
  expect(isLocked(folder.dir)).toBe(false);
});

it('is not taken from a living process, nor from one on another machine', async () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  await once(child, 'spawn');
  writeLock({ pid: child.pid });
  expect(() => lockRun(folder.dir)).toThrow(`process ${child.pid}`);
  child.kill();
  await once(child, 'exit');
  writeLock({ host: 'elsewhere', lockedAt: 1 });
  expect(() => lockRun(folder.dir)).toThrow(`delete ${path}`);
});

it('is taken over when its file is empty or junk', () => {
  writeFileSync(path, '');
  lockRun(folder.dir).release();
  writeFileSync(path, '{"pid":');
  lockRun(folder.dir).release();
  expect(existsSync(path)).toBe(false);
});

it('is taken over although a process died while it was taking it over', () => {
  writeLock({ lockedAt: 1 });
  const right = `${path}.takeover`;
  writeFileSync(right, '');
  utimesSync(right, 1, 1);
  lockRun(folder.dir).release();
  expect(readdirSync(folder.dir)).toEqual([]);
});
