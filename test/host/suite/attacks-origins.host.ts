import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'mocha';
import * as vscode from 'vscode';
import { startWorkspace } from '../../services/databricks/workspace.ts';
import {
  answerPage,
  benchmark,
  command,
  endpointAt,
  lastRun,
  runFolders,
  runPrompt,
  saveKey,
  withEnvironment,
  words,
} from './acts.ts';
import type { Answers, Asked } from './person.ts';
import { chatAnswer, json, type Recorded, type Recorder, startRecorder } from './recorder.ts';
import { closeEditors, tierwise, until, withSetting } from './tierwise.ts';

const key = 'sk-canary-origin-9Xk2Lm';

/** Every header in which a key could travel. */
function keysIn({ headers }: Recorded): unknown[] {
  return [headers.authorization, headers['x-api-key'], headers['api-key']].filter((value) => value !== undefined);
}

describe('Attack 5, an endpoint whose address has changed:', () => {
  let old: Recorder;
  let other: Recorder;
  before(async () => {
    old = await startRecorder();
    other = await startRecorder();
  });
  after(() => {
    old.stop();
    other.stop();
  });
  afterEach(async () => {
    await closeEditors();
    await withSetting('tierwise.endpoints', [endpointAt('moved', 'openai', `${old.origin}/v1`)], async () => {
      await command('removeApiKey', {}, 'moved');
    });
  });

  /** What can be done with an endpoint, and how its address follows from an origin. */
  const acts: Record<string, { at: (origin: string) => object; act: (answers: Answers) => Promise<Asked[]> }> = {
    'Run Prompt': { at: (origin) => endpointAt('moved', 'openai', `${origin}/v1`), act: runPrompt },
    'a benchmark': {
      at: (origin) => endpointAt('moved', 'openai', `${origin}/v1`),
      act: (answers) => benchmark(['moved/first'], answers),
    },
    'the list of a workspace': {
      at: (origin) => endpointAt('moved', 'databricks', origin, ['first'], { auth: { type: 'pat' } }),
      act: (answers) => command('connectWorkspace', answers),
    },
  };

  for (const [name, { at, act }] of Object.entries(acts)) {
    it(`${name} does not send the key there before the person agrees, and refusing sends nothing`, async () => {
      await withSetting('tierwise.endpoints', [at(old.origin)], () => saveKey('moved', key));
      const origins = [other.origin, `http://localhost:${old.port}`, `https://127.0.0.1:${old.port}`];
      for (const origin of origins) {
        const before = await runFolders();
        await withSetting('tierwise.endpoints', [at(origin)], async () => {
          for (const answer of [undefined, 'Set Another Key']) {
            old.forget();
            other.forget();
            const asked = await act({ showWarningMessage: () => answer });
            const question = asked.find(({ text }) => text.includes('has a new address'));
            assert.ok(question, `${origin}: ${words(asked)}`);
            assert.ok(question.detail.includes(old.origin) && question.detail.includes(origin), question.detail);
            if (answer) assert.match(asked.at(-1)?.text ?? '', /Set the key of endpoint "moved"/);
            assert.deepEqual([old.connections, other.connections], [0, 0], `${origin}: something was sent`);
          }
        });
        assert.deepEqual(await runFolders(), before);
      }
    }).timeout(90_000);

    it(`${name} sends the key there once the person agrees, and to the old address no more`, async () => {
      old.forget();
      other.forget();
      await withSetting('tierwise.endpoints', [at(old.origin)], () => saveKey('moved', key));
      await withSetting('tierwise.endpoints', [at(other.origin)], async () => {
        await act({ showWarningMessage: () => 'Send Saved Key There' });
      });
      assert.ok(other.requests.length > 0);
      for (const request of other.requests) assert.deepEqual(keysIn(request), [`Bearer ${key}`]);
      await withSetting('tierwise.endpoints', [at(old.origin)], async () => {
        assert.match(words(await act({})), /has a new address/);
      });
      assert.equal(old.connections, 0);
    }).timeout(90_000);
  }

  it('a run is not resumed at another address than the one it was made at', async () => {
    const { at } = acts['a benchmark']!;
    await withSetting('tierwise.endpoints', [at(old.origin)], async () => {
      await saveKey('moved', key);
      old.answer = (_, response) =>
        void response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
      old.forget();
      const before = new Set(await runFolders());
      const running = benchmark(['moved/first']);
      await until('a request', () => old.requests.length > 0);
      const id = (await runFolders()).find((one) => !before.has(one));
      await command('cancelRun', {}, id);
      await running;
      old.answer = chatAnswer();
    });
    const { id, manifest } = await lastRun();
    assert.equal(manifest.state, 'cancelled');
    await withSetting('tierwise.endpoints', [at(other.origin)], async () => {
      old.forget();
      other.forget();
      const asked = await command('resumeRun', { showWarningMessage: () => 'Send Saved Key There' }, id);
      assert.match(words(asked), /which is not configured so/);
      assert.deepEqual([old.connections, other.connections], [0, 0]);
    });
  }).timeout(90_000);
});

