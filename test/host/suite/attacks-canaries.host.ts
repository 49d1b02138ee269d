import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join, resolve } from 'node:path';
import { after, afterEach, before, describe, it } from 'mocha';
import * as vscode from 'vscode';
import { answerPage, benchmark, command, endpointAt, lastRun, runPrompt, saveKey, withEnvironment } from './acts.ts';
import type { Asked } from './person.ts';
import { event, json, type Recorded, type Recorder, startRecorder } from './recorder.ts';
import { closeEditors, tierwise, withSetting, workspaceFolder } from './tierwise.ts';

/** Keys that no pattern knows: only who knows the key itself can find it. */
const keys = {
  bearer: 'Kc9+vWx2Qw7/Tn5YbRd8',
  xApiKey: 'Zm4/Lp6+Hs1CfVg3JkNq',
  apiKey: 'Ua7+Eo2/Xi5BdMw9RtPc',
  // Databricks' own form.
  pat: 'dapi0f1e2d3c4b5a69788796a5b4c3d2e1f0',
  clientSecret: 'Gy8/Dn3+Ks6TzWq1LvHb',
  accessToken: 'Yb5+Rf9/Ce2NmJx7SgAo',
};

/** A key as it is, and as addresses and headers write it. */
function forms(key: string): string[] {
  return [key, encodeURIComponent(key), Buffer.from(key).toString('base64').replace(/=+$/, '')];
}

/** Where the stranger's server puts the key that it was sent. Names of models, so that one benchmark asks for all. */
const echoes = ['text', 'tool', 'whole', 'error', 'midstream', 'malformed', 'headers', 'redirect', 'encoding'] as const;

/** The key of a request, by whichever header it came. */
function keyOf({ headers }: Recorded): string {
  const basic = /^Basic (.+)$/.exec(headers.authorization ?? '')?.[1];
  if (basic) return decodeURIComponent(Buffer.from(basic, 'base64').toString().split(':')[1] ?? '');
  const bearer = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1];
  return bearer ?? String(headers['x-api-key'] ?? headers['api-key'] ?? '');
}

/** Says the key in every form. */
const told = (key: string) => `I know ${forms(key).join(' and ')}, user:${key} as ${btoa(`user:${key}`)}`;

/** Answers with the key in it, in the words of OpenAI or of Anthropic. */
function echo(request: Recorded, response: ServerResponse): void {
  const key = keyOf(request);
  const how = echoes.find((one) => `${request.url}${request.body}`.includes(`echo-${one}`));
  const usage = { prompt_tokens: 9, completion_tokens: 4, total_tokens: 13 };
  const streaming = (headers: Readonly<Record<string, string>> = {}) =>
    response.writeHead(200, { 'content-type': 'text/event-stream', 'x-request-id': key, ...headers });
  const pieces = (`The key is ${key}. `.match(/[\s\S]{1,5}/g) ?? []).slice();
  const anthropic = request.url.includes('/messages');
  if (how === 'error') {
    json({ error: { message: told(key), code: key, type: key } }, { 'x-request-id': key }, 401)(response);
  } else if (how === 'redirect') {
    response.writeHead(302, { location: `https://${key}.example/?key=${encodeURIComponent(key)}` }).end();
  } else if (how === 'encoding') {
    response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': key }).end('x');
  } else if (how === 'malformed') {
    streaming().end(`data: {${'x'.repeat(60)} ${told(key)}\n\n`);
  } else if (how === 'midstream') {
    streaming();
    event(response, { type: 'error', error: { message: told(key), code: key, type: key } }, 'error');
    response.end();
  } else if (how === 'whole') {
    const content = anthropic ? [{ type: 'text', text: pieces.join('') }] : pieces.join('');
    const message = anthropic
      ? { type: 'message', model: key, content, stop_reason: key, usage: {} }
      : { model: key, choices: [{ message: { content }, finish_reason: key }], usage };
    json(message)(response);
  } else if (anthropic) {
    streaming({ 'x-echo': key });
    event(response, { type: 'message_start', message: { model: key, usage: { input_tokens: 9 } } }, 'message_start');
    for (const text of pieces) {
      const delta = how === 'tool' ? { type: 'thinking_delta', thinking: text } : { type: 'text_delta', text };
      event(response, { type: 'content_block_delta', index: 0, delta }, 'content_block_delta');
    }
    const delta = { stop_reason: key };
    event(response, { type: 'message_delta', delta, usage: { output_tokens: 4 } }, 'message_delta');
    event(response, { type: 'message_stop' }, 'message_stop');
    response.end();
  } else {
    streaming({ 'served-model-name': key, 'x-echo': key });
    for (const text of pieces) {
      const call = { index: 0, id: key, type: 'function', function: { name: key, arguments: text } };
      const delta = how === 'tool' ? { tool_calls: [call], reasoning_content: text } : { content: text };
      event(response, { id: key, ...(how !== 'headers' && { model: key }), choices: [{ delta }] });
    }
    event(response, { choices: [{ delta: {}, finish_reason: key }], usage });
    response.end('data: [DONE]\n\n');
  }
}

