import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { Failure } from '../../core/failure.ts';
import { simulatedAnswer } from './answer.ts';
import { bodyLimit, type Simulator, type SimulatorOptions, startSimulator } from './server.ts';
import { ask, contents, events, readAll, settled, start, stopAll } from './testing/asking.ts';

afterEach(stopAll);

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
    expect(all[0]?.choices[0]?.delta).toEqual({ role: 'assistant', content: '' });
    expect(contents(text)).toHaveLength(64);
    expect(all).toHaveLength(66);
    expect(all.at(-1)?.choices[0]).toEqual({ index: 0, delta: {}, finish_reason: 'stop' });
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
    expect((await fetch(`${simulator.origin}/v1/images`, { method: 'POST' })).status).toBe(404);
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

  it('waits for a slow reader and loses nothing', async () => {
    const figures = { inputPrice: 1, outputPrice: 1, contextWindow: 100_000, skill: 1, errorRate: 0 };
    const { simulator, truth } = await start({
      speed: 1,
      profiles: [
        {
          id: 'flood',
          description: '',
          ttftMs: { median: 0, sigma: 0 },
          msPerToken: { median: 0.005, sigma: 0 },
          outputTokens: { median: 60_000, sigma: 0 },
          ...figures,
        },
      ],
    });
    const text = await new Promise<string>((resolve, reject) => {
      const options = { method: 'POST', headers: { 'x-request-id': 'slow' } };
      const request = httpRequest(`${simulator.baseUrl}/chat/completions`, options, (response) => {
        const parts: Buffer[] = [];
        response.once('data', () => {
          response.pause();
          setTimeout(() => response.resume(), 600);
        });
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('end', () => resolve(Buffer.concat(parts).toString()));
      });
      request.on('error', reject);
      request.end(JSON.stringify({ model: 'flood', stream: true, messages: [{ role: 'user', content: 'x' }] }));
    });
    expect(contents(text)).toHaveLength(60_000);
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
    const [entry] = await settled(truth);
    expect(entry).toMatchObject({ requestId: 'slow', outputTokens: 60_000 });
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
