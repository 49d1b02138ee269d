import Anthropic from '@anthropic-ai/sdk';
import OpenAI, { AzureOpenAI, toFile } from 'openai';
import { afterEach, describe, expect, it } from 'vitest';
import { type Simulator, startSimulator } from '../../src/engine/simulator/server.ts';

// The vendors' own clients against the simulated endpoint: what they understand must be what it sent. All simulators here
// have one seed, so the same first question to the same model is answered with the same words in every dialect.

const key = 'sk-simulated-key';
const prompt = 'Name the colour of the sky.';
const messages = [{ role: 'user' as const, content: prompt }];
const running: Simulator[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((simulator) => simulator.close()));
});

async function start(): Promise<Simulator> {
  const simulator = await startSimulator({ speed: 100, apiKey: key });
  running.push(simulator);
  return simulator;
}

async function openAi(): Promise<OpenAI> {
  return new OpenAI({ apiKey: key, baseURL: (await start()).baseUrl, maxRetries: 0 });
}

async function anthropic(): Promise<Anthropic> {
  return new Anthropic({ apiKey: key, authToken: null, baseURL: (await start()).origin, maxRetries: 0 });
}

interface Plain {
  readonly choices: readonly [{ readonly message: Readonly<Record<string, any>>; readonly finish_reason: string }];
  readonly usage: { readonly prompt_tokens: number; readonly completion_tokens: number };
}

/** The answer that every dialect must bring, asked for without any client. */
async function sent(model: string, more: object = {}): Promise<Plain> {
  const { baseUrl } = await start();
  const response = await fetch(`${baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}` },
    body: JSON.stringify({ model, messages, ...more }),
  });
  expect(response.status).toBe(200);
  return (await response.json()) as Plain;
}

const textSent = async (model: string) => (await sent(model)).choices[0].message.content as string;

