import { describe, expect, it } from 'vitest';
import type { ChatRequest } from './chat.ts';
import { openaiResponses, readResponseUsage } from './openai-responses.ts';
import { readAnswer, secret } from './testing/read-answer.ts';

let sequence = 0;
const event = (type: string, fields: object = {}) =>
  `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: sequence++, ...fields })}\n\n`;
const text = (delta: string, at = 0) =>
  event('response.output_text.delta', {
    item_id: `msg_${at}`,
    output_index: at,
    content_index: 0,
    delta,
    logprobs: [],
    obfuscation: 'x'.repeat(sequence % 7),
  });
const message = (content: unknown, more: object = {}) => ({
  id: 'msg_0',
  type: 'message',
  role: 'assistant',
  status: 'completed',
  content,
  ...more,
});
const said = (words: string) => [{ type: 'output_text', text: words, annotations: [] }];
const usage = {
  input_tokens: 36,
  input_tokens_details: { cached_tokens: 8 },
  output_tokens: 87,
  output_tokens_details: { reasoning_tokens: 64 },
  total_tokens: 123,
};
const created = event('response.created', {
  response: { id: 'resp_1', object: 'response', status: 'in_progress', model: 'gpt-5-2025-08-07', output: [] },
});
const completed = (more: object = {}) =>
  event('response.completed', {
    response: { id: 'resp_1', status: 'completed', model: 'gpt-5-2025-08-07', error: null, usage, output: [], ...more },
  });
const read = (...chunks: string[]) => readAnswer(openaiResponses, ...chunks);