/** Every file below some folders that holds one of these texts, with which. */
function holding(texts: readonly string[], folders: readonly string[]): string[] {
  return folders.filter(existsSync).flatMap((folder) =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .flatMap((file) => {
        const content = readFileSync(file);
        return texts.filter((text) => content.includes(text)).map((text) => `${file}: ${text}`);
      }),
  );
}

describe('Attack 20, a key that comes back from a server, is nowhere:', () => {
  let server: Recorder;
  before(async () => {
    server = await startRecorder(echo);
  });
  after(() => server.stop());
  afterEach(async () => {
    await closeEditors();
    server.answer = echo;
  });

  /** Searches what was asked and shown, every open document, and every file that this VS Code has written. */
  async function nowhere(key: string, asked: readonly Asked[]): Promise<void> {
    const shown = [
      ...asked.map((one) => JSON.stringify(one)),
      ...vscode.workspace.textDocuments.map((one) => one.getText()),
    ];
    const { testing } = await tierwise();
    shown.push(...(await testing.workspaceRows()), testing.statusText() ?? '');
    for (const form of forms(key)) {
      for (const text of shown) assert.ok(!text.includes(form), `shown: ${text}`);
    }
    // Written to disk are settings, state, logs, records and exports.
    const everything = resolve(testing.folders[0] ?? '', '..', '..', '..');
    assert.deepEqual(holding(forms(key), [everything, ...testing.folders, workspaceFolder()]), []);
    const settings = JSON.stringify(vscode.workspace.getConfiguration().inspect('tierwise.endpoints'));
    for (const form of forms(key)) assert.ok(!settings.includes(form), settings);
  }

  /** Meets every echo by a prompt and by a benchmark, and exports the report in every format. */
  async function meetAll(id: string, key: string): Promise<void> {
    const asked: Asked[] = [];
    const models = echoes.map((one) => `echo-${one}`);
    const setting = vscode.workspace.getConfiguration('tierwise');
    const configured = setting.get<{ models: object[] }[]>('endpoints') ?? [];
    const only = (names: readonly string[]) =>
      setting.update(
        'endpoints',
        configured.map((one) => ({
          ...one,
          models: names.map((name) => ({ id: name, inputPrice: 0.001, outputPrice: 0.001 })),
        })),
        vscode.ConfigurationTarget.Global,
      );
    for (const model of models) {
      await only([model]);
      server.forget();
      asked.push(...(await runPrompt()));
      assert.ok(
        server.requests.some((request) => keyOf(request) === key),
        `${model}: the key was sent`,
      );
      const page = await answerPage(model);
      if (/text|headers|whole/.test(model)) assert.match(page, /The key is \[redacted\]/, model);
      if (/error|midstream|malformed|redirect|encoding/.test(model)) assert.match(page, /failed: /, model);
    }
    await nowhere(key, asked);
    await only(models);
    asked.push(...(await benchmark(models.map((model) => `${id}/${model}`))));
    const { id: run, records } = await lastRun();
    const met = new Set(records.map(({ model }) => model));
    assert.equal(met.size, models.length);
    assert.match(JSON.stringify(records), /\[redacted\]/);
    for (const format of ['html', 'md', 'csv', 'json']) {
      const file = vscode.Uri.file(join(workspaceFolder(), `canary.${format}`));
      asked.push(...(await command('exportReport', { showSaveDialog: () => file }, run, format)));
      assert.match(readFileSync(file.fsPath, 'utf8'), /echo-text/);
    }
    await nowhere(key, asked);
    for (const format of ['html', 'md', 'csv', 'json']) rmSync(join(workspaceFolder(), `canary.${format}`));
  }

  for (const [id, protocol, path, key] of [
    ['bearer', 'openai', '/v1', keys.bearer],
    ['x-api-key', 'anthropic', '', keys.xApiKey],
    ['api-key', 'azure-openai', '/openai/v1', keys.apiKey],
    ['pat', 'databricks', '', keys.pat],
  ] as const) {
    it(`${id} of ${protocol}`, () => {
      const auth = protocol === 'databricks' ? { auth: { type: 'pat' } } : {};
      const endpoint = endpointAt(id, protocol, server.origin + path, ['echo-text'], auth);
      return withSetting('tierwise.benchmark.requests', 1, () =>
        withSetting('tierwise.endpoints', [endpoint], async () => {
          await saveKey(id, key);
          await meetAll(id, key);
          await command('removeApiKey', {}, id);
        }),
      );
    }).timeout(90_000);
  }

  it('the secret of a service principal, and the token that it is traded for', () =>
    withEnvironment(
      {
        DATABRICKS_HOST: server.origin,
        DATABRICKS_CLIENT_ID: 'client-0123',
        DATABRICKS_CLIENT_SECRET: keys.clientSecret,
      },
      () =>
        withSetting('tierwise.benchmark.requests', 1, () =>
          withSetting('tierwise.endpoints', [endpointAt('oauth', 'databricks', server.origin)], async () => {
            // Refused first, with the secret and the whole header in the refusal.
            server.answer = (request, response) => {
              const key = keyOf(request);
              const error_description = `${told(key)}, ${request.headers.authorization}`;
              json(
                { error: 'invalid_client', error_description, message: key },
                { 'x-request-id': key },
                400,
              )(response);
            };
            const asked = await runPrompt();
            assert.equal(asked[0]?.kind, 'showErrorMessage');
            await nowhere(keys.clientSecret, asked);
            server.answer = (request, response) => {
              if (!request.url.startsWith('/oidc/')) echo(request, response);
              else json({ access_token: keys.accessToken, token_type: 'Bearer', expires_in: 3600 })(response);
            };
            await meetAll('oauth', keys.accessToken);
            await nowhere(keys.clientSecret, []);
          }),
        ),
    )).timeout(90_000);

  it('a key that a list names as a model is in no choice and in no setting', async () => {
    server.answer = (request, response) =>
      json({ object: 'list', data: [{ id: `model-${keyOf(request)}` }, { id: keyOf(request) }] })(response);
    await withSetting('tierwise.endpoints', [], async () => {
      for (const [kind, path, key] of [
        ['OpenAI-compatible', '/v1', keys.bearer],
        ['Anthropic', '', keys.xApiKey],
      ] as const) {
        server.forget();
        const picked: unknown[] = [kind, ['model-'], 'Finish without prices'];
        const asked = await command('addEndpoint', {
          showQuickPick: () => picked.shift(),
          showInputBox: ({ text }) =>
            /^Address/.test(text) ? server.origin + path : /call it/.test(text) ? `listed-${kind}` : key,
        });
        assert.equal(keyOf(server.requests[0]!), key);
        assert.match(JSON.stringify(asked), /model-\[redacted\]/, kind);
        await nowhere(key, asked);
        await command('removeApiKey', {}, `listed-${kind}`);
      }
    });
  }).timeout(60_000);

  it('a token that a workspace names as a serving endpoint is in no row and in no setting', () =>
    withSetting(
      'tierwise.endpoints',
      [endpointAt('lake', 'databricks', server.origin, ['first'], { auth: { type: 'pat' } })],
      async () => {
        await saveKey('lake', keys.pat);
        server.answer = (request, response) => {
          const name = keyOf(request);
          const state = { ready: 'READY', config_update: 'NOT_UPDATING' };
          json({ endpoints: [{ name, task: 'llm/v1/chat', state, creator: name, id: name }] })(response);
        };
        const asked = await command('connectWorkspace');
        assert.match((await (await tierwise()).testing.workspaceRows()).join('\n'), /redacted/);
        await command('addReadyServingEndpoints', {}, { endpointId: 'lake' });
        await nowhere(keys.pat, asked);
        await command('removeApiKey', {}, 'lake');
      },
    ));
});
