import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/**
 * Returns `folder`, filled on first use. `fill` works in a staging folder beside it which is renamed into place when complete,
 * so the folder is never seen half filled: not after an interruption, and not by a second process that asks meanwhile.
 * (Both processes then fill a staging folder of their own; the first to finish wins, and both use the winner's.)
 */
export async function prepareOnce(folder: string, fill: (staging: string) => Promise<void>): Promise<string> {
  if (existsSync(folder)) return folder;
  await sweep(folder);
  const staging = `${folder}.staging-${process.pid}`;
  await mkdir(staging, { recursive: true });
  try {
    await fill(staging);
    await rename(staging, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
  return folder;
}

/** Removes what interrupted processes left behind. */
async function sweep(folder: string): Promise<void> {
  const parent = dirname(folder);
  const prefix = `${basename(folder)}.staging-`;
  if (!existsSync(parent)) return;
  for (const name of await readdir(parent)) {
    if (name.startsWith(prefix) && !isRunning(Number(name.slice(prefix.length)))) {
      await rm(join(parent, name), { recursive: true, force: true });
    }
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
