import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startWorkspace, type Workspace } from './workspace.ts';

/** A listing of a real workspace, made anonymous; it belongs to others and is not part of the project. */
const realListing = resolve(import.meta.dirname, '../../../../shared/data/databricks/serving-endpoints-list.json');

let workspace: Workspace;
beforeEach(async () => {
  workspace = await startWorkspace();
});
afterEach(() => workspace.stop());

interface Asked {
  readonly method?: string;
  readonly body?: unknown;
  readonly token?: string | undefined;
}

async function ask(path: string, { method, body, token = workspace.token }: Asked = {}) {
  const response = await fetch(`${workspace.host}${path}`, {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    headers: token === '' ? {} : { authorization: `Bearer ${token}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const json: any = text.startsWith('{') ? JSON.parse(text) : undefined;
  return { status: response.status, headers: response.headers, text, json };
}

const chat = (name: string, more: object = {}) =>
  ask(`/serving-endpoints/${name}/invocations`, {
    body: { messages: [{ role: 'user', content: 'Hello there' }], ...more },
  });

async function frames(name: string, more: object = {}): Promise<any[]> {
  const { text } = await chat(name, { stream: true, ...more });
  return text.split('\n\n').flatMap((event) => (/^data: \{/.test(event) ? [JSON.parse(event.slice(6))] : []));
}

describe('the stand-in for a workspace', () => {
  it.skipIf(!existsSync(realListing))(
    existsSync(realListing)
      ? 'lists its foundation models as a real workspace does, no field that is not in a real listing, and every task'
      : 'skipped: shared data not present',
    async () => {
      const real = JSON.parse(readFileSync(realListing, 'utf8')).endpoints;
      const ours = (await ask('/api/2.0/serving-endpoints')).json.endpoints;
      const paths = (value: any, at = ''): string[] =>
        Array.isArray(value)
          ? value.flatMap((item) => paths(item, `${at}[]`))
          : typeof value === 'object' && value !== null
            ? Object.entries(value).flatMap(([key, member]) => [`${at}.${key}`, ...paths(member, `${at}.${key}`)])
            : [];
      const known = new Set(paths(real));
      // The sample holds no external model; its fields are documented.
      const documented = /\.(external_model|tags)\b/;
      expect(paths(ours).filter((path) => !known.has(path) && !documented.test(path))).toEqual([]);
      for (const endpoint of ours) {
        const same = real.find(({ name }: any) => name === endpoint.name);
        const when = { creation_timestamp: expect.any(Number), last_updated_timestamp: expect.any(Number) };
        if (same && endpoint.endpoint_type) expect(endpoint).toEqual({ ...same, ...when });
      }
      const tasks = (endpoints: any[]) => new Set(endpoints.map(({ task }) => task));
      for (const task of tasks(real)) expect(tasks(ours)).toContain(task);
    },
  );

  it('tells no deployment state in the list, but in the endpoint itself', async () => {
    const { json } = await ask('/api/2.0/serving-endpoints');
    const [listed] = json.endpoints.find(({ name }: any) => name === 'my-sleepy-llm').config.served_entities;
    expect(Object.keys(listed).sort()).toEqual(['entity_name', 'entity_version', 'name', 'type']);
    const full = await ask('/api/2.0/serving-endpoints/my-sleepy-llm');
    expect(full.json.config.served_entities[0]).toMatchObject({
      scale_to_zero_enabled: true,
      state: { deployment: 'DEPLOYMENT_READY' },
    });
  });

  it('refuses without a credential, with a wrong one, with an expired one and without permission, each in its own way', async () => {
    const path = '/api/2.0/serving-endpoints';
    const without = await ask(path, { token: '' });
    expect([without.status, without.json.error_code]).toEqual([401, 401]);
    const wrong = await ask(path, { token: 'dapiwrong' });
    expect([wrong.status, wrong.json.message]).toEqual([
      403,
      expect.stringMatching(/^Invalid access token\. \[ReqId: /),
    ]);
    workspace.identity.tokenLifetimeMs = 60_000;
    const { access_token: short } = workspace.identity.issue('user@example.com');
    expect((await ask(path, { token: short })).status).toBe(200);
    workspace.advance(60_000);
    expect((await ask(path, { token: short })).status).toBe(403);
    workspace.identity.expiredStatus = 401;
    expect(await ask(path, { token: short })).toMatchObject({ status: 401, json: { error_code: 'UNAUTHENTICATED' } });
    const denied = await ask('/serving-endpoints/databricks-gpt-oss-120b/invocations', {
      body: { messages: [{ role: 'user', content: 'Hi' }] },
      token: workspace.limitedToken,
    });
    expect(denied).toMatchObject({ status: 403, json: { error_code: 'PERMISSION_DENIED' } });
  });

  it('issues tokens to a service principal that knows its secret', async () => {
    const { id, secret } = workspace.oauthClient;
    const token = (password: string) =>
      fetch(`${workspace.host}/oidc/v1/token`, {
        method: 'POST',
        headers: { authorization: `Basic ${btoa(`${id}:${password}`)}` },
        body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'all-apis' }),
      });
    const issued: any = await (await token(secret)).json();
    expect(issued).toMatchObject({ token_type: 'Bearer', expires_in: 3600, scope: 'all-apis' });
    expect((await ask('/api/2.0/serving-endpoints', { token: issued.access_token })).status).toBe(200);
    const refused = await token('wrong');
    expect([refused.status, ((await refused.json()) as any).error]).toEqual([401, 'invalid_client']);
  });

  it('brings an endpoint from created to ready, updates it, and keeps the old version when an update fails', async () => {
    const api = '/api/2.0/serving-endpoints';
    const config = { served_entities: [{ entity_name: 'main.ml.m', entity_version: '1', workload_size: 'Small' }] };
    const made = await ask(api, { body: { name: 'new', config } });
    expect(made.json).toMatchObject({
      state: { ready: 'NOT_READY', config_update: 'IN_PROGRESS' },
      pending_config: { served_entities: [{ name: 'm-1', state: { deployment: 'DEPLOYMENT_CREATING' } }] },
    });
    expect((await ask(api, { body: { name: 'new', config } })).json.error_code).toBe('RESOURCE_ALREADY_EXISTS');
    expect((await ask('/serving-endpoints/new/invocations', { body: { inputs: ['x'] } })).status).toBe(503);
    workspace.advance(600_000);
    const state = async () => (await ask(`${api}/new`)).json;
    expect(await state()).toMatchObject({
      state: { ready: 'READY', config_update: 'NOT_UPDATING' },
      config: { served_entities: [{ state: { deployment: 'DEPLOYMENT_READY' } }] },
    });

    workspace.serving.failNextDeployment = true;
    const next = { served_entities: [{ entity_name: 'main.ml.m', entity_version: '2' }] };
    expect((await ask(`${api}/new/config`, { method: 'PUT', body: next })).status).toBe(200);
    const again = await ask(`${api}/new/config`, { method: 'PUT', body: next });
    expect([again.status, again.json.error_code]).toEqual([409, 'RESOURCE_CONFLICT']);
    expect(await state()).toMatchObject({ state: { ready: 'READY', config_update: 'IN_PROGRESS' } });
    workspace.advance(600_000);
    expect(await state()).toMatchObject({
      state: { ready: 'READY', config_update: 'UPDATE_FAILED' },
      config: { served_entities: [{ entity_version: '1' }] },
    });
    const log = await ask(`${api}/new/served-models/m-2/build-logs`);
    expect(log.json.logs).toContain('ModuleNotFoundError');
    expect((await ask(`${api}/new`, { method: 'DELETE' })).status).toBe(200);
    expect((await ask(`${api}/new`)).json.error_code).toBe('RESOURCE_DOES_NOT_EXIST');
  });

  it('falls asleep when idle, says so, and holds the first requests until it is awake', async () => {
    const message = async () =>
      (await ask('/api/2.0/serving-endpoints/my-sleepy-llm')).json.config.served_entities[0].state
        .deployment_state_message;
    workspace.advance(29 * 60_000);
    expect((await chat('my-sleepy-llm')).status).toBe(200);
    workspace.advance(30 * 60_000);
    expect(await message()).toBe('Scaled to zero');
    let answered = 0;
    const asked = [1, 2].map(() =>
      chat('my-sleepy-llm').then(({ status }) => {
        answered++;
        return status;
      }),
    );
    while (workspace.requests.length < 4) await new Promise(setImmediate);
    workspace.advance(89_000);
    await message();
    expect(answered).toBe(0);
    workspace.advance(1_000);
    expect(await Promise.all(asked)).toEqual([200, 200]);
    expect(await message()).toBe('');
  });

  it('splits requests between versions as the routes say and says which one answered', async () => {
    const served = new Map<string, number>();
    for (let request = 0; request < 20; request++) {
      const { headers } = await ask('/serving-endpoints/my-custom-endpoint/invocations', { body: { inputs: ['x'] } });
      const name = headers.get('served-model-name') ?? '';
      served.set(name, (served.get(name) ?? 0) + 1);
    }
    expect(Object.fromEntries(served)).toEqual({ 'my_model-3': 15, 'my_model-4': 5 });
    const one = '/serving-endpoints/my-custom-endpoint/served-models/my_model-4/invocations';
    expect((await ask(one, { body: { inputs: ['x'] } })).headers.get('served-model-name')).toBe('my_model-4');
  });

  it('takes the rows of a custom model in each of the four forms and refuses any other', async () => {
    const predict = (body: object) => ask('/serving-endpoints/my-custom-endpoint/invocations', { body });
    const rows = [{ prompt: 'a' }, { prompt: 'bcd' }];
    const forms = [
      { dataframe_split: { columns: ['prompt'], data: [['a'], ['bcd']] } },
      { dataframe_records: rows },
      { instances: rows },
      { inputs: rows },
      { inputs: { prompt: ['a', 'bcd'] } },
    ];
    for (const form of forms) {
      expect((await predict(form)).json).toEqual({ predictions: ['1 characters', '3 characters'] });
    }
    expect((await predict({ prompt: 'a' })).json.error_code).toBe('BAD_REQUEST');
  });

  it('reserves max_tokens before it admits a request and credits back what was not used', async () => {
    const name = 'databricks-meta-llama-3-3-70b-instruct';
    workspace.limit(name, { outputTokensPerMinute: 100, retryAfter: true });
    expect((await chat(name, { max_tokens: 101 })).status).toBe(429);
    expect((await chat(name, { max_tokens: 100 })).json.usage.completion_tokens).toBe(24);
    expect((await chat(name, { max_tokens: 76 })).status).toBe(200);
    const refused = await chat(name, { max_tokens: 76 });
    expect(refused.json).toEqual({
      error_code: 'REQUEST_LIMIT_EXCEEDED',
      message: expect.stringContaining(`Exceeded workspace output tokens per minute rate limit for ${name}`),
    });
    expect(refused.headers.get('retry-after')).toBe('60');
    workspace.advance(60_000);
    expect((await chat(name, { max_tokens: 76 })).status).toBe(200);
  });

  it('limits input tokens, queries a second and queries an hour too', async () => {
    const name = 'databricks-meta-llama-3-1-8b-instruct';
    const limited = async (limit: object, times: number) => {
      workspace.limit(name, limit);
      for (let request = 0; request < times; request++) expect((await chat(name)).status).toBe(200);
      const { status, headers, json } = await chat(name);
      expect([status, headers.get('retry-after')]).toEqual([429, null]);
      return json.message;
    };
    // Eleven characters are three tokens, and a message takes three more.
    expect(await limited({ inputTokensPerMinute: 17 }, 2)).toContain('input tokens per minute');
    expect(await limited({ queriesPerSecond: 3 }, 3)).toContain('QPS rate limit');
    expect(await limited({ queriesPerHour: 2 }, 2)).toContain('queries per hour');
  });

  it('refuses bodies over 4 MB for foundation models and over 16 MB for custom ones', async () => {
    const text = 'x'.repeat(4 * 1024 * 1024);
    const small = await chat('databricks-gpt-oss-20b', { client_request_id: text });
    expect(small).toMatchObject({ status: 400, json: { message: 'Request size cannot exceed 4194304 bytes' } });
    const custom = (inputs: string[]) => ask('/serving-endpoints/my-custom-endpoint/invocations', { body: { inputs } });
    expect((await custom([text])).status).toBe(200);
    expect((await custom([text, text, text, text])).json.message).toContain('16777216');
  });

  it('counts tokens on every chunk, on the last, or on none, and ends a stream with or without a mark', async () => {
    const name = 'databricks-meta-llama-3-1-8b-instruct';
    const withUsage = async () => (await frames(name)).map(({ usage }) => usage !== undefined);
    expect((await withUsage()).filter(Boolean)).toHaveLength(1);
    workspace.behave(name, { usage: 'every' });
    expect(await withUsage()).not.toContain(false);
    workspace.behave(name, { usage: 'none', done: false });
    expect(await withUsage()).not.toContain(true);
    expect((await chat(name, { stream: true })).text).not.toContain('[DONE]');
  });

  it('puts thoughts into items of the content, readable or encrypted', async () => {
    const name = 'databricks-gpt-oss-20b';
    const [reasoning, text] = (await chat(name)).json.choices[0].message.content;
    expect(reasoning).toMatchObject({
      type: 'reasoning',
      summary: [{ type: 'summary_text', text: 'Spark splits a job into stages' }],
    });
    expect(text.type).toBe('text');
    workspace.behave(name, { reasoning: 'encrypted' });
    const items = (await frames(name)).flatMap(({ choices }) => choices[0]?.delta.content || []);
    expect(items[0].summary[0]).toEqual({ type: 'summary_encrypted_text', data: expect.any(String) });
  });

  it('lists the services of the AI gateway page by page', async () => {
    const names: string[] = [];
    let token = '';
    for (let page = 0; page < 3; page++) {
      const { json } = await ask(`/api/2.1/unity-catalog/model-services?page_size=2&page_token=${token}`);
      names.push(...json.model_services.map(({ name }: any) => name));
      token = json.next_page_token ?? '';
      if (token === '') break;
    }
    expect(names).toHaveLength(4);
    expect(names).toContain('model-services/system.ai.gpt-oss-120b');
  });

  it('fails as it is told to, as often as it is told to', async () => {
    const name = 'databricks-gpt-oss-20b';
    workspace.fail(name, 'unavailable', 2);
    expect([(await chat(name)).status, (await chat(name)).status, (await chat(name)).status]).toEqual([503, 503, 200]);
    workspace.fail(name, 'proxy-502');
    expect((await chat(name)).text).toContain('<title>502 Bad Gateway</title>');
    workspace.fail(name, 'cut-stream');
    await expect(frames(name)).rejects.toThrow();
  });
});
