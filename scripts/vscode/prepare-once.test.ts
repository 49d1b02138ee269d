import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { prepareOnce } from './prepare-once.ts';

let parent: string;
let folder: string;

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'tierwise-prepare-'));
  folder = join(parent, 'tool');
});
afterEach(() => rm(parent, { recursive: true }));

it('fills a folder on first use only', async () => {
  let fills = 0;
  const fill = async (staging: string) => {
    fills++;
    await writeFile(join(staging, 'file'), 'content');
  };

  expect(await prepareOnce(folder, fill)).toBe(folder);
  expect(await prepareOnce(folder, fill)).toBe(folder);

  expect(fills).toBe(1);
  expect(await readFile(join(folder, 'file'), 'utf8')).toBe('content');
  expect(await readdir(parent)).toEqual(['tool']);
});

it('leaves nothing behind when it fails, so that the next attempt starts anew', async () => {
  const failing = prepareOnce(folder, async (staging) => {
    await writeFile(join(staging, 'file'), 'half');
    throw new Error('no network');
  });

  await expect(failing).rejects.toThrow('no network');
  expect(await readdir(parent)).toEqual([]);
});

it('takes the folder of another process that was faster', async () => {
  await prepareOnce(folder, async () => {
    await mkdir(folder);
    await writeFile(join(folder, 'file'), 'theirs');
  });

  expect(await readFile(join(folder, 'file'), 'utf8')).toBe('theirs');
  expect(await readdir(parent)).toEqual(['tool']);
});

it('removes what an interrupted process has left, and nothing of one that still works', async () => {
  const noProcess = `${folder}.staging-${2 ** 30}`;
  const someProcess = `${folder}.staging-${process.ppid}`;
  await mkdir(noProcess);
  await mkdir(someProcess);

  await prepareOnce(folder, async () => {});

  expect(existsSync(noProcess)).toBe(false);
  expect(existsSync(someProcess)).toBe(true);
});
