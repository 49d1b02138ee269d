import { describe, expect, it } from 'vitest';
import { azureOpenai } from './azure-openai.ts';
import type { ChatRequest } from './chat.ts';
import { failureFromResponse } from './failures.ts';
import { readAnswer } from './testing/read-answer.ts';

const resource = 'https://team.openai.azure.com';
const request: ChatRequest = {
  model: 'my gpt/4',
  messages: [{ role: 'user', content: 'Hi' }],
  maxTokens: 9,
  stream: true,
  requestId: 'r1',
};
const build = (baseUrl: string, apiVersion?: string, asked = request) =>
  azureOpenai.buildRequest({ protocol: 'azure-openai', baseUrl, apiVersion }, 'key', asked);

describe('a request to Azure OpenAI', () => {
  it('with an API version names the deployment in the address and not in the body', () => {
    const built = build(resource, '2024-10-21');
    expect(built).toMatchObject({
      method: 'POST',
      url: `${resource}/openai/deployments/my%20gpt%2F4/chat/completions?api-version=2024-10-21`,
      headers: { 'api-key': 'key', 'x-request-id': 'r1', 'content-type': 'application/json' },
    });
    expect(built.headers).not.toHaveProperty('authorization');
    expect(JSON.parse(String(built.body))).toEqual({
      messages: request.messages,
      max_completion_tokens: 9,
      stream: true,
      stream_options: { include_usage: true },
    });
  });

  it('without one goes to the v1 address with the deployment in the body', () => {
    const built = build(resource);
    expect(built.url).toBe(`${resource}/openai/v1/chat/completions`);
    expect(JSON.parse(String(built.body))).toMatchObject({ model: 'my gpt/4', max_completion_tokens: 9 });
  });

  for (const path of ['', '/openai', '/openai/v1', '/openai/deployments/other']) {
    it(`finds its address from a base that ends in "${path}"`, () => {
      expect(build(resource + path).url).toBe(`${resource}/openai/v1/chat/completions`);
      expect(build(resource + path, 'v').url).toMatch(
        /^https:\/\/team\.openai\.azure\.com\/openai\/deployments\/my%20gpt%2F4\//,
      );
    });
  }

  it('keeps the path of a gateway in front', () => {
    expect(build('https://gateway.example/team-a').url).toBe(
      'https://gateway.example/team-a/openai/v1/chat/completions',
    );
    expect(build('https://gateway.example/openai-team', 'v').url).toContain('/openai-team/openai/deployments/');
  });

  it('has no key header without a key', () => {
    const target = { protocol: 'azure-openai' as const, baseUrl: resource };
    expect(azureOpenai.buildRequest(target, undefined, request).headers).not.toHaveProperty('api-key');
  });

  it('lists the models of the resource', () => {
    const listing = (apiVersion?: string) =>
      azureOpenai.models?.buildRequest({ protocol: 'azure-openai', baseUrl: resource, apiVersion }, 'key');
    expect(listing()).toMatchObject({
      method: 'GET',
      url: `${resource}/openai/v1/models`,
      headers: { 'api-key': 'key' },
    });
    expect(listing('2024-10-21')?.url).toBe(`${resource}/openai/models?api-version=2024-10-21`);
    expect(azureOpenai.models?.read({ data: [{ id: 'gpt-4o', status: 'succeeded' }] })).toEqual([{ id: 'gpt-4o' }]);
  });
});

