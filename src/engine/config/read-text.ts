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
  let lines = 0;
  let last: Buffer | undefined;
  try {
    for await (const chunk of path === '-' ? process.stdin : createReadStream(path)) {
      const piece: Buffer = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
      if (bytes === 0) refuseUtf16(piece, name);
      bytes += piece.length;
      if (bytes > limit) throw input(`${name} is larger than ${limit / 1024 / 1024} MB. Split it.`);
      if (piece.includes(0)) throw input(notText(piece, name));
      last = piece;
      yield decoder.decode(piece, { stream: true });
      lines += lineFeeds(piece);
    }
    last = undefined;
    yield decoder.decode();
  } catch (error) {
    throw understood(error, name, last && lines + 1 + lineFeeds(beforeDamage(last)));
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

/** Text in UTF-16 has a NUL in nearly every pair of bytes, always on the same side. */
function notText(piece: Buffer, name: string): string {
  const start = piece.subarray(0, 1_000);
  const nuls = [0, 0];
  for (const [at, byte] of start.entries()) if (byte === 0) nuls[at % 2] = (nuls[at % 2] ?? 0) + 1;
  const [even = 0, odd = 0] = nuls;
  const pairs = start.length / 2;
  if (Math.max(even, odd) > 0.6 * pairs && Math.min(even, odd) < 0.1 * pairs) {
    return `${name} is UTF-16 without a byte order mark. Save it as UTF-8.`;
  }
  return `${name} is binary, not text. Give a UTF-8 text file.`;
}

function lineFeeds(piece: Buffer): number {
  let count = 0;
  for (let at = piece.indexOf(0x0a); at !== -1; at = piece.indexOf(0x0a, at + 1)) count++;
  return count;
}

/** What stands before the first byte that cannot be UTF-8; one that an earlier piece began is not seen. */
function beforeDamage(piece: Buffer): Buffer {
  const text = piece.toString('utf8');
  const at = text.indexOf('\ufffd');
  return at === -1 ? piece : Buffer.from(text.slice(0, at));
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

function understood(error: unknown, name: string, line: number | undefined): unknown {
  if (error instanceof Failure) return error;
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') {
    const where =
      line === undefined ? '' : `: line ${line} holds bytes of another encoding, such as Latin-1 (Windows-1252)`;
    return input(`${name} is not UTF-8 text${where}. Save it as UTF-8.`);
  }
  const reason = reasons[code];
  if (reason !== undefined) return input(`Cannot read ${name}: ${reason}.`);
  return error;
}
