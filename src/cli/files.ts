import { createWriteStream } from 'node:fs';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Failure } from '../core/failure.ts';
import { diskFailure, makeFolder } from '../engine/benchmark/disk.ts';

/**
 * Writes a file that the person named, part by part; its folder is made. @throws Failure `local` that says why it cannot be,
 * and what making the parts throws.
 */
export async function writeOutput(path: string, parts: string | Iterable<string>): Promise<void> {
  makeFolder(dirname(path));
  try {
    await pipeline(Readable.from(typeof parts === 'string' ? [parts] : parts), createWriteStream(path));
  } catch (cause) {
    throw cause instanceof Failure ? cause : diskFailure('write', path, cause);
  }
}