describe("OpenAI's client", () => {
  it('understands a chat completion, whole and streamed', async () => {
    const plain = await sent('medium');
    const whole = await (await openAi()).chat.completions.create({ model: 'medium', messages });
    expect(whole.choices[0]?.message.content).toBe(plain.choices[0].message.content);
    expect(whole.usage).toMatchObject(plain.usage);

    const client = await openAi();
    const stream = client.chat.completions.stream({
      model: 'medium',
      messages,
      stream_options: { include_usage: true },
    });
    let text = '';
    stream.on('content', (delta) => {
      text += delta;
    });
    const final = await stream.finalChatCompletion();
    expect(text).toBe(plain.choices[0].message.content);
    expect(final.choices[0]).toMatchObject({ finish_reason: 'stop', message: { content: text } });
    expect(final.usage).toMatchObject(plain.usage);
    expect((final as any).simulated).toBe(true);
  });

  it('understands a tool call in pieces', async () => {
    const plain = await sent('small+tool');
    const client = await openAi();
    const stream = client.chat.completions.stream({ model: 'small+tool', messages });
    const final = await stream.finalChatCompletion();
    expect(final.choices[0]).toMatchObject({
      finish_reason: 'tool_calls',
      message: { tool_calls: plain.choices[0].message.tool_calls },
    });
    expect(JSON.parse(plain.choices[0].message.tool_calls[0].function.arguments).simulated).toBe(true);
  });

  it('understands completions, of one prompt streamed and of several at once', async () => {
    const text = await textSent('small');
    const client = await openAi();
    const stream = await client.completions.create({ model: 'small', prompt, stream: true });
    let streamed = '';
    for await (const chunk of stream) streamed += chunk.choices[0]?.text ?? '';
    expect(streamed).toBe(text);
    const several = await (await openAi()).completions.create({ model: 'small', prompt: ['another one', prompt] });
    expect(several.choices.map(({ index }) => index)).toEqual([0, 1]);
    expect(several.choices[1]?.text).toBe(text);
  });

  it('understands embeddings, for which it asks in base64', async () => {
    const client = await openAi();
    const input = ['a river in the garden', 'the garden by the river', 'seven lanterns'];
    const { data, usage } = await client.embeddings.create({ model: 'large', input, dimensions: 64 });
    expect(data.map(({ index }) => index)).toEqual([0, 1, 2]);
    const dot = (a: number, b: number) =>
      (data[a]?.embedding ?? []).reduce((sum, value, at) => sum + value * (data[b]?.embedding[at] ?? 0), 0);
    for (const at of [0, 1, 2]) {
      expect(data[at]?.embedding).toHaveLength(64);
      expect(dot(at, at)).toBeCloseTo(1, 5);
    }
    expect(dot(0, 1)).toBeGreaterThan(dot(0, 2));
    expect(usage.prompt_tokens).toBe(input.reduce((sum, text) => sum + Math.ceil(text.length / 4), 0));
    const plain = await client.embeddings.create({ model: 'large', input, dimensions: 64, encoding_format: 'float' });
    expect(plain.data[2]?.embedding[0]).toBeCloseTo(data[2]?.embedding[0] ?? Number.NaN, 6);
  });

  it('understands a response, whole and streamed, its events in order and numbered', async () => {
    const plain = await sent('medium');
    const whole = await (await openAi()).responses.create({ model: 'medium', input: prompt });
    expect(whole.output_text).toBe(plain.choices[0].message.content);
    expect(whole).toMatchObject({ status: 'completed', usage: { output_tokens: plain.usage.completion_tokens } });

    const client = await openAi();
    const stream = client.responses.stream({ model: 'medium', input: prompt });
    const numbers: number[] = [];
    const types: string[] = [];
    let text = '';
    for await (const event of stream) {
      numbers.push(event.sequence_number);
      if (types.at(-1) !== event.type) types.push(event.type);
      if (event.type === 'response.output_text.delta') text += event.delta;
    }
    expect(numbers).toEqual(numbers.map((_, at) => at));
    expect(types).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.completed',
    ]);
    const final = await stream.finalResponse();
    expect(text).toBe(plain.choices[0].message.content);
    expect(final.output_text).toBe(text);
    expect(final.usage).toEqual(whole.usage);
  });

  it('understands thinking and a tool call in a response', async () => {
    const plain = await sent('small+thinking+tool');
    const { message } = plain.choices[0];
    const client = await openAi();
    const stream = client.responses.stream({ model: 'small+thinking+tool', input: prompt });
    const final = await stream.finalResponse();
    expect(final.output.map(({ type }) => type)).toEqual(['reasoning', 'message', 'function_call']);
    const [reasoning, , call] = final.output as any[];
    expect(reasoning.summary[0].text).toBe(message.reasoning_content);
    expect(call).toMatchObject({ name: 'lookup', arguments: message.tool_calls[0].function.arguments });
    expect(final.usage?.output_tokens).toBe(plain.usage.completion_tokens);
  });

  it('takes a response that is cut for incomplete', async () => {
    const client = await openAi();
    const stream = client.responses.stream({ model: 'medium', input: prompt, max_output_tokens: 20 });
    const final = await stream.finalResponse();
    expect(final).toMatchObject({
      status: 'incomplete',
      incomplete_details: { reason: 'max_output_tokens' },
      usage: { output_tokens: 20 },
    });
  });

  it('lists the models', async () => {
    const ids: string[] = [];
    for await (const model of (await openAi()).models.list()) ids.push(model.id);
    expect(ids).toEqual(['small', 'medium', 'large']);
  });

  it('runs a batch from file to results, those that failed in a file of their own', async () => {
    const client = await openAi();
    const lines = ['a', 'b', 'c', 'd', 'e+500', 'f+429'].map((name) => {
      const [id = '', fault] = name.split('+');
      const body = { model: fault === undefined ? 'large+500=0' : `large+${fault}`, messages };
      return JSON.stringify({ custom_id: id, method: 'POST', url: '/v1/chat/completions', body });
    });
    const file = await client.files.create({
      file: await toFile(Buffer.from(`${lines.join('\n')}\n`), 'prompts.jsonl'),
      purpose: 'batch',
    });
    expect(file).toMatchObject({ object: 'file', purpose: 'batch', filename: 'prompts.jsonl' });
    let batch = await client.batches.create({
      input_file_id: file.id,
      endpoint: '/v1/chat/completions',
      completion_window: '24h',
      metadata: { run: '7' },
    });
    const seen: string[] = [batch.status];
    while (batch.status !== 'completed') {
      batch = await client.batches.retrieve(batch.id);
      if (seen.at(-1) !== batch.status) seen.push(batch.status);
    }
    expect(seen).toEqual(['validating', 'in_progress', 'finalizing', 'completed']);
    expect(batch).toMatchObject({
      request_counts: { total: 6, completed: 4, failed: 2 },
      metadata: { run: '7' },
      errors: null,
    });
    const results = async (id: string | null | undefined) =>
      (await (await client.files.content(id ?? '')).text())
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
    const listed = async <T>(pages: AsyncIterable<T>) => {
      const all: T[] = [];
      for await (const one of pages) all.push(one);
      return all;
    };
    expect((await listed(client.batches.list({ limit: 1 }))).map(({ id }) => id)).toEqual([batch.id]);
    const files = await listed(client.files.list({ limit: 1 }));
    expect(files.map(({ id }) => id)).toEqual([batch.error_file_id, batch.output_file_id, file.id]);

    const answered = await results(batch.output_file_id);
    expect(answered.map(({ custom_id }) => custom_id).sort()).toEqual(['a', 'b', 'c', 'd']);
    for (const { response, error } of answered) {
      expect(error).toBeNull();
      expect(response).toMatchObject({ status_code: 200, body: { object: 'chat.completion', simulated: true } });
    }
    const failed = await results(batch.error_file_id);
    expect(failed.map(({ custom_id, response }) => [custom_id, response.status_code])).toEqual([
      ['e', 500],
      ['f', 429],
    ]);
  });

  it('cancels a batch, and names the wrong lines of one', async () => {
    const client = await openAi();
    const upload = async (text: string) =>
      client.files.create({ file: await toFile(Buffer.from(text), 'x.jsonl'), purpose: 'batch' });
    const line = (id: string, url = '/v1/embeddings') =>
      JSON.stringify({ custom_id: id, method: 'POST', url, body: { model: 'large+500=0', input: 'x' } });
    const create = (id: string) =>
      client.batches.create({ input_file_id: id, endpoint: '/v1/embeddings', completion_window: '24h' });

    const batch = await create((await upload([line('a'), line('b')].join('\n'))).id);
    await client.batches.retrieve(batch.id);
    await client.batches.retrieve(batch.id);
    expect((await client.batches.cancel(batch.id)).status).toBe('cancelling');
    const cancelled = await client.batches.retrieve(batch.id);
    expect(cancelled).toMatchObject({ status: 'cancelled', request_counts: { total: 2, completed: 1, failed: 1 } });
    await expect(client.batches.cancel(batch.id)).rejects.toMatchObject({ status: 409 });

    const wrong = await create((await upload([line('a'), line('a'), '{', line('b', '/v1/responses')].join('\n'))).id);
    const failed = await client.batches.retrieve(wrong.id);
    expect(failed.status).toBe('failed');
    expect(failed.errors?.data?.map(({ code, line }) => [code, line])).toEqual([
      ['duplicate_custom_id', 2],
      ['invalid_json_line', 3],
      ['invalid_url', 4],
    ]);
  });

  it.each([
    ['429', OpenAI.RateLimitError],
    ['500', OpenAI.InternalServerError],
    ['503', OpenAI.InternalServerError],
    ['echo-key', OpenAI.AuthenticationError],
  ])('knows the error %s', async (fault, kind) => {
    const client = await openAi();
    const asked = client.chat.completions.create({ model: `small+${fault}`, messages });
    await expect(asked).rejects.toBeInstanceOf(kind);
  });

  it('gets to its answer past a 429 that says when', async () => {
    const { baseUrl } = await startSimulatorWith429();
    const client = new OpenAI({ apiKey: key, baseURL: baseUrl, maxRetries: 8 });
    const answer = await client.chat.completions.create({ model: 'large', messages });
    expect(answer.choices[0]?.message.content).toContain('[simulated large]');
  });

  it('takes an error in the middle of a stream for one', async () => {
    const client = await openAi();
    const read = async (stream: AsyncIterable<unknown>) => {
      for await (const _ of stream);
    };
    const chat = await client.chat.completions.create({ model: 'small+mid-stream-error', messages, stream: true });
    await expect(read(chat)).rejects.toBeInstanceOf(OpenAI.APIError);
    const response = await client.responses.create({ model: 'small+mid-stream-error', input: prompt, stream: true });
    await expect(read(response)).rejects.toBeInstanceOf(OpenAI.APIError);
  });
});

