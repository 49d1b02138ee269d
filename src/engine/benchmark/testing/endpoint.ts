import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Received {
  readonly id: string;
  readonly model: string;
  readonly prompt: string;
  readonly maxTokens: number;
  readonly authorization: string | undefined;
  /** Since the endpoint started, ms. */
  readonly at: number;
}

export interface EndpointOptions {
  /** ms from the request to its answer. */
  readonly delayMs?: number;
  /** Requests that it works on at once; the others wait their turn. Default: all. */
  readonly slots?: number;
  readonly answer?: string;
  /** Tokens that the answer's usage tells; null: none are told. Default: a token for each byte, and all of `max_tokens`. */
  readonly usage?: ((request: Received) => { input: number; output: number; cached?: number }) | null;
  /** The model that answers say they came from; default: the one asked for. */
  readonly servedModel?: string;
  /** Called for each request before it is answered; true: it has dealt with the response itself. */
  readonly onRequest?: (request: Received, response: ServerResponse) => boolean | undefined;
}

export interface Endpoint {
  readonly baseUrl: string;
  readonly origin: string;
  /** Requests in the order of their arrival. */
  readonly received: Received[];
  /** Most requests that were open at once. */
  peak(): number;
  close(): Promise<void>;
}

/** A chat endpoint on loopback that streams three chunks and remembers every request it was ever sent. */
export async function startEndpoint(options: EndpointOptions = {}): Promise<Endpoint> {
  const { delayMs = 0, slots = Number.POSITIVE_INFINITY, answer = 'one two three', usage } = options;
  const received: Received[] = [];
  const startedAt = performance.now();
  const waiting: (() => void)[] = [];
  let working = 0;
  let open = 0;
  let peak = 0;
  const server = createServer((http, response) => {
    peak = Math.max(peak, ++open);
    response.on('close', () => open--);
    let body = '';
    http.setEncoding('utf8').on('data', (text: string) => {
      body += text;
    });
    http.on('end', () => {
      const sent = JSON.parse(body);
      const request: Received = {
        id: String(http.headers['x-request-id']),
        model: sent.model,
        prompt: sent.messages[0].content,
        maxTokens: sent.max_tokens ?? sent.max_completion_tokens,
        authorization: http.headers.authorization,
        at: performance.now() - startedAt,
      };
      received.push(request);
      if (options.onRequest?.(request, response)) return;
      waiting.push(() => stream(request, response));
      work();
    });
  });

  function work(): void {
    while (working < slots) {
      const answerNext = waiting.shift();
      if (!answerNext) return;
      working++;
      setTimeout(() => {
        working--;
        answerNext();
        work();
      }, delayMs);
    }
  }

  function stream(request: Received, response: ServerResponse): void {
    const event = (fields: object) =>
      `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: options.servedModel ?? request.model, ...fields })}\n\n`;
    const delta = (content: string) => event({ choices: [{ index: 0, delta: { content }, finish_reason: null }] });
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const third = Math.ceil(answer.length / 3);
    for (let from = 0; from < answer.length; from += third) response.write(delta(answer.slice(from, from + third)));
    response.write(event({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }));
    if (usage !== null) {
      const worst = { input: Buffer.byteLength(request.prompt), output: request.maxTokens };
      const { input, output, cached }: ReturnType<NonNullable<typeof usage>> = usage?.(request) ?? worst;
      const counts = {
        prompt_tokens: input,
        completion_tokens: output,
        total_tokens: input + output,
        ...(cached === undefined ? {} : { prompt_tokens_details: { cached_tokens: cached } }),
      };
      response.write(event({ choices: [], usage: counts }));
    }
    response.end('data: [DONE]\n\n');
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    baseUrl: `${origin}/v1`,
    origin,
    received,
    peak: () => peak,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
