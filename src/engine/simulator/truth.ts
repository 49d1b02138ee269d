import { open } from 'node:fs/promises';
import { Failure } from '../../core/failure.ts';
import type { FaultName } from './faults.ts';

/**
 * What the simulator did with one well-formed request, by its own clock. Requests that it refused (401, 400, 404, 413)
 * have no entry. Times are ms from `receivedMs`, taken as the bytes are handed to the socket; a moment that never came
 * is absent.
 */
export interface TruthEntry {
  /** The client's `x-request-id`, or one made here; the answer's header carries it too. */
  readonly requestId: string;
  /** The profile's id. */
  readonly model: string;
  /** HTTP status; absent when no header was sent. */
  readonly status?: number | undefined;
  readonly stream: boolean;
  /** When the request's head had arrived: ms since the Unix epoch, by a clock that never steps back. */
  readonly receivedMs: number;
  readonly headersMs?: number | undefined;
  /** Of an unstreamed answer, first and last token are the moment of its body. */
  readonly firstTokenMs?: number | undefined;
  readonly lastTokenMs?: number | undefined;
  /** The answer ended, or the client left. */
  readonly endMs: number;
  readonly inputTokens: number;
  /** Chunks with a token that were sent; of an unstreamed answer, what its usage says. */
  readonly outputTokens: number;
  /** The answer's key was replaced by another one; false when no token was sent. */
  readonly wrong: boolean;
  /** A fault asked for, or `500` out of the profile's own error rate. */
  readonly fault?: FaultName | undefined;
  /** The connection closed before the answer ended, by the client or by `close()`. */
  readonly aborted?: boolean | undefined;
  readonly plannedTtftMs: number;
  /** The largest lateness of any token against its own deadline. */
  readonly lateMs: number;
}

export interface TruthLog {
  write(entry: TruthEntry): void;
  /** Resolves when every entry is in the file. Throws a Failure `local` when one could not be written. */
  close(): Promise<void>;
}

/** Appends entries to a JSONL file, one a line. Throws a Failure `local` when it cannot be opened. */
export async function truthLogWriter(path: string): Promise<TruthLog> {
  const file = await open(path, 'a').catch((cause: unknown) => {
    throw notWritten(path, cause);
  });
  const stream = file.createWriteStream();
  let broken: Failure | undefined;
  stream.on('error', (cause) => {
    broken ??= notWritten(path, cause);
  });
  return {
    write(entry) {
      if (broken === undefined) stream.write(`${JSON.stringify(entry)}\n`);
    },
    async close() {
      await new Promise<void>((resolve) => {
        if (stream.closed) resolve();
        else stream.once('close', resolve).end();
      });
      if (broken !== undefined) throw broken;
    },
  };
}

function notWritten(path: string, cause: unknown): Failure {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new Failure(
    { code: 'local', message: `Cannot write the truth log ${path}: ${reason}. Choose a file that can be written.` },
    { cause },
  );
}
