import { writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { diskFailure, makeFolder } from '../engine/benchmark/disk.ts';

/** Writes a file that the person named; its folder is made. @throws Failure `local` that says why it cannot be. */
export async function writeOutput(path: string, text: string): Promise<void> {
  makeFolder(dirname(path));
  try {
    await writeFile(path, text);
  } catch (cause) {
    throw diskFailure('write', path, cause);
  }
}
