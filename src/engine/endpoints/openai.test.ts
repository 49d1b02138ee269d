import { describe, expect, it } from 'vitest';
import { unpackTimes } from '../../core/benchmark/chunk-times.ts';
import { Failure } from '../../core/failure.ts';
import type { ChatRequest } from './chat.ts';
import { parseJson } from './failures.ts';
import { chatCompletionForm, openai, readUsage } from './openai.ts';
import { type AnswerReading, createAnswerReader } from './reader.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const event = (json: unknown) => `data: ${JSON.stringify(json)}\n\n`;
const delta = (fields: object, finish: string | null = null, more: object = {}) =>
  event({ id: 'x', choices: [{ index: 0, delta: fields, finish_reason: finish }], ...more });
const done = 'data: [DONE]\n\n';

const build = (baseUrl: string, key: string | undefined, request: ChatRequest) =>
  openai.buildRequest({ protocol: 'openai', baseUrl }, key, request);
const list = (body: string) => openai.models?.read(parseJson(body));

/** Reads chunks that arrive at 10, 20, 30 … ms. */
function read(...chunks: (string | Uint8Array)[]): AnswerReading & { failure?: Failure; deltas: string[] } {
  const deltas: string[] = [];
  const reader = createAnswerReader(chatCompletionForm, {
    secrets: ['canary-77'],
    onText: (text) => deltas.push(text),
  });
  try {
    chunks.forEach((chunk, at) => {
      reader.push(typeof chunk === 'string' ? bytes(chunk) : chunk, 10 * (at + 1));
    });
    reader.end();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { ...reader.reading, deltas, failure: error };
  }
  return { ...reader.reading, deltas };
}

