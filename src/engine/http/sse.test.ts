import { describe, expect, it } from 'vitest';
import { Failure } from '../../core/failure.ts';
import { createSseReader } from './sse.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

/** Events as `[event, data]`, with the stream pushed in pieces of `size` bytes. */
function read(stream: string | Uint8Array, size = Number.MAX_SAFE_INTEGER): [string | undefined, string][] {
  const all = typeof stream === 'string' ? bytes(stream) : stream;
  const seen: [string | undefined, string][] = [];
  const reader = createSseReader({ onEvent: (data, event) => seen.push([event, data]), maxEventBytes: 1 << 20 });
  for (let at = 0; at < all.length; at += size) reader.push(all.subarray(at, at + size));
  reader.end();
  return seen;
}

const data = (stream: string | Uint8Array, size?: number) => read(stream, size).map(([, text]) => text);

describe('the event stream reader', () => {
  it('delivers one event for each block of lines', () => {
    expect(data('data: one\n\ndata: two\n\n')).toEqual(['one', 'two']);
  });

  it('joins several data lines by line feeds', () => {
    expect(data('data: a\ndata:\ndata: b\n\n')).toEqual(['a\n\nb']);
  });

  it('takes away one space after the colon and no more', () => {
    expect(data('data:x\n\ndata:  y\n\ndata\n\n')).toEqual(['x', ' y', '']);
  });

  it('passes the name of an event on and forgets it afterwards', () => {
    expect(read('event: error\ndata: 1\n\ndata: 2\n\n')).toEqual([
      ['error', '1'],
      [undefined, '2'],
    ]);
  });

  it('drops an event without data, and its name with it', () => {
    expect(read('event: ping\n\ndata: 1\n\n')).toEqual([[undefined, '1']]);
  });

  it('skips comments and fields it does not know', () => {
    expect(data(': keep-alive\n\nid: 7\nretry: 10\ndatum: x\ndata: 1\n\n')).toEqual(['1']);
  });

  it('skips a byte order mark at the start and only there', () => {
    expect(data('\ufeffdata: 1\n\n')).toEqual(['1']);
    expect(data('data: 1\n\n\ufeffdata: 2\n\n')).toEqual(['1']);
  });

  it('delivers an event that has no empty line after it when the stream ends', () => {
    expect(data('data: 1\n\ndata: 2\n')).toEqual(['1', '2']);
    expect(data('data: 1\n\ndata: 2')).toEqual(['1', '2']);
  });

  const stream = [
    '\ufeff: hello',
    'data: {"text":"ünïcödé 💥 終"}',
    '',
    'event: named',
    'data: first',
    'data: second',
    '',
    '',
    'data: last',
    '',
    '',
  ];
  const expected = [
    [undefined, '{"text":"ünïcödé 💥 終"}'],
    ['named', 'first\nsecond'],
    [undefined, 'last'],
  ];
  for (const [name, end] of [
    ['LF', '\n'],
    ['CR', '\r'],
    ['CRLF', '\r\n'],
  ] as const) {
    it(`reads lines that end in ${name} the same wherever the bytes are cut`, () => {
      const text = bytes(stream.join(end));
      for (let size = 1; size <= text.length; size++) expect(read(text, size), `pieces of ${size}`).toEqual(expected);
    });
  }

  it('reads line ends of all three kinds in one stream', () => {
    for (const size of [1, 2, 3, 5, 100]) {
      expect(data('data: a\r\n\r\ndata: b\r\rdata: c\n\ndata: d\r\n\n', size)).toEqual(['a', 'b', 'c', 'd']);
    }
  });

  it('survives empty chunks, also in the middle of a line', () => {
    const seen: string[] = [];
    const reader = createSseReader({ onEvent: (text) => seen.push(text), maxEventBytes: 100 });
    for (const piece of ['', 'data', '', ': 1', '', '\n', '', '\n']) reader.push(bytes(piece));
    expect(seen).toEqual(['1']);
  });

  it('does not hold on to the memory of a chunk that the transport uses again', () => {
    const seen: string[] = [];
    const reader = createSseReader({ onEvent: (text) => seen.push(text), maxEventBytes: 100 });
    const memory = bytes('data: 12');
    reader.push(memory);
    memory.fill(88);
    reader.push(bytes('34\n\n'));
    expect(seen).toEqual(['1234']);
  });

  it('replaces broken UTF-8 instead of failing', () => {
    expect(data(new Uint8Array([...bytes('data: a'), 0xff, 0xc3, ...bytes('b\n\n')]))).toEqual(['a\ufffd\ufffdb']);
  });

  for (const [name, endless] of [
    ['a line that never ends', 'x'.repeat(64)],
    ['data lines that never make an event', `data: ${'x'.repeat(64)}\n`],
  ] as const) {
    it(`stops ${name} at the cap`, () => {
      const reader = createSseReader({ onEvent: () => {}, maxEventBytes: 1_000 });
      reader.push(bytes('data: '));
      const flood = () => {
        for (let at = 0; at < 100; at++) reader.push(bytes(endless));
      };
      expect(flood).toThrow(Failure);
      expect(flood).toThrow(/1,000 bytes/);
    });
  }

  it('stops an event over the cap that arrives in one chunk', () => {
    const reader = createSseReader({ onEvent: () => {}, maxEventBytes: 1_000 });
    expect(() => reader.push(bytes(`data: ${'x'.repeat(2_000)}\n\n`))).toThrow(/1,000 bytes/);
  });

  it('agrees with a reader that sees the whole text at once, on random streams cut at random', () => {
    // A small seeded generator, so that a failure can be repeated.
    let seed = 20_261_123;
    const random = (below: number) => {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
      return seed % below;
    };
    const pieces = ['data', 'event', ':', ' ', '\n', '\r', '\r\n', 'x', 'é', '💥', 'id: 1', 'data: y', '\n\n'];
    for (let round = 0; round < 500; round++) {
      const text = Array.from({ length: 40 }, () => pieces[random(pieces.length)]).join('');
      expect(read(text, 1 + random(7)), JSON.stringify(text)).toEqual(reference(text));
    }
  });
});

/** The WHATWG algorithm written down line by line, with the lenient end. */
function reference(text: string): [string | undefined, string][] {
  const seen: [string | undefined, string][] = [];
  let buffer: string[] = [];
  let event: string | undefined;
  for (const line of [...text.split(/\r\n|\r|\n/), '']) {
    if (line === '') {
      if (buffer.length > 0) seen.push([event, buffer.join('\n')]);
      buffer = [];
      event = undefined;
      continue;
    }
    const [, name, value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (name === 'data') buffer.push(value);
    if (name === 'event') event = value;
  }
  return seen;
}
