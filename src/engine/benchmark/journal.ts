import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import type { RunRecord } from '../../core/benchmark/record.ts';
import type { Failure } from '../../core/failure.ts';
import type { Outcome } from '../../core/quality/outcome.ts';
import { diskFailure } from './disk.ts';

/** The records or outcomes of a run, appended as they are made. */
export interface Journal<Line> {
  /** Takes a line; it is in the file when the event loop turns. Does nothing once the disk has failed. */
  append(line: Line): void;
  /** Writes what was taken and not yet written. */
  flush(): void;
  close(): void;
}

/**
 * Opens the file for appending. When the disk fails, the file is cut back to its last whole line and `onFailure` is
 * called once. Written lines survive a killed process; they are forced to the disk only at the end, because a
 * slow disk would otherwise hold up the clock. Throws a Failure `local`.
 */
export function openJournal<Line extends RunRecord | Outcome>(
  path: string,
  onFailure: (failure: Failure) => void,
): Journal<Line> {
  let file: number;
  let size: number;
  try {
    file = openSync(path, 'a');
    size = fstatSync(file).size;
  } catch (cause) {
    throw diskFailure('write', path, cause);
  }
  let pending = '';
  let broken = false;

  function flush(): void {
    if (pending === '' || broken) return;
    const bytes = Buffer.from(pending);
    pending = '';
    let written = 0;
    try {
      while (written < bytes.length) written += writeSync(file, bytes, written);
      size += written;
    } catch (cause) {
      broken = true;
      size += bytes.subarray(0, written).lastIndexOf(10) + 1;
      try {
        ftruncateSync(file, size);
      } catch {
        // A reader drops half a line at the end by itself.
      }
      onFailure(diskFailure('write', path, cause));
    }
  }

  return {
    append(line) {
      if (broken) return;
      if (pending === '') setImmediate(flush);
      pending += `${JSON.stringify(line)}\n`;
    },
    flush,
    close() {
      flush();
      try {
        fsyncSync(file);
      } catch {
        // Not every file system can; the data is with the system then.
      }
      closeSync(file);
    },
  };
}
