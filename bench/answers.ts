// How fast the forms of OpenAI's protocols are read, beside a loop that splits the text at blank lines, parses every
// event and appends its text: what one would write for that protocol alone. Tokens arrive one a chunk.
//   node --disable-warning=MODULE_TYPELESS_PACKAGE_JSON bench/answers.ts
import { openai } from '../src/engine/endpoints/openai.ts';
import { openaiCompletions } from '../src/engine/endpoints/openai-completions.ts';
import { openaiResponses } from '../src/engine/endpoints/openai-responses.ts';
import { createAnswerReader } from '../src/engine/endpoints/reader.ts';

const tokens = 10_000;
const rounds = 15;
/** Reading must not cost more than this many times what the loop costs. */
const limit = 1.5;

const event = (json: object) => `data: ${JSON.stringify(json)}\n\n`;
const word = (at: number) => ` word${at % 97}`;
const each = (frame: (at: number) => string) => Array.from({ length: tokens }, (_, at) => frame(at));
const head = { id: 'chatcmpl-0123456789', created: 1_760_000_000, model: 'model' };
const chat = (at: number, more: object = {}) =>
  event({ ...head, choices: [{ index: 0, delta: { content: word(at) }, finish_reason: null }], ...more });
const finish = event({ ...head, choices: [{ index: 0, delta: {}, text: '', finish_reason: 'stop' }] });

const shapes = [
  {
    name: 'chat completions',
    adapter: openai,
    frames: [...each((at) => chat(at)), finish],
    textOf: (json: Frame) => json.choices?.[0]?.delta?.content,
  },
  {
    name: '… with padding of changing length',
    adapter: openai,
    frames: [...each((at) => chat(at, { obfuscation: 'x'.repeat(at % 16) })), finish],
    textOf: (json: Frame) => json.choices?.[0]?.delta?.content,
  },
  {
    name: 'text completions',
    adapter: openaiCompletions,
    frames: [
      ...each((at) => event({ ...head, choices: [{ index: 0, text: word(at), logprobs: null, finish_reason: null }] })),
      finish,
    ],
    textOf: (json: Frame) => json.choices?.[0]?.text,
  },
  {
    name: 'responses',
    adapter: openaiResponses,
    frames: [
      ...each((at) => {
        const type = 'response.output_text.delta';
        const place = { item_id: 'msg_0123456789', output_index: 0, content_index: 0 };
        return `event: ${type}\n${event({ type, sequence_number: at, ...place, delta: word(at), logprobs: [] })}`;
      }),
      event({ type: 'response.completed', response: { status: 'completed', output: [] } }),
    ],
    textOf: (json: Frame) => json.delta,
  },
];

interface Frame {
  readonly delta?: string;
  readonly choices?: readonly { readonly text?: string; readonly delta?: { readonly content?: string } }[];
}

function naive(textOf: (json: Frame) => string | undefined) {
  const decoder = new TextDecoder();
  let rest = '';
  let text = '';
  return {
    push(chunk: Uint8Array) {
      rest += decoder.decode(chunk, { stream: true });
      const parts = rest.split('\n\n');
      rest = parts.pop() ?? '';
      for (const part of parts) text += textOf(JSON.parse(part.slice(part.indexOf('data: ') + 6)) as Frame) ?? '';
    },
    text: () => text,
  };
}

const expected = each(word).join('');

interface Reader {
  push(chunk: Uint8Array): void;
  text(): string;
}

/** CPU microseconds a token of one round. */
function cost(make: () => Reader, chunks: readonly Uint8Array[]): number {
  const before = process.cpuUsage();
  const reader = make();
  for (const chunk of chunks) reader.push(chunk);
  if (reader.text() !== expected) throw new Error('The text is not what was sent.');
  const { user, system } = process.cpuUsage(before);
  return (user + system) / tokens;
}

for (const { name, adapter, frames, textOf } of shapes) {
  const chunks = frames.map((frame) => new TextEncoder().encode(frame));
  const reading = (): Reader => {
    const reader = createAnswerReader(adapter.answerForm, { secrets: [] });
    let at = 0;
    return { push: (chunk) => reader.push(chunk, at++), text: () => reader.reading.text };
  };
  // The best of rounds that take turns: other tenants of the machine only ever add.
  let reference = Number.POSITIVE_INFINITY;
  let ours = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    reference = Math.min(
      reference,
      cost(() => naive(textOf), chunks),
    );
    ours = Math.min(ours, cost(reading, chunks));
  }
  const ratio = ours / reference;
  console.log(
    `${name.padEnd(34)} ours ${ours.toFixed(2)} µs a token, the loop ${reference.toFixed(2)}, ratio ${ratio.toFixed(2)} (limit ${limit})`,
  );
  if (!(ratio <= limit)) process.exitCode = 1;
}
