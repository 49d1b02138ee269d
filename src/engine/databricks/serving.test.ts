import { readFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { describe, expect, it } from 'vitest';
import { serve } from '../../../test/fixtures/loopback-server.ts';
import { checkEndpoints } from '../config/check.ts';
import { createFetchTransport } from '../http/fetch-transport.ts';
import { resolveSignIn } from './auth.ts';
import { toConfigured, usableTask, workspaceId } from './configured.ts';
import { listModelServices } from './model-services.ts';
import { getServingEndpoint, listServingEndpoints, type ServingOptions } from './serving.ts';

const sample = readFileSync(
  new URL('../../../test/fixtures/databricks/serving-endpoints-list.json', import.meta.url),
  'utf8',
);
const canary = 'dapi-canary-2b7c';
const transport = createFetchTransport();
const now = () => Date.UTC(2026, 10, 24);

/** A workspace that answers as the listener says, and a sign-in to it. */
async function workspace(listener: RequestListener) {
  const { origin } = await serve(listener);
  return resolveSignIn({ host: origin, token: canary }, { transport, env: {} });
}

/** A workspace whose list has these items; asked for one of them it has the same. */
async function listing(items: unknown, options: ServingOptions = {}) {
  const notes: string[] = [];
  const source = await workspace((request, response) => {
    const name = decodeURIComponent(request.url?.split('/')[4] ?? '');
    const one = name === '' ? undefined : (items as { name: string }[]).find((item) => item?.name === name);
    response.end(JSON.stringify(one ?? { endpoints: items }));
  });
  const endpoints = await listServingEndpoints(transport, source, {
    now,
    onNote: (note) => notes.push(note),
    ...options,
  });
  return { endpoints, notes, source, first: endpoints[0]! };
}

const foundation = (name: string, model: object) => ({
  name,
  state: { ready: 'READY', config_update: 'NOT_UPDATING' },
  task: 'llm/v1/chat',
  config: { served_entities: [{ name, type: 'FOUNDATION_MODEL', foundation_model: model }] },
});

describe('the serving endpoints of a workspace', () => {
  it('are read whole from a real list', async () => {
    const { endpoints, notes } = await listing(JSON.parse(sample).endpoints);
    expect(notes).toEqual([]);
    expect(endpoints).toHaveLength(22);
    expect(endpoints.map(({ readiness }) => readiness)).toEqual(Array(22).fill('ready'));
    const count = (key: 'task' | 'kind', value: string) =>
      endpoints.filter((endpoint) => endpoint[key] === value).length;
    expect([
      count('task', 'chat'),
      count('task', 'embeddings'),
      count('task', 'agent'),
      count('task', 'pyfunc'),
    ]).toEqual([17, 3, 1, 1]);
    expect([count('kind', 'foundation'), count('kind', 'agent'), count('kind', 'custom')]).toEqual([20, 1, 1]);
    expect(endpoints.find(({ name }) => name === 'databricks-meta-llama-3-3-70b-instruct')).toEqual({
      name: 'databricks-meta-llama-3-3-70b-instruct',
      task: 'chat',
      kind: 'foundation',
      readiness: 'ready',
      scaledToZero: false,
      mayScaleToZero: false,
      entities: [
        {
          name: 'databricks-meta-llama-3-3-70b-instruct',
          entity: 'system.ai.llama_v3_3_70b_instruct',
          version: undefined,
          traffic: undefined,
          scaledToZero: false,
        },
      ],
      capabilities: ['function_calling'],
      apiTypes: ['mlflow/v1/chat/completions'],
      displayName: 'Meta Llama 3.3 70B Instruct',
      prices: { inputUsd: 0.5, outputUsd: 1.5, source: 'workspace', asOf: '2026-11-24' },
      notes: [],
    });
    const unpriced = endpoints.filter(({ prices, kind }) => kind === 'foundation' && prices === undefined);
    expect(unpriced.map(({ name }) => name)).toEqual(['databricks-claude-opus-4-8']);
    expect(endpoints.flatMap(({ notes }) => notes)).toEqual([]);
  });

  it.each([
    [{ ready: 'READY', config_update: 'NOT_UPDATING' }, 'ready'],
    [{ ready: 'READY', config_update: 'NOT_UPDATING', suspend: 'NOT_SUSPENDED' }, 'ready'],
    [{ ready: 'READY', config_update: 'IN_PROGRESS' }, 'updating'],
    [{ ready: 'NOT_READY', config_update: 'IN_PROGRESS' }, 'updating'],
    [{ ready: 'READY', config_update: 'UPDATE_FAILED' }, 'update failed'],
    [{ ready: 'NOT_READY', config_update: 'UPDATE_CANCELED' }, 'update failed'],
    [{ ready: 'NOT_READY', config_update: 'NOT_UPDATING' }, 'not ready'],
    [{ ready: 'READY', config_update: 'NOT_UPDATING', suspend: 'SUSPENDED' }, 'suspended'],
    [{}, 'not ready'],
    [undefined, 'not ready'],
  ])('in the state %j are %s', async (state, readiness) => {
    expect((await listing([{ name: 'e', state }])).first.readiness).toBe(readiness);
  });

  it('that may sleep are told from those that do', async () => {
    const entity = (name: string, message?: string) => ({
      name,
      entity_version: 3,
      scale_to_zero_enabled: true,
      state: { deployment: 'DEPLOYMENT_READY', deployment_state_message: message },
    });
    const traffic_config = {
      routes: [
        { served_model_name: 'a', traffic_percentage: 90 },
        { served_entity_name: 'b', traffic_percentage: 10 },
      ],
    };
    const { endpoints } = await listing([
      { name: 'awake', config: { served_entities: [entity('a', '')] } },
      { name: 'half', config: { served_entities: [entity('a', 'Scaled to zero'), entity('b')], traffic_config } },
      { name: 'asleep', config: { served_entities: [entity('a', 'Scaled to zero')] } },
      {
        name: 'old',
        config: { served_models: [{ name: 'a', model_name: 'main.m', model_version: '7', type: 'UC_MODEL' }] },
      },
      { name: 'wakeful', config: { served_entities: [{ ...entity('a'), scale_to_zero_enabled: false }] } },
    ]);
    expect(endpoints.map(({ mayScaleToZero, scaledToZero }) => [mayScaleToZero, scaledToZero])).toEqual([
      [true, false],
      [true, false],
      [true, true],
      [false, false],
      [false, false],
    ]);
    expect(endpoints[1]?.entities).toMatchObject([
      { name: 'a', version: '3', traffic: 90, scaledToZero: true },
      { name: 'b', traffic: 10, scaledToZero: false },
    ]);
    expect(endpoints[3]).toMatchObject({
      task: 'pyfunc',
      kind: 'custom',
      entities: [{ entity: 'main.m', version: '7' }],
    });
  });

  it.each([
    ['llm/v1/chat', {}, 'chat', 'custom'],
    ['llm/v1/completions', {}, 'completions', 'custom'],
    ['llm/v1/embeddings', { endpoint_type: 'FOUNDATION_MODEL_API' }, 'embeddings', 'foundation'],
    ['agent/v2/chat', {}, 'agent', 'agent'],
    ['agent/v1/responses', { config: {} }, 'agent', 'agent'],
    ['llm/v9/painting', {}, 'unknown', 'custom'],
    [
      undefined,
      {
        endpoint_type: 'EXTERNAL_MODEL',
        config: { served_entities: [{ external_model: { name: 'gpt-4o', task: 'llm/v1/chat' } }] },
      },
      'chat',
      'external',
    ],
    [
      undefined,
      { config: { served_entities: [{ foundation_model: { api_types: ['mlflow/v1/embeddings'] } }] } },
      'embeddings',
      'foundation',
    ],
    [undefined, { config: { served_entities: [{ type: 'UC_MODEL' }] } }, 'pyfunc', 'custom'],
    [undefined, { config: { served_entities: [{ type: 'FEATURE_SPEC' }] } }, 'unknown', 'custom'],
    [undefined, {}, 'unknown', 'custom'],
  ])('with the task %j and %j are for %s, of kind %s', async (task, more, expectedTask, kind) => {
    expect((await listing([{ name: 'e', task, ...more }])).first).toMatchObject({ task: expectedTask, kind });
  });

  it('lose no neighbour to an item that cannot be read, and nothing but itself to an odd field', async () => {
    const { endpoints, notes } = await listing([
      null,
      'text',
      { no: 'name' },
      { name: '' },
      { name: 'odd', task: 7, state: 'READY', config: [], capabilities: 'all', endpoint_type: {} },
      {
        name: 'odder',
        config: { served_entities: [{ name: 1, entity_version: {}, foundation_model: 'x', state: [] }, 'entity'] },
      },
      foundation('fine', {}),
    ]);
    expect(endpoints.map(({ name }) => name)).toEqual(['odd', 'odder', 'fine']);
    expect(notes).toEqual(
      [1, 2, 3, 4].map((item) => `Item ${item} of the workspace's list cannot be read and is left out.`),
    );
  });

  it('may be none', async () => {
    expect((await listing([])).endpoints).toEqual([]);
    expect((await listing(undefined)).endpoints).toEqual([]);
    expect((await listing(null)).endpoints).toEqual([]);
  });

  it.each([
    ['a page of HTML', (_: unknown, response: any) => response.end('<html>Sign in</html>'), { code: 'malformed' }],
    ['another JSON', (_: unknown, response: any) => response.end('[1]'), { code: 'malformed' }],
    [
      'a redirect',
      (_: unknown, response: any) => response.writeHead(302, { location: 'https://evil.example' }).end(),
      { code: 'redirect' },
    ],
    [
      'too many bytes',
      (_: unknown, response: any) => response.end(Buffer.alloc(17 * 1024 * 1024, 32)),
      { code: 'too-large' },
    ],
    [
      '401',
      (request: any, response: any) =>
        response
          .writeHead(401)
          .end(JSON.stringify({ error_code: 'UNAUTHENTICATED', message: request.headers.authorization })),
      { code: 'auth', message: expect.stringMatching(/refused the personal access token that you gave/) },
    ],
    [
      '403',
      (request: any, response: any) =>
        response
          .writeHead(403)
          .end(JSON.stringify({ error_code: 'PERMISSION_DENIED', message: `not ${request.headers.authorization}` })),
      { code: 'auth', message: expect.stringMatching(/may not do this/) },
    ],
    [
      '429',
      (_: unknown, response: any) => response.writeHead(429, { 'retry-after': '3' }).end('{}'),
      { code: 'rate-limited', retryAfterMs: 3000 },
    ],
  ])('where the workspace answers with %s are a failure without the token in it', async (_name, listener, expected) => {
    const source = await workspace(listener as RequestListener);
    const error = await listServingEndpoints(transport, source).catch((failure: unknown) => failure as Error);
    expect(error).toMatchObject(expected);
    expect((error as Error).message).not.toContain(canary);
  });

  it('can be asked for one by one; one that is not there is named', async () => {
    const source = await workspace((request, response) => {
      if (request.url === '/api/2.0/serving-endpoints/a%2Fb%20c') response.end(JSON.stringify({ name: 'a/b c' }));
      else response.writeHead(404).end('{"error_code":"RESOURCE_DOES_NOT_EXIST","message":"no"}');
    });
    expect((await getServingEndpoint(transport, source, 'a/b c')).name).toBe('a/b c');
    await expect(getServingEndpoint(transport, source, 'none')).rejects.toMatchObject({
      code: 'not-found',
      message: expect.stringMatching(/"none"/),
    });
  });
});

describe('the price of a model', () => {
  const priced = async (name: string, model: object, options?: ServingOptions) =>
    (await listing([foundation(name, model)], options)).first;
  const unit = 'DBUs per 1M tokens';

  it('is the workspace’s in USD, at the rate for a DBU', async () => {
    const model = { price: '1,071.42', input_price: '214.286', price_unit: unit, pricing_model: 'Pay-per-token' };
    expect((await priced('x', model)).prices).toMatchObject({ inputUsd: 15, outputUsd: 75, source: 'workspace' });
    expect((await priced('x', model, { dbuUsd: 0.1 })).prices).toMatchObject({ inputUsd: 21.43, outputUsd: 107.1 });
  });

  it('is the bundled one, with its date, where the workspace shows none', async () => {
    expect((await priced('databricks-gemma-3-12b', {})).prices).toEqual({
      inputUsd: 0.15,
      outputUsd: 0.5,
      source: 'bundled',
      asOf: '2026-06-01',
    });
  });

  it('that differs from the bundled one is the workspace’s, and the difference is told', async () => {
    const { prices, notes } = await priced('databricks-claude-sonnet-4-5', {
      price: '214.286',
      input_price: '42.857',
      price_unit: unit,
    });
    expect(prices).toMatchObject({ inputUsd: 3, outputUsd: 15, source: 'workspace' });
    expect(notes).toEqual([
      expect.stringMatching(/shows \$15\.00 per million output tokens; the table of 2026-06 has \$22\.50/),
    ]);
  });

  it.each([
    [{ price: '0', input_price: '0' }, /cannot be read/],
    [{ price: 'free', input_price: '-1' }, /cannot be read/],
    [{ price: '1e3', input_price: '1,5' }, /cannot be read/],
    [{ price: '12', price_unit: 'USD per hour' }, /unit that is not known/],
    [{ price: '12', pricing_model: 'Provisioned throughput' }, undefined],
    [{}, undefined],
  ])('is unknown, never 0, for %j', async (model, told) => {
    const { prices, notes } = await priced('unlisted', model);
    expect(prices).toBeUndefined();
    if (told === undefined) expect(notes).toEqual([]);
    else expect(notes.join(' ')).toMatch(told);
  });

  it('comes from one source: of the other side a note tells what the table has', async () => {
    const { prices, notes } = await priced('databricks-claude-sonnet-4-5', { input_price: '42.857', price_unit: unit });
    expect(prices).toEqual({ inputUsd: 3, source: 'workspace', asOf: '2026-11-24' });
    expect(notes).toEqual([
      expect.stringMatching(/no price of output tokens .* unknown; the table of 2026-06 has \$22\.50 per million/),
    ]);
  });

  it('may be known for one side only', async () => {
    expect((await priced('unlisted', { input_price: 2, price: 'n/a' })).prices).toEqual({
      inputUsd: 0.14,
      source: 'workspace',
      asOf: '2026-11-24',
    });
  });
});

describe('the configuration of a workspace', () => {
  it('has what can be asked, with prices that say where they come from', async () => {
    const { endpoints, source } = await listing([
      ...JSON.parse(sample).endpoints,
      {
        name: 'sleepy',
        task: 'llm/v1/chat',
        config: { served_entities: [{ entity_version: '1', scale_to_zero_enabled: true }] },
      },
      { name: 'odd\u202ename', task: 'llm/v1/chat' },
    ]);
    const configured = toConfigured(endpoints, { id: 'ws', origin: source.origin, auth: { profile: 'p' } });
    expect(checkEndpoints([configured])).toEqual({ endpoints: [configured], problems: [] });
    expect(configured).toMatchObject({
      id: 'ws',
      protocol: 'databricks',
      baseUrl: source.origin,
      auth: { profile: 'p' },
    });
    const model = (id: string) => configured.models.find((one) => one.id === id);
    expect(model('databricks-gte-large-en')).toEqual({
      id: 'databricks-gte-large-en',
      task: 'embeddings',
      inputPrice: 0.13,
      outputPrice: 0.13,
      priceSource: 'workspace',
      priceAsOf: '2026-11-24',
    });
    expect(model('my-custom-endpoint')).toEqual({
      id: 'my-custom-endpoint',
      task: 'pyfunc',
      pyfuncInput: 'dataframe_split',
    });
    expect(model('sleepy')).toEqual({ id: 'sleepy', scaleToZero: true });
    expect(endpoints.filter((endpoint) => usableTask(endpoint) === undefined).map(({ name }) => name)).toEqual([
      'mas-agent-endpoint',
      'odd\u202ename',
    ]);
  });

  it('is named after the workspace', () => {
    expect(workspaceId('https://dbc-a1b2.cloud.databricks.com')).toBe('dbc-a1b2');
    expect([
      workspaceId('http://127.0.0.1:80'),
      workspaceId('https://localhost'),
      workspaceId('https://1234.5.gcp.databricks.com'),
    ]).toEqual(Array(3).fill('databricks'));
  });
});

describe('the model services of the AI gateway', () => {
  it('are read over all pages', async () => {
    const urls: string[] = [];
    const source = await workspace((request, response) => {
      urls.push(request.url ?? '');
      const second = request.url?.includes('page_token=p%2B2');
      response.end(
        JSON.stringify(
          second
            ? { model_services: [{ name: 'model-services/main.s.mine', supported_api_types: ['embeddings'] }, {}] }
            : {
                model_services: [{ name: 'model-services/system.ai.gpt-oss-120b', supported_api_types: ['chat'] }],
                next_page_token: 'p+2',
              },
        ),
      );
    });
    const notes: string[] = [];
    expect(await listModelServices(transport, source, { onNote: (note) => notes.push(note) })).toEqual([
      { name: 'system.ai.gpt-oss-120b', task: 'chat', apiTypes: ['chat'] },
      { name: 'main.s.mine', task: 'embeddings', apiTypes: ['embeddings'] },
    ]);
    expect(urls[0]).toBe('/api/2.1/unity-catalog/model-services?page_size=100&parent=schemas%2Fsystem.ai&view=BASIC');
    expect(notes).toHaveLength(1);
  });

  it.each([404, 400, 501])('are none, with a note, where the workspace answers %s', async (status) => {
    const source = await workspace(
      (_request, response) =>
        void response.writeHead(status).end('{"error_code":"ENDPOINT_NOT_FOUND","message":"No API found"}'),
    );
    const notes: string[] = [];
    expect(await listModelServices(transport, source, { onNote: (note) => notes.push(note) })).toEqual([]);
    expect(notes).toEqual([expect.stringMatching(/no model services/)]);
  });

  it('end though a server names a next page for ever', async () => {
    let pages = 0;
    const source = await workspace(
      (_request, response) => void response.end(JSON.stringify({ next_page_token: `p${pages++}` })),
    );
    const notes: string[] = [];
    expect(await listModelServices(transport, source, { onNote: (note) => notes.push(note) })).toEqual([]);
    expect([pages, notes.length]).toEqual([100, 1]);
  });
});