describe('Attack 6, a redirect to another address:', () => {
  const statuses = [301, 302, 303, 307, 308];
  let from: Recorder;
  let to: Recorder;
  before(async () => {
    from = await startRecorder();
    to = await startRecorder();
  });
  after(() => {
    from.stop();
    to.stop();
  });
  afterEach(closeEditors);

  const redirect = (status: number, { url }: Recorded, response: ServerResponse) =>
    response.writeHead(status, { location: to.origin + url }).end();

  /** The other address was not even connected to, and the person is told of it. */
  function refused(said: string, what: string): void {
    assert.equal(to.connections, 0, `${what}: the redirect was followed`);
    assert.match(said, /redirect/, what);
    assert.ok(said.includes(to.origin), `${what}: ${said}`);
    assert.doesNotMatch(said, new RegExp(key), what);
  }

  for (const [protocol, path, header] of [
    ['openai', '/v1', 'authorization'],
    ['anthropic', '', 'x-api-key'],
    ['azure-openai', '/openai/v1', 'api-key'],
  ] as const) {
    it(`a chat of ${protocol} does not follow it, and ${header} goes nowhere else`, () =>
      withSetting('tierwise.endpoints', [endpointAt('led', protocol, from.origin + path)], async () => {
        await saveKey('led', key);
        for (const status of statuses) {
          from.forget();
          from.answer = (request, response) => redirect(status, request, response);
          const asked = await runPrompt();
          assert.equal(from.requests.length, 1);
          assert.ok(String(from.requests[0]?.headers[header]).endsWith(key), 'the key was sent where it belongs');
          refused(words(asked), `${status}`);
          refused(await answerPage(), `${status} on the page`);
          await closeEditors();
        }
        await command('removeApiKey', {}, 'led');
      })).timeout(60_000);
  }

  it('the measuring process does not follow it: each record says so', () =>
    withSetting(
      'tierwise.endpoints',
      [
        endpointAt(
          'led',
          'openai',
          `${from.origin}/v1`,
          statuses.map((status) => `r${status}`),
        ),
      ],
      async () => {
        await saveKey('led', key);
        from.forget();
        from.answer = (request, response) =>
          redirect(Number(/"model":"r(\d+)"/.exec(request.body)?.[1]), request, response);
        await benchmark(statuses.map((status) => `led/r${status}`));
        const { records } = await lastRun();
        assert.ok(from.requests.length >= records.length && records.length >= 50, `${records.length} records`);
        for (const record of records) {
          assert.equal(record.error?.code, 'redirect', JSON.stringify(record));
          refused(record.error.message, record.model);
        }
        await command('removeApiKey', {}, 'led');
      },
    )).timeout(60_000);

  it('lists of models do not follow it, whatever header carries the key', async () => {
    for (const kind of ['OpenAI-compatible', 'Anthropic', 'Azure OpenAI', 'Ollama']) {
      for (const status of statuses) {
        from.forget();
        from.answer = (request, response) => redirect(status, request, response);
        const asked = await command('addEndpoint', {
          showQuickPick: () => kind,
          showInputBox: ({ text }) =>
            /^Address/.test(text)
              ? from.origin + (kind === 'OpenAI-compatible' ? '/v1' : kind === 'Azure OpenAI' ? '/openai/v1' : '')
              : /call it/.test(text)
                ? 'led'
                : key,
        });
        assert.ok(from.requests.length > 0, `${kind} ${status}: ${words(asked)}`);
        refused(words(asked), `${kind} ${status}`);
      }
    }
    const settings = vscode.workspace.getConfiguration('tierwise');
    assert.deepEqual(settings.inspect('endpoints')?.globalValue ?? [], []);
  }).timeout(60_000);

  it('the search for local servers does not follow it', () =>
    withSetting('tierwise.discovery.ports', [from.port], async () => {
      for (const status of statuses) {
        from.forget();
        from.answer = (request, response) => redirect(status, request, response);
        assert.match(words(await command('discoverLocal')), /found no model server/);
        assert.ok(from.requests.length > 0);
        assert.equal(to.connections, 0);
      }
    }));

  it('the list of a workspace does not follow it', () =>
    withSetting(
      'tierwise.endpoints',
      [endpointAt('led', 'databricks', from.origin, ['first'], { auth: { type: 'pat' } })],
      async () => {
        await saveKey('led', key);
        for (const status of statuses) {
          from.forget();
          from.answer = (request, response) => redirect(status, request, response);
          const asked = await command('connectWorkspace');
          assert.ok(keysIn(from.requests[0]!).length === 1);
          refused(words(asked), `${status}`);
        }
        await command('removeApiKey', {}, 'led');
      },
    ));

  it('the sign-in of a service principal does not follow it, nor a token address on another host', () =>
    withEnvironment(
      { DATABRICKS_HOST: from.origin, DATABRICKS_CLIENT_ID: 'canary-client', DATABRICKS_CLIENT_SECRET: key },
      () =>
        withSetting('tierwise.endpoints', [endpointAt('led', 'databricks', from.origin)], async () => {
          for (const status of statuses) {
            for (const path of ['/oidc/.well-known/oauth-authorization-server', '/oidc/v1/token']) {
              from.forget();
              from.answer = (request, response) =>
                request.url === path
                  ? redirect(status, request, response)
                  : json({ token_endpoint: `${from.origin}/oidc/v1/token` })(response);
              const asked = await runPrompt();
              assert.equal(from.requests.at(-1)?.url, path);
              refused(words(asked), `${status} of ${path}`);
              await closeEditors();
            }
          }
          from.answer = (_, response) => json({ token_endpoint: `${to.origin}/oidc/v1/token` })(response);
          assert.match(words(await runPrompt()), /sent to another host, which is not done/);
          assert.equal(to.connections, 0);
        }),
    )).timeout(60_000);
});

