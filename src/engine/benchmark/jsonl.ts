import { closeSync, openSync, readSync } from 'node:fs';
import { diskFailure } from './disk.ts';

/** A line of a file: its bytes without the line feed, where it begins, and whether a line feed ended it. */
export interface Line {
  readonly text: string;
  /** From 1. */
  readonly number: number;
  /** In bytes from the start of the file. */
  readonly offset: number;
  /** Length in bytes, without the line feed. */
  readonly bytes: number;
  readonly ended: boolean;
}

const pieceBytes = 1024 * 1024;

/** The lines of a file, one after the other, without holding more than a piece of it. Throws a Failure `local`. */
export function* readLines(path: string): Generator<Line> {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (cause) {
    throw diskFailure('read', path, cause);
  }
  try {
    const buffer = Buffer.allocUnsafe(pieceBytes);
    // The beginning of a line that goes on in the next piece.
    let rest: Buffer[] = [];
    let number = 1;
    let offset = 0;
    for (;;) {
      const piece = readPiece(file, buffer, path);
      let from = 0;
      for (let end = piece.indexOf(10); end >= 0; end = piece.indexOf(10, from)) {
        let text: string;
        let bytes = end - from;
        if (rest.length === 0) text = piece.toString('utf8', from, end);
        else {
          const whole = Buffer.concat([...rest, piece.subarray(from, end)]);
          text = whole.toString('utf8');
          bytes = whole.length;
          rest = [];
        }
        yield { text, number, offset, bytes, ended: true };
        number++;
        offset += bytes + 1;
        from = end + 1;
      }
      if (piece.length === 0) break;
      if (from < piece.length) rest.push(Buffer.from(piece.subarray(from)));
    }
    const last = Buffer.concat(rest);
    if (last.length > 0) yield { text: last.toString('utf8'), number, offset, bytes: last.length, ended: false };
  } finally {
    closeSync(file);
  }
}

function readPiece(file: number, buffer: Buffer, path: string): Buffer {
  try {
    return buffer.subarray(0, readSync(file, buffer));
  } catch (cause) {
    throw diskFailure('read', path, cause);
  }
}
