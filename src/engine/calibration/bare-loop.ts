import { Pool } from 'undici';

/** What the bare loop sends: chat completions in the openai protocol. */
export interface BareTask {
  /** Ends in `/v1`. */
  readonly baseUrl: string;
  readonly model: string;
  readonly requests: number;
  /** Requests before them, in no figure; default 0. */
  readonly warmup?: number | undefined;
  /** Requests in flight at once. */
  readonly concurrency: number;
  readonly maxTokens: number;
  readonly stream: boolean;
  /** Taken in turn. */
  readonly prompts: readonly string[];
  /** ms between the starts of the first requests; default 0. */
  readonly staggerMs?: number | undefined;
  /** ms after which no further request is sent. */
  readonly limitMs?: number | undefined;
}

export interface BareResult {
  readonly requestsPerSecond: number;
  /** ms from the request's first byte to the first and to the last chunk with text, which `stream: false` makes one. */
  readonly times: readonly (readonly [id: string, ttftMs: number, e2eMs: number])[];
}

/**
 * The reference for everything that measures: undici's dispatch, a JSON.parse of each event, and nothing else. No
 * failure is understood, no limit kept, nothing stored. What a client on this machine cannot beat by much.
 * Rejects with what undici says, or when an answer carries no text.
 */
export async function runBareLoop(task: BareTask): Promise<BareResult> {
  const { requests, warmup = 0, concurrency, staggerMs = 0, limitMs = Number.POSITIVE_INFINITY } = task;
  const url = new URL(`${task.baseUrl}/chat/completions`);
  const pool = new Pool(url.origin, { connections: concurrency, headersTimeout: 0, bodyTimeout: 0 });
  const sendAll = async (from: number, to: number) => {
    const times: (readonly [string, number, number])[] = [];
    let next = from;
    const start = performance.now();
    await Promise.all(
      Array.from({ length: concurrency }, async (_, slot) => {
        if (staggerMs > 0) await new Promise((resolve) => setTimeout(resolve, slot * staggerMs));
        while (next < to && performance.now() - start < limitMs) {
          times.push(await one(pool, url.pathname, task, next++));
        }
      }),
    );
    return { requestsPerSecond: times.length / ((performance.now() - start) / 1000), times };
  };
  try {
    if (warmup > 0) await sendAll(0, warmup);
    return await sendAll(warmup, warmup + requests);
  } finally {
    await pool.destroy();
  }
}

function one(
  pool: Pool,
  path: string,
  { model, prompts, maxTokens, stream }: BareTask,
  index: number,
): Promise<readonly [string, number, number]> {
  return new Promise((resolve, reject) => {
    const id = `bare-${index}`;
    const body = JSON.stringify({
      model,
      messages: [{ role: 'user', content: prompts[index % prompts.length] }],
      max_tokens: maxTokens,
      stream,
      ...(stream ? { stream_options: { include_usage: true } } : {}),
    });
    const decoder = new TextDecoder();
    let rest = '';
    let sent = 0;
    let first = 0;
    let last = 0;
    const text = (content: string | undefined, at: number) => {
      if (!content) return;
      first ||= at;
      last = at;
    };
    pool.dispatch(
      { path, method: 'POST', headers: { 'content-type': 'application/json', 'x-request-id': id }, body },
      {
        onRequestStart() {
          sent = performance.now();
        },
        onResponseStart() {},
        onResponseData(_controller, chunk) {
          const at = performance.now();
          rest += decoder.decode(chunk, { stream: true });
          if (!stream) {
            last = at;
            return;
          }
          const events = rest.split('\n\n');
          rest = events.pop() ?? '';
          for (const event of events) {
            const data = event.slice('data: '.length);
            if (data !== '[DONE]') text(JSON.parse(data).choices[0]?.delta.content, at);
          }
        },
        onResponseEnd() {
          if (!stream) text(JSON.parse(rest).choices[0]?.message.content, last);
          if (first > 0) resolve([id, first - sent, last - sent]);
          else reject(new Error(`The answer to ${id} carries no text.`));
        },
        onResponseError: (_controller, error) => reject(error),
      },
    );
  });
}
