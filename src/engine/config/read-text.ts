import { createReadStream } from 'node:fs';
import { Failure } from '../../core/failure.ts';

/** Bytes that a file may hold. */
const FILE_LIMIT = 200 * 1024 * 1024;
/** UTF-16 units that one line of a data set may hold. */
export const LINE_LIMIT = 10 * 1024 * 1024;

/** What a person calls the source: the path, or `standard input`. */
export function sourceName(path: string): string {
  return path === '-' ? 'standard input' : path;
}

/**
 * The text of a file, or of standard input for `-`, piece by piece. UTF-8 only; a byte-order mark is dropped.
 * @throws Failure `input`: not there, a folder, binary, another encoding, over `limit` bytes.
 */
async function* readPieces(path: string, limit = FILE_LIMIT): AsyncGenerator<string> {
  const name = sourceName(path);
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let bytes = 0;
  try {
    for await (const chunk of path === '-' ? process.stdin : createReadStream(path)) {
      const piece: Buffer = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
      if (bytes === 0) refuseUtf16(piece, name);
      bytes += piece.length;
      if (bytes > limit) throw input(`${name} is larger than ${limit / 1024 / 1024} MB. Split it.`);
      if (piece.includes(0)) throw input(`${name} is binary, not text. Give a UTF-8 text file.`);
      yield decoder.decode(piece, { stream: true });
    }
    yield decoder.decode();
  } catch (error) {
    throw understood(error, name);
  }
}

/** The whole text of a file or of standard input. @throws Failure `input`, as `readPieces`. */
export async function readText(path: string, limit = FILE_LIMIT): Promise<string> {
  const pieces: string[] = [];
  for await (const piece of readPieces(path, limit)) pieces.push(piece);
  return pieces.join('');
}

/**
 * The lines of a file or of standard input, without their ends; memory stays at one line.
 * @throws Failure `input`, as `readPieces`, or when a line is longer than LINE_LIMIT.
 */
export async function* readLines(path: string): AsyncGenerator<string> {
  let rest: string[] = [];
  let restLength = 0;
  let number = 0;
  const take = (tail: string): string => {
    const line = rest.length === 0 ? tail : rest.join('') + tail;
    number += 1;
    if (line.length > LINE_LIMIT) throw tooLong(path, number);
    rest = [];
    restLength = 0;
    return line.endsWith('\r') ? line.slice(0, -1) : line;
  };
  for await (const piece of readPieces(path, Number.POSITIVE_INFINITY)) {
    let start = 0;
    for (let end = piece.indexOf('\n'); end >= 0; end = piece.indexOf('\n', start)) {
      yield take(piece.slice(start, end));
      start = end + 1;
    }
    if (start < piece.length) rest.push(start === 0 ? piece : piece.slice(start));
    restLength += piece.length - start;
    if (restLength > LINE_LIMIT) throw tooLong(path, number + 1);
  }
  if (restLength > 0) yield take('');
}

function tooLong(path: string, line: number): Failure {
  return input(`${sourceName(path)}:${line}: the line is longer than ${LINE_LIMIT / 1024 / 1024} MB.`);
}

function refuseUtf16(start: Buffer, name: string): void {
  const mark = start.length >= 2 ? start.readUInt16BE(0) : 0;
  if (mark === 0xfffe || mark === 0xfeff) throw input(`${name} is UTF-16. Save it as UTF-8.`);
}

function input(message: string): Failure {
  return new Failure({ code: 'input', message });
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder',
  EACCES: 'you may not read it',
  EPERM: 'you may not read it',
  ELOOP: 'its links go in a circle',
  ENOTDIR: 'a part of its path is not a folder',
};

function understood(error: unknown, name: string): unknown {
  if (error instanceof Failure) return error;
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return input(`${name} is not UTF-8 text. Save it as UTF-8.`);
  const reason = reasons[code];
  if (reason !== undefined) return input(`Cannot read ${name}: ${reason}.`);
  return error;
}
