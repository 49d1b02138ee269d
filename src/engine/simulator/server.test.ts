import { mkdtemp, readFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { Failure } from '../../core/failure.ts';
import { simulatedAnswer } from './answer.ts';
import { bodyLimit, type Simulator, type SimulatorOptions, startSimulator } from './server.ts';
import { type TruthEntry, truthLogWriter } from './truth.ts';

const running: Simulator[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((simulator) => simulator.close()));
});

/** Fast and without the profiles' own errors, unless a test says otherwise. */
async function start(options: SimulatorOptions = {}) {
  const truth: TruthEntry[] = [];
  const simulator = await startSimulator({ speed: 200, truth: (entry) => truth.push(entry), ...options });
  running.push(simulator);
  return { simulator, truth };
}

interface Ask {
  model?: string;
  prompt?: string;
  stream?: boolean;
  headers?: Record<string, string>;
  body?: Record<string, unknown>;
}

function ask(simulator: Simulator, { model = 'instant', prompt = 'Say hello.', stream, headers, body }: Ask = {}) {
  return fetch(`${simulator.baseUrl}/chat/completions`, {
    method: 'POST',
    redirect: 'manual',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: prompt }], stream, ...body }),
  });
}

function events(text: string): any[] {
  return text
    .split('\n\n')
    .filter((event) => event.startsWith('data: {'))
    .map((event) => JSON.parse(event.slice(6)));
}

const contents = (text: string): string[] =>
  events(text)
    .map((event) => event.choices?.[0]?.delta.content)
    .filter((content) => typeof content === 'string' && content !== '');

/** What a client holds when the answer ended or broke, and whether it broke. */
async function readAll(response: Response): Promise<{ text: string; broken: boolean }> {
  let text = '';
  const decoder = new TextDecoder();
  try {
    for await (const chunk of response.body ?? []) text += decoder.decode(chunk as Uint8Array, { stream: true });
    return { text, broken: false };
  } catch {
    return { text, broken: true };
  }
}

const settled = async (truth: readonly TruthEntry[], count = 1) => {
  while (truth.length < count) await new Promise((resolve) => setTimeout(resolve, 5));
  return truth;
};

describe('the shape of an answer', () => {
  it('is an OpenAI completion when it is not streamed', async () => {
    const { simulator } = await start();
    const response = await ask(simulator);
    expect(response.status).toBe(200);
    const body: any = await response.json();
    expect(body).toMatchObject({
      object: 'chat.completion',
      model: 'instant',
      choices: [{ index: 0, message: { role: 'assistant' }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 3, completion_tokens: 64, total_tokens: 67 },
    });
    expect(body.choices[0].message.content).toContain(simulatedAnswer('Say hello.'));
  });

  it('is a role event, one event a token, a finish event and [DONE] when it is streamed', async () => {
    const { simulator } = await start();
    const response = await ask(simulator, { stream: true });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    const text = await response.text();
    const all = events(text);
    expect(all[0].choices[0].delta).toEqual({ role: 'assistant', content: '' });
    expect(contents(text)).toHaveLength(64);
    expect(all).toHaveLength(66);
    expect(all.at(-1).choices[0]).toEqual({ index: 0, delta: {}, finish_reason: 'stop' });
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
    expect(text).not.toContain('usage');
    expect(new Set(all.map((event) => event.id)).size).toBe(1);
  });

  it('gives usage in the last chunk only when it was asked for', async () => {
    const { simulator } = await start();
    const response = await ask(simulator, { stream: true, body: { stream_options: { include_usage: true } } });
    const all = events(await response.text());
    expect(all.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: 3, completion_tokens: 64 } });
    expect(all.slice(0, -1).every((event) => event.usage === null)).toBe(true);
  });

  it('is cut by max_tokens with finish reason length', async () => {
    const { simulator } = await start();
    const cut: any = await (await ask(simulator, { body: { max_tokens: 5 } })).json();
    expect(cut.choices[0].finish_reason).toBe('length');
    expect(cut.usage.completion_tokens).toBe(5);
    const newer = await ask(simulator, { stream: true, body: { max_completion_tokens: 1 } });
    expect(contents(await newer.text())).toEqual(['[simulated instant] ']);
    const whole: any = await (await ask(simulator, { body: { max_tokens: 64 } })).json();
    expect(whole.choices[0].finish_reason).toBe('stop');
  });

  it('streams the same text as it gives unstreamed', async () => {
    const one = await start();
    const two = await start();
    const streamed = contents(await (await ask(one.simulator, { model: 'medium', stream: true })).text()).join('');
    const body: any = await (await ask(two.simulator, { model: 'medium' })).json();
    expect(streamed).toBe(body.choices[0].message.content);
  });

  it('counts a token for each 4 bytes of all messages, text parts too', async () => {
    const { simulator } = await start();
    const messages = [
      { role: 'system', content: 'äää' },
      { role: 'user', content: [{ type: 'text', text: '12345678' }, { type: 'image_url' }] },
      { role: 'assistant', content: null },
    ];
    const body: any = await (await ask(simulator, { body: { messages } })).json();
    expect(body.usage.prompt_tokens).toBe(Math.ceil((6 + 2 + 8 + 2) / 4));
  });
});

