import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { after, afterEach, before, describe, it } from 'mocha';
import * as vscode from 'vscode';
import { type Asked, answering } from './person.ts';
import { type Simulator, startSimulator } from './simulator.ts';
import { closeEditors, open, select, tierwise, until, untitled, withSetting, workspaceFolder } from './tierwise.ts';

const key = 'sk-canary-7Qz3vN81xYb4';

/** The answer of a model, when it has been written to its end. */
async function answer(): Promise<string> {
  const page = await until('an answer', () =>
    vscode.workspace.textDocuments.find(
      (document) => document.isUntitled && /\n---\n[\s\S]*in all/.test(document.getText()),
    ),
  );
  return page.getText();
}

async function run(): Promise<Asked[]> {
  select(await untitled('What is the capital of Mongolia?'), 'What is the capital of Mongolia?');
  return answering({}, () => vscode.commands.executeCommand('tierwise.runPrompt'));
}

/** Every file below some folders that holds a text. */
function holding(text: string, folders: readonly string[]): string[] {
  return folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((file) => readFileSync(file).includes(text)),
  );
}

describe('Endpoints', () => {
  let simulator: Simulator;
  /** An address at which nobody listens. */
  let nowhere: string;
  before(async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    nowhere = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
    server.close();
    simulator = await startSimulator('keyed', ['--speed', '20'], key);
  });
  after(() => simulator.stop());
  afterEach(async () => {
    await closeEditors();
    await withSetting('tierwise.endpoints', [simulator.instant], async () => {
      await vscode.commands.executeCommand('tierwise.removeApiKey', 'keyed');
    });
  });

  it('come from the person’s settings only: what a workspace plants is ignored', async () => {
    // By dotted key and as an object; in the first folder, in another folder, and in the workspace file.
    const places = ['.vscode/settings.json', 'second/.vscode/settings.json', 'planted.code-workspace'];
    for (const place of places) assert.match(readFileSync(join(workspaceFolder(), place), 'utf8'), /evil\.example/);
    assert.equal(vscode.workspace.workspaceFolders?.length, 2);
    assert.match(vscode.workspace.workspaceFile?.path ?? '', /planted\.code-workspace$/);
    const { testing } = await tierwise();
    assert.deepEqual(await testing.endpointIds(), []);
    const settings = vscode.workspace.getConfiguration('tierwise');
    assert.equal(settings.get('benchmark.maxCostUsd'), 1);
    assert.equal(settings.get('benchmark.keepAnswers'), true);
    assert.deepEqual(await testing.network(), { strictSsl: true });
    await assert.rejects(async () => settings.update('endpoints', [], vscode.ConfigurationTarget.Workspace));
  });

  it('are added step by step: address, name, key, models, prices', async () => {
    const typed = ['keyed', key, '0.1, 0.4'];
    const picked: unknown[] = ['OpenAI-compatible', ['small'], 'Type prices now'];
    const asked = await answering(
      {
        showInputBox: ({ text }) => (text.includes('Address') ? simulator.endpoint.baseUrl : typed.shift()),
        showQuickPick: () => picked.shift(),
      },
      () => vscode.commands.executeCommand('tierwise.addEndpoint'),
    );
    assert.deepEqual(
      asked.filter(({ kind }) => kind.endsWith('Message')),
      [],
    );
    const written = vscode.workspace.getConfiguration('tierwise').inspect('endpoints')?.globalValue;
    assert.deepEqual(written, [
      {
        id: 'keyed',
        protocol: 'openai',
        baseUrl: simulator.endpoint.baseUrl,
        models: [{ id: 'small', contextWindow: 32_768, inputPrice: 0.1, outputPrice: 0.4 }],
      },
    ]);
    assert.deepEqual(await run(), []);
    assert.match(await answer(), /^# keyed\/small[\s\S]+simulated[\s\S]+tokens in, \d+ out · \$0\.0/i);
    const removed = await answering({ showWarningMessage: () => 'Remove' }, () =>
      vscode.commands.executeCommand('tierwise.removeEndpoint', 'keyed'),
    );
    assert.match(removed[0]?.text ?? '', /Remove the endpoint "keyed"/);
    assert.deepEqual(await (await tierwise()).testing.endpointIds(), []);
    await vscode.workspace
      .getConfiguration('tierwise')
      .update('endpoints', undefined, vscode.ConfigurationTarget.Global);
  });

  it('are asked about before plain http leaves the machine', () =>
    withSetting('tierwise.endpoints', [{ ...simulator.instant, baseUrl: 'http://models.example/v1' }], async () => {
      const asked = await run();
      assert.match(asked[0]?.text ?? '', /Use http:\/\/models\.example\?/);
      assert.match(asked[0]?.detail ?? '', /unencrypted/);
      assert.equal(asked.length, 1, 'dismissed: nothing was sent');
    }));

  it('without the right key fail with a button that sets it, and the key is named nowhere', () =>
    withSetting('tierwise.endpoints', [simulator.instant], async () => {
      const wrong = 'sk-wrong-51Hq8ZkT0a';
      await answering({ showInputBox: () => wrong }, () =>
        vscode.commands.executeCommand('tierwise.setApiKey', 'keyed'),
      );
      const asked = await run();
      assert.equal(asked[0]?.kind, 'showErrorMessage');
      assert.deepEqual(asked[0]?.offered, ['Set API Key']);
      assert.doesNotMatch(JSON.stringify(asked), new RegExp(wrong));
      assert.match(await answer(), /failed/);
    }));

  it('that cannot be reached say so', () =>
    withSetting('tierwise.endpoints', [{ ...simulator.instant, baseUrl: nowhere }], async () => {
      const asked = await run();
      assert.match(asked[0]?.text ?? '', /Nothing listens|refused|127\.0\.0\.1/);
    }));

  it('get no key that was saved for another address until the person agrees', async () => {
    const setKey = () =>
      answering({ showInputBox: () => key }, () => vscode.commands.executeCommand('tierwise.setApiKey', 'keyed'));
    await withSetting('tierwise.endpoints', [{ ...simulator.instant, baseUrl: nowhere }], async () => {
      await setKey();
    });
    await withSetting('tierwise.endpoints', [simulator.instant], async () => {
      const asked = await run();
      assert.match(asked[0]?.text ?? '', /has a new address/);
      assert.match(asked[0]?.detail ?? '', new RegExp(`saved for ${nowhere.slice(0, -3)}\\.`));
      await closeEditors();
      select(await untitled('What is 1 + 1?'), 'What is 1 + 1?');
      const agreed = await answering({ showWarningMessage: () => 'Send Saved Key There' }, () =>
        vscode.commands.executeCommand('tierwise.runPrompt'),
      );
      assert.deepEqual(agreed.map(({ text }) => text).slice(1), [], 'the endpoint took the key');
    });
  });

  it('leave no trace of a key in any file: settings, storage, logs, runs, exports', () =>
    withSetting('tierwise.endpoints', [simulator.instant], async () => {
      const { testing } = await tierwise();
      await answering({ showInputBox: () => key }, () => vscode.commands.executeCommand('tierwise.setApiKey', 'keyed'));
      const editor = await open('prompts/questions.jsonl');
      const exported = join(workspaceFolder(), 'canary.json');
      const asked = await answering(
        {
          showQuickPick: () => ['keyed/instant'],
          showInformationMessage: ({ offered }) => offered[0],
          showSaveDialog: () => vscode.Uri.file(exported),
        },
        async () => {
          await vscode.commands.executeCommand('tierwise.benchmarkDataset', editor.document.uri);
          const [run] = await testing.openReports();
          await vscode.commands.executeCommand('tierwise.exportReport', run, 'json');
        },
      );
      assert.deepEqual(
        asked.filter(({ kind }) => kind === 'showErrorMessage'),
        [],
      );
      assert.match(readFileSync(exported, 'utf8'), /"status": ?"ok"/, 'the key was used');
      const [storage = ''] = testing.folders;
      // The folder with everything that this VS Code has written: settings, state, logs.
      const everything = resolve(storage, '..', '..', '..');
      assert.ok(holding('keyed', [everything]).length > 0, 'the search looks in the right place');
      assert.deepEqual(holding(key, [everything, ...testing.folders, workspaceFolder()]), []);
    })).timeout(90_000);
});
