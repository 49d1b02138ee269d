import { describe, expect, it } from 'vitest';
import type { ChatMessage, ChatRequest } from './chat.ts';
import { inOrder, openaiCompletions, promptOf, readCompletions } from './openai-completions.ts';
import { readAnswer, secret } from './testing/read-answer.ts';

const event = (json: unknown) => `data: ${JSON.stringify(json)}\n\n`;
const chunk = (text: string, finish: string | null = null, more: object = {}) =>
  event({
    id: 'cmpl-1',
    object: 'text_completion',
    created: 1,
    choices: [{ text, index: 0, logprobs: null, finish_reason: finish }],
    model: 'base-1',
    ...more,
  });
const done = 'data: [DONE]\n\n';
const read = (...chunks: string[]) => readAnswer(openaiCompletions, ...chunks);

describe('a streamed text completion', () => {
  it('is put together, by the parser or without it', () => {
    const words = ['Once', ' upon', ' a "time"', '', ' there', ' was', ' 💥'];
    const answer = read(
      ...words.map((word) => chunk(word)),
      chunk('.', 'length'),
      event({ choices: [], usage: { prompt_tokens: 3, completion_tokens: 8, total_tokens: 11 } }),
      done,
    );
    expect(answer).toMatchObject({
      text: `${words.join('')}.`,
      chunks: 7,
      firstToken: 10,
      lastToken: 80,
      finishReason: 'length',
      servedModel: 'base-1',
      usage: { input: 3, output: 8 },
      failure: undefined,
    });
    expect(answer.deltas).toEqual([...words.filter((word) => word !== ''), '.']);
  });

  it('keeps usage that every chunk carries', () => {
    const counted = (text: string, output: number, finish?: string) =>
      chunk(text, finish, { usage: { prompt_tokens: 3, completion_tokens: output } });
    expect(read(counted('a', 1), counted('b', 2), counted('c', 3, 'stop')).usage).toEqual({ input: 3, output: 3 });
  });

  it('that was cut off, broken or empty says so and keeps what had come', () => {
    expect(read(chunk('half'))).toMatchObject({ text: 'half', failure: { code: 'truncated-stream' } });
    expect(read(chunk('half'), 'data: {"choices": [}\n\n')).toMatchObject({
      text: 'half',
      failure: { code: 'malformed' },
    });
    expect(read(chunk('', 'stop'), done).failure?.code).toBe('empty');
    expect(read(chunk('x', 'stop')).failure).toBeUndefined();
  });

  it('with an error in the middle keeps the text and the words of the server', () => {
    for (const error of [{ error: { message: `died ${secret}` } }, { error_code: 'X', message: `died ${secret}` }]) {
      expect(read(chunk('half'), event(error))).toMatchObject({
        text: 'half',
        failure: { code: 'stream-error', message: expect.stringContaining('died [redacted]') },
      });
    }
  });

  it('survives choices of another kind', () => {
    const answer = read(
      event({ choices: null }),
      event({ choices: [null] }),
      event({ choices: [{ text: 7, finish_reason: 3 }] }),
      chunk('x', 'stop'),
    );
    expect(answer).toMatchObject({ text: 'x', chunks: 1, firstToken: 40, failure: undefined });
  });
});

describe('a whole text completion', () => {
  it('is read', () => {
    const body = {
      choices: [{ text: 'Hello', index: 0, finish_reason: 'stop', logprobs: null }],
      usage: { prompt_tokens: 2, completion_tokens: 1 },
      model: 'base-1',
    };
    expect(read(JSON.stringify(body))).toMatchObject({
      text: 'Hello',
      finishReason: 'stop',
      servedModel: 'base-1',
      usage: { input: 2, output: 1 },
      failure: undefined,
    });
  });

  for (const [name, body, code] of [
    ['a chat completion', '{"choices":[{"message":{"content":"x"}}]}', 'malformed'],
    ['without choices', '{"choices":[]}', 'malformed'],
    ['an error under status 200', '{"error":"overloaded"}', 'server'],
    ['without text', '{"choices":[{"text":""}]}', 'empty'],
  ] as const) {
    it(`that is ${name} fails as ${code}`, () => {
      expect(read(body).failure?.code).toBe(code);
    });
  }
});

describe('the prompt of a completion', () => {
  const of = (...turns: [ChatMessage['role'], string][]) =>
    promptOf(turns.map(([role, content]) => ({ role, content })));

  it('is the words of a single turn as they are, after those of the system', () => {
    expect(of(['user', 'Once upon'])).toBe('Once upon');
    expect(of(['system', 'Be short.'], ['user', 'Hi'])).toBe('Be short.\n\nHi');
  });

  it('names the speakers of a conversation and ends with the one whose turn it is', () => {
    expect(of(['system', 'Be short.'], ['user', 'Hi'], ['assistant', 'Hello'], ['user', 'Bye'])).toBe(
      'Be short.\n\nUser: Hi\n\nAssistant: Hello\n\nUser: Bye\n\nAssistant:',
    );
  });
});

