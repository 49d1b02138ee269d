import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Failure } from '../../core/failure.ts';
import { checkEndpoints } from './check.ts';
import { loadConfig, parseConfig } from './load.ts';
import { boundKeys, configuredModels } from './models.ts';

const good = {
  endpoints: [
    {
      id: 'local',
      protocol: 'openai',
      baseUrl: 'http://127.0.0.1:8000/v1',
      apiKey: { env: 'LOCAL_KEY' },
      models: [{ id: 'small', inputPrice: 0.1, outputPrice: 0 }, { id: 'Org/Large' }],
    },
  ],
};

const refusal = (text: string): string => {
  try {
    parseConfig(text, 'tierwise.json');
  } catch (error) {
    expect(error).toBeInstanceOf(Failure);
    expect((error as Failure).code).toBe('config');
    return (error as Failure).message;
  }
  throw new Error('was accepted');
};
const changed = (change: (config: any) => void): string => {
  const config = structuredClone(good);
  change(config);
  return refusal(JSON.stringify(config, undefined, 2));
};

describe('a configuration', () => {
  it('is read with comments and trailing commas', () => {
    const text = `{ // mine\n "endpoints": [ { "id": "a", "protocol": "openai", "baseUrl": "http://localhost:1/v1", "models": [], }, ], }`;
    expect(parseConfig(text, 'x').endpoints[0]?.id).toBe('a');
  });

  it('keeps an unknown price unknown and a price of 0 known', () => {
    const models = configuredModels(parseConfig(JSON.stringify(good), 'x').endpoints);
    expect(models.map((model) => model.ref)).toEqual(['local/small', 'local/Org/Large']);
    expect(models[0]).toMatchObject({ inputPrice: { value: 0.1, provenance: 'user' }, outputPrice: { value: 0 } });
    expect(models[1]?.inputPrice).toBeUndefined();
  });

  it('takes a workspace’s address as it is pasted, and a model with all that can be said of it', () => {
    const model = { inputPrice: 1, cachedInputPrice: 0.1, priceSource: 'workspace', priceAsOf: '2026-11-24' };
    const { endpoints } = checkEndpoints([
      {
        id: 'ws',
        protocol: 'databricks',
        baseUrl: 'dbc-1.cloud.databricks.com/?o=1#ml/endpoints',
        auth: { type: 'databricks-cli' },
        models: [
          { id: 'a', ...model, scaleToZero: true },
          { id: 'b', task: 'pyfunc', pyfuncColumn: 'text' },
        ],
      },
    ]);
    expect(endpoints[0]?.baseUrl).toBe('https://dbc-1.cloud.databricks.com');
    const models = configuredModels(endpoints);
    const figure = { provenance: 'workspace', asOf: '2026-11-24' };
    expect(models[0]).toMatchObject({
      inputPrice: { value: 1, ...figure },
      cachedInputPrice: { value: 0.1, provenance: 'user' },
      outputPrice: undefined,
      scaleToZero: true,
    });
    expect(models[1]).toMatchObject({ task: 'pyfunc', pyfunc: { input: 'dataframe_split', column: 'text' } });
  });

  it.each<[string, (config: any) => void, RegExp]>([
    [
      'an unknown protocol',
      (c) => (c.endpoints[0].protocol = 'soap'),
      /endpoints\[0\]\.protocol: unknown protocol; known: openai/,
    ],
    ['a missing address', (c) => delete c.endpoints[0].baseUrl, /endpoints\[0\]\.baseUrl: is missing.*example/],
    [
      'an address with a user in it',
      (c) => (c.endpoints[0].baseUrl = 'https://good@evil.example/v1'),
      /baseUrl: .*user name/,
    ],
    ['a file as address', (c) => (c.endpoints[0].baseUrl = 'file:///etc/passwd'), /baseUrl: .*http/],
    [
      'a negative price',
      (c) => (c.endpoints[0].models[0].inputPrice = -1),
      /models\[0\]\.inputPrice: must be at least 0/,
    ],
    ['a price in quotes', (c) => (c.endpoints[0].models[0].inputPrice = '1'), /inputPrice: must be a number/],
    ['two endpoints of one name', (c) => c.endpoints.push(c.endpoints[0]), /endpoints\[1\]\.id: "local" is taken/],
    ['a model twice', (c) => c.endpoints[0].models.push({ id: 'small' }), /models\[2\]\.id: "small" stands here twice/],
    ['a misspelt key', (c) => (c.endpoints[0].baseURL = 'x'), /endpoints\[0\]: unknown key "baseURL"; write "baseUrl"/],
    ['an unknown key', (c) => (c.endpoints[0].headers = {}), /unknown key "headers"; known: id, protocol, baseUrl/],
    ['an endpoint name with a slash', (c) => (c.endpoints[0].id = 'a/b'), /endpoints\[0\]\.id: may hold letters/],
    [
      'a model name that turns the line',
      (c) => (c.endpoints[0].models[0].id = 'a\u202eb'),
      /models\[0\]\.id: must be one line/,
    ],
    [
      'a tier with an unknown model',
      (c) => (c.tiers = { simple: { model: 'local/tiny' } }),
      /tiers\.simple\.model: "local\/tiny" is none of/,
    ],
    ['a bound beyond 1', (c) => (c.tiers = { simple: { upTo: 3 } }), /tiers\.simple\.upTo: must be at most 1/],
    ['no endpoints', (c) => delete c.endpoints, /endpoints: is missing/],
    [
      'a sign-in where there is no workspace',
      (c) => (c.endpoints[0].auth = { profile: 'p' }),
      /endpoints\[0\]\.auth: signs in to a Databricks workspace only/,
    ],
    [
      'a version of Azure’s API elsewhere',
      (c) => (c.endpoints[0].apiVersion = '2024-10-21'),
      /endpoints\[0\]\.apiVersion: belongs to Azure OpenAI only/,
    ],
    [
      'two ways to sign in',
      (c) => Object.assign(c.endpoints[0], { protocol: 'databricks', auth: {} }),
      /endpoints\[0\]\.auth: and apiKey are two ways/,
    ],
    [
      'rows for a model that takes prompts',
      (c) => (c.endpoints[0].models[0].pyfuncColumn = 'text'),
      /models\[0\]\.pyfuncColumn: belongs to custom \(pyfunc\) models only/,
    ],
    [
      'a workspace in the clear',
      (c) => Object.assign(c.endpoints[0], { protocol: 'databricks', baseUrl: 'http://dbc-1.cloud.databricks.com' }),
      /baseUrl: .*https/,
    ],
    [
      'the account console',
      (c) =>
        Object.assign(c.endpoints[0], { protocol: 'databricks', baseUrl: 'https://accounts.cloud.databricks.com' }),
      /baseUrl: .*account console/,
    ],
  ])('is refused for %s, with place and advice', (_name, change, message) => {
    expect(changed(change)).toMatch(/^tierwise\.json:\d+:\d+: /);
    expect(changed(change)).toMatch(message);
  });

  it('names line and column of what is wrong', () => {
    expect(refusal('{\n  "endpoints": [],\n  "preference": "speed"\n}')).toMatch(
      /^tierwise\.json:3:17: preference: unknown/,
    );
    expect(refusal('{ "endpoints": [ }')).toMatch(/^tierwise\.json:1:18: not valid JSON: value expected/);
    expect(refusal('')).toMatch(/the file is empty/);
  });

  it.each([
    ['as a text', '"canary-key-81c2"'],
    ['as a field', '{ "value": "canary-key-81c2" }'],
    ['in the place of a name', '{ "env": "canary-key-81c2" }'],
  ])('with a key in it %s is refused, and the key is not repeated', (_name, apiKey) => {
    const message = refusal(
      `{"endpoints":[{"id":"a","protocol":"openai","baseUrl":"http://localhost/v1","models":[],"apiKey":${apiKey}}]}`,
    );
    expect(message).toContain('{"env": "NAME_OF_THE_VARIABLE"}');
    expect(message).not.toContain('canary');
  });

  it('with __proto__ is refused as with any unknown key', () => {
    expect(refusal('{"endpoints":[],"__proto__":{"preference":"cost"}}')).toMatch(/unknown key "__proto__"/);
  });

  it('nested a hundred thousand deep is refused', () => {
    expect(refusal('['.repeat(100_000))).toMatch(/nested too deeply|not valid JSON/);
  });

  it('that cannot be read says why', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tierwise-config-'));
    await expect(loadConfig(join(folder, 'none.json'))).rejects.toThrow(/none\.json: there is no such file/);
    await expect(loadConfig(folder)).rejects.toThrow(/it is a folder/);
    writeFileSync(join(folder, 'utf16.json'), Buffer.from('\ufeff{}', 'utf16le'));
    await expect(loadConfig(join(folder, 'utf16.json'))).rejects.toMatchObject({ code: 'config', message: /UTF-16/ });
  });
});

