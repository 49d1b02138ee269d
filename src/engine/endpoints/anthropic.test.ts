import { describe, expect, it } from 'vitest';
import { anthropic } from './anthropic.ts';
import type { ChatRequest } from './chat.ts';
import { readAnswer } from './testing/read-answer.ts';

const event = (json: { type: string }) => `event: ${json.type}\ndata: ${JSON.stringify(json)}\n\n`;
const read = (...chunks: (string | Uint8Array)[]) => readAnswer(anthropic, ...chunks);

const message = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'claude-haiku-4-5-20251001',
  content: [],
  stop_reason: null,
  stop_sequence: null,
};
const begin = (usage: object = { input_tokens: 25, output_tokens: 1 }) =>
  event({ type: 'message_start', ...{ message: { ...message, usage } } });
const block = (content_block: object, index = 0) => event({ type: 'content_block_start', ...{ index, content_block } });
const delta = (fields: object, index = 0) => event({ type: 'content_block_delta', ...{ index, delta: fields } });
const text = (words: string, index = 0) => delta({ type: 'text_delta', text: words }, index);
const stop = (index = 0) => event({ type: 'content_block_stop', ...{ index } });
const end = (stop_reason: string, usage: object = { output_tokens: 15 }) =>
  event({ type: 'message_delta', ...{ delta: { stop_reason, stop_sequence: null }, usage } });
const ping = event({ type: 'ping' });
const done = event({ type: 'message_stop' });
const emptyText = { type: 'text', text: '' };

