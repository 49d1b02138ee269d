import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { until } from './until.ts';

const leash = join(import.meta.dirname, '..', 'leash.ts');

/** A program that starts a child, as a server starts its extension host, and says both process ids. */
const PARENT = `
  const child = require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  console.log(process.pid + ' ' + child.pid);
  setInterval(() => {}, 1000);
`;

/** Something that starts the leash, and has nothing to do but be killed. */
const STARTER = `
  require('node:child_process').spawn(process.execPath, process.argv.slice(1), { stdio: ['pipe', 'inherit', 'inherit'] });
  setInterval(() => {}, 1000);
`;

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // In a container nobody may collect the dead: such a process has ended, though its id is still there.
    const stat = `/proc/${pid}/stat`;
    return !(existsSync(stat) && /\) Z /.test(readFileSync(stat, 'utf8')));
  } catch {
    return false;
  }
}

async function processIds(program: ChildProcess): Promise<readonly number[]> {
  const [line] = await once(program.stdout!, 'data');
  return String(line).split(' ').map(Number);
}

it('ends a program, its children and their folder when its input closes', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tierwise-leash-'));
  const program = spawn(process.execPath, [leash, folder, process.execPath, '-e', PARENT]);
  const pids = await processIds(program);
  expect(pids.map(isRunning)).toEqual([true, true]);

  program.stdin.end();
  await once(program, 'exit');

  await until('the end of all processes', async () => !pids.some(isRunning));
  expect(existsSync(folder)).toBe(false);
});

it('ends them also when whoever started it is killed', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tierwise-leash-'));
  const starter = spawn(process.execPath, ['-e', STARTER, '--', leash, folder, process.execPath, '-e', PARENT]);
  const pids = await processIds(starter);

  starter.kill('SIGKILL');

  await until('the end of all processes', async () => !pids.some(isRunning));
  await until('the end of their folder', async () => !existsSync(folder));
});