describe('a streamed response', () => {
  it('is put together from its deltas, and the events that repeat them bring nothing', () => {
    const answer = read(
      created,
      event('response.in_progress', { response: { status: 'in_progress' } }),
      event('response.output_item.added', { output_index: 0, item: message([], { status: 'in_progress' }) }),
      event('response.content_part.added', {
        output_index: 0,
        content_index: 0,
        part: { type: 'output_text', text: '' },
      }),
      text('Hel'),
      text('lo'),
      event('response.output_text.done', { output_index: 0, content_index: 0, text: 'Hello' }),
      event('response.content_part.done', { output_index: 0, part: said('Hello')[0] }),
      event('response.output_item.done', { output_index: 0, item: message(said('Hello')) }),
      completed({ output: [message(said('Hello'))] }),
    );
    expect(answer).toMatchObject({
      text: 'Hello',
      deltas: ['Hel', 'lo'],
      chunks: 2,
      firstToken: 50,
      firstVisible: 50,
      lastToken: 60,
      finishReason: 'stop',
      servedModel: 'gpt-5-2025-08-07',
      usage: { input: 36, cachedInput: 8, output: 87, reasoning: 64 },
      done: true,
      failure: undefined,
    });
  });

  for (const type of ['response.reasoning_summary_text.delta', 'response.reasoning_text.delta']) {
    it(`takes ${type} for thinking, once`, () => {
      const reasoning = {
        id: 'rs_1',
        type: 'reasoning',
        summary: [{ type: 'summary_text', text: 'hmm ok' }],
        encrypted_content: 'zzz',
      };
      const answer = read(
        event('response.output_item.added', { output_index: 0, item: { ...reasoning, summary: [] } }),
        event(type, { output_index: 0, item_id: 'rs_1', delta: 'hmm ' }),
        event(type, { output_index: 0, item_id: 'rs_1', delta: 'ok' }),
        event('response.output_item.done', { output_index: 0, item: reasoning }),
        text('Yes', 1),
        completed({ output: [reasoning, message(said('Yes'))] }),
      );
      expect(answer).toMatchObject({
        reasoning: 'hmm ok',
        text: 'Yes',
        chunks: 3,
        firstToken: 20,
        firstVisible: 50,
        lastToken: 50,
      });
    });
  }

  it('takes an encrypted thought for a token that nobody can read', () => {
    const item = { id: 'rs_1', type: 'reasoning', summary: [], encrypted_content: 'gAAAA' };
    expect(
      read(event('response.output_item.done', { output_index: 0, item }), text('x', 1), completed({ output: [item] })),
    ).toMatchObject({ chunks: 2, firstToken: 10, firstVisible: 20, lastToken: 20, reasoning: '' });
  });

  it('puts tool calls together, in their order, and says that it ended for them', () => {
    const call = (at: number, name: string, words = '') => ({
      id: `fc_${at}`,
      type: 'function_call',
      call_id: `call_${at}`,
      name,
      arguments: words,
    });
    const part = (at: number, delta: string) =>
      event('response.function_call_arguments.delta', { item_id: `fc_${at}`, output_index: at, delta });
    const answer = read(
      event('response.output_item.added', { output_index: 2, item: call(2, 'weather') }),
      part(2, '{"ci'),
      event('response.output_item.added', { output_index: 4, item: call(4, 'time') }),
      part(4, '{}'),
      part(2, 'ty":1}'),
      event('response.function_call_arguments.done', { output_index: 2, arguments: '{"city":1}' }),
      event('response.output_item.done', { output_index: 2, item: call(2, 'weather', '{"city":1}') }),
      event('response.output_item.done', { output_index: 4, item: call(4, 'time', '{}') }),
      completed({ output: [call(2, 'weather', '{"city":1}'), call(4, 'time', '{}')] }),
    );
    expect(answer).toMatchObject({
      toolCalls: [
        { id: 'call_2', name: 'weather', arguments: '{"city":1}' },
        { id: 'call_4', name: 'time', arguments: '{}' },
      ],
      finishReason: 'tool_calls',
      text: '',
      firstVisible: undefined,
      failure: undefined,
    });
  });

  it('shows a refusal as its text', () => {
    const refusal = (delta: string) =>
      event('response.refusal.delta', { output_index: 0, item_id: 'msg_0', content_index: 0, delta });
    const content = [{ type: 'refusal', refusal: 'I will not.' }];
    expect(
      read(
        refusal('I will '),
        refusal('not.'),
        event('response.output_item.done', { output_index: 0, item: message(content) }),
        completed({ output: [message(content)] }),
      ).text,
    ).toBe('I will not.');
  });

  for (const [reason, word] of [
    ['max_output_tokens', 'length'],
    ['max_tokens', 'length'],
    ['content_filter', 'content_filter'],
    ['something_new', 'something_new'],
  ] as const) {
    it(`that is incomplete for ${reason} ends with ${word}`, () => {
      const response = { status: 'incomplete', incomplete_details: { reason }, usage };
      expect(read(text('half'), event('response.incomplete', { response }))).toMatchObject({
        text: 'half',
        finishReason: word,
        usage: { output: 87 },
        failure: undefined,
      });
    });
  }

  it('that thought up to its limit and said nothing is empty, and says what to raise', () => {
    const response = { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' }, usage };
    const { failure, usage: counted } = read(created, event('response.incomplete', { response }));
    expect(failure).toMatchObject({ code: 'empty', message: expect.stringMatching(/raise the limit/) });
    expect(counted?.output).toBe(87);
  });

  for (const [name, error] of [
    [
      'response.failed',
      event('response.failed', {
        response: { status: 'failed', error: { code: 'server_error', message: 'engine died' }, usage },
      }),
    ],
    ['a failure at the top', event('response.failed', { error: { message: 'engine died' } })],
    ['an error event', event('error', { code: 'ERR', message: 'engine died', param: null })],
    ['an error event that nests', event('error', { error: { code: 'invalid_prompt', message: 'engine died' } })],
    ['an error without a name', `data: {"type":"error","code":"x","message":"engine died"}\n\n`],
    ['a bare error of a proxy', `data: {"error":{"message":"engine died"}}\n\n`],
  ] as const) {
    it(`that breaks with ${name} keeps the text and the server's words`, () => {
      const answer = read(text('half'), error);
      expect(answer.failure).toMatchObject({ code: 'stream-error', message: expect.stringContaining('engine died') });
      expect(answer.text).toBe('half');
    });
  }

  it('that fails without a word still fails', () => {
    expect(read(text('half'), event('response.failed', { response: {} })).failure?.code).toBe('stream-error');
    expect(read(text('half'), event('response.cancelled')).failure?.code).toBe('stream-error');
  });

  it('that fails keeps what it had cost', () => {
    const response = { error: { message: 'died' }, usage };
    expect(read(text('half'), event('response.failed', { response })).usage).toMatchObject({ input: 36, output: 87 });
  });

  it('whose error holds the key does not show it', () => {
    expect(read(event('error', { message: `bad ${secret}` })).failure?.message).toContain('bad [redacted]');
  });

  it('without its last event was cut off, and keeps what had come', () => {
    const answer = read(created, text('half'));
    expect(answer).toMatchObject({ text: 'half', failure: { code: 'truncated-stream' } });
  });

  it('is complete with [DONE] where a server ends so', () => {
    expect(read(text('x'), 'data: [DONE]\n\n').failure).toBeUndefined();
    expect(read(text('x'), completed(), 'data: [DONE]\n\n')).toMatchObject({
      finishReason: 'stop',
      failure: undefined,
    });
  });

  it('may come in whole items only, as agents send it', () => {
    const item = (at: number, words: string) =>
      `data: ${JSON.stringify({ type: 'response.output_item.done', item: message(said(words), { id: `m${at}` }) })}\n\n`;
    expect(read(item(1, 'Hello '), item(2, 'there'), 'data: [DONE]\n\n')).toMatchObject({
      text: 'Hello there',
      chunks: 2,
      failure: undefined,
    });
  });

  it('may bring its text in the last event only', () => {
    expect(
      read(
        created,
        completed({
          output: [
            { type: 'reasoning', summary: [{ type: 'summary_text', text: 'hmm' }] },
            message(said('Hello')),
            { type: 'web_search_call', id: 'ws_1' },
          ],
        }),
      ),
    ).toMatchObject({ text: 'Hello', reasoning: 'hmm', chunks: 1, firstToken: 20, finishReason: 'stop' });
  });

  it('does not take text twice where a gateway names its items in one event and not in another', () => {
    const bare = (delta: string) => `data: ${JSON.stringify({ type: 'response.output_text.delta', delta })}\n\n`;
    expect(
      read(
        bare('Hel'),
        bare('lo'),
        event('response.output_item.done', { output_index: 1, item: message(said('Hello')) }),
        completed({ output: [{ type: 'reasoning', summary: [] }, message(said('Hello'))] }),
      ),
    ).toMatchObject({ text: 'Hello', chunks: 2 });
    expect(
      read(
        event('response.output_text.delta', { item_id: 'a', delta: 'Hello' }),
        event('response.output_item.done', { item: message(said('Hello'), { id: 'a' }) }),
        completed({ output: [message(said('Hello'), { id: 'another' })] }),
      ).text,
    ).toBe('Hello');
  });

  it('survives events that are broken in their parts', () => {
    const answer = read(
      event('response.output_text.delta', { delta: null }),
      event('response.output_text.delta', { delta: '' }),
      event('response.output_item.added', { item: null }),
      event('response.output_item.done', { item: 'x' }),
      event('response.output_item.done', { output_index: 9, item: { type: 'message', content: [null, 7, {}] } }),
      event('response.some.new.event', { delta: 'not text' }),
      text('x'),
      completed({ usage: { input_tokens: 'many' }, output: [null, 'x', {}] }),
    );
    expect(answer).toMatchObject({ text: 'x', chunks: 1, firstToken: 70, usage: undefined, failure: undefined });
  });

  it('reads its type from the name of the event where the data has none', () => {
    expect(
      read(
        'event: response.output_text.delta\ndata: {"delta":"x"}\n\n',
        'event: response.completed\ndata: {"response":{}}\n\n',
      ),
    ).toMatchObject({ text: 'x', finishReason: 'stop', failure: undefined });
  });
});

describe('a whole response', () => {
  const whole = (more: object) =>
    JSON.stringify({
      id: 'resp_1',
      object: 'response',
      status: 'completed',
      error: null,
      model: 'm-1',
      usage,
      ...more,
    });

  it('is read in all its items', () => {
    const output = [
      { id: 'rs_1', type: 'reasoning', summary: [], content: [{ type: 'reasoning_text', text: 'hmm' }] },
      message([...said('Hello '), ...said('there')]),
      { type: 'function_call', call_id: 'c1', name: 'time', arguments: '{}' },
      message(said('!'), { id: 'msg_2' }),
    ];
    expect(read(whole({ output }))).toMatchObject({
      text: 'Hello there!',
      reasoning: 'hmm',
      toolCalls: [{ id: 'c1', name: 'time', arguments: '{}' }],
      finishReason: 'tool_calls',
      servedModel: 'm-1',
      usage: { input: 36, cachedInput: 8, output: 87, reasoning: 64 },
      chunks: 1,
      failure: undefined,
    });
  });

  it('says why it is not complete', () => {
    const more = { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } };
    expect(read(whole({ ...more, output: [message(said('half'))] }))).toMatchObject({
      text: 'half',
      finishReason: 'length',
    });
  });

  for (const [name, body, code, words] of [
    [
      'failed',
      whole({ status: 'failed', error: { code: 'server_error', message: 'died' }, output: [] }),
      'server',
      /died/,
    ],
    ['an error under status 200', '{"error":{"message":"overloaded"}}', 'server', /overloaded/],
    ['a chat completion', '{"choices":[{"message":{"content":"x"}}]}', 'malformed', /not a response/],
    ['without items', whole({ output: [] }), 'empty', /without a single token/],
    ['cut off', '{"output":[{"ty', 'malformed', /cut off/],
  ] as const) {
    it(`that is ${name} fails as ${code}`, () => {
      const { failure } = read(body);
      expect(failure?.code).toBe(code);
      expect(failure?.message).toMatch(words);
    });
  }
});