describe('a streamed message', () => {
  it('is put together, dated by the chunks that brought its words', () => {
    const answer = read(
      begin(),
      block(emptyText),
      ping,
      text('Hel'),
      text('lo'),
      text('!'),
      text(' "x"'),
      stop(),
      end('end_turn'),
      done,
    );
    expect(answer).toMatchObject({
      text: 'Hello! "x"',
      chunks: 4,
      firstToken: 40,
      firstVisible: 40,
      lastToken: 70,
      finishReason: 'stop',
      servedModel: 'claude-haiku-4-5-20251001',
      usage: { input: 25, output: 15 },
      done: true,
    });
    expect(answer.failure).toBeUndefined();
    expect(answer.deltas).toEqual(['Hel', 'lo', '!', ' "x"']);
  });

  it('counts thinking as tokens that are not visible, its signature not', () => {
    const answer = read(
      begin(),
      block({ type: 'thinking', thinking: '', signature: '' }),
      delta({ type: 'thinking_delta', thinking: 'Let me ' }),
      delta({ type: 'thinking_delta', thinking: 'see' }),
      delta({ type: 'signature_delta', signature: 'EqQB' }),
      stop(),
      block(emptyText, 1),
      text('Yes', 1),
      end('end_turn', { output_tokens: 40, output_tokens_details: { thinking_tokens: 31 } }),
      done,
    );
    expect(answer).toMatchObject({
      reasoning: 'Let me see',
      text: 'Yes',
      chunks: 3,
      firstToken: 30,
      firstVisible: 80,
      usage: { output: 40, reasoning: 31 },
    });
  });

  it('counts a thought that is hidden as one token: redacted, or of which only the signature came', () => {
    const redacted = read(
      begin(),
      block({ type: 'redacted_thinking', data: 'EmwKAhgB' }),
      stop(),
      block(emptyText, 1),
      text('Yes', 1),
      end('end_turn'),
      done,
    );
    expect(redacted).toMatchObject({ reasoning: '', chunks: 2, firstToken: 20, firstVisible: 50 });
    const omitted = read(
      begin(),
      block({ type: 'thinking', thinking: '', signature: '' }),
      delta({ type: 'thinking_delta', thinking: '' }),
      delta({ type: 'signature_delta', signature: 'EqQB' }),
      stop(),
      block(emptyText, 1),
      text('Yes', 1),
      end('end_turn'),
      done,
    );
    expect(omitted).toMatchObject({ reasoning: '', chunks: 2, firstToken: 40, firstVisible: 70 });
  });

  it('gathers tool calls, each from the parts of its own block, and leaves out tools that the server runs', () => {
    const answer = read(
      begin(),
      block(emptyText),
      text('I look.'),
      stop(),
      block({ type: 'server_tool_use', id: 's', name: 'web_search', input: {} }, 1),
      delta({ type: 'input_json_delta', partial_json: '{"query":"x"}' }, 1),
      block({ type: 'web_search_tool_result', tool_use_id: 's', content: [] }, 2),
      block({ type: 'tool_use', id: 'toolu_1', name: 'get_weather', input: {} }, 3),
      delta({ type: 'input_json_delta', partial_json: '' }, 3),
      delta({ type: 'input_json_delta', partial_json: '{"city": "Pa' }, 3),
      delta({ type: 'input_json_delta', partial_json: 'ris"}' }, 3),
      block({ type: 'tool_use', id: 'toolu_2', name: 'get_time', input: {} }, 4),
      end('tool_use'),
      done,
    );
    expect(answer).toMatchObject({ text: 'I look.', finishReason: 'tool_calls', chunks: 5, lastToken: 120 });
    expect(answer.toolCalls).toEqual([
      { id: 'toolu_1', name: 'get_weather', arguments: '{"city": "Paris"}' },
      { id: 'toolu_2', name: 'get_time', arguments: '' },
    ]);
  });

  for (const [said, meant] of [
    ['end_turn', 'stop'],
    ['stop_sequence', 'stop'],
    ['max_tokens', 'length'],
    ['model_context_window_exceeded', 'length'],
    ['tool_use', 'tool_calls'],
    ['refusal', 'content_filter'],
    ['pause_turn', 'pause_turn'],
    ['something_new', 'something_new'],
  ] as const) {
    it(`that ended by ${said} ended by ${meant}`, () => {
      expect(read(begin(), block(emptyText), text('x'), end(said), done).finishReason).toBe(meant);
    });
  }

  it('passes over events of kinds that it does not know', () => {
    const answer = read(
      begin(),
      event({ type: 'content_block_delta', ...{ index: 0, delta: { type: 'citations_delta', citation: {} } } }),
      event({ type: 'something_new' }),
      event({ type: 'content_block_delta', ...{ index: 0, delta: null } }),
      event({ type: 'content_block_start', ...{ index: 0 } }),
      block(emptyText),
      text('x'),
      end('end_turn'),
      done,
    );
    expect(answer).toMatchObject({ text: 'x', chunks: 1 });
    expect(answer.failure).toBeUndefined();
  });

  it('is read alike when a proxy drops the names of the events, and is whole without message_stop', () => {
    const events = [begin(), block(emptyText), text('x'), end('end_turn')];
    const unnamed = events.map((one) => one.replace(/^event: .*\n/, ''));
    expect(read(...unnamed)).toEqual(read(...events));
    expect(read(...unnamed)).toMatchObject({ text: 'x', failure: undefined });
  });

  it('with an error in the middle keeps the text and the words of the server, named or not', () => {
    const error = event({ type: 'error', ...{ error: { type: 'overloaded_error', message: 'Overloaded' } } });
    for (const one of [error, error.replace(/^event: .*\n/, ''), 'data: {"error":{"message":"Overloaded"}}\n\n']) {
      const answer = read(begin(), block(emptyText), text('half'), one);
      expect(answer).toMatchObject({
        text: 'half',
        usage: undefined,
        failure: { code: 'stream-error', message: expect.stringContaining('Overloaded') },
      });
    }
  });

  it('that is cut off, broken or empty says so', () => {
    const half = [begin(), block(emptyText), text('half')];
    expect(read(...half)).toMatchObject({ text: 'half', usage: undefined, failure: { code: 'truncated-stream' } });
    expect(read(...half, 'event: content_block_delta\ndata: {"typ').failure?.code).toBe('truncated-stream');
    expect(read(...half, 'data: {"type": }\n\n')).toMatchObject({ text: 'half', failure: { code: 'malformed' } });
    expect(read(begin(), end('refusal', { output_tokens: 0 }), done).failure).toMatchObject({
      code: 'empty',
      message: expect.stringContaining('content filter'),
    });
    expect(read(begin(), end('max_tokens'), done).failure?.message).toMatch(/raise the limit/);
  });

  it('agrees with itself however the network cuts it', () => {
    const whole = [begin(), block(emptyText), text('日本'), text('語 💥'), text('z'), end('end_turn'), done].join('');
    const bytes = new TextEncoder().encode(whole);
    const pieces = Array.from(bytes, (_, at) => bytes.subarray(at, at + 1));
    expect(read(...pieces)).toMatchObject({ text: '日本語 💥z', chunks: 3, failure: undefined });
  });
});