describe("OpenAI's client for Azure", () => {
  it('understands a deployment, whole and streamed, and the newer address', async () => {
    const text = await textSent('medium');
    const azure = async () =>
      new AzureOpenAI({ apiKey: key, endpoint: (await start()).origin, apiVersion: '2024-10-21', maxRetries: 0 });
    const whole = await (await azure()).chat.completions.create({ model: 'medium', messages });
    expect(whole.choices[0]?.message.content).toBe(text);
    expect(whole.model).toBe('medium');
    const stream = await (await azure()).chat.completions.create({ model: 'medium', messages, stream: true });
    let streamed = '';
    for await (const chunk of stream) streamed += chunk.choices[0]?.delta.content ?? '';
    expect(streamed).toBe(text);

    const newer = new OpenAI({
      apiKey: key,
      baseURL: `${(await start()).origin}/openai/v1`,
      defaultHeaders: { 'api-key': key, authorization: null },
      maxRetries: 0,
    });
    expect((await newer.responses.create({ model: 'medium', input: prompt })).output_text).toBe(text);
  });

  it('knows a wrong key and an unknown deployment', async () => {
    const { origin } = await start();
    const azure = (apiKey: string) =>
      new AzureOpenAI({ apiKey, endpoint: origin, apiVersion: '2024-10-21', maxRetries: 0 });
    const ask = (apiKey: string, model: string) => azure(apiKey).chat.completions.create({ model, messages });
    await expect(ask('other', 'small')).rejects.toBeInstanceOf(OpenAI.AuthenticationError);
    await expect(ask(key, 'none')).rejects.toMatchObject({ status: 404, code: 'DeploymentNotFound' });
  });
});

