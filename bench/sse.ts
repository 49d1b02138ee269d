// How fast the event-stream reader is, beside a reader that splits text at blank lines. Both deliver every event.
//   node --disable-warning=MODULE_TYPELESS_PACKAGE_JSON bench/sse.ts
import { createSseReader } from '../src/engine/http/sse.ts';

const event = (at: number) =>
  `data: ${JSON.stringify({
    id: 'chatcmpl-0123456789',
    object: 'chat.completion.chunk',
    created: 1_760_000_000,
    model: 'model',
    choices: [{ index: 0, delta: { content: ` word${at % 97}` }, finish_reason: null }],
  })}\n\n`;

interface Shape {
  readonly name: string;
  readonly chunks: readonly Uint8Array[];
  readonly bytes: number;
  readonly events: number;
}

function shape(name: string, total: number, cut: (text: string) => Uint8Array[]): Shape {
  const chunks = cut(Array.from({ length: total }, (_, at) => event(at)).join(''));
  return { name, chunks, bytes: chunks.reduce((sum, chunk) => sum + chunk.length, 0), events: total };
}

const encoder = new TextEncoder();

function cutEvery(size: number): (text: string) => Uint8Array[] {
  return (text) => {
    const bytes = encoder.encode(text);
    return Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) => bytes.slice(at * size, (at + 1) * size));
  };
}

const shapes = [
  shape('one event a chunk', 20_000, (text) => text.match(/.+\n\n/g)?.map((one) => encoder.encode(one)) ?? []),
  shape('chunks of 16 kB', 20_000, cutEvery(16 * 1024)),
  shape('chunks of 100 bytes', 20_000, cutEvery(100)),
];

/** What is often written: decode, append, split at the blank line, keep the rest. LF only, one data line only. */
function naive(onEvent: (data: string) => void): (chunk: Uint8Array) => void {
  const decoder = new TextDecoder();
  let buffer = '';
  return (chunk) => {
    buffer += decoder.decode(chunk, { stream: true });
    const parts = buffer.split('\n\n');
    buffer = parts.pop() ?? '';
    for (const part of parts) if (part.startsWith('data: ')) onEvent(part.slice(6));
  };
}

function ours(onEvent: (data: string) => void): (chunk: Uint8Array) => void {
  return createSseReader({ onEvent, maxEventBytes: 1 << 20 }).push;
}

/** CPU milliseconds of the best of several rounds: other tenants of the machine only ever add. */
function best(read: typeof ours, { chunks, events }: Shape, rounds = 15): number {
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    let seen = 0;
    const before = process.cpuUsage();
    const push = read((data) => {
      seen += data.length > 0 ? 1 : 0;
    });
    for (const chunk of chunks) push(chunk);
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, (user + system) / 1_000);
    if (seen !== events) throw new Error(`${seen} of ${events} events were read`);
  }
  return least;
}

for (const one of shapes) {
  const mine = best(ours, one);
  const reference = best(naive, one);
  const perSecond = (amount: number, ms: number) => Math.round((amount / ms) * 1_000).toLocaleString('en-US');
  console.log(
    `${one.name.padEnd(20)} ours ${perSecond(one.bytes / 1e6, mine)} MB/s, ${perSecond(one.events, mine)} events/s; ` +
      `split reader ${perSecond(one.bytes / 1e6, reference)} MB/s, ${perSecond(one.events, reference)} events/s; ` +
      `ratio ${(reference / mine).toFixed(2)}`,
  );
}
