import { request as httpRequest } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { ask, contents, events, readAll, settled, start, stopAll } from './testing/asking.ts';

afterEach(stopAll);

describe('faults', () => {
  it('429 asks to wait, in the shape of OpenAI or of Databricks', async () => {
    const { simulator } = await start();
    const openAi = await ask(simulator, { model: 'small+429' });
    expect([openAi.status, openAi.headers.get('retry-after')]).toEqual([429, '1']);
    expect(await openAi.json()).toMatchObject({ error: { code: 'rate_limit_exceeded' } });
    const databricks = await ask(simulator, { headers: { 'x-tierwise-fault': '429-databricks' } });
    expect(databricks.status).toBe(429);
    expect(await databricks.json()).toMatchObject({ error_code: 'REQUEST_LIMIT_EXCEEDED' });
  });

  it.each([true, false])('reset breaks the connection in the middle (stream %s)', async (stream) => {
    const { simulator, truth } = await start();
    const { text, broken } = await readAll(await ask(simulator, { model: 'paced+reset', stream }));
    expect(broken).toBe(true);
    expect(text.length).toBeGreaterThan(0);
    if (stream) expect(contents(text)).toHaveLength(32);
    expect((await settled(truth))[0]).toMatchObject({ fault: 'reset' });
  });

  it('truncated ends in the middle without finish reason and without [DONE]', async () => {
    const { simulator } = await start();
    const { text, broken } = await readAll(await ask(simulator, { model: 'instant+truncated', stream: true }));
    expect(broken).toBe(false);
    expect(contents(text)).toHaveLength(32);
    expect(text).not.toContain('[DONE]');
    expect(events(text).every((event) => event.choices[0]?.finish_reason === null)).toBe(true);
    const body = await (await ask(simulator, { model: 'instant+truncated' })).text();
    expect(() => JSON.parse(body)).toThrow();
  });

  it('malformed-sse breaks one event and goes on to a usual end', async () => {
    const { simulator } = await start();
    const text = await (await ask(simulator, { model: 'instant+malformed-sse', stream: true })).text();
    expect(() => events(text)).toThrow();
    expect(text).toContain('"finish_reason":"stop"');
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
  });

  it('mid-stream-error says so in an event after half of the tokens', async () => {
    const { simulator } = await start();
    const response = await ask(simulator, { model: 'instant+mid-stream-error', stream: true });
    expect(response.status).toBe(200);
    const text = await response.text();
    expect(events(text).at(-1)).toMatchObject({ error: { type: 'server_error' }, simulated: true });
    expect(contents(text)).toHaveLength(32);
  });

  it('hang sends nothing until the client leaves, and the truth says that it left', async () => {
    const { simulator, truth } = await start();
    const leave = AbortSignal.timeout(100);
    const asked = fetch(`${simulator.baseUrl}/chat/completions`, {
      method: 'POST',
      signal: leave,
      body: JSON.stringify({ model: 'instant+hang', messages: [{ role: 'user', content: 'x' }] }),
    });
    await expect(asked).rejects.toThrow();
    const [entry] = await settled(truth);
    expect(entry).toMatchObject({ fault: 'hang', aborted: true, outputTokens: 0 });
    expect(entry).not.toHaveProperty('status', 200);
  });

  it('drip sends one byte at a time', async () => {
    const { simulator } = await start({ speed: 100 });
    const response = await ask(simulator, { model: 'instant+drip', stream: true });
    const reader = response.body!.getReader();
    const sizes: number[] = [];
    while (sizes.length < 5) sizes.push((await reader.read()).value!.length);
    await reader.cancel();
    // A read may join bytes that lay waiting, but a drip never fills one.
    expect(Math.max(...sizes)).toBeLessThan(20);
  });

  it('html answers 200 with a web page, redirect points to another origin, empty has no token', async () => {
    const { simulator } = await start();
    const html = await ask(simulator, { model: 'small+html' });
    expect([html.status, html.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    const redirect = await ask(simulator, { model: 'small+redirect' });
    expect(redirect.status).toBe(307);
    expect(new URL(redirect.headers.get('location')!).origin).not.toBe(simulator.origin);
    const empty = await ask(simulator, {
      model: 'small+empty',
      stream: true,
      body: { stream_options: { include_usage: true } },
    });
    const text = await empty.text();
    expect(contents(text)).toEqual([]);
    expect(events(text).at(-1)?.usage?.completion_tokens).toBe(0);
    const body: any = await (await ask(simulator, { model: 'small+empty' })).json();
    expect(body.choices[0].message.content).toBe('');
  });

  it('endless goes on beyond the planned tokens and leaves room for others', async () => {
    const { simulator, truth } = await start();
    const response = await ask(simulator, { model: 'instant+endless', stream: true });
    const reader = response.body!.getReader();
    let text = '';
    while (contentsSoFar(text) < 100) text += new TextDecoder().decode((await reader.read()).value);
    expect((await ask(simulator)).status).toBe(200);
    await reader.cancel();
    expect((await settled(truth, 2)).find((entry) => entry.fault === 'endless')?.aborted).toBe(true);
  });

  it('length-lie breaks off before the promised length', async () => {
    const { simulator } = await start();
    for (const stream of [true, false]) {
      const response = await ask(simulator, { model: 'instant+length-lie', stream });
      const { text, broken } = await readAll(response);
      expect(broken).toBe(true);
      expect(text.length).toBeLessThan(Number(response.headers.get('content-length')));
    }
  });

  it('gzip-bomb is small on the wire and claims to be gzip', async () => {
    const { simulator } = await start();
    const { port } = new URL(simulator.origin);
    const { bytes, encoding } = await new Promise<{ bytes: number; encoding: string | undefined }>(
      (resolve, reject) => {
        const options = { host: '127.0.0.1', port, path: '/v1/chat/completions', method: 'POST' };
        const request = httpRequest(options, (response) => {
          let bytes = 0;
          response.on('data', (chunk: Buffer) => {
            if (bytes === 0) expect([chunk[0], chunk[1]]).toEqual([0x1f, 0x8b]);
            bytes += chunk.length;
          });
          response.on('end', () => resolve({ bytes, encoding: response.headers['content-encoding'] }));
        });
        request.on('error', reject);
        request.end(JSON.stringify({ model: 'instant+gzip-bomb', messages: [{ role: 'user', content: 'x' }] }));
      },
    );
    expect(encoding).toBe('gzip');
    expect(bytes).toBeLessThan(3_000_000);
  });

  it('echo-key repeats the key, for the search of a canary', async () => {
    const { simulator } = await start();
    const response = await ask(simulator, { model: 'small+echo-key', headers: { authorization: 'Bearer canary' } });
    expect(response.status).toBe(401);
    expect(await response.text()).toContain('canary');
  });

  it('strike in about the share that the server was given, and a request may refuse them', async () => {
    const { simulator, truth } = await start({ faults: { '500': 0.3 } });
    const statuses = await Promise.all(
      Array.from({ length: 200 }, (_, i) => ask(simulator, { prompt: `${i}` }).then((response) => response.status)),
    );
    const failed = statuses.filter((status) => status === 500).length;
    expect(failed).toBeGreaterThan(30);
    expect(failed).toBeLessThan(90);
    expect((await settled(truth, 200)).filter((entry) => entry.fault === '500')).toHaveLength(failed);
    const spared = await Promise.all(
      Array.from({ length: 20 }, () => ask(simulator, { model: 'instant+500=0' }).then((response) => response.status)),
    );
    expect(new Set(spared)).toEqual(new Set([200]));
  });

  it('come from the profile itself at its error rate', async () => {
    const { simulator } = await start({
      profiles: [
        {
          id: 'weak',
          description: '',
          ttftMs: { median: 1, sigma: 0 },
          msPerToken: { median: 0, sigma: 0 },
          outputTokens: { median: 10, sigma: 0 },
          inputPrice: 1,
          outputPrice: 1,
          contextWindow: 100,
          skill: 1,
          errorRate: 1,
        },
      ],
    });
    expect((await ask(simulator, { model: 'weak' })).status).toBe(500);
    expect((await ask(simulator, { model: 'small' })).status).toBe(404);
  });
});

function contentsSoFar(text: string): number {
  return text.split('"content":').length;
}