describe("Anthropic's client", () => {
  const asked = (model: string) => ({ model, max_tokens: 4096, messages });

  it('understands a message, whole and streamed', async () => {
    const plain = await sent('medium');
    const whole = await (await anthropic()).messages.create(asked('medium'));
    expect(whole.content).toMatchObject([{ type: 'text', text: plain.choices[0].message.content }]);
    expect(whole).toMatchObject({
      stop_reason: 'end_turn',
      usage: { input_tokens: plain.usage.prompt_tokens, output_tokens: plain.usage.completion_tokens },
    });

    const client = await anthropic();
    const stream = client.messages.stream(asked('medium'));
    let text = '';
    const types: string[] = [];
    stream.on('text', (delta) => {
      text += delta;
    });
    stream.on('streamEvent', ({ type }) => {
      if (types.at(-1) !== type) types.push(type);
    });
    const final = await stream.finalMessage();
    expect(text).toBe(plain.choices[0].message.content);
    expect(final.content).toMatchObject(whole.content);
    expect(final).toMatchObject({ stop_reason: 'end_turn', usage: { output_tokens: plain.usage.completion_tokens } });
    expect(types).toEqual([
      'message_start',
      'content_block_start',
      'content_block_delta',
      'content_block_stop',
      'message_delta',
      'message_stop',
    ]);
  });

  it('understands thinking and a tool call in pieces, and a prompt out of the cache', async () => {
    const plain = await sent('small+thinking+tool+cached');
    const { message } = plain.choices[0];
    const client = await anthropic();
    const final = await client.messages.stream(asked('small+thinking+tool+cached')).finalMessage();
    const [thinking, text, tool] = final.content as any[];
    expect(thinking).toMatchObject({ type: 'thinking', thinking: message.reasoning_content });
    expect(text).toMatchObject({ type: 'text', text: message.content });
    expect(tool).toMatchObject({ type: 'tool_use', name: 'lookup' });
    expect(tool.input).toEqual(JSON.parse(message.tool_calls[0].function.arguments));
    const { input_tokens, cache_read_input_tokens } = final.usage;
    expect(input_tokens + (cache_read_input_tokens ?? 0)).toBe(plain.usage.prompt_tokens);
    expect(final.stop_reason).toBe('tool_use');
  });

  it('lists the models in its own shape', async () => {
    const ids: string[] = [];
    for await (const model of (await anthropic()).models.list()) ids.push(`${model.type} ${model.id}`);
    expect(ids).toEqual(['model small', 'model medium', 'model large']);
  });

  it('knows every error by its type', async () => {
    const client = await anthropic();
    const ask = (model: string) => client.messages.create(asked(model));
    await expect(ask('small+429')).rejects.toBeInstanceOf(Anthropic.RateLimitError);
    await expect(ask('small+503')).rejects.toMatchObject({ status: 529 });
    await expect(ask('none')).rejects.toBeInstanceOf(Anthropic.NotFoundError);
    const { origin } = await start();
    const other = new Anthropic({ apiKey: 'other', authToken: null, baseURL: origin, maxRetries: 0 });
    await expect(other.messages.create(asked('small'))).rejects.toBeInstanceOf(Anthropic.AuthenticationError);
  });

  it('takes an error in the middle of a stream for one', async () => {
    const client = await anthropic();
    const stream = client.messages.stream(asked('small+mid-stream-error'));
    await expect(stream.finalMessage()).rejects.toMatchObject({ message: expect.stringContaining('verloaded') });
  });
});

/** Half of the requests meet a 429. */
async function startSimulatorWith429(): Promise<Simulator> {
  const simulator = await startSimulator({ speed: 100, apiKey: key, faults: { '429': 0.5 }, seed: 3 });
  running.push(simulator);
  return simulator;
}
