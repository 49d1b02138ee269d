import { Failure } from '../../core/failure.ts';

export interface SseReader {
  /** Throws a Failure (`too-large`) when one event grows over `maxEventBytes`. */
  push(chunk: Uint8Array): void;
  /** The stream has ended. An event without the empty line after it is still delivered, which WHATWG would drop. */
  end(): void;
}

const LF = 10;
const CR = 13;
const SPACE = 32;
const COLON = 58;
const dataField = 'data: ';

/**
 * An incremental reader of `text/event-stream` as the WHATWG describes it: lines end in CR, LF or CRLF wherever chunks
 * are cut; a byte order mark, comments and unknown fields are skipped; several data lines make one event.
 *
 * Only whole lines are decoded, so no character is ever cut, and each chunk is decoded once.
 */
export function createSseReader(options: {
  onEvent(data: string, event: string | undefined): void;
  /**
   * Offered whole lines where an event may begin: reads as many events as it knows by itself, and returns the position
   * behind them. Lines end in LF here, whatever the stream has.
   */
  ahead?: ((text: string, from: number) => number) | undefined;
  maxEventBytes: number;
}): SseReader {
  const { onEvent, ahead, maxEventBytes } = options;
  /** Bytes of a line whose end has not come yet; grows by doubling, so that a drip of single bytes stays cheap. */
  let pending = Buffer.alloc(0);
  let pendingBytes = 0;
  let data: string | undefined;
  let event: string | undefined;
  let atStart = true;
  /** The last line ended in CR: an LF that follows belongs to it. */
  let afterCr = false;

  function dispatch(): void {
    const finished = data;
    const name = event;
    data = undefined;
    event = undefined;
    if (finished !== undefined) onEvent(finished, name);
  }

  function readField(line: string): void {
    const colon = line.indexOf(':');
    if (colon === 0) return;
    const name = colon < 0 ? line : line.slice(0, colon);
    if (name !== 'data' && name !== 'event') return;
    const value = colon < 0 ? '' : line.slice(line.charCodeAt(colon + 1) === SPACE ? colon + 2 : colon + 1);
    if (name === 'event') {
      event = value;
    } else {
      data = data === undefined ? value : `${data}\n${value}`;
      // Length in UTF-16 units: never more than the bytes.
      if (data.length > maxEventBytes) tooLarge(maxEventBytes);
    }
  }

  /** `text` holds whole lines only. */
  function readLines(whole: string): void {
    let text = whole;
    if (atStart) {
      atStart = false;
      if (text.charCodeAt(0) === 0xfeff) text = text.slice(1);
    }
    if (afterCr && text.charCodeAt(0) === LF) text = text.slice(1);
    afterCr = false;
    if (text.includes('\r')) {
      afterCr = text.endsWith('\r');
      text = text.replace(/\r\n?/g, '\n');
    }
    let from = 0;
    while (from < text.length) {
      if (ahead && data === undefined && event === undefined) {
        from = ahead(text, from);
        if (from === text.length) return;
      }
      const to = text.indexOf('\n', from);
      if (to === from) {
        dispatch();
      } else if (data === undefined && text.charCodeAt(from + 4) === COLON && text.startsWith(dataField, from)) {
        // The line nearly every stream consists of.
        data = text.slice(from + dataField.length, to);
        if (data.length > maxEventBytes) tooLarge(maxEventBytes);
      } else {
        readField(text.slice(from, to));
      }
      from = to + 1;
    }
  }

  /** Position behind the last line end in the chunk; 0: none. */
  function wholeLines(chunk: Uint8Array): number {
    for (let at = chunk.length - 1; at >= 0; at--) {
      const byte = chunk[at];
      if (byte === LF || byte === CR) return at + 1;
    }
    return 0;
  }

  function keep(bytes: Uint8Array): void {
    const needed = pendingBytes + bytes.length;
    if (needed > pending.length) {
      const grown = Buffer.alloc(Math.max(needed, 2 * pending.length, 256));
      pending.copy(grown, 0, 0, pendingBytes);
      pending = grown;
    }
    pending.set(bytes, pendingBytes);
    pendingBytes = needed;
  }

  /** What was kept and `head`, as text. */
  function take(head: Uint8Array): string {
    if (pendingBytes === 0) return decode(head, head.length);
    keep(head);
    const text = decode(pending, pendingBytes);
    pendingBytes = 0;
    return text;
  }

  function push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    const whole = wholeLines(chunk);
    if (whole === chunk.length) {
      readLines(take(chunk));
      return;
    }
    if (whole > 0) readLines(take(chunk.subarray(0, whole)));
    keep(chunk.subarray(whole));
    if (pendingBytes > maxEventBytes) tooLarge(maxEventBytes);
  }

  function end(): void {
    if (pendingBytes > 0) readLines(`${take(new Uint8Array(0))}\n`);
    dispatch();
  }

  return { push, end };
}

function decode(bytes: Uint8Array, length: number): string {
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return buffer.toString('utf8', 0, length);
}

function tooLarge(limit: number): never {
  throw new Failure({
    code: 'too-large',
    message: `The server sent an event of more than ${limit.toLocaleString('en-US')} bytes in its stream. It was stopped there.`,
  });
}