describe('the usage of a message', () => {
  const usage = (start: object | undefined, last: object) =>
    read(begin(start), block(emptyText), text('x'), end('end_turn', last), done).usage;

  it('has what was read from and written to the cache on top of input_tokens', () => {
    const cached = { input_tokens: 5, cache_read_input_tokens: 100, cache_creation_input_tokens: 10, output_tokens: 1 };
    expect(usage(cached, { output_tokens: 7 })).toEqual({ input: 115, cachedInput: 100, cacheWrite: 10, output: 7 });
  });

  it('does not say that nothing was cached where the server does not say', () => {
    expect(usage(undefined, { output_tokens: 7 })).toEqual({ input: 25, output: 7 });
    const none = { input_tokens: 5, cache_read_input_tokens: null, cache_creation_input_tokens: 0, output_tokens: 1 };
    expect(usage(none, { output_tokens: 7 })).toEqual({ input: 5, cacheWrite: 0, output: 7 });
  });

  it('takes the counts of the end, which are over all, and of gateways that know the prompt late', () => {
    expect(
      usage({ input_tokens: 0, output_tokens: 0 }, { input_tokens: 30, output_tokens: 7, cache_read_input_tokens: 4 }),
    ).toEqual({ input: 34, cachedInput: 4, output: 7 });
    expect(usage({ input_tokens: 30, output_tokens: 1 }, { input_tokens: 0, output_tokens: 7 })).toEqual({
      input: 30,
      output: 7,
    });
    expect(usage({ input_tokens: 30, output_tokens: 1 }, { input_tokens: 500, output_tokens: 7 })?.input).toBe(500);
  });

  it('is unknown until the end has told it, and when it makes no sense', () => {
    expect(read(begin(), block(emptyText), text('x')).usage).toBeUndefined();
    expect(usage({}, { output_tokens: 7 })).toBeUndefined();
    expect(usage({ input_tokens: -1 }, { output_tokens: '7' })).toBeUndefined();
    expect(usage({ input_tokens: 5 }, [])).toBeUndefined();
  });
});

describe('a whole message', () => {
  const whole = (fields: object) => JSON.stringify({ ...message, stop_reason: 'end_turn', ...fields });

  it('is read block by block', () => {
    const answer = read(
      whole({
        content: [
          { type: 'thinking', thinking: 'hmm', signature: 'Eq' },
          { type: 'redacted_thinking', data: 'Em' },
          { type: 'text', text: 'Yes', citations: null },
          { type: 'tool_use', id: 't', name: 'f', input: { a: [1] } },
        ],
        stop_reason: 'tool_use',
        usage: { input_tokens: 3, output_tokens: 9, cache_read_input_tokens: 2 },
      }),
    );
    expect(answer).toMatchObject({
      text: 'Yes',
      reasoning: 'hmm',
      toolCalls: [{ id: 't', name: 'f', arguments: '{"a":[1]}' }],
      finishReason: 'tool_calls',
      servedModel: 'claude-haiku-4-5-20251001',
      usage: { input: 5, cachedInput: 2, output: 9 },
      chunks: 1,
      failure: undefined,
    });
  });

  for (const [name, body, code] of [
    ['of another kind', '{"choices":[{"message":{"content":"x"}}]}', 'malformed'],
    ['cut off', '{"type":"message","content":[{"ty', 'malformed'],
    ['without blocks', whole({}), 'empty'],
    ['with blocks that are none', whole({ content: [7] }), 'malformed'],
    ['an error under status 200', '{"type":"error","error":{"type":"api_error","message":"no"}}', 'server'],
    ['a web page', '<!doctype html>', 'malformed'],
  ] as const) {
    it(`that is ${name} fails as ${code}`, () => {
      expect(read(body).failure?.code).toBe(code);
    });
  }
});