describe('a streamed answer', () => {
  it('is put together, and its tokens are dated by the chunk that brought them', () => {
    const answer = read(
      delta({ role: 'assistant', content: '' }),
      delta({ content: 'Hel' }),
      delta({ content: 'lo' }),
      delta({}, 'stop') + done,
    );
    expect(answer).toMatchObject({
      text: 'Hello',
      finishReason: 'stop',
      chunks: 2,
      firstToken: 20,
      firstVisible: 20,
      lastToken: 30,
    });
    expect(answer.deltas).toEqual(['Hel', 'lo']);
    expect(answer.failure).toBeUndefined();
  });

  it('takes neither a role nor empty content for a token', () => {
    const answer = read(
      delta({ role: 'assistant' }),
      delta({ content: '' }),
      delta({ content: null }),
      delta({ content: 'x' }, 'stop'),
    );
    expect(answer).toMatchObject({ chunks: 1, firstEvent: 10, firstChoice: 10, firstToken: 40, lastChoice: 40 });
  });

  it('dates choices that carry no token: empty content between tokens or after them, but not a list without any', () => {
    const filter = `data: ${JSON.stringify({ choices: [], prompt_filter_results: [] })}\n\n`;
    const usage = `data: ${JSON.stringify({ choices: [], usage: { prompt_tokens: 1, completion_tokens: 3 } })}\n\n`;
    const content = (text: string) => delta({ content: text });
    const answer = read(
      filter,
      content(''),
      content('a'),
      content('b'),
      content('c'),
      content(''),
      content(''),
      usage,
      done,
    );
    expect(answer).toMatchObject({ firstEvent: 10, firstChoice: 20, firstToken: 30, lastToken: 50, lastChoice: 70 });
    expect(unpackTimes(answer.chunkTimes?.text() ?? '')).toEqual(Float64Array.of(0, 10, 20));
  });

  for (const name of ['reasoning_content', 'reasoning']) {
    it(`counts ${name} as a token that is not visible`, () => {
      const answer = read(delta({ [name]: 'hmm ' }), delta({ [name]: 'ok' }), delta({ content: 'Yes' }, 'stop'), done);
      expect(answer).toMatchObject({
        reasoning: 'hmm ok',
        text: 'Yes',
        chunks: 3,
        firstToken: 10,
        firstVisible: 30,
        lastToken: 30,
      });
    });
  }

  it('takes reasoning sent under two names once', () => {
    expect(read(delta({ reasoning: 'a', reasoning_content: 'a' }), delta({ content: 'b' }, 'stop')).reasoning).toBe(
      'a',
    );
  });

  it('reads content that is a list of items', () => {
    const answer = read(
      delta({ content: [{ type: 'reasoning', summary: [{ type: 'summary_text', text: 'hmm' }] }] }),
      delta({ content: [{ type: 'reasoning', summary: [{ type: 'summary_encrypted_text', data: 'zzz' }] }] }),
      delta({ content: [{ type: 'text', text: 'A' }, { type: 'text', text: 'B' }, null, 7, { type: 'image' }] }),
      delta({ content: [{ type: 'thinking', thinking: 'late' }] }, 'stop'),
    );
    expect(answer).toMatchObject({
      text: 'AB',
      reasoning: 'hmmlate',
      chunks: 4,
      firstToken: 10,
      firstVisible: 30,
      lastToken: 40,
    });
  });

  it('counts a tool call as a token that is not visible', () => {
    const answer = read(
      delta({ tool_calls: [] }),
      delta({ tool_calls: [{ index: 0, function: { arguments: '{' } }] }, 'tool_calls'),
      done,
    );
    expect(answer).toMatchObject({
      text: '',
      chunks: 1,
      firstToken: 20,
      firstVisible: undefined,
      finishReason: 'tool_calls',
    });
    expect(answer.failure).toBeUndefined();
  });

  it('puts tool calls together over its chunks', () => {
    const call = (fields: object) => delta({ tool_calls: [fields] });
    const { toolCalls, chunks } = read(
      call({ index: 0, id: 'call_a', type: 'function', function: { name: 'weather', arguments: '' } }),
      call({ index: 0, function: { arguments: '{"city":' } }),
      call({ index: 1, id: 'call_b', type: 'function', function: { name: 'time', arguments: '{}' } }),
      call({ index: 0, function: { arguments: '"Bern"}' } }),
      delta({}, 'tool_calls') + done,
    );
    expect(toolCalls).toEqual([
      { id: 'call_a', name: 'weather', arguments: '{"city":"Bern"}' },
      { id: 'call_b', name: 'time', arguments: '{}' },
    ]);
    expect(chunks).toBe(4);
  });

  it('survives tool calls that are none, and takes no index that would make a list of millions', () => {
    const { toolCalls } = read(
      delta({ tool_calls: [null, 'x', { index: 1e9, id: 7, function: null }, { index: -1, function: { name: 'f' } }] }),
      delta({}, 'tool_calls'),
    );
    expect(toolCalls).toHaveLength(4);
    expect(toolCalls[3]).toEqual({ id: undefined, name: 'f', arguments: '' });
  });

  it('names the model that serves it, once it says so', () => {
    const from = (model: unknown) => delta({ content: 'x' }, null, { model });
    expect(read(from(''), from(null), from('m-1'), from('m-2'), done).servedModel).toBe('m-1');
    expect(read(delta({ content: 'x' }, 'stop')).servedModel).toBeUndefined();
  });

  it('shows a refusal as its text', () => {
    expect(read(delta({ refusal: 'I will not.' }, 'stop'))).toMatchObject({ text: 'I will not.', firstVisible: 10 });
  });

  it('dates an event that arrives in pieces by its last piece', () => {
    const text = delta({ content: 'whole' }, 'stop');
    expect(read(text.slice(0, 20), text.slice(20, 40), text.slice(40))).toMatchObject({
      firstToken: 30,
      text: 'whole',
    });
  });

  it('keeps text whole whose characters are cut between chunks', () => {
    const stream = bytes(delta({ content: '日本語 💥' }) + delta({}, 'stop'));
    const pieces = Array.from(stream, (_, at) => stream.subarray(at, at + 1));
    expect(read(...pieces).text).toBe('日本語 💥');
  });

  it('is complete with a finish reason though [DONE] never comes', () => {
    expect(read(delta({ content: 'x' }, 'stop')).failure).toBeUndefined();
  });

  it('is complete with [DONE] though no finish reason comes', () => {
    expect(read(delta({ content: 'x' }), done).failure).toBeUndefined();
  });

  it('without either was cut off, and keeps what had come', () => {
    const answer = read(delta({ content: 'half' }));
    expect(answer.failure?.code).toBe('truncated-stream');
    expect(answer.text).toBe('half');
  });

  it('that ends in the middle of an event was cut off', () => {
    expect(read(delta({ content: 'half' }), 'data: {"choi').failure?.code).toBe('truncated-stream');
  });

  it('that ends in the middle of an event after its finish reason is complete', () => {
    const answer = read(delta({ content: 'whole' }, 'stop'), 'data: {"usage":{"prompt_tok');
    expect(answer).toMatchObject({ text: 'whole', usage: undefined });
    expect(answer.failure).toBeUndefined();
  });

  it('says nothing more after [DONE]', () => {
    expect(read(delta({ content: 'x' }, 'stop'), done, delta({ content: 'y' }), 'data: {broken\n\n').text).toBe('x');
  });

  it('may hold frames without choices, empty choices, comments and pings', () => {
    const answer = read(
      ': waiting\n\n',
      event({ trace_id: '1' }),
      event({ choices: [], prompt_filter_results: [] }),
      event({ choices: null }),
      'event: ping\ndata: {"type":"ping"}\n\n',
      delta({ content: 'x' }, 'stop'),
      event({ choices: [null] }),
      event({ databricks_output: {} }),
      done,
    );
    expect(answer.failure).toBeUndefined();
    expect(answer).toMatchObject({ text: 'x', chunks: 1, firstToken: 60 });
  });

  for (const [name, broken] of [
    ['not JSON', 'data: {"choices": [}\n\n'],
    ['a number', 'data: 42\n\n'],
    ['null', 'data: null\n\n'],
  ] as const) {
    it(`with an event that is ${name} is malformed, and keeps what had come`, () => {
      const answer = read(delta({ content: 'good' }), broken);
      expect(answer.failure?.code).toBe('malformed');
      expect(answer.text).toBe('good');
    });
  }

  for (const [name, error] of [
    ['OpenAI', event({ error: { message: 'engine died', code: 500 } })],
    ['a bare string', event({ error: 'engine died' })],
    ['Databricks', event({ error_code: 'INTERNAL_ERROR', message: 'engine died' })],
    ['older vLLM', event({ object: 'error', message: 'engine died', code: 500 })],
    [
      'OpenRouter',
      event({ error: { message: 'engine died' }, choices: [{ delta: { content: '' }, finish_reason: 'error' }] }),
    ],
    ['an error event', 'event: error\ndata: engine died\n\n'],
    ['an error event of JSON', 'event: error\ndata: {"message":"engine died"}\n\n'],
  ] as const) {
    it(`with an error in the middle as ${name} sends it keeps the text and the server's words`, () => {
      const answer = read(delta({ content: 'half' }), error);
      expect(answer.failure).toMatchObject({ code: 'stream-error', message: expect.stringContaining('engine died') });
      expect(answer.text).toBe('half');
    });
  }

  it('whose error holds the key does not show it', () => {
    expect(read(event({ error: { message: 'bad canary-77' } })).failure?.message).toContain('bad [redacted]');
    expect(read('data: canary-77\n\n').failure?.message).toContain('[redacted]');
  });

  it('with no token at all is empty, and says why where it can', () => {
    expect(read(delta({ role: 'assistant' }), delta({}, 'length'), done).failure).toMatchObject({
      code: 'empty',
      message: expect.stringMatching(/raise the limit/),
    });
    expect(read(delta({}, 'content_filter')).failure).toMatchObject({
      code: 'empty',
      message: expect.stringMatching(/filter/),
    });
    expect(read(done).failure?.code).toBe('empty');
    expect(read().failure?.code).toBe('empty');
    expect(read('\n\n').failure?.code).toBe('empty');
  });

  it('that only ever waited was cut off', () => {
    expect(read(': waiting\n\n', ': waiting\n\n').failure?.code).toBe('truncated-stream');
  });
});