describe('endpoints in a setting', () => {
  it('are checked one by one, so that one mistake leaves the others usable', () => {
    const { endpoints, problems } = checkEndpoints([
      good.endpoints[0],
      { id: 'broken' },
      { ...good.endpoints[0], id: 'other' },
    ]);
    expect(endpoints.map((endpoint) => endpoint.id)).toEqual(['local', 'other']);
    expect(problems.map((problem) => problem.path[0])).toEqual([1, 1, 1]);
  });
});

describe('keys', () => {
  const { endpoints } = parseConfig(JSON.stringify(good), 'x');
  it('are bound to the origin of their endpoint', () => {
    expect(boundKeys(endpoints, { LOCAL_KEY: ' k-1 \n' })).toEqual([
      { endpoint: 'local', origin: 'http://127.0.0.1:8000', key: 'k-1' },
    ]);
  });
  it('that are not set or cannot be sent are named by variable and endpoint, never by value', () => {
    expect(() => boundKeys(endpoints, {})).toThrow(/LOCAL_KEY is not set.*"local"/);
    expect(() => boundKeys(endpoints, { LOCAL_KEY: 'can\r\nary' })).toThrow(
      /^The environment variable LOCAL_KEY cannot be the key of endpoint "local": it holds/,
    );
  });
});

