import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import * as vscode from 'vscode';
import { type Loopback, startLoopback } from './loopback.ts';
import { type Asked, answering } from './person.ts';
import { withSetting } from './tierwise.ts';

/** What the settings hold now. */
function written(): unknown {
  return vscode.workspace.getConfiguration('tierwise').inspect('endpoints')?.globalValue;
}

/** Adds an endpoint: chooses the kind, ticks models, and types the answers in their order. */
async function add(kind: string, typed: (string | undefined)[], models: string[]): Promise<Asked[]> {
  const picked: unknown[] = [kind, models, 'Finish without prices'];
  return answering({ showQuickPick: () => picked.shift(), showInputBox: () => typed.shift() }, () =>
    vscode.commands.executeCommand('tierwise.addEndpoint'),
  );
}

describe('Kinds of endpoints', () => {
  let server: Loopback;
  afterEach(async () => {
    server?.stop();
    await vscode.commands.executeCommand('tierwise.removeApiKey', 'added').then(undefined, () => {});
  });

  it('are asked for first', () =>
    withSetting('tierwise.endpoints', [], async () => {
      const [asked] = await answering({}, () => vscode.commands.executeCommand('tierwise.addEndpoint'));
      assert.deepEqual(
        asked?.offered.map((label) => label.split(' | ')[0]),
        [
          'OpenAI-compatible',
          'OpenAI Responses',
          'Azure OpenAI',
          'Anthropic',
          'Ollama',
          'Databricks workspace',
          'Discover local servers',
          'Models of VS Code',
        ],
      );
    }));

  it('Ollama: lists the models of its server', () =>
    withSetting('tierwise.endpoints', [], async () => {
      server = await startLoopback({ '/api/tags': { models: [{ name: 'llama3.2:3b', model: 'llama3.2:3b' }] } });
      const asked = await add('Ollama', [server.origin, 'added', ''], ['llama3.2:3b']);
      assert.deepEqual(asked.map(({ text }) => text).slice(0, 3), [
        'What do you want to add?',
        'Address of the Ollama server',
        'What do you call it? Models are then named endpoint/model.',
      ]);
      assert.deepEqual(written(), [
        { id: 'added', protocol: 'ollama', baseUrl: server.origin, models: [{ id: 'llama3.2:3b' }] },
      ]);
    }));

  it('Anthropic: its models come by its own list, with its own key header', () =>
    withSetting('tierwise.endpoints', [], async () => {
      const list = { data: [{ type: 'model', id: 'claude-sonnet-4-5' }], has_more: false };
      server = await startLoopback({
        '/v1/models?limit=1000': list,
        '/v1/models?limit=100': list,
        '/v1/models': list,
      });
      await add('Anthropic', [server.origin, 'added', 'sk-ant-canary-1'], ['claude-sonnet-4-5']);
      assert.equal(server.asked[0]?.headers['x-api-key'], 'sk-ant-canary-1');
      assert.deepEqual(written(), [
        { id: 'added', protocol: 'anthropic', baseUrl: server.origin, models: [{ id: 'claude-sonnet-4-5' }] },
      ]);
    }));

  it('Azure OpenAI: an address without /openai/v1 needs an api-version', () =>
    withSetting('tierwise.endpoints', [], async () => {
      server = await startLoopback({});
      const asked = await answering(
        {
          showQuickPick: ({ text }) => (text.startsWith('What do you') ? 'Azure OpenAI' : 'Finish without prices'),
          showInputBox: ({ text }) =>
            text.startsWith('Address')
              ? server.origin
              : text.startsWith('api-version')
                ? '2024-10-21'
                : text.startsWith('What do you call')
                  ? 'added'
                  : text.includes('names')
                    ? 'my-deployment'
                    : 'key-canary-2',
          showWarningMessage: () => 'Type Model Names',
        },
        () => vscode.commands.executeCommand('tierwise.addEndpoint'),
      );
      assert.ok(asked.some(({ text }) => text.startsWith('api-version')));
      assert.deepEqual(written(), [
        {
          id: 'added',
          protocol: 'azure-openai',
          baseUrl: server.origin,
          apiVersion: '2024-10-21',
          models: [{ id: 'my-deployment' }],
        },
      ]);
      assert.ok(server.asked.every(({ headers }) => headers['api-key'] === 'key-canary-2'));
    }));

  it('Responses: takes the context windows that the list tells', () =>
    withSetting('tierwise.endpoints', [], async () => {
      server = await startLoopback({ '/v1/models': { object: 'list', data: [{ id: 'gpt', max_model_len: 8192 }] } });
      await add('OpenAI Responses', [`${server.origin}/v1`, 'added', ''], ['gpt']);
      assert.deepEqual(written(), [
        {
          id: 'added',
          protocol: 'openai-responses',
          baseUrl: `${server.origin}/v1`,
          models: [{ id: 'gpt', contextWindow: 8192 }],
        },
      ]);
    }));

  it('give a taken name another number', () =>
    withSetting(
      'tierwise.endpoints',
      [{ id: '127', protocol: 'openai', baseUrl: 'https://x.example/v1', models: [] }],
      async () => {
        const asked = await answering(
          {
            showQuickPick: () => 'OpenAI-compatible',
            showInputBox: ({ text }) => (text.startsWith('Address') ? 'http://127.0.0.1:9/v1' : undefined),
          },
          () => vscode.commands.executeCommand('tierwise.addEndpoint'),
        );
        assert.equal(asked.length, 3);
        assert.deepEqual((written() as object[]).length, 1, 'nothing is saved before the last answer');
      },
    ));
});