describe('a request for a completion', () => {
  const target = { protocol: 'openai' as const, baseUrl: 'https://host.example/v1' };
  const request = (content: string, more: Partial<ChatRequest> = {}): ChatRequest => ({
    model: 'm',
    messages: [{ role: 'user', content }],
    maxTokens: 9,
    temperature: 0,
    stream: true,
    requestId: 'r1',
    ...more,
  });

  it('holds the prompt as text', () => {
    const built = openaiCompletions.buildRequest(target, 'key', request('Hi'));
    expect(built).toMatchObject({
      method: 'POST',
      url: 'https://host.example/v1/completions',
      headers: { authorization: 'Bearer key', 'x-request-id': 'r1' },
    });
    expect(JSON.parse(String(built.body))).toEqual({
      model: 'm',
      prompt: 'Hi',
      max_tokens: 9,
      temperature: 0,
      stream: true,
      stream_options: { include_usage: true },
    });
  });

  it('holds several prompts as a list, and is not streamed then', () => {
    const built = openaiCompletions.batch?.buildRequest(target, 'key', [request('a'), request('b')]);
    expect(built?.url).toBe('https://host.example/v1/completions');
    expect(JSON.parse(String(built?.body))).toEqual({
      model: 'm',
      prompt: ['a', 'b'],
      max_tokens: 9,
      temperature: 0,
      stream: false,
    });
  });

  it('is not made of nothing', () => {
    expect(() => openaiCompletions.batch?.buildRequest(target, 'key', [])).toThrow(/at least one prompt/);
  });
});

describe('answers to a batch', () => {
  const choice = (index: number | undefined, text: string) => ({ index, text, finish_reason: 'stop' });

  it('come in the order of the prompts, with the tokens of all', () => {
    const body = {
      choices: [choice(2, 'c'), choice(0, 'a'), { index: 1, text: 'b', finish_reason: null }],
      usage: { prompt_tokens: 30, completion_tokens: 12 },
    };
    const { answers, usage } = readCompletions(body, 3);
    expect(answers).toEqual([
      { text: 'a', finishReason: 'stop' },
      { text: 'b', finishReason: undefined },
      { text: 'c', finishReason: 'stop' },
    ]);
    expect(usage).toEqual({ input: 30, output: 12 });
  });

  it('have no known usage where llama.cpp counted the first prompt only', () => {
    const counted = { usage: { prompt_tokens: 2, completion_tokens: 4 }, timings: { prompt_n: 2, predicted_n: 4 } };
    expect(readCompletions({ choices: [choice(0, 'a'), choice(1, 'b')], ...counted }, 2).usage).toBeUndefined();
    expect(readCompletions({ choices: [choice(0, 'a')], ...counted }, 1).usage).toEqual({ input: 2, output: 4 });
  });

  it('without indices come as they stand, and without usage that is not known', () => {
    const { answers, usage } = readCompletions({ choices: [choice(undefined, 'a'), choice(undefined, 'b')] }, 2);
    expect(answers.map(({ text }) => text)).toEqual(['a', 'b']);
    expect(usage).toBeUndefined();
  });

  for (const [name, choices] of [
    ['too few', [choice(0, 'a')]],
    ['too many', [choice(0, 'a'), choice(1, 'b'), choice(2, 'c')]],
    ['one twice', [choice(0, 'a'), choice(0, 'b')]],
    ['one with an index of its own', [choice(0, 'a'), choice(7, 'b')]],
    ['one without an index', [choice(0, 'a'), choice(undefined, 'b')]],
    ['none', []],
  ] as const) {
    it(`that are ${name} are malformed, for nobody can say whose they are`, () => {
      expect(() => readCompletions({ choices }, 2)).toThrow(expect.objectContaining({ code: 'malformed' }));
    });
  }

  it('that are an error are that error', () => {
    expect(() => readCompletions({ error: { message: `no ${secret}` } }, 2, [secret])).toThrow(
      expect.objectContaining({ code: 'server', message: expect.stringContaining('no [redacted]') }),
    );
    expect(() => readCompletions(undefined, 2)).toThrow(expect.objectContaining({ code: 'malformed' }));
  });

  it('of nothing are nothing', () => {
    expect(inOrder([], 0)).toEqual([]);
  });
});