describe('a request for a message', () => {
  const request: ChatRequest = {
    model: 'claude-haiku-4-5',
    messages: [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: 'Hello' },
      { role: 'system', content: 'In French.' },
      { role: 'user', content: 'Bye' },
    ],
    stream: true,
    requestId: 'r1',
  };
  const build = (baseUrl: string, key?: string, more: Partial<ChatRequest> = {}) =>
    anthropic.buildRequest({ protocol: 'anthropic', baseUrl }, key, { ...request, ...more });

  it('has the key in its own header, the version, and what the system says apart', () => {
    const built = build('https://api.anthropic.com/v1', 'key');
    expect(built).toMatchObject({
      method: 'POST',
      url: 'https://api.anthropic.com/v1/messages',
      headers: { 'x-api-key': 'key', 'anthropic-version': '2023-06-01', 'x-request-id': 'r1' },
    });
    expect(built.headers).not.toHaveProperty('authorization');
    expect(JSON.parse(String(built.body))).toEqual({
      model: 'claude-haiku-4-5',
      max_tokens: 4096,
      system: 'Be brief.\n\nIn French.',
      messages: [
        { role: 'user', content: 'Hi' },
        { role: 'assistant', content: 'Hello' },
        { role: 'user', content: 'Bye' },
      ],
      stream: true,
    });
  });

  it('names limit and temperature where they are asked for', () => {
    const messages = [{ role: 'user' as const, content: 'Hi' }];
    const built = build('http://127.0.0.1:1', undefined, { messages, maxTokens: 9, temperature: 0, stream: false });
    expect(built.headers).not.toHaveProperty('x-api-key');
    expect(JSON.parse(String(built.body))).toEqual({
      model: 'claude-haiku-4-5',
      max_tokens: 9,
      messages,
      temperature: 0,
      stream: false,
    });
  });

  it('goes to the same address with /v1 in the base URL and without', () => {
    for (const [base, url] of [
      ['https://api.anthropic.com', 'https://api.anthropic.com/v1/messages'],
      ['https://gateway.example/anthropic', 'https://gateway.example/anthropic/v1/messages'],
      ['https://gateway.example/anthropic/v1', 'https://gateway.example/anthropic/v1/messages'],
    ] as const) {
      expect(build(base).url).toBe(url);
    }
  });
});

describe('a list of Anthropic models', () => {
  const { models } = anthropic;

  it('is asked for as a whole and read in its order', () => {
    const built = models?.buildRequest({ protocol: 'anthropic', baseUrl: 'https://api.anthropic.com' }, 'key');
    expect(built).toMatchObject({
      method: 'GET',
      url: 'https://api.anthropic.com/v1/models?limit=1000',
      headers: { 'x-api-key': 'key', 'anthropic-version': '2023-06-01' },
    });
    expect(
      models?.read({ data: [{ id: 'b', type: 'model', max_input_tokens: 200_000 }, { id: 'a' }], has_more: false }),
    ).toEqual([{ id: 'b', contextWindow: 200_000 }, { id: 'a' }]);
    for (const other of [{}, [], { data: [{ name: 'x' }] }, 'x', null]) expect(models?.read(other)).toBeUndefined();
  });
});
