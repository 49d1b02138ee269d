import { describe, expect, it } from 'vitest';
import type { ChatRequest } from './chat.ts';
import { databricksChat } from './databricks-chat.ts';
import { readAnswer } from './testing/read-answer.ts';

const read = (...chunks: string[]) => readAnswer(databricksChat, ...chunks);
const event = (json: unknown) => `data: ${JSON.stringify(json)}\n\n`;
const chunk = (delta: object, more: object = {}, finish_reason: string | null = null) =>
  event({
    id: 'chatcmpl_1',
    object: 'chat.completion.chunk',
    created: 1_758_000_000,
    model: 'gpt-oss-120b-080525',
    choices: [{ index: 0, delta: { role: 'assistant', ...delta }, finish_reason }],
    ...more,
  });
const usage = (prompt_tokens: number, completion_tokens: number, more: object = {}) => ({
  usage: { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens, ...more },
});
const thought = (...summary: object[]) => [{ type: 'reasoning', summary }];
const words = (text: string) => ({ type: 'summary_text', text });

describe('an answer of a Databricks chat model', () => {
  it('may think in lists of items, openly or encrypted, and count its tokens on every chunk', () => {
    const answer = read(
      chunk({ content: thought(words('The user ')) }, usage(70, 1)),
      chunk({ content: thought(words('greets.')) }, usage(70, 4)),
      chunk({ content: thought({ type: 'summary_encrypted_text', data: 'gAAAA' }) }, usage(70, 4)),
      chunk({ content: 'Hel' }, usage(70, 5)),
      chunk({ content: [{ type: 'text', text: 'lo' }] }, usage(70, 6)),
      chunk({ content: '' }, usage(70, 6, { reasoning_tokens: 4 }), 'stop'),
      'data: [DONE]\n\n',
    );
    expect(answer).toMatchObject({
      reasoning: 'The user greets.',
      text: 'Hello',
      chunks: 5,
      firstToken: 10,
      firstVisible: 40,
      lastToken: 50,
      finishReason: 'stop',
      servedModel: 'gpt-oss-120b-080525',
      usage: { input: 70, output: 6, reasoning: 4 },
      failure: undefined,
    });
  });

  it('may have frames of its own in between and no [DONE]', () => {
    const answer = read(
      event({ trace_id: 'tr-1' }),
      chunk({ content: 'x' }),
      event({ databricks_output: { trace: {}, databricks_request_id: 'r' } }),
      chunk({ content: null }, {}, 'stop'),
      event({ choices: [], ...usage(3, 1) }),
    );
    expect(answer).toMatchObject({ text: 'x', chunks: 1, usage: { input: 3, output: 1 }, failure: undefined });
  });

  it('has cached tokens on top when a Claude answered and inside when another did', () => {
    const claude = usage(10, 5, { cache_read_input_tokens: 1000, cache_creation_input_tokens: 20 });
    expect(read(chunk({ content: 'x' }, claude, 'stop')).usage).toEqual({
      input: 1030,
      cachedInput: 1000,
      cacheWrite: 20,
      output: 5,
    });
    const inside = usage(1030, 5, { prompt_tokens_details: { cached_tokens: 1000 } });
    expect(read(chunk({ content: 'x' }, inside, 'stop')).usage).toEqual({ input: 1030, cachedInput: 1000, output: 5 });
  });

  it('may ask for tools', () => {
    const call = (fields: object) => ({ tool_calls: [{ index: 0, ...fields }] });
    const answer = read(
      chunk(call({ id: 'c1', type: 'function', function: { name: 'f', arguments: '' } })),
      chunk(call({ function: { arguments: '{"a"' } })),
      chunk(call({ function: { arguments: ':1}' } })),
      chunk({}, {}, 'tool_calls'),
    );
    expect(answer.toolCalls).toEqual([{ id: 'c1', name: 'f', arguments: '{"a":1}' }]);
  });

  it('may report an error in its stream, in the shape of the workspace', () => {
    const answer = read(
      chunk({ content: 'half' }),
      event({ error_code: 'REQUEST_LIMIT_EXCEEDED', message: 'Exceeded workspace output tokens per minute' }),
    );
    expect(answer).toMatchObject({
      text: 'half',
      failure: { code: 'stream-error', message: expect.stringContaining('REQUEST_LIMIT_EXCEEDED: Exceeded') },
    });
  });

  it('that is cut off says so', () => {
    expect(read(chunk({ content: 'half' }), event({ trace_id: 'x' })).failure?.code).toBe('truncated-stream');
  });

  it('may come whole, its content a text, a list or nothing', () => {
    const whole = (message: object, finish_reason: string | null = 'stop') =>
      JSON.stringify({ object: 'chat.completion', choices: [{ index: 0, message, finish_reason }], ...usage(3, 1) });
    expect(read(whole({ role: 'assistant', content: 'Hi' }))).toMatchObject({ text: 'Hi', usage: { input: 3 } });
    const content = [
      ...thought(words('hm')),
      { type: 'text', text: 'Yes', citation: {} },
      { type: 'image', image_url: 'x' },
    ];
    expect(read(whole({ content }))).toMatchObject({ text: 'Yes', reasoning: 'hm', chunks: 1, failure: undefined });
    expect(
      read(whole({ content: null, tool_calls: [{ id: 'c', function: { name: 'f', arguments: '{}' } }] })),
    ).toMatchObject({
      toolCalls: [{ id: 'c', name: 'f', arguments: '{}' }],
      failure: undefined,
    });
    expect(read(whole({ content: null })).failure?.code).toBe('empty');
    expect(read('{"error_code":"BAD_REQUEST","message":"no"}').failure).toMatchObject({
      code: 'server',
      message: expect.stringContaining('BAD_REQUEST: no'),
    });
    expect(read('{"predictions":["x"]}').failure?.code).toBe('malformed');
  });
});