describe('honesty', () => {
  it('marks every header, body, chunk and visible text', async () => {
    const { simulator } = await start({ apiKey: 'k' });
    const key = { authorization: 'Bearer k' };
    const stream = await ask(simulator, { model: 'large+429=0', stream: true, headers: key });
    expect(stream.headers.get('x-tierwise-simulated')).toBe('1');
    const text = await stream.text();
    expect(events(text).every((e) => e.simulated === true && e.system_fingerprint === 'tierwise-simulated')).toBe(true);
    expect(contents(text).join('')).toMatch(/^\[simulated large\] /);

    const { baseUrl, origin } = simulator;
    const answers = [
      await ask(simulator, { headers: key }),
      await ask(simulator),
      await ask(simulator, { model: 'none', headers: key }),
      await ask(simulator, { model: 'small+500', headers: key }),
      await ask(simulator, { model: 'small+429-databricks', headers: key }),
      await ask(simulator, { model: 'small+redirect', headers: key }),
      await fetch(`${baseUrl}/models`, { headers: key }),
      await fetch(`${origin}/health`),
      await fetch(`${origin}/nothing`),
      await fetch(`${origin}//`),
    ];
    for (const answer of answers) {
      expect(answer.headers.get('x-tierwise-simulated')).toBe('1');
      expect(((await answer.json()) as any).simulated).toBe(true);
    }
  });

  it('lists the models with prices and context window, and the instruments only on demand', async () => {
    const { simulator } = await start();
    const list: any = await (await fetch(`${simulator.baseUrl}/models`)).json();
    expect(list.object).toBe('list');
    expect(list.data.map((model: any) => model.id)).toEqual(['small', 'medium', 'large']);
    expect(list.data[0]).toMatchObject({ object: 'model', simulated: true, input_price: 0.1, output_price: 0.4 });
    expect(list.data[2].context_window).toBe(200_000);
    const all = await start({ listInstruments: true });
    expect(all.simulator.models.map((model) => model.id)).toContain('paced');
  });
});

