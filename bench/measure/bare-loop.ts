// The reference of bench/measure.ts: nothing but undici's dispatch and a JSON.parse of each event, in a process of its own.
import { Pool } from 'undici';

const { baseUrl, model, requests, concurrency, maxTokens, prompts } = JSON.parse(process.argv[2] ?? '{}') as {
  baseUrl: string;
  model: string;
  requests: number;
  concurrency: number;
  maxTokens: number;
  prompts: string[];
};
const url = new URL(`${baseUrl}/chat/completions`);
const pool = new Pool(url.origin, { connections: concurrency, headersTimeout: 0, bodyTimeout: 0 });
const times: [id: string, ttftMs: number, e2eMs: number][] = [];

function one(index: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const id = `bare-${index}`;
    const body = JSON.stringify({
      model,
      messages: [{ role: 'user', content: prompts[index % prompts.length] }],
      max_tokens: maxTokens,
      stream: true,
      stream_options: { include_usage: true },
    });
    const decoder = new TextDecoder();
    let rest = '';
    let tokens = 0;
    let sent = 0;
    let first = 0;
    let last = 0;
    pool.dispatch(
      {
        path: url.pathname,
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-request-id': id },
        body,
      },
      {
        onRequestStart() {
          sent = performance.now();
        },
        onResponseStart() {},
        onResponseData(_controller, chunk) {
          const at = performance.now();
          rest += decoder.decode(chunk, { stream: true });
          const events = rest.split('\n\n');
          rest = events.pop() ?? '';
          for (const event of events) {
            const data = event.slice('data: '.length);
            if (data === '[DONE]') continue;
            if ((JSON.parse(data).choices[0]?.delta.content ?? '') === '') continue;
            tokens++;
            first ||= at;
            last = at;
          }
        },
        onResponseEnd() {
          times.push([id, first - sent, last - sent]);
          if (tokens === 64) resolve();
          else reject(new Error(`${tokens} tokens`));
        },
        onResponseError: (_controller, error) => reject(error),
      },
    );
  });
}

let next = 0;
const start = performance.now();
await Promise.all(
  Array.from({ length: concurrency }, async (_, slot) => {
    await new Promise((resolve) => setTimeout(resolve, slot * 4));
    while (next < requests) await one(next++);
  }),
);
const seconds = (performance.now() - start) / 1000;
await pool.close();
process.send?.({ requestsPerSecond: requests / seconds, times }, () => process.disconnect());
