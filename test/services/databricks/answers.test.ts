import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pyfuncInputs } from '../../../src/core/catalog/protocol.ts';
import { callBatch } from '../../../src/engine/endpoints/batch-call.ts';
import { callEmbeddings } from '../../../src/engine/endpoints/embeddings.ts';
import { type Asking, askingWith } from './asking.ts';
import { startWorkspace, type Workspace } from './workspace.ts';

const llama = 'databricks-meta-llama-3-1-8b-instruct';
const claude = 'databricks-claude-sonnet-4-5';
const oss = 'databricks-gpt-oss-20b';
/** The words of an answer, of which each is a token. */
const words = (text: string) => text.split(' ').length;

describe('answers of a workspace', () => {
  let workspace: Workspace;
  let asking: Asking;
  beforeEach(async () => {
    workspace = await startWorkspace();
    asking = askingWith(workspace.host, workspace.token);
  });
  afterEach(async () => {
    await asking.transport.close();
    await workspace.stop();
  });

  it.each([true, false])(
    'are read whole, with their tokens and the reason of their end (streamed: %s)',
    async (stream) => {
      const cut = await asking.chat(llama, { stream, maxTokens: 8, requestId: 'run-1-request-7' });
      expect(cut).toMatchObject({ failure: undefined, status: 200, finishReason: 'length', servedModel: llama });
      expect(words(cut.text)).toBe(8);
      expect(cut.usage).toMatchObject({ output: 8, input: 9 });
      expect(cut.chunks).toBe(stream ? 8 : 1);
      const [{ path, body } = { path: '', body: '' }] = workspace.requests;
      expect(path).toBe(`/serving-endpoints/${llama}/invocations`);
      // By this a request is found in the workspace's own tables.
      expect(JSON.parse(body)).toMatchObject({ client_request_id: 'run-1-request-7', max_tokens: 8 });
      const full = await asking.chat(llama, { stream, maxTokens: undefined });
      expect([full.finishReason, words(full.text)]).toEqual(['stop', 24]);
    },
  );

  it.each(['every', 'last'] as const)('are counted where a stream tells usage on its chunks: %s', async (usage) => {
    workspace.behave(llama, { usage });
    expect((await asking.chat(llama)).usage).toMatchObject({ input: 9, output: 16 });
  });

  it('are whole without usage and without an end mark', async () => {
    workspace.behave(llama, { usage: 'none', done: false });
    const outcome = await asking.chat(llama);
    expect(outcome).toMatchObject({ failure: undefined, usage: undefined, finishReason: 'length' });
    expect(words(outcome.text)).toBe(16);
  });

  it.each([true, false])('keep readable thoughts apart from what is visible (streamed: %s)', async (stream) => {
    const outcome = await asking.chat(oss, { stream });
    expect(words(outcome.reasoning)).toBe(6);
    expect(words(outcome.text)).toBe(10);
    expect(outcome.usage).toMatchObject({ output: 16, reasoning: 6 });
    if (stream) expect(outcome.times.firstToken).toBeLessThanOrEqual(outcome.times.firstVisible!);
    expect(outcome.chunks).toBe(stream ? 16 : 1);
  });

  it('count encrypted thoughts as tokens though nobody can read them', async () => {
    workspace.behave(claude, { reasoning: 'encrypted' });
    const outcome = await asking.chat(claude);
    expect(outcome).toMatchObject({ failure: undefined, reasoning: '', chunks: 16 });
    expect(words(outcome.text)).toBe(10);
  });

  it('may be nothing but encrypted thoughts when the limit cuts them off', async () => {
    workspace.behave(claude, { reasoning: 'encrypted' });
    expect(await asking.chat(claude, { maxTokens: 4 })).toMatchObject({ text: '', finishReason: 'length', chunks: 4 });
  });

  it.each([true, false])('carry calls of tools, put together from their parts (streamed: %s)', async (stream) => {
    const call = { name: 'lookup', arguments: '{"table":"main.sales.orders","limit":3}' };
    workspace.behave(llama, { toolCall: call });
    const outcome = await asking.chat(llama, { stream });
    expect(outcome).toMatchObject({ failure: undefined, finishReason: 'tool_calls', text: '' });
    expect(outcome.toolCalls).toEqual([{ id: expect.stringMatching(/^call_/), ...call }]);
  });

  it('count cached tokens of Claude on top of the prompt and those of OpenAI inside it', async () => {
    workspace.behave(claude, { cache: { style: 'claude', read: 4, written: 3 } });
    expect((await asking.chat(claude)).usage).toMatchObject({ input: 9, cachedInput: 4, cacheWrite: 3, output: 16 });
    workspace.behave(llama, { cache: { style: 'openai', read: 4 } });
    expect((await asking.chat(llama)).usage).toMatchObject({ input: 9, cachedInput: 4, output: 16 });
  });

  it('may have frames of another kind before and after them', async () => {
    workspace.behave('my-sleepy-llm', { traceFrames: true, done: false });
    const outcome = await asking.chat('my-sleepy-llm');
    expect(outcome).toMatchObject({ failure: undefined, finishReason: 'length' });
    expect(words(outcome.text)).toBe(16);
  });

  it('come from the AI gateway for names with dots', async () => {
    const outcome = await asking.chat('system.ai.gpt-oss-120b');
    expect(outcome).toMatchObject({ failure: undefined, servedModel: 'system.ai.gpt-oss-120b' });
    expect(workspace.requests[0]!.path).toBe('/ai-gateway/mlflow/v1/chat/completions');
    expect((await asking.chat('system.ai.nothing')).failure).toMatchObject({ code: 'not-found' });
  });

  describe('of text completion models', () => {
    it.each([true, false])('are read (streamed: %s)', async (stream) => {
      const outcome = await asking.chat('my-completions', { task: 'completions', stream, maxTokens: 8 });
      expect(outcome).toMatchObject({ failure: undefined, finishReason: 'length', usage: { input: 6, output: 8 } });
      expect(words(outcome.text)).toBe(8);
    });

    it('come several at once, in their order', async () => {
      const request = (content: string) => ({
        model: 'my-completions',
        task: 'completions' as const,
        messages: [{ role: 'user' as const, content }],
        maxTokens: 4,
        stream: false,
      });
      const many = ['one', 'two', 'three'].map(request);
      const outcome = await callBatch(asking.transport, asking.target, many, { timeoutMs: 5_000 });
      expect(outcome).toMatchObject({ failure: undefined, usage: { output: 12 } });
      expect(outcome.answers).toHaveLength(3);
      expect(workspace.requests).toHaveLength(1);
    });
  });

  describe('of custom models', () => {
    const custom = 'my-custom-endpoint';
    beforeEach(() => workspace.behave(custom, { predict: ({ question }) => ({ answer: `On ${question}: yes.` }) }));
    const request = (input: (typeof pyfuncInputs)[number], content: string) => ({
      model: custom,
      task: 'pyfunc' as const,
      pyfunc: { input, column: 'question' },
      messages: [{ role: 'user' as const, content }],
      stream: true,
    });

    it.each(pyfuncInputs)('come for a row given as %s', async (input) => {
      const outcome = await asking.chat(custom, request(input, 'rain'));
      expect(outcome).toMatchObject({ failure: undefined, text: 'On rain: yes.', usage: undefined });
      expect(Object.keys(JSON.parse(workspace.requests[0]!.body))).toContain(input);
    });

    it.each(pyfuncInputs)('come for many rows at once given as %s, in their order', async (input) => {
      const rows = ['rain', 'snow', 'sun'].map((content) => request(input, content));
      const { failure, answers } = await callBatch(asking.transport, asking.target, rows, { timeoutMs: 5_000 });
      expect(failure).toBeUndefined();
      expect(answers.map(({ text }) => text)).toEqual(['On rain: yes.', 'On snow: yes.', 'On sun: yes.']);
    });

    it('are refused in words when the model takes another form', async () => {
      workspace.behave(custom, {
        predict: () => {
          throw new Error('KeyError: prompt');
        },
      });
      expect((await asking.chat(custom, request('inputs', 'x'))).failure).toMatchObject({
        code: 'server',
        status: 500,
      });
    });
  });

  it('are vectors from embedding models, as many as there are texts', async () => {
    const model = 'databricks-gte-large-en';
    const texts = ['red', 'green', 'red'];
    const { results, inputTokens } = await callEmbeddings(
      asking.transport,
      asking.target,
      { model, input: texts },
      { timeoutMs: 5_000, batchSize: 2 },
    );
    const [red, green, again] = results.map(({ vector }) => vector);
    expect(red).toHaveLength(16);
    expect(again).toEqual(red);
    expect(green).not.toEqual(red);
    expect(inputTokens).toBe(4);
    expect(workspace.requests.map(({ path }) => path)).toEqual(
      Array(2).fill(`/serving-endpoints/${model}/invocations`),
    );
  });
});