describe('the usage of a response', () => {
  it('is absent when it makes no sense', () => {
    for (const raw of [undefined, null, {}, { input_tokens: 1 }, { input_tokens: -1, output_tokens: 2 }]) {
      expect(readResponseUsage(raw)).toBeUndefined();
    }
  });

  it('has cached and reasoning tokens inside, and leaves out what is not told', () => {
    expect(readResponseUsage({ input_tokens: 5, output_tokens: 2 })).toEqual({ input: 5, output: 2 });
    expect(
      readResponseUsage({
        input_tokens: 50,
        output_tokens: 2,
        input_tokens_details: { cached_tokens: 10, cache_write_tokens: 20 },
      }),
    ).toEqual({ input: 50, cachedInput: 10, cacheWrite: 20, output: 2 });
  });
});

describe('a request for a response', () => {
  const request: ChatRequest = {
    model: 'm',
    messages: [
      { role: 'system', content: 'Be short.' },
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: 'Hello' },
      { role: 'user', content: 'Bye' },
    ],
    maxTokens: 99,
    temperature: 0,
    stream: true,
    requestId: 'r1',
  };
  const build = (asked: ChatRequest) =>
    openaiResponses.buildRequest({ protocol: 'openai-responses', baseUrl: 'https://host.example/v1' }, 'key', asked);

  it('sends the messages as items, and asks the server to store nothing', () => {
    const built = build(request);
    expect(built).toMatchObject({
      method: 'POST',
      url: 'https://host.example/v1/responses',
      headers: { authorization: 'Bearer key', 'x-request-id': 'r1' },
    });
    expect(JSON.parse(String(built.body))).toEqual({
      model: 'm',
      input: [
        { role: 'system', content: 'Be short.' },
        { role: 'user', content: 'Hi' },
        { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Hello' }] },
        { role: 'user', content: 'Bye' },
      ],
      store: false,
      max_output_tokens: 99,
      temperature: 0,
      stream: true,
    });
  });

  it('holds nothing that was not asked for', () => {
    const { model } = request;
    const messages = request.messages.filter(({ role }) => role === 'user');
    expect(JSON.parse(String(build({ model, messages, stream: false }).body))).toEqual({
      model: 'm',
      input: messages,
      store: false,
      stream: false,
    });
  });

  it('lists models where OpenAI does', () => {
    const target = { protocol: 'openai-responses' as const, baseUrl: 'https://host.example/v1' };
    expect(openaiResponses.models?.buildRequest(target, undefined).url).toBe('https://host.example/v1/models');
  });
});