describe('the usage of tokens', () => {
  const usage = (input: number, output: number) => ({ usage: { prompt_tokens: input, completion_tokens: output } });

  it('is the last that is not null, in whichever chunk it comes', () => {
    expect(read(delta({ content: 'x' }, 'stop'), event({ choices: [], ...usage(5, 7) }), done).usage).toEqual({
      input: 5,
      output: 7,
    });
    expect(
      read(
        delta({ content: 'x' }, null, usage(5, 1)),
        delta({ content: 'y' }, null, usage(5, 2)),
        delta({}, 'stop', { usage: null }),
        done,
      ).usage,
    ).toEqual({ input: 5, output: 2 });
    expect(read(event(usage(5, 0)), delta({ content: 'x' }, 'stop')).usage).toEqual({ input: 5, output: 0 });
  });

  it('is absent when there is none or it makes no sense', () => {
    for (const nonsense of [
      undefined,
      {},
      [],
      'many',
      { prompt_tokens: 5 },
      { prompt_tokens: -1, completion_tokens: 2 },
      { prompt_tokens: '5', completion_tokens: '2' },
      // As Ollama sends it until the end of a completion.
      { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 },
    ]) {
      expect(read(delta({ content: 'x' }, 'stop', { usage: nonsense })).usage).toBeUndefined();
    }
  });

  it('takes the output from the total where it is not given', () => {
    expect(read(delta({ content: 'x' }, 'stop', { usage: { prompt_tokens: 5, total_tokens: 9 } })).usage).toEqual({
      input: 5,
      output: 4,
    });
  });

  it('adds cached input that is counted on top, and not the one counted inside', () => {
    const counts = {
      prompt_tokens: 5,
      completion_tokens: 1,
      cache_read_input_tokens: 100,
      cache_creation_input_tokens: 10,
    };
    expect(read(delta({ content: 'x' }, 'stop', { usage: counts })).usage).toEqual({
      input: 115,
      cachedInput: 100,
      cacheWrite: 10,
      output: 1,
    });
    const inside = { ...counts, prompt_tokens: 115, prompt_tokens_details: { cached_tokens: 100 } };
    expect(read(delta({ content: 'x' }, 'stop', { usage: inside })).usage).toEqual({
      input: 115,
      cachedInput: 100,
      cacheWrite: 10,
      output: 1,
    });
  });
});