describe('a benchmark in a configuration', () => {
  const withBenchmark = (benchmark: object) => JSON.stringify({ ...good, benchmark }, undefined, 2);

  it('says load, limits, judge and gates', () => {
    const benchmark = {
      load: { searchRate: { from: 1, to: 50 }, arrivals: 'constant', goodShare: 0.9 },
      slo: { ttftMs: 800 },
      repeats: 3,
      maxTotalTokens: 100_000,
      evaluation: { judge: { model: 'small', rubric: 'It is right.', repeats: 2, pairs: true }, embeddingModel: 'e' },
      gates: ['quality>=0.8'],
      calibrate: false,
    };
    expect(parseConfig(withBenchmark(benchmark), 'x').benchmark).toEqual(benchmark);
  });

  it.each([
    ['two loads', { load: { rate: 1, trace: 'x.csv' } }, /benchmark\.load: rate and trace are different loads/],
    ['a sweep over nothing', { load: { sweep: {} } }, /sweep goes over concurrency or over rate/],
    ['a stage without requests', { load: { sweep: { concurrency: [0] } } }, /concurrency\[0\]: must be at least 1/],
    ['an empty sweep', { load: { sweep: { rate: [] } } }, /sweep\.rate: must not be empty/],
    ['a misspelt load', { load: { Rate: 1 } }, /unknown key "Rate"; write "rate"/],
    ['requests and repeats', { requests: 4, repeats: 2 }, /repeats: and requests both say/],
    ['a judge without a rubric', { evaluation: { judge: { model: 'm' } } }, /judge\.rubric: is missing/],
    ['an SLO of nothing', { slo: { ttftMs: 0 } }, /slo\.ttftMs: must be more than 0/],
  ])('is refused for %s', (_name, benchmark, message) => {
    expect(refusal(withBenchmark(benchmark))).toMatch(message);
  });
});