describe('refusals', () => {
  const errorOf = async (response: Response) => {
    const { error }: any = await response.json();
    return { status: response.status, ...error };
  };
  const post = (simulator: Simulator, body: string) =>
    fetch(`${simulator.baseUrl}/chat/completions`, { method: 'POST', body });

  it('are 400 in OpenAI shape for what is not a chat request', async () => {
    const { simulator, truth } = await start();
    expect(await errorOf(await post(simulator, '{"model":'))).toMatchObject({
      status: 400,
      type: 'invalid_request_error',
      message: expect.stringContaining('JSON'),
    });
    for (const [wrong, param] of [
      [{ messages: [] }, 'messages'],
      [{ messages: 'hello' }, 'messages'],
      [{ messages: [{ role: 'king', content: 'x' }] }, 'messages.0.role'],
      [{ max_tokens: 0 }, 'max_tokens'],
      [{ max_tokens: 1.5 }, 'max_tokens'],
      [{ temperature: 9 }, 'temperature'],
      [{ stream: 'yes' }, 'stream'],
      [{ model: 7 }, 'model'],
      [{ n: 2 }, 'n'],
    ] as const) {
      expect(await errorOf(await ask(simulator, { body: wrong as any }))).toMatchObject({ status: 400, param });
    }
    expect((await errorOf(await post(simulator, 'null'))).status).toBe(400);
    expect(await errorOf(await ask(simulator, { headers: { 'x-tierwise-fault': 'nonsense' } }))).toMatchObject({
      status: 400,
      param: 'x-tierwise-fault',
    });
    expect(truth).toEqual([]);
  });

  it('name the models when the model is unknown', async () => {
    const { simulator } = await start();
    const error = await errorOf(await ask(simulator, { model: 'gpt' }));
    expect(error).toMatchObject({ status: 404, code: 'model_not_found' });
    expect(error.message).toContain('small, medium, large');
  });

  it('ask for the key when one is set, and never repeat the one given', async () => {
    const { simulator } = await start({ apiKey: 'right' });
    const wrong = await ask(simulator, { headers: { authorization: 'Bearer canary-key' } });
    const text = await wrong.text();
    expect(wrong.status).toBe(401);
    expect(text).toContain('invalid_api_key');
    expect(text).not.toContain('canary-key');
    expect((await fetch(`${simulator.baseUrl}/models`)).status).toBe(401);
    expect((await ask(simulator, { headers: { authorization: 'Bearer right' } })).status).toBe(200);
  });

  it('say that the context is too long, with or without max_tokens', async () => {
    const { simulator } = await start();
    const long = await errorOf(await ask(simulator, { model: 'small', prompt: 'word '.repeat(30_000) }));
    expect(long).toMatchObject({ status: 400, code: 'context_length_exceeded' });
    expect(long.message).toContain('32768');
    const reserved = await errorOf(await ask(simulator, { model: 'small', body: { max_tokens: 40_000 } }));
    expect(reserved.code).toBe('context_length_exceeded');
  });

  it('hold the body limit', async () => {
    const { simulator } = await start();
    const response = await ask(simulator, { prompt: 'x'.repeat(bodyLimit + 1) });
    expect(response.status).toBe(413);
    expect((await ask(simulator)).status).toBe(200);
  });

  it('name the method and the place', async () => {
    const { simulator } = await start();
    expect((await fetch(`${simulator.baseUrl}/chat/completions`)).status).toBe(405);
    expect((await fetch(`${simulator.origin}/v1/embeddings`, { method: 'POST' })).status).toBe(404);
  });

  it('answer what is not HTTP and go on', async () => {
    const { simulator } = await start();
    const answer = await new Promise<string>((resolve) => {
      const socket = connect(Number(new URL(simulator.origin).port), '127.0.0.1', () => socket.end('nonsense\r\n\r\n'));
      let text = '';
      socket.on('data', (data) => {
        text += data;
      });
      socket.on('close', () => resolve(text));
    });
    expect(answer).toContain('400 Bad Request');
    expect(answer).toContain('x-tierwise-simulated: 1');
    expect((await ask(simulator)).status).toBe(200);
  });
});

describe('one seed', () => {
  const run = async (seed: number, order: (asks: Ask[]) => Ask[], concurrency: number) => {
    const { simulator, truth } = await start({ seed, speed: 1000, faults: { '429': 0.1, truncated: 0.1 } });
    const asks = order(
      Array.from({ length: 120 }, (_, index) => ({
        model: ['small', 'medium', 'large'][index % 3] ?? '',
        prompt: `Explain and prove number ${Math.floor(index / 6)}.`,
        stream: true,
      })),
    );
    const answers: string[] = [];
    const worker = async () => {
      for (let next = asks.pop(); next !== undefined; next = asks.pop()) {
        const response = await ask(simulator, next);
        answers.push(`${next.model} ${response.status} ${contents((await readAll(response)).text).join('')}`);
      }
    };
    await Promise.all(Array.from({ length: concurrency }, worker));
    await settled(truth, 120);
    const drawn = truth.map(({ model, plannedTtftMs, wrong, fault }) => [model, plannedTtftMs, wrong, fault].join(' '));
    return { answers: answers.sort(), drawn: drawn.sort(), truth };
  };

  it('gives the same texts, delays and errors in any order and at any concurrency', async () => {
    const one = await run(5, (asks) => asks, 1);
    const other = await run(5, (asks) => asks.reverse(), 40);
    expect(other.answers).toEqual(one.answers);
    expect(other.drawn).toEqual(one.drawn);
    expect(new Set(one.drawn).size).toBe(120);
  });

  it('differs from another seed', async () => {
    const one = await run(5, (asks) => asks, 20);
    const other = await run(6, (asks) => asks, 20);
    expect(other.drawn).not.toEqual(one.drawn);
    expect(other.answers).not.toEqual(one.answers);
  });

  it('makes small models wrong more often than large ones, and says so in the truth only', async () => {
    const { truth, answers } = await run(5, (asks) => asks, 20);
    const wrong = (model: string) => truth.filter((entry) => entry.model === model && entry.wrong).length;
    expect(wrong('small')).toBeGreaterThan(wrong('large'));
    expect(answers.join('')).not.toContain('wrong');
  });
});