describe('a request to a Databricks chat model', () => {
  const request: ChatRequest = {
    model: 'databricks-gpt-oss-120b',
    messages: [{ role: 'user', content: 'Hi' }],
    maxTokens: 9,
    temperature: 0.5,
    stream: true,
    requestId: 'r1',
  };
  const build = (more: Partial<ChatRequest> = {}) =>
    databricksChat.buildRequest({ protocol: 'databricks', baseUrl: 'https://dbc-1.cloud.databricks.com' }, 'key', {
      ...request,
      ...more,
    });

  it('goes to the serving endpoint of that name, with the id by which the workspace’s tables know it', () => {
    const built = build();
    expect(built).toMatchObject({
      method: 'POST',
      url: 'https://dbc-1.cloud.databricks.com/serving-endpoints/databricks-gpt-oss-120b/invocations',
      headers: { authorization: 'Bearer key', 'x-request-id': 'r1' },
    });
    expect(JSON.parse(String(built.body))).toEqual({
      client_request_id: 'r1',
      messages: [{ role: 'user', content: 'Hi' }],
      max_tokens: 9,
      temperature: 0.5,
      stream: true,
      stream_options: { include_usage: true },
    });
  });

  it('goes to the AI gateway for a model service, whose name has dots', () => {
    const built = build({ model: 'system.ai.gpt-oss-120b', stream: false });
    expect(built.url).toBe('https://dbc-1.cloud.databricks.com/ai-gateway/mlflow/v1/chat/completions');
    expect(JSON.parse(String(built.body))).toEqual({
      model: 'system.ai.gpt-oss-120b',
      messages: [{ role: 'user', content: 'Hi' }],
      max_tokens: 9,
      temperature: 0.5,
      stream: false,
    });
  });

  it('cannot be led to another path by the name of an endpoint', () => {
    expect(build({ model: 'x/y?z#é' }).url).toMatch(/\/serving-endpoints\/x%2Fy%3Fz%23%C3%A9\/invocations$/);
  });
});