describe('tokens in parts', () => {
  it('have reasoning inside the output', () => {
    expect(
      readUsage({
        prompt_tokens: 10,
        completion_tokens: 90,
        total_tokens: 100,
        prompt_tokens_details: { cached_tokens: 4, cache_write_tokens: 3, audio_tokens: 0 },
        completion_tokens_details: { reasoning_tokens: 64 },
      }),
    ).toEqual({ input: 10, cachedInput: 4, cacheWrite: 3, output: 90, reasoning: 64 });
    expect(readUsage({ prompt_tokens: 10, completion_tokens: 90, reasoning_tokens: 64 })).toMatchObject({
      output: 90,
      reasoning: 64,
    });
  });

  it('have reasoning that xAI counts on top brought inside', () => {
    expect(
      readUsage({
        prompt_tokens: 32,
        completion_tokens: 9,
        total_tokens: 135,
        completion_tokens_details: { reasoning_tokens: 94 },
      }),
    ).toEqual({ input: 32, output: 103, reasoning: 94 });
  });

  it('leave out what makes no sense', () => {
    const odd = { prompt_tokens: 1, completion_tokens: 2, completion_tokens_details: { reasoning_tokens: 'x' } };
    for (const prompt_tokens_details of [null, [], 'x', {}, { cached_tokens: -1 }]) {
      expect(readUsage({ ...odd, prompt_tokens_details })).toEqual({ input: 1, output: 2 });
    }
  });
});

