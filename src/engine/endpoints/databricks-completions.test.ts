import { describe, expect, it } from 'vitest';
import type { ChatRequest } from './chat.ts';
import { databricksCompletions } from './databricks-completions.ts';
import { readAnswer } from './testing/read-answer.ts';

const target = { protocol: 'databricks', baseUrl: 'https://dbc-1.cloud.databricks.com' } as const;
const request = (content: string): ChatRequest => ({
  model: 'base model',
  task: 'completions',
  messages: [{ role: 'user', content }],
  maxTokens: 9,
  stream: true,
  requestId: 'r1',
});

describe('a Databricks completion', () => {
  const url = 'https://dbc-1.cloud.databricks.com/serving-endpoints/base%20model/invocations';

  it('is asked for by its prompt', () => {
    const built = databricksCompletions.buildRequest(target, 'key', request('Once'));
    expect(built).toMatchObject({
      method: 'POST',
      url,
      headers: { authorization: 'Bearer key', 'x-request-id': 'r1' },
    });
    expect(JSON.parse(String(built.body))).toMatchObject({
      client_request_id: 'r1',
      prompt: 'Once',
      max_tokens: 9,
      stream: true,
    });
    expect(JSON.parse(String(built.body))).not.toHaveProperty('model');
  });

  it('is asked for many prompts at once, and read in their order', () => {
    const { batch } = databricksCompletions;
    const built = batch?.buildRequest(target, undefined, ['a', 'b'].map(request));
    expect(built?.url).toBe(url);
    expect(JSON.parse(String(built?.body))).toMatchObject({
      client_request_id: 'r1',
      prompt: ['a', 'b'],
      stream: false,
    });
    expect(() => batch?.buildRequest(target, undefined, [])).toThrow(/at least one prompt/);
    const choices = [
      { index: 1, text: 'B', finish_reason: 'stop' },
      { index: 0, text: 'A', finish_reason: 'length' },
    ];
    expect(batch?.read({ choices, usage: { prompt_tokens: 4, completion_tokens: 2 } }, 2)).toEqual({
      answers: [
        { text: 'A', finishReason: 'length' },
        { text: 'B', finishReason: 'stop' },
      ],
      usage: expect.objectContaining({ input: 4, output: 2 }),
    });
  });

  it('is read as a stream or whole', () => {
    const chunk = (text: string, finish_reason: string | null) =>
      `data: ${JSON.stringify({ object: 'text_completion', model: 'm', choices: [{ index: 0, text, finish_reason }] })}\n\n`;
    const streamed = readAnswer(databricksCompletions, chunk(' upon', null), chunk(' a time', 'stop'));
    expect(streamed).toMatchObject({ text: ' upon a time', chunks: 2, finishReason: 'stop', failure: undefined });
    const whole = JSON.stringify({ choices: [{ index: 0, text: 'x', finish_reason: 'stop' }] });
    expect(readAnswer(databricksCompletions, whole)).toMatchObject({ text: 'x', failure: undefined });
  });
});
