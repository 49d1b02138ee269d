import { Failure } from '../../core/failure.ts';

export interface LineReader {
  push(chunk: Uint8Array): void;
  /** What stands after the last line feed is a line too. */
  end(): void;
}

/** Splits a stream of UTF-8 into lines; empty ones are left out. A line over `maxLineBytes` throws Failure `too-large`. */
export function createLineReader(options: { onLine(line: string): void; maxLineBytes: number }): LineReader {
  const { onLine, maxLineBytes } = options;
  let parts: Uint8Array[] = [];
  let bytes = 0;

  function emit(last: Uint8Array): void {
    const whole =
      parts.length === 0 ? Buffer.from(last.buffer, last.byteOffset, last.length) : Buffer.concat([...parts, last]);
    const line = whole.toString('utf8').trim();
    parts = [];
    bytes = 0;
    if (line !== '') onLine(line);
  }

  return {
    push(chunk) {
      let start = 0;
      for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
        emit(chunk.subarray(start, end));
        start = end + 1;
      }
      const rest = chunk.subarray(start);
      bytes += rest.length;
      if (bytes > maxLineBytes) {
        throw new Failure({
          code: 'too-large',
          message: `A line of the stream grew over ${maxLineBytes.toLocaleString('en-US')} bytes and was stopped there.`,
        });
      }
      // The chunk's memory may be used again by the transport.
      if (rest.length > 0) parts.push(Uint8Array.prototype.slice.call(rest));
    },
    end() {
      emit(new Uint8Array());
    },
  };
}