describe('an answer of Azure OpenAI', () => {
  const event = (json: unknown) => `data: ${JSON.stringify(json)}\n\n`;
  const safe = { hate: { filtered: false, severity: 'safe' }, violence: { filtered: false, severity: 'safe' } };
  const token = (content: string, finish: string | null = null) =>
    event({
      choices: [{ content_filter_results: safe, delta: { content }, finish_reason: finish, index: 0, logprobs: null }],
      model: 'gpt-4o-2024-08-06',
      object: 'chat.completion.chunk',
    });
  const prompt = event({
    choices: [],
    created: 0,
    id: '',
    model: '',
    object: '',
    prompt_filter_results: [{ prompt_index: 0, content_filter_results: safe }],
  });

  it('begins with what the filter thinks of the prompt, which is no token', () => {
    const answer = readAnswer(
      azureOpenai,
      prompt,
      event({
        choices: [{ content_filter_results: {}, delta: { role: 'assistant', content: '', refusal: null }, index: 0 }],
      }),
      token('Hel'),
      token('lo'),
      token('!'),
      event({ choices: [{ content_filter_results: {}, delta: {}, finish_reason: 'stop', index: 0 }] }),
      event({ choices: [], usage: { prompt_tokens: 9, completion_tokens: 3, total_tokens: 12 } }),
      'data: [DONE]\n\n',
    );
    expect(answer).toMatchObject({
      text: 'Hello!',
      chunks: 3,
      firstToken: 30,
      finishReason: 'stop',
      servedModel: 'gpt-4o-2024-08-06',
      usage: { input: 9, output: 3 },
      failure: undefined,
    });
  });

  it('may have its filter results come later, without a delta', () => {
    const offsets = { check_offset: 44, start_offset: 44, end_offset: 198 };
    const late = event({
      choices: [{ content_filter_offsets: offsets, content_filter_results: safe, finish_reason: null, index: 0 }],
    });
    const failed = event({
      choices: [{ content_filter_result: { error: { code: 'content_filter_error', message: 'no' } }, index: 0 }],
    });
    expect(readAnswer(azureOpenai, token('a'), late, failed, token('b'), token('', 'stop'))).toMatchObject({
      text: 'ab',
      chunks: 2,
      failure: undefined,
    });
  });

  it('that the filter stops keeps what had come', () => {
    expect(readAnswer(azureOpenai, prompt, token('half'), token('', 'content_filter'))).toMatchObject({
      text: 'half',
      finishReason: 'content_filter',
      failure: undefined,
    });
  });
});

describe('an error of Azure OpenAI', () => {
  const failure = (status: number, error: object) =>
    failureFromResponse(status, {}, JSON.stringify({ error }), [], `${resource}/openai/v1/chat/completions`);

  it('of its content filter says what was found and what to change', () => {
    const { code, message } = failure(400, {
      message:
        "The response was filtered due to the prompt triggering Azure OpenAI's content management policy. Please modify your prompt and retry. To learn more about our content filtering policies please read our documentation: https://go.microsoft.com/fwlink/?linkid=2198766",
      type: null,
      param: 'prompt',
      code: 'content_filter',
      status: 400,
      innererror: {
        code: 'ResponsibleAIPolicyViolation',
        content_filter_result: {
          hate: { filtered: false, severity: 'safe' },
          jailbreak: { filtered: true, detected: true },
          violence: { filtered: true, severity: 'medium' },
        },
      },
    });
    expect(code).toBe('bad-request');
    expect(message).toContain('content_filter: jailbreak, violence (medium): The response was filtered');
    expect(message).toMatch(/change the prompt, or the filter/);
  });

  it('is understood whatever its filter results look like', () => {
    for (const innererror of [null, 'x', {}, { content_filter_result: null }, { content_filter_result: { hate: 1 } }]) {
      expect(failure(400, { code: 'content_filter', message: 'No.', innererror }).message).toContain(
        '"content_filter: No."',
      );
    }
  });

  it('about a deployment that does not exist is not-found', () => {
    expect(
      failure(404, {
        code: 'DeploymentNotFound',
        message: 'The API deployment for this resource does not exist.',
      }),
    ).toMatchObject({ code: 'not-found', message: expect.stringContaining('DeploymentNotFound') });
  });

  it('about a wrong key is auth', () => {
    expect(failure(401, { code: '401', message: 'Access denied due to invalid subscription key.' }).code).toBe('auth');
  });

  for (const [words, mend] of [
    ['Unrecognized request argument supplied: max_completion_tokens', /use a newer apiVersion/],
    [
      "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
      /wants max_completion_tokens/,
    ],
    ['Unrecognized request argument supplied: stream_options', /without streaming/],
    ["Unsupported value: 'temperature' does not support 0 with this model.", /leave it unset/],
    [
      "Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16, but got 8 instead.",
      /at least 16/,
    ],
    ["Unknown parameter: 'store'.", /protocol openai/],
  ] as const) {
    it(`that says "${words}" names the way around`, () => {
      const { code, message } = failure(400, { message: words, type: 'invalid_request_error', code: null });
      expect(code).toBe('bad-request');
      expect(message).toMatch(mend);
    });
  }
});
