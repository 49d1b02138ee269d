import { describe, expect, it } from 'vitest';
import { Failure } from '../../core/failure.ts';
import { createLineReader } from './ndjson.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

/** The lines of a stream that is pushed in pieces of `size` bytes. */
function read(stream: string, size = Number.MAX_SAFE_INTEGER, maxLineBytes = 1 << 20): string[] {
  const all = bytes(stream);
  const lines: string[] = [];
  const reader = createLineReader({ onLine: (line) => lines.push(line), maxLineBytes });
  for (let at = 0; at < all.length; at += size) reader.push(all.subarray(at, at + size));
  reader.end();
  return lines;
}

describe('the reader of lines', () => {
  it('delivers each line once it is whole', () => {
    const lines: string[] = [];
    const reader = createLineReader({ onLine: (line) => lines.push(line), maxLineBytes: 100 });
    reader.push(bytes('{"a":1}\n{"b"'));
    expect(lines).toEqual(['{"a":1}']);
    reader.push(bytes(':2}\n'));
    expect(lines).toEqual(['{"a":1}', '{"b":2}']);
  });

  it('leaves out empty lines, and the carriage return of those that have one', () => {
    expect(read('{"a":1}\r\n\r\n\n  \n{"b":2}\r\n')).toEqual(['{"a":1}', '{"b":2}']);
  });

  it('takes what stands after the last line feed for a line', () => {
    expect(read('{"a":1}\n{"b":2}')).toEqual(['{"a":1}', '{"b":2}']);
    expect(read('')).toEqual([]);
  });

  it('gives the same lines wherever the stream is cut', () => {
    const stream = '{"text":"ünïcödé 💥 終"}\n\n{"done":true}\r\n{"text":"日本語"}';
    const whole = read(stream);
    expect(whole).toHaveLength(3);
    for (let size = 1; size <= bytes(stream).length; size++) expect(read(stream, size), `${size}`).toEqual(whole);
  });

  it('keeps what it was given though the memory is used again', () => {
    const lines: string[] = [];
    const reader = createLineReader({ onLine: (line) => lines.push(line), maxLineBytes: 100 });
    const buffer = bytes('{"a":');
    reader.push(buffer);
    buffer.fill(120);
    reader.push(bytes('1}\n'));
    expect(lines).toEqual(['{"a":1}']);
  });

  it('stops at a line that grows too long, in one piece or many', () => {
    for (const size of [1, 7, 1_000]) {
      let thrown: unknown;
      try {
        read('x'.repeat(200), size, 100);
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toBeInstanceOf(Failure);
      expect(thrown).toMatchObject({ code: 'too-large' });
    }
  });

  it('does not add up lines that end', () => {
    expect(read(`${'x'.repeat(90)}\n`.repeat(50), 30, 100)).toHaveLength(50);
  });
});