describe('a whole answer', () => {
  const whole = (message: object, more: object = {}) =>
    JSON.stringify({ choices: [{ message, finish_reason: 'stop' }], ...more });

  it('is read, and dated by its last byte', () => {
    const text = whole({ role: 'assistant', content: 'Hello' }, { usage: { prompt_tokens: 3, completion_tokens: 1 } });
    expect(read(text.slice(0, 9), text.slice(9))).toMatchObject({
      text: 'Hello',
      finishReason: 'stop',
      usage: { input: 3, output: 1 },
      chunks: 1,
      firstToken: 20,
      firstVisible: 20,
      lastToken: 20,
    });
  });

  it('may come after white space and a byte order mark', () => {
    expect(read('\ufeff', ' \n', `\n${whole({ content: 'x' })}`).text).toBe('x');
  });

  it('may hold its content as a list and its reasoning apart', () => {
    const content = [
      { type: 'reasoning', summary: [{ type: 'summary_text', text: 'hmm' }] },
      { type: 'text', text: 'Yes' },
    ];
    expect(read(whole({ content }))).toMatchObject({ text: 'Yes', reasoning: 'hmm', firstToken: 10, firstVisible: 10 });
    expect(read(whole({ content: 'Yes', reasoning_content: 'hmm' }))).toMatchObject({
      text: 'Yes',
      reasoning: 'hmm',
      chunks: 1,
    });
  });

  it('may be a tool call', () => {
    expect(read(whole({ content: null, tool_calls: [{}] })).failure).toBeUndefined();
  });

  it('without content is empty', () => {
    expect(read(whole({ content: '' })).failure?.code).toBe('empty');
  });

  for (const [name, body, code] of [
    ['cut off', '{"choices":[{"mess', 'malformed'],
    ['of another kind', '{"models":[]}', 'malformed'],
    ['a list', '[1]', 'malformed'],
    ['with choices of another kind', '{"choices":[{"text":"x"}]}', 'malformed'],
    ['an error under status 200', '{"error":{"message":"overloaded"}}', 'server'],
    ['nested a million times', '['.repeat(1_000_000), 'malformed'],
    ['a web page', '<!doctype html><title>Sign in</title>', 'malformed'],
    ['plain text', 'Hello there', 'malformed'],
  ] as const) {
    it(`that is ${name} fails as ${code}`, () => {
      expect(read(body).failure?.code).toBe(code);
    });
  }

  it('with prototype keys changes nothing', () => {
    expect(
      read('{"__proto__":{"error":"x"},"choices":[{"message":{"content":"x","__proto__":{"content":"y"}}}]}').text,
    ).toBe('x');
    expect(({} as { error?: unknown }).error).toBeUndefined();
  });
});

describe('frames that differ in their content only', () => {
  it('are read as the parser would read them', () => {
    const contents = [
      'a',
      ' b',
      '"',
      '\\',
      '\n',
      '',
      'é💥',
      '"},"finish_reason":"stop"}]}',
      '{',
      '\u0007',
      ' "content":" ',
      'z',
    ];
    const answer = read(...contents.map((content) => delta({ content })), delta({}, 'stop'));
    expect(answer.text).toBe(contents.join(''));
    expect(answer.chunks).toBe(contents.filter((content) => content !== '').length);
    expect(answer.deltas).toEqual(contents.filter((content) => content !== ''));
  });

  it('still bring what only some of them carry', () => {
    const answer = read(
      delta({ content: 'a' }),
      delta({ content: 'b' }),
      delta({ content: 'c', reasoning_content: 'r' }),
      delta({ content: 'd' }, null, { usage: { prompt_tokens: 1, completion_tokens: 4 } }),
      delta({ content: 'e' }, 'length'),
    );
    expect(answer).toMatchObject({
      text: 'abcde',
      reasoning: 'r',
      usage: { input: 1, output: 4 },
      finishReason: 'length',
    });
  });

  it('still bring what all of them carry', () => {
    const counted = (content: string, output: number) =>
      delta({ content }, null, { usage: { prompt_tokens: 1, completion_tokens: output } });
    // The frame in the middle cannot be learned, for its content is escaped.
    expect(read(counted('a', 1), counted('"', 2), counted('c', 1), done)).toMatchObject({
      text: 'a"c',
      usage: { output: 1 },
    });
    const thinking = (content: string) => delta({ content, reasoning: 'r' });
    expect(read(thinking('a'), thinking('b'), thinking('c'), done)).toMatchObject({ text: 'abc', reasoning: 'rrr' });
  });

  it('are not mistaken when another member is called content', () => {
    const frame = (first: string, second: string) =>
      event({ meta: { content: first }, choices: [{ delta: { content: second }, finish_reason: null }] });
    const answer = read(frame('a', 'a'), frame('b', 'a'), frame('a', 'b'), frame('c', 'd'), delta({}, 'stop'));
    expect(answer.text).toBe('aabd');
  });

  it('are not mistaken when a member stands twice', () => {
    const frame = (first: string, second: string) =>
      `data: {"choices":[{"delta":{"content":"${first}","content":"${second}"},"finish_reason":null}]}\n\n`;
    expect(read(frame('a', 'a'), frame('b', 'a'), frame('a', 'b'), frame('x', 'y'), delta({}, 'stop')).text).toBe(
      'aaby',
    );
  });

  it('are refused when a control character makes them no JSON', () => {
    const frame = (content: string) => `data: {"choices":[{"delta":{"content":"${content}"}}]}\n\n`;
    const answer = read(frame('a'), frame('b'), frame('c\td'));
    expect(answer).toMatchObject({ text: 'ab', failure: { code: 'malformed' } });
  });

  it('agree with frames read one by one, on random streams', () => {
    let seed = 7;
    const random = (below: number) => {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
      return (seed >>> 8) % below;
    };
    const pieces = ['a', 'word ', '"', '\\', '\\u0041', '\n', '{"content":"', '"}', 'content', '💥', '日', ':', ','];
    for (let round = 0; round < 300; round++) {
      const frames = Array.from({ length: 12 }, () => {
        const content = Array.from({ length: random(4) }, () => pieces[random(pieces.length)]).join('');
        const more = random(4) === 0 ? { note: pieces[random(pieces.length)], content } : {};
        return { content, text: delta({ content, ...(random(5) === 0 ? { content2: content } : {}) }, null, more) };
      });
      expect(read(...frames.map((frame) => frame.text), done).text).toBe(frames.map((frame) => frame.content).join(''));
    }
  });
});