describe('A workspace whose certificate nobody vouches for', () => {
  it('gets no token, by prompt, list or benchmark, also where the check of certificates is switched off for proxies', async () => {
    const folder = join((await tierwise()).extension.extensionPath, 'test', 'fixtures', 'tls');
    const pem = (kind: string) => readFileSync(join(folder, `test-only-localhost.${kind}.pem`), 'utf8');
    const workspace = await startWorkspace({ tls: { key: pem('key'), cert: pem('cert') } });
    const lake = endpointAt('lake', 'databricks', workspace.host, ['databricks-gpt-oss-20b'], {
      auth: { type: 'pat' },
    });
    try {
      for (const strict of [true, false]) {
        await withSetting('http.proxyStrictSSL', strict, () =>
          withSetting('tierwise.endpoints', [lake], async () => {
            await saveKey('lake', workspace.token);
            for (const act of [
              runPrompt,
              () => command('connectWorkspace'),
              () => benchmark([`lake/databricks-gpt-oss-20b`]),
            ]) {
              const asked = await act();
              if (act === runPrompt) assert.match(words(asked), /certificate/);
              assert.deepEqual(workspace.requests, [], `strict: ${strict}`);
              await closeEditors();
            }
            await command('removeApiKey', {}, 'lake');
          }),
        );
      }
    } finally {
      await workspace.stop();
    }
  }).timeout(60_000);
});
