import { describe, expect, it } from 'vitest';
import type { ChatRequest } from './chat.ts';
import { ollama } from './ollama.ts';
import { readAnswer, secret } from './testing/read-answer.ts';

const line = (json: object) => `${JSON.stringify(json)}\n`;
const read = (...chunks: (string | Uint8Array)[]) => readAnswer(ollama, ...chunks);

let second = 0;
const part = (message: object, more: object = {}) =>
  line({
    model: 'llama3.2:1b',
    created_at: `2026-09-17T15:42:${String(second++ % 60).padStart(2, '0')}.567Z`,
    message: { role: 'assistant', ...message },
    done: false,
    ...more,
  });
const last = (more: object = { prompt_eval_count: 29, eval_count: 3 }, done_reason: string | undefined = 'stop') =>
  part({ content: '' }, { done: true, done_reason, total_duration: 30_258_609_300, ...more });

describe('a chat with Ollama', () => {
  it('is put together from its lines', () => {
    const answer = read(part({ content: 'Hel' }), part({ content: 'lo' }), last());
    expect(answer).toMatchObject({
      text: 'Hello',
      chunks: 2,
      firstToken: 10,
      lastToken: 20,
      finishReason: 'stop',
      servedModel: 'llama3.2:1b',
      usage: { input: 29, output: 3 },
      done: true,
      failure: undefined,
    });
    expect(answer.deltas).toEqual(['Hel', 'lo']);
  });

  it('counts thinking as tokens that are not visible', () => {
    const answer = read(
      part({ content: '', thinking: 'Let me ' }),
      part({ content: '', thinking: 'see' }),
      part({ content: 'Yes', thinking: '' }),
      last(),
    );
    expect(answer).toMatchObject({ reasoning: 'Let me see', text: 'Yes', chunks: 3, firstToken: 10, firstVisible: 30 });
  });

  it('gathers the tools it asks for, and says that it ended for them', () => {
    const call = (name: string, args: unknown) => ({ function: { name, arguments: args } });
    const answer = read(
      part({ content: '', tool_calls: [call('get_weather', { city: 'Paris' })] }),
      part({
        content: '',
        tool_calls: [call('get_time', '{"zone":1}'), null, {}, { id: 'c3', function: { name: 'now' } }],
      }),
      last(),
    );
    expect(answer.toolCalls).toEqual([
      { name: 'get_weather', arguments: '{"city":"Paris"}' },
      { name: 'get_time', arguments: '{"zone":1}' },
      { id: 'c3', name: 'now', arguments: '{}' },
    ]);
    expect(answer).toMatchObject({ finishReason: 'tool_calls', chunks: 2, failure: undefined });
  });

  it('is read alike as a whole, with or without a line feed', () => {
    for (const end of ['', '\n', '\r\n']) {
      const whole = last({ message: { role: 'assistant', content: 'Hello' }, prompt_eval_count: 5, eval_count: 2 });
      expect(read(whole.trimEnd() + end)).toMatchObject({
        text: 'Hello',
        chunks: 1,
        firstToken: 10,
        usage: { input: 5, output: 2 },
        failure: undefined,
      });
    }
  });

  it('keeps characters whole that the network cuts', () => {
    const bytes = new TextEncoder().encode(part({ content: '日本語 💥' }) + part({ content: '"\\' }) + last());
    const pieces = Array.from(bytes, (_, at) => bytes.subarray(at, at + 1));
    expect(read(...pieces)).toMatchObject({ text: '日本語 💥"\\', chunks: 2, failure: undefined });
  });

  it('ends with done though older servers give no reason, and says nothing more after it', () => {
    const end = part({ content: '' }, { done: true });
    expect(read(part({ content: 'x' }), end, part({ content: 'y' }))).toMatchObject({
      text: 'x',
      finishReason: undefined,
      failure: undefined,
    });
  });

  it('that stopped at the limit, or only loaded or unloaded the model, says so', () => {
    expect(read(part({ content: 'x' }), last({}, 'length')).finishReason).toBe('length');
    expect(read(last({}, 'length')).failure).toMatchObject({ code: 'empty', message: expect.stringMatching(/limit/) });
    for (const reason of ['load', 'unload']) {
      expect(read(last({}, reason))).toMatchObject({ finishReason: reason, failure: { code: 'empty' } });
    }
  });

  it('with an error in the middle keeps the text and the words of the server', () => {
    const answer = read(
      part({ content: 'half' }),
      line({ error: `an error was encountered while running the model ${secret}` }),
    );
    expect(answer).toMatchObject({ text: 'half', usage: undefined, failure: { code: 'stream-error' } });
    expect(answer.failure?.message).toContain('an error was encountered while running the model [redacted]');
    expect(read(line({ error: { message: 'engine died' } })).failure?.message).toContain('engine died');
  });

  it('that is cut off or broken says so, and keeps what had come', () => {
    const half = part({ content: 'half' });
    expect(read(half)).toMatchObject({ text: 'half', failure: { code: 'truncated-stream' } });
    expect(read(half, '{"model":"lla').failure?.code).toBe('truncated-stream');
    expect(read(half, '{"model": }\n')).toMatchObject({ text: 'half', failure: { code: 'malformed' } });
    expect(read(half, '7\n').failure?.code).toBe('malformed');
    expect(read('<!doctype html>').failure).toMatchObject({
      code: 'malformed',
      message: expect.stringMatching(/HTML/),
    });
    expect(read('Ollama is running').failure?.code).toBe('malformed');
    expect(read('').failure?.code).toBe('empty');
    expect(read(half, 'x'.repeat(9 * 1024 * 1024)).failure?.code).toBe('too-large');
  });
});