describe('a chat request', () => {
  const request = {
    model: 'm',
    messages: [{ role: 'user' as const, content: 'Hi' }],
    maxTokens: 9,
    temperature: 0,
    stream: true,
    requestId: 'r1',
  };

  it('asks for token counts in the stream', () => {
    const built = build('https://host.example/v1', 'key', request);
    expect(built).toMatchObject({
      method: 'POST',
      url: 'https://host.example/v1/chat/completions',
      headers: { authorization: 'Bearer key', 'x-request-id': 'r1', 'content-type': 'application/json' },
    });
    expect(JSON.parse(String(built.body))).toEqual({
      model: 'm',
      messages: [{ role: 'user', content: 'Hi' }],
      max_tokens: 9,
      temperature: 0,
      stream: true,
      stream_options: { include_usage: true },
    });
  });

  it('holds nothing that was not asked for', () => {
    const { model, messages } = request;
    const built = build('http://127.0.0.1:1', undefined, { model, messages, stream: false });
    expect(JSON.parse(String(built.body))).toEqual({
      model: 'm',
      messages: [{ role: 'user', content: 'Hi' }],
      stream: false,
    });
    expect(built.headers).not.toHaveProperty('authorization');
    expect(built.headers).not.toHaveProperty('x-request-id');
  });

  it('names the limit of tokens as OpenAI itself wants it, for OpenAI only', () => {
    const field = (baseUrl: string) =>
      Object.keys(JSON.parse(String(build(baseUrl, undefined, request).body))).find((name) => name.startsWith('max'));
    expect(field('https://api.openai.com/v1')).toBe('max_completion_tokens');
    expect(field('https://team.openai.azure.com/openai/v1')).toBe('max_completion_tokens');
    expect(field('https://api.openai.com.evil.example/v1')).toBe('max_tokens');
  });
});

describe('a list of models', () => {
  it('gives the ids in order', () => {
    expect(list('{"object":"list","data":[{"id":"b","x":1},{"id":"a"}]}')).toEqual([{ id: 'b' }, { id: 'a' }]);
    expect(list('{"data":[]}')).toEqual([]);
  });

  it('is told from anything else', () => {
    for (const body of ['', '{}', '[]', '<html>', '{"data":[{"name":"x"}]}', '{"data":null}']) {
      expect(list(body), body).toBeUndefined();
    }
  });
});
