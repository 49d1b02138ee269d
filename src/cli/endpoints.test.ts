import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { buildCli, type Cli, everythingIn } from '../../test/spawned-cli.ts';

const token = 'dapi-canary-7d21e5';
const sample = readFileSync(
  new URL('../../test/fixtures/databricks/serving-endpoints-list.json', import.meta.url),
  'utf8',
);
let cli: Cli;
let server: Server;
let host: string;
/** Requests that the workspace has had. */
let requests: string[] = [];
/** Model services of the AI gateway; undefined: the workspace has none. */
let services: readonly object[] | undefined;

beforeAll(async () => {
  cli = await buildCli();
  server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    if (request.headers.authorization !== `Bearer ${token}`) {
      response.writeHead(401).end(`{"error_code":"UNAUTHENTICATED","message":"${request.headers.authorization}"}`);
    } else if (request.url === '/api/2.0/serving-endpoints') {
      response.end(sample);
    } else if (request.url?.startsWith('/api/2.1/unity-catalog/model-services') === true) {
      if (services === undefined) response.writeHead(404).end('{"error_code":"ENDPOINT_NOT_FOUND","message":"No API"}');
      else response.end(JSON.stringify({ model_services: services }));
    } else {
      const name = request.url?.split('/').at(-1);
      response.end(JSON.stringify(JSON.parse(sample).endpoints.find((one: { name: string }) => one.name === name)));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  host = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}, 60_000);
afterAll(() => {
  cli.stop();
  server.closeAllConnections();
  server.close();
});

const databricks = (args: readonly string[] = [], env: Record<string, string> = { DATABRICKS_TOKEN: token }) =>
  cli.run(['endpoints', '--databricks', ...(args.includes('--profile') ? [] : ['--host', `${host}/?o=1`]), ...args], {
    env,
  });

describe('tierwise endpoints --databricks', () => {
  it('lists what the workspace serves, with state, task and prices', async () => {
    const { code, stdout, stderr } = await databricks();
    expect(code).toBe(0);
    expect(stderr).toBe(`${host}, with the personal access token from DATABRICKS_TOKEN.\n`);
    expect(stdout).toMatch(/^endpoint +task +kind +state +input \$\/M +output \$\/M +price from\n/);
    expect(stdout).toMatch(
      /\ndatabricks-gpt-oss-20b +chat +foundation +ready +\$0\.07 +\$0\.30 +workspace, \d{4}-\d\d-\d\d\n/,
    );
    expect(stdout).toMatch(/\ndatabricks-claude-opus-4-8 +chat +foundation +ready +unknown +unknown\n/);
    expect(stdout).toMatch(/\nmas-agent-endpoint +agent +agent +ready/);
  });

  it('takes another rate for a DBU, and prints JSON', async () => {
    const { stdout } = await databricks(['--json', '--dbu-rate', '0.14']);
    const { workspace, signIn, endpoints } = JSON.parse(stdout);
    expect([workspace, signIn.kind, endpoints.length]).toEqual([host, 'pat', 22]);
    const found = endpoints.find(({ name }: { name: string }) => name === 'databricks-gpt-oss-20b');
    expect(found.prices).toMatchObject({ inputUsd: 0.14, outputUsd: 0.6 });
    expect(stdout).not.toContain(token);
  });

  it('signs in with a profile, and writes it into the configuration without losing a comment', async () => {
    const home = join(cli.folder, 'profiles');
    mkdirSync(home, { recursive: true });
    writeFileSync(join(home, '.databrickscfg'), `[my.ws]\nhost = ${host}\ntoken = ${token}\n`);
    const config = cli.file('mine.jsonc', '{ // keep me\n  "endpoints": []\n}\n');
    const { code, stderr } = await databricks(['--profile', 'my.ws', '--add', config], { HOME: home });
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/mine\.jsonc: "databricks" has 21 new models\./);
    expect(stderr).toMatch(/Left out.*mas-agent-endpoint/);
    const text = readFileSync(config, 'utf8');
    expect(text).toMatch(/^\{ \/\/ keep me\n/);
    expect(text).toContain('"profile": "my.ws"');

    const listed = await cli.run(['endpoints', '--config', config], { env: { HOME: home } });
    expect(listed).toMatchObject({ code: 0, stderr: '' });
    expect(listed.stdout).toMatch(
      /\ndatabricks +databricks +http:\/\/127\.0\.0\.1:\d+ +personal access token from the profile "my\.ws".* +21 models\n/,
    );
    const models = await cli.run(['models', '--config', config]);
    expect(models.stdout).toMatch(
      /\ndatabricks\/databricks-gte-large-en +embeddings +\$0\.13 +\$0\.13 +workspace, \d{4}-\d\d-\d\d +unknown\n/,
    );
    const json = JSON.parse((await cli.run(['models', '--config', config, '--json'])).stdout);
    expect(json[0]).toMatchObject({ ref: 'databricks/my-custom-endpoint', task: 'pyfunc' });
    expect(text + listed.stdout + models.stdout).not.toContain(token);
  });

  it('lists the model services of the AI gateway too, and writes those that can be asked', async () => {
    const service = (name: string, ...types: string[]) => ({
      name: `model-services/system.ai.${name}`,
      supported_api_types: types,
    });
    services = [service('gpt-oss-120b', 'chat'), service('gte', 'embeddings'), service('painter', 'images')];
    onTestFinished(() => {
      services = undefined;
    });
    const config = cli.file('gateway.json', { endpoints: [] });
    const { stdout, stderr } = await databricks(['--add', config]);
    expect(stdout).toMatch(/\nsystem\.ai\.gpt-oss-120b +chat +gateway +ready +unknown +unknown\n/);
    expect(stderr).toMatch(/has 23 new models\./);
    expect(stderr).toMatch(/Left out.*system\.ai\.painter/);
    const { models } = JSON.parse(readFileSync(config, 'utf8')).endpoints[0];
    expect(models.slice(-2)).toEqual([{ id: 'system.ai.gpt-oss-120b' }, { id: 'system.ai.gte', task: 'embeddings' }]);
  });

  it('says nothing of a gateway that is not there, but in JSON', async () => {
    expect((await databricks()).stderr).not.toMatch(/gateway/);
    expect(JSON.parse((await databricks(['--json'])).stdout).notes).toEqual([
      expect.stringMatching(/no model services of the Unity AI gateway/),
    ]);
  });

  it('says what a name of elsewhere means, and exits 1 when nothing fits', async () => {
    const found = await databricks(['--resolve', 'databricks-meta-llama-3-1-70b-instruct']);
    expect(found.stdout).toMatch(/^databricks-meta-llama-3-3-70b-instruct\n {2}Llama 3\.1 70B was retired/);
    const none = await databricks(['--resolve', 'gpt-4o', '--json']);
    expect(none.code).toBe(1);
    expect(JSON.parse(none.stdout).resolved).toMatchObject({ model: null, how: 'none' });
  });

  it('that is refused exits 3, and the token is nowhere', async () => {
    const { code, stdout, stderr } = await databricks([], { DATABRICKS_TOKEN: 'dapi-canary-wrong' });
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toMatch(/refused the personal access token from DATABRICKS_TOKEN/);
    expect(stderr).not.toContain('canary');
  });

  it.each<[string[], RegExp]>([
    [[], /Give one of --config FILE, --databricks and --discover/],
    [['--databricks', '--discover'], /Give one of/],
    [['--discover', '--profile', 'p'], /--profile belongs to --databricks/],
    [['--config', 'x', '--add', 'y'], /--add belongs to/],
    [['--databricks', '--id', 'a/b'], /--id may hold letters/],
    [['--databricks', '--host', 'https://accounts.cloud.databricks.com'], /account console/],
    [['--databricks', '--host', 'https://dbc-1.cloud.databricks.com', '--profile', 'none'], /no profile "none"/],
  ])('%j exits 2 and says what to do', async (args, message) => {
    const { code, stderr } = await cli.run(['endpoints', ...args]);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });
});

describe('tierwise endpoints --config', () => {
  it('tells what is missing, endpoint by endpoint, and exits 2', async () => {
    const config = cli.file('problems.json', {
      endpoints: [
        { id: 'fine', protocol: 'openai', baseUrl: 'http://localhost:1/v1', models: [{ id: 'a' }] },
        { id: 'keyless', protocol: 'openai', baseUrl: 'https://a.example/v1', apiKey: { env: 'NOT_SET' }, models: [] },
        { id: 'clear', protocol: 'openai', baseUrl: 'http://a.example/v1', models: [] },
        { id: 'ws', protocol: 'databricks', baseUrl: 'https://dbc-1.cloud.databricks.com', models: [] },
      ],
    });
    const { code, stdout } = await cli.run(['endpoints', '--config', config, '--json'], { env: { PATH: '/nowhere' } });
    expect(code).toBe(2);
    const problems = Object.fromEntries(JSON.parse(stdout).map((one: any) => [one.id, one.problems.join(' ')]));
    expect(problems.fine).toBe('');
    expect(problems.keyless).toMatch(/NOT_SET is not set/);
    expect(problems.clear).toMatch(/unencrypted/);
    expect(problems.ws).toMatch(/Endpoint "ws": The Databricks CLI \(databricks\) is not in the PATH/);
  });
});

describe('a run of a workspace', () => {
  const config = () =>
    cli.file('ws.json', { endpoints: [{ id: 'ws', protocol: 'databricks', baseUrl: host, models: [{ id: 'm' }] }] });
  const env = () => ({ DATABRICKS_HOST: host, DATABRICKS_TOKEN: token });

  it('with a model of the course that is not configured is told how to find its successor', async () => {
    const args = [
      '--config',
      config(),
      '--prompts',
      cli.file('p.txt', 'Hi'),
      '--out',
      'none',
      '--models',
      'databricks-dbrx-instruct',
    ];
    const { code, stderr } = await cli.run(['bench', ...args], { env: env() });
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /no model "databricks-dbrx-instruct".*endpoints --databricks --resolve databricks-dbrx-instruct/,
    );
  });

  it('is resumed only with a configuration that vouches for the workspace; a folder alone signs in to nothing', async () => {
    const prompts = cli.file('one.jsonl', '{"prompt":"Hi"}\n');
    const begun = await cli.run(
      ['bench', '--config', config(), '--prompts', prompts, '--out', 'ws-run', '--time-limit', '1', '--yes'],
      { env: env() },
    );
    expect(begun.stderr + begun.stdout).not.toContain(token);
    const manifest = join(cli.folder, 'ws-run', 'manifest.json');
    const state = { ...JSON.parse(readFileSync(manifest, 'utf8')), state: 'cancelled' };
    writeFileSync(manifest, JSON.stringify(state));
    const elsewhere = cli.file('else.json', {
      endpoints: [{ id: 'ws', protocol: 'databricks', baseUrl: 'https://dbc-1.cloud.databricks.com', models: [] }],
    });
    const spoken = cli.file('spoken.json', {
      endpoints: [{ id: 'ws', protocol: 'openai', baseUrl: host, models: [] }],
    });
    for (const [args, message] of [
      [
        [],
        /would sign in to http:\/\/127\.0\.0\.1:\d+ \(endpoint "ws"\), but the folder alone may not say so.*--config FILE/,
      ],
      [['--config', elsewhere], /in .*else\.json "ws" is at https:\/\/dbc-1/],
      [['--config', spoken], /with the protocol openai/],
    ] as const) {
      requests = [];
      const { code, stderr } = await cli.run(['resume', 'ws-run', ...args], { env: env() });
      expect([code, requests]).toEqual([2, []]);
      expect(stderr).toMatch(message);
    }
    expect(everythingIn(join(cli.folder, 'ws-run'))).not.toContain(token);
  });
});