describe('faults', () => {
  it('429 asks to wait, in the shape of OpenAI or of Databricks', async () => {
    const { simulator } = await start();
    const openAi = await ask(simulator, { model: 'small+429' });
    expect([openAi.status, openAi.headers.get('retry-after')]).toEqual([429, '1']);
    expect(await openAi.json()).toMatchObject({ error: { code: 'rate_limit_exceeded' } });
    const databricks = await ask(simulator, { headers: { 'x-tierwise-fault': '429-databricks' } });
    expect(databricks.status).toBe(429);
    expect(await databricks.json()).toMatchObject({ error_code: 'REQUEST_LIMIT_EXCEEDED' });
  });

  it.each([true, false])('reset breaks the connection in the middle (stream %s)', async (stream) => {
    const { simulator, truth } = await start();
    const { text, broken } = await readAll(await ask(simulator, { model: 'paced+reset', stream }));
    expect(broken).toBe(true);
    expect(text.length).toBeGreaterThan(0);
    if (stream) expect(contents(text)).toHaveLength(32);
    expect((await settled(truth))[0]).toMatchObject({ fault: 'reset' });
  });

  it('truncated ends in the middle without finish reason and without [DONE]', async () => {
    const { simulator } = await start();
    const { text, broken } = await readAll(await ask(simulator, { model: 'instant+truncated', stream: true }));
    expect(broken).toBe(false);
    expect(contents(text)).toHaveLength(32);
    expect(text).not.toContain('[DONE]');
    expect(events(text).every((event) => event.choices[0].finish_reason === null)).toBe(true);
    const body = await (await ask(simulator, { model: 'instant+truncated' })).text();
    expect(() => JSON.parse(body)).toThrow();
  });

  it('malformed-sse breaks one event and goes on to a usual end', async () => {
    const { simulator } = await start();
    const text = await (await ask(simulator, { model: 'instant+malformed-sse', stream: true })).text();
    expect(() => events(text)).toThrow();
    expect(text).toContain('"finish_reason":"stop"');
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
  });

  it('mid-stream-error says so in an event after half of the tokens', async () => {
    const { simulator } = await start();
    const response = await ask(simulator, { model: 'instant+mid-stream-error', stream: true });
    expect(response.status).toBe(200);
    const text = await response.text();
    expect(events(text).at(-1)).toMatchObject({ error: { type: 'server_error' }, simulated: true });
    expect(contents(text)).toHaveLength(32);
  });

  it('hang sends nothing until the client leaves, and the truth says that it left', async () => {
    const { simulator, truth } = await start();
    const leave = AbortSignal.timeout(100);
    const asked = fetch(`${simulator.baseUrl}/chat/completions`, {
      method: 'POST',
      signal: leave,
      body: JSON.stringify({ model: 'instant+hang', messages: [{ role: 'user', content: 'x' }] }),
    });
    await expect(asked).rejects.toThrow();
    const [entry] = await settled(truth);
    expect(entry).toMatchObject({ fault: 'hang', aborted: true, outputTokens: 0 });
    expect(entry).not.toHaveProperty('status', 200);
  });

  it('drip sends one byte at a time', async () => {
    const { simulator } = await start({ speed: 100 });
    const response = await ask(simulator, { model: 'instant+drip', stream: true });
    const reader = response.body!.getReader();
    const sizes: number[] = [];
    while (sizes.length < 5) sizes.push((await reader.read()).value!.length);
    await reader.cancel();
    // A read may join bytes that lay waiting, but a drip never fills one.
    expect(Math.max(...sizes)).toBeLessThan(20);
  });

  it('html answers 200 with a web page, redirect points to another origin, empty has no token', async () => {
    const { simulator } = await start();
    const html = await ask(simulator, { model: 'small+html' });
    expect([html.status, html.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    const redirect = await ask(simulator, { model: 'small+redirect' });
    expect(redirect.status).toBe(307);
    expect(new URL(redirect.headers.get('location')!).origin).not.toBe(simulator.origin);
    const empty = await ask(simulator, {
      model: 'small+empty',
      stream: true,
      body: { stream_options: { include_usage: true } },
    });
    const text = await empty.text();
    expect(contents(text)).toEqual([]);
    expect(events(text).at(-1).usage.completion_tokens).toBe(0);
    const body: any = await (await ask(simulator, { model: 'small+empty' })).json();
    expect(body.choices[0].message.content).toBe('');
  });

  it('endless goes on beyond the planned tokens and leaves room for others', async () => {
    const { simulator, truth } = await start();
    const response = await ask(simulator, { model: 'instant+endless', stream: true });
    const reader = response.body!.getReader();
    let text = '';
    while (contentsSoFar(text) < 100) text += new TextDecoder().decode((await reader.read()).value);
    expect((await ask(simulator)).status).toBe(200);
    await reader.cancel();
    expect((await settled(truth, 2)).find((entry) => entry.fault === 'endless')?.aborted).toBe(true);
  });

  it('length-lie breaks off before the promised length', async () => {
    const { simulator } = await start();
    for (const stream of [true, false]) {
      const response = await ask(simulator, { model: 'instant+length-lie', stream });
      const { text, broken } = await readAll(response);
      expect(broken).toBe(true);
      expect(text.length).toBeLessThan(Number(response.headers.get('content-length')));
    }
  });

  it('echo-key repeats the key, for the search of a canary', async () => {
    const { simulator } = await start();
    const response = await ask(simulator, { model: 'small+echo-key', headers: { authorization: 'Bearer canary' } });
    expect(response.status).toBe(401);
    expect(await response.text()).toContain('canary');
  });

  it('strike in about the share that the server was given, and a request may refuse them', async () => {
    const { simulator, truth } = await start({ faults: { '500': 0.3 } });
    const statuses = await Promise.all(
      Array.from({ length: 200 }, (_, i) => ask(simulator, { prompt: `${i}` }).then((response) => response.status)),
    );
    const failed = statuses.filter((status) => status === 500).length;
    expect(failed).toBeGreaterThan(30);
    expect(failed).toBeLessThan(90);
    expect((await settled(truth, 200)).filter((entry) => entry.fault === '500')).toHaveLength(failed);
    const spared = await Promise.all(
      Array.from({ length: 20 }, () => ask(simulator, { model: 'instant+500=0' }).then((response) => response.status)),
    );
    expect(new Set(spared)).toEqual(new Set([200]));
  });

  it('come from the profile itself at its error rate', async () => {
    const { simulator } = await start({
      profiles: [
        {
          id: 'weak',
          description: '',
          ttftMs: { median: 1, sigma: 0 },
          msPerToken: { median: 0, sigma: 0 },
          outputTokens: { median: 10, sigma: 0 },
          inputPrice: 1,
          outputPrice: 1,
          contextWindow: 100,
          skill: 1,
          errorRate: 1,
        },
      ],
    });
    expect((await ask(simulator, { model: 'weak' })).status).toBe(500);
    expect((await ask(simulator, { model: 'small' })).status).toBe(404);
  });
});

describe('the truth', () => {
  it('joins by request id, and its moments are in order', async () => {
    const { simulator, truth } = await start({ speed: 20 });
    const ids = Array.from({ length: 30 }, (_, index) => `id-${index}`);
    const answers = await Promise.all(
      ids.map(async (id) => {
        const response = await ask(simulator, { model: 'paced', stream: true, headers: { 'x-request-id': id } });
        expect(response.headers.get('x-request-id')).toBe(id);
        return contents(await response.text()).length;
      }),
    );
    await settled(truth, 30);
    expect(truth.map((entry) => entry.requestId).sort()).toEqual([...ids].sort());
    for (const entry of truth) {
      expect(entry).toMatchObject({ model: 'paced', status: 200, stream: true, plannedTtftMs: 10, inputTokens: 3 });
      expect(entry.outputTokens).toBe(answers[0]);
      expect(entry.headersMs).toBeGreaterThanOrEqual(5);
      expect(entry.firstTokenMs).toBeGreaterThanOrEqual(10);
      expect(entry.lastTokenMs).toBeGreaterThanOrEqual(10 + 63 * 0.5);
      expect(entry.endMs).toBeGreaterThanOrEqual(entry.lastTokenMs!);
      expect(entry.firstTokenMs).toBeGreaterThanOrEqual(entry.headersMs!);
      expect(entry.lateMs).toBeGreaterThanOrEqual(0);
    }
    expect(simulator.lateness().count).toBe(30 * 64);
  });

  it('makes an id where the client gave none, and tells it', async () => {
    const { simulator, truth } = await start();
    const response = await ask(simulator);
    await response.text();
    expect(response.headers.get('x-request-id')).toBe((await settled(truth))[0]?.requestId);
  });

  it('is written as JSON lines, and a file that cannot be written is a clear failure', async () => {
    const path = join(await mkdtemp(join(tmpdir(), 'truth-')), 'truth.jsonl');
    const log = await truthLogWriter(path);
    const { simulator } = await start({ truth: log.write });
    for (let index = 0; index < 3; index += 1) await (await ask(simulator, { prompt: `${index}` })).text();
    await simulator.close();
    await log.close();
    await log.close();
    const lines = (await readFile(path, 'utf8')).trim().split('\n');
    expect(lines.map((line) => JSON.parse(line).status)).toEqual([200, 200, 200]);
    const refused = truthLogWriter(join(path, 'below-a-file'));
    await expect(refused).rejects.toMatchObject({ code: 'local', message: expect.stringContaining('below-a-file') });
  });
});

describe('the life of the simulator', () => {
  it('binds to the loopback address and keeps connections', async () => {
    const { simulator } = await start();
    expect(simulator.origin).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(simulator.baseUrl).toBe(`${simulator.origin}/v1`);
    const response = await ask(simulator);
    expect(response.headers.get('connection')).toBe('keep-alive');
  });

  it('close() ends open streams and hanging requests, and their truth is out by then', async () => {
    const { simulator, truth } = await start({ speed: 1 });
    const stream = await ask(simulator, { model: 'paced', stream: true });
    const hanging = ask(simulator, { model: 'paced+hang' }).catch(() => 'closed');
    await new Promise((resolve) => setTimeout(resolve, 50));
    await simulator.close();
    expect((await readAll(stream)).broken).toBe(true);
    expect(await hanging).toBe('closed');
    expect(truth.map((entry) => entry.aborted)).toEqual([true, true]);
    await expect(ask(simulator)).rejects.toThrow();
    await simulator.close();
  });

  it('forgets a client that leaves in the middle', async () => {
    const { simulator, truth } = await start({ speed: 10 });
    await new Promise<void>((resolve) => {
      const request = httpRequest(`${simulator.baseUrl}/chat/completions`, { method: 'POST' }, (response) => {
        response.once('data', () => request.destroy());
        response.on('error', () => {});
      });
      request.on('error', () => {});
      request.on('close', resolve);
      request.end(JSON.stringify({ model: 'paced', stream: true, messages: [{ role: 'user', content: 'x' }] }));
    });
    const [entry] = await settled(truth);
    expect(entry?.aborted).toBe(true);
    expect(entry?.outputTokens).toBeLessThan(64);
  });

  it('says what is wrong with its options', async () => {
    const failure = (options: SimulatorOptions) =>
      startSimulator(options).then(
        () => undefined,
        (error) => error,
      );
    for (const options of [{ port: 70_000 }, { port: 1.5 }, { speed: 0 }, { speed: Number.NaN }, { seed: 0.5 }]) {
      const error = await failure(options);
      expect(error).toBeInstanceOf(Failure);
      expect(error.code).toBe('usage');
    }
    expect((await failure({ faults: { hang: 7 } })).code).toBe('usage');
    const { simulator } = await start();
    const taken = await failure({ port: Number(new URL(simulator.origin).port) });
    expect(taken).toMatchObject({ code: 'local', message: expect.stringContaining('in use') });
  });
});

function contentsSoFar(text: string): number {
  return text.split('"content":').length;
}
