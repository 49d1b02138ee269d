// How much the chat client costs, beside a bare undici loop that parses every event, in the same run.
//   node --disable-warning=MODULE_TYPELESS_PACKAGE_JSON bench/chat-client.ts [requests per round]
// A server in a process of its own streams 64 tokens without delay; 64 requests are in flight. Rounds alternate.
// Also prints how far `sentAt` lies before the moment at which undici hands the request to the socket.
import { fork } from 'node:child_process';
import diagnostics from 'node:diagnostics_channel';
import { createServer } from 'node:net';
import { Pool } from 'undici';
import { callChat } from '../src/engine/endpoints/call.ts';
import { createUndiciTransport } from '../src/engine/http/undici-transport.ts';

const tokens = 64;
const concurrency = 64;
const requests = Number(process.argv[2] ?? 2_000);
const rounds = 5;

/** A raw socket server: each event is an HTTP chunk of its own, and the server costs little. */
function serve(): void {
  const chunk = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
  const event = (json: object) => chunk(`data: ${JSON.stringify(json)}\n\n`);
  const frame = (delta: object, finish: string | null) => ({
    id: 'chatcmpl-0123456789',
    object: 'chat.completion.chunk',
    created: 1_760_000_000,
    model: 'model',
    choices: [{ index: 0, delta, finish_reason: finish }],
  });
  const words = Array.from({ length: tokens }, (_, at) => event(frame({ content: ` word${at}` }, null)));
  const usage = { prompt_tokens: 12, completion_tokens: tokens, total_tokens: 12 + tokens };
  const head = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n';
  const answer = Buffer.from(
    [
      head,
      event(frame({ role: 'assistant', content: '' }, null)),
      ...words,
      event(frame({}, 'stop')),
      event({ ...frame({}, null), choices: [], usage }),
      chunk('data: [DONE]\n\n'),
      '0\r\n\r\n',
    ].join(''),
  );
  const server = createServer((socket) => {
    let seen = '';
    socket.on('error', () => socket.destroy());
    socket.on('data', (bytes) => {
      seen += bytes.toString('latin1');
      for (;;) {
        const headEnd = seen.indexOf('\r\n\r\n');
        const length = Number(/content-length: (\d+)/i.exec(seen)?.[1] ?? 0);
        if (headEnd < 0 || seen.length < headEnd + 4 + length) return;
        seen = seen.slice(headEnd + 4 + length);
        socket.write(answer);
      }
    });
  });
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    process.send?.(typeof address === 'object' ? address?.port : 0);
  });
  process.on('disconnect', () => process.exit());
}

const messages = [{ role: 'user' as const, content: 'Count the words.' }];

/** The reference: nothing but dispatch, split, parse, and the text put together. */
function bareLoop(origin: string): { one(): Promise<void>; close(): Promise<void> } {
  const pool = new Pool(origin, { connections: concurrency, headersTimeout: 0, bodyTimeout: 0 });
  const body = JSON.stringify({ model: 'model', messages, stream: true });
  const headers = { 'content-type': 'application/json' };
  return {
    one: () =>
      new Promise((resolve, reject) => {
        const decoder = new TextDecoder();
        let rest = '';
        let text = '';
        pool.dispatch(
          { path: '/v1/chat/completions', method: 'POST', headers, body },
          {
            onRequestStart() {},
            onResponseStart() {},
            onResponseData(_controller, chunk) {
              rest += decoder.decode(chunk, { stream: true });
              const events = rest.split('\n\n');
              rest = events.pop() ?? '';
              for (const one of events) {
                const data = one.slice('data: '.length);
                if (data !== '[DONE]') text += JSON.parse(data).choices[0]?.delta.content ?? '';
              }
            },
            onResponseEnd: () => (text.length > tokens ? resolve() : reject(new Error('short answer'))),
            onResponseError: (_controller, error) => reject(error),
          },
        );
      }),
    close: () => pool.destroy(),
  };
}

function client(origin: string): { one(): Promise<void>; close(): Promise<void> } {
  const transport = createUndiciTransport({ network: { strictSsl: true }, connections: concurrency });
  const target = { protocol: 'openai' as const, baseUrl: `${origin}/v1` };
  return {
    async one() {
      const outcome = await callChat(
        transport,
        target,
        { model: 'model', messages, stream: true },
        { timeoutMs: 60_000 },
      );
      if (outcome.failure || outcome.chunks !== tokens || outcome.usage?.output !== tokens) {
        throw new Error(outcome.failure?.message ?? `${outcome.chunks} chunks`);
      }
    },
    close: () => transport.close(),
  };
}

async function round(one: () => Promise<void>): Promise<{ rate: number; cpu: number }> {
  let left = requests;
  const worker = async () => {
    while (left-- > 0) await one();
  };
  const cpu = process.cpuUsage();
  const start = performance.now();
  await Promise.all(Array.from({ length: concurrency }, worker));
  const seconds = (performance.now() - start) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  return { rate: requests / seconds, cpu: (user + system) / 1e6 / (requests / 1_000) };
}

/** Median ms from `sentAt` to the moment undici has built the headers and writes them. */
async function sentLead(origin: string): Promise<number> {
  const transport = createUndiciTransport({ network: { strictSsl: true }, connections: 1 });
  const leads: number[] = [];
  let sentAt = 0;
  diagnostics.subscribe('undici:client:sendHeaders', () => leads.push(performance.now() - sentAt));
  const handler = { sent: (at: number) => (sentAt = at), headers() {}, data() {} };
  const { signal } = new AbortController();
  for (let at = 0; at < 200; at++) {
    await transport.send({ method: 'POST', url: `${origin}/v1`, headers: {}, body: '{}', signal }, handler);
  }
  await transport.close();
  return leads.sort((a, b) => a - b)[leads.length >> 1] ?? Number.NaN;
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

async function main(): Promise<void> {
  const server = fork(import.meta.filename, ['serve']);
  const port = await new Promise((resolve) => server.once('message', resolve));
  const origin = `http://127.0.0.1:${port}`;
  const bare = bareLoop(origin);
  const ours = client(origin);
  const figures = { bare: [] as { rate: number; cpu: number }[], ours: [] as { rate: number; cpu: number }[] };
  for (let at = -1; at < rounds; at++) {
    const reference = await round(bare.one);
    const mine = await round(ours.one);
    if (at < 0) continue;
    figures.bare.push(reference);
    figures.ours.push(mine);
  }
  for (const [name, all] of Object.entries(figures)) {
    console.log(
      `${name.padEnd(5)} ${Math.round(median(all.map((one) => one.rate)))} requests/s, ` +
        `${median(all.map((one) => one.cpu)).toFixed(3)} CPU s per 1,000 requests`,
    );
  }
  const pairs = figures.ours.map((mine, at) => mine.rate / (figures.bare[at]?.rate ?? Number.NaN));
  console.log(
    `ratio ours/bare of requests/s, median of ${rounds} pairs: ${median(pairs).toFixed(2)} (goal: at least 0.80)`,
  );
  console.log(`sentAt lies ${(1_000 * (await sentLead(origin))).toFixed(1)} µs before the write (median)`);
  await bare.close();
  await ours.close();
  server.disconnect();
}

if (process.argv[2] === 'serve') serve();
else await main();
