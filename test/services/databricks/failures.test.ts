import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EndpointCaller } from '../../../src/engine/calling/endpoint-caller.ts';
import { fixedTimeouts } from '../../../src/engine/calling/timeout.ts';
import type { ChatRequest } from '../../../src/engine/endpoints/chat.ts';
import { type Asking, askingWith } from './asking.ts';
import { startWorkspace, type Workspace } from './workspace.ts';

const llama = 'databricks-meta-llama-3-1-8b-instruct';

describe('failures of a workspace', () => {
  let workspace: Workspace;
  let asking: Asking;
  beforeEach(async () => {
    workspace = await startWorkspace({ clockRate: 60 });
    asking = askingWith(workspace.host, workspace.token);
  });
  afterEach(async () => {
    await asking.transport.close();
    await workspace.stop();
  });

  const request: ChatRequest = {
    model: llama,
    messages: [{ role: 'user', content: 'Say hello to the reader.' }],
    maxTokens: 16,
    stream: true,
  };
  const caller = (maxRetries: number) =>
    new EndpointCaller({
      transport: asking.transport,
      target: asking.target,
      endpoint: 'workspace',
      concurrency: 4,
      maxRetries,
      timeouts: fixedTimeouts(10_000),
    });

  it.each([
    ['a wrong token', 'auth', 403, /Invalid access token.*Check the API key/],
    ['an expired token', 'auth', 403, /Invalid access token.*Check the API key/],
    ['an endpoint that is not there', 'not-found', 404, /does not exist/],
    ['a limit that is too high', 'bad-request', 400, /max_tokens \(9000\) cannot exceed 8192/],
    ['no permission', 'auth', 403, /does not have permission.*Can Query/],
    ['a body that is too long', 'bad-request', 400, /4194304 bytes/],
    ['an endpoint that is suspended', 'bad-request', 400, /INVALID_STATE/],
  ] as const)('say what is wrong: %s', async (what, code, status, message) => {
    let token = workspace.token;
    let model = llama;
    let more: Partial<ChatRequest> = {};
    if (what === 'a wrong token') token = 'dapi-no-such-token';
    if (what === 'an expired token') {
      token = workspace.identity.issue('user@example.com').access_token;
      workspace.advance(3_600_000);
    }
    if (what === 'an endpoint that is not there') model = 'databricks-dbrx-instruct';
    if (what === 'a limit that is too high') more = { maxTokens: 9000 };
    if (what === 'no permission') [token, model] = [workspace.limitedToken, 'databricks-gpt-oss-120b'];
    if (what === 'a body that is too long') {
      more = { messages: [{ role: 'user', content: 'x'.repeat(4 * 1024 * 1024) }] };
    }
    if (what === 'an endpoint that is suspended') workspace.serving.suspend(llama);
    const other = askingWith(workspace.host, token);
    const { failure } = await other.chat(model, more);
    await other.transport.close();
    expect(failure).toMatchObject({ code, status, message: expect.stringMatching(message) });
    expect(failure!.message).not.toContain(token);
  });

  it('are told from answers when a proxy answers with a page, with status 200 too', async () => {
    workspace.fail(llama, 'proxy-502');
    expect((await asking.chat(llama)).failure).toMatchObject({
      code: 'server',
      message: expect.stringContaining('502 Bad Gateway'),
    });
    workspace.fail(llama, 'html');
    expect((await asking.chat(llama)).failure).toMatchObject({ code: 'malformed' });
  });

  it('keep what arrived when a stream is cut off', async () => {
    workspace.fail(llama, 'cut-stream');
    const outcome = await asking.chat(llama);
    expect(outcome.failure).toMatchObject({ code: 'truncated-stream' });
    expect(outcome.text).toBe('Spark splits');
  });

  it('are tried again after a 503, and each attempt is kept', async () => {
    workspace.fail(llama, 'unavailable', 2);
    const attempts = await caller(3).chat(request, { complexity: 0 });
    expect(attempts.map(({ outcome }) => outcome.status)).toEqual([503, 503, 200]);
    expect(attempts[0]!.outcome.failure).toMatchObject({
      code: 'server',
      message: expect.stringContaining('No webapps are available'),
    });
  });

  it('are tried once when no retries are wanted', async () => {
    workspace.fail(llama, 'unavailable');
    const attempts = await caller(0).chat(request, { complexity: 0 });
    expect(attempts.map(({ outcome }) => outcome.status)).toEqual([503]);
  });

  it.each([true, false])('pass once a limit of tokens a minute has: the server says when: %s', async (retryAfter) => {
    workspace.limit(llama, { outputTokensPerMinute: 20, retryAfter });
    const first = await caller(5).chat(request, { complexity: 0 });
    expect(first.map(({ outcome }) => outcome.status)).toEqual([200]);
    const attempts = await caller(5).chat(request, { complexity: 0 });
    const refused = attempts.slice(0, -1).map(({ outcome }) => outcome.failure!);
    expect(attempts.at(-1)!.outcome).toMatchObject({ failure: undefined, status: 200 });
    expect(refused.length).toBeGreaterThan(0);
    for (const failure of refused) {
      expect(failure).toMatchObject({
        code: 'rate-limited',
        message: expect.stringContaining('Exceeded workspace output tokens per minute rate limit'),
      });
      // A minute of this workspace is a second of ours, and Retry-After counts whole seconds.
      expect(failure.retryAfterMs).toBe(retryAfter ? 1_000 : undefined);
    }
    if (retryAfter) expect(refused).toHaveLength(1);
  });

  it('lose no request when many come at once upon a limit of queries a second', async () => {
    workspace.limit(llama, { queriesPerSecond: 4, retryAfter: true });
    const one = caller(10);
    const all = await Promise.all(Array.from({ length: 12 }, () => one.chat(request, { complexity: 0 })));
    expect(all.map((attempts) => attempts.at(-1)!.outcome.status)).toEqual(Array(12).fill(200));
    const sent = all.reduce((sum, attempts) => sum + attempts.length, 0);
    expect(workspace.requests).toHaveLength(sent);
  });

  it('are none when an endpoint must wake up first: the request waits', async () => {
    workspace.serving.sleep('my-sleepy-llm');
    expect((await asking.chat('my-sleepy-llm')).failure).toBeUndefined();
    expect(workspace.serving.isAsleep('my-sleepy-llm')).toBe(false);
  });
});