describe('the usage of a chat with Ollama', () => {
  const usage = (counts: object) => read(part({ content: 'x' }), last(counts)).usage;

  it('counts the part of the prompt that the cache held inside it', () => {
    expect(usage({ prompt_eval_count: 40, prompt_eval_cached_count: 32, eval_count: 5 })).toEqual({
      input: 40,
      cachedInput: 32,
      output: 5,
    });
    expect(usage({ prompt_eval_count: 40, prompt_eval_cached_count: 99, eval_count: 5 })?.cachedInput).toBe(40);
  });

  it('is unknown, not 0, where an older server read the prompt from its cache', () => {
    expect(usage({ eval_count: 5 })).toBeUndefined();
    expect(usage({ prompt_eval_count: 0, eval_count: 5 })).toBeUndefined();
  });

  it('is unknown when it makes no sense', () => {
    for (const counts of [{}, { prompt_eval_count: '40', eval_count: 5 }, { prompt_eval_count: 40, eval_count: -1 }]) {
      expect(usage(counts)).toBeUndefined();
    }
  });
});

describe('a request for a chat with Ollama', () => {
  const request: ChatRequest = { model: 'm', messages: [{ role: 'user', content: 'Hi' }], stream: true };
  const build = (baseUrl: string, more: Partial<ChatRequest> = {}, key?: string) =>
    ollama.buildRequest({ protocol: 'ollama', baseUrl }, key, { ...request, ...more });

  it('says the limit and the temperature as options', () => {
    const built = build('http://127.0.0.1:11434', { maxTokens: 9, temperature: 0, requestId: 'r1' });
    expect(built).toMatchObject({ method: 'POST', headers: { 'x-request-id': 'r1' } });
    expect(built.headers).not.toHaveProperty('authorization');
    expect(JSON.parse(String(built.body))).toEqual({
      model: 'm',
      messages: [{ role: 'user', content: 'Hi' }],
      stream: true,
      truncate: false,
      options: { num_predict: 9, temperature: 0 },
    });
    expect(JSON.parse(String(build('http://127.0.0.1:11434', { stream: false }).body))).toEqual({
      model: 'm',
      messages: [{ role: 'user', content: 'Hi' }],
      stream: false,
      truncate: false,
    });
  });

  it('goes to the same address, whichever of the server’s addresses was typed', () => {
    for (const base of ['', '/api', '/v1']) {
      expect(build(`http://127.0.0.1:11434${base}`).url).toBe('http://127.0.0.1:11434/api/chat');
      expect(build(`https://gateway.example/ollama${base}`).url).toBe('https://gateway.example/ollama/api/chat');
    }
  });

  it('brings a key where there is one', () => {
    expect(build('https://ollama.com', {}, 'key').headers.authorization).toBe('Bearer key');
  });
});

describe('a list of Ollama’s models', () => {
  it('is read in its order', () => {
    const { models } = ollama;
    expect(models?.buildRequest({ protocol: 'ollama', baseUrl: 'http://127.0.0.1:11434/v1' }, undefined)).toMatchObject(
      {
        method: 'GET',
        url: 'http://127.0.0.1:11434/api/tags',
      },
    );
    expect(models?.read({ models: [{ name: 'b:latest', model: 'b:latest', size: 1 }, { name: 'a' }] })).toEqual([
      { id: 'b:latest' },
      { id: 'a' },
    ]);
    expect(models?.read({ models: [] })).toEqual([]);
    for (const other of [{}, { data: [] }, { models: [{ id: 'x' }] }, 'x', null])
      expect(models?.read(other)).toBeUndefined();
  });
});
