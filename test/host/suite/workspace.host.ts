import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'mocha';
import * as vscode from 'vscode';
import { startWorkspace, type Workspace } from '../../services/databricks/workspace.ts';
import { type Answers, type Asked, answering } from './person.ts';
import { closeEditors, select, tierwise, until, untitled, withSetting } from './tierwise.ts';

interface Written {
  id: string;
  protocol: string;
  baseUrl: string;
  auth?: object;
  models: { id: string; inputPrice?: number; priceSource?: string }[];
}

function written(): Written[] {
  return vscode.workspace.getConfiguration('tierwise').inspect<Written[]>('endpoints')?.globalValue ?? [];
}

async function rows(): Promise<string[]> {
  return (await tierwise()).testing.workspaceRows();
}

describe('A Databricks workspace', () => {
  let workspace: Workspace;
  before(async () => {
    workspace = await startWorkspace();
  });
  after(() => workspace.stop());
  afterEach(async () => {
    await closeEditors();
    await withSetting('tierwise.endpoints', [endpoint()], async () => {
      await vscode.commands.executeCommand('tierwise.removeApiKey', 'lakehouse');
    });
  });

  const endpoint = (...models: object[]) => ({
    id: 'lakehouse',
    protocol: 'databricks',
    baseUrl: workspace.host,
    auth: { type: 'pat' },
    models,
  });
  const command = (id: string, answers: Answers = {}, argument?: unknown): Promise<Asked[]> =>
    answering(answers, () => vscode.commands.executeCommand(`tierwise.${id}`, argument));
  const item = (modelId: string) => ({ endpointId: 'lakehouse', modelId });
  /** Adds the workspace by a typed token, with these models ticked. */
  const add = (token: string, models: string[]) => {
    const picked: unknown[] = ['Databricks workspace', 'Personal access token', models];
    const typed = [`${workspace.host}/?o=123#ml/endpoints`, token, 'lakehouse'];
    return command('addEndpoint', { showQuickPick: () => picked.shift(), showInputBox: () => typed.shift() });
  };

  it('is added by its address and a token, which is kept in the secret store only', () =>
    withSetting('tierwise.endpoints', [], async () => {
      const asked = await add(workspace.token, ['databricks-gpt-oss-20b']);
      assert.deepEqual(
        asked.filter(({ kind }) => kind.endsWith('Message')),
        [],
      );
      const [added] = written();
      assert.deepEqual(
        { ...added, models: added?.models.map(({ id }) => id) },
        {
          ...endpoint(),
          models: ['databricks-gpt-oss-20b'],
        },
      );
      assert.equal(added?.models[0]?.priceSource, 'workspace');
      assert.doesNotMatch(JSON.stringify(written()), new RegExp(workspace.token));
      const shown = await rows();
      assert.ok(
        shown.some((row) => /^databricks-gpt-oss-20b \| added · chat · ready · \$\d/.test(row)),
        shown.join('\n'),
      );
      assert.ok(shown.some((row) => /^databricks-claude-opus-4-8 \| chat · ready/.test(row)));
    }));

  it('answers a prompt with the token', () =>
    withSetting('tierwise.endpoints', [], async () => {
      await add(workspace.token, ['databricks-gpt-oss-20b']);
      select(await untitled('What is Spark?'), 'What is Spark?');
      assert.deepEqual(await command('runPrompt'), []);
      const page = await until('an answer', () =>
        vscode.workspace.textDocuments.find((document) => /\n---\n[\s\S]*in all/.test(document.getText())),
      );
      assert.match(page.getText(), /^# lakehouse\/databricks-gpt-oss-20b[\s\S]+tokens in, \d+ out · \$0\.0/);
    }));

  it('says what is wrong with a token before anything is saved', () =>
    withSetting('tierwise.endpoints', [], async () => {
      const asked = await add('dapi-wrong-canary-9c1e', []);
      const error = asked.find(({ kind }) => kind === 'showErrorMessage');
      assert.match(error?.text ?? '', /token/i);
      assert.doesNotMatch(JSON.stringify(asked), /canary/);
      assert.deepEqual(written(), []);
    }));

  it('is not asked before a person connects it', () =>
    withSetting('tierwise.endpoints', [{ ...endpoint(), id: 'untouched' }], async () => {
      const before = workspace.requests.length;
      await vscode.commands.executeCommand('tierwise.workspace.focus');
      await new Promise((resolve) => setTimeout(resolve, 500));
      assert.equal(workspace.requests.length, before);
      assert.deepEqual(
        (await rows()).filter((row) => row.includes('untouched')),
        [],
      );
    }));

  it('adds every chat endpoint that is ready in one action, and one by itself', () =>
    withSetting('tierwise.endpoints', [], async () => {
      await add(workspace.token, []);
      assert.deepEqual(written()[0]?.models, []);
      await command('addServingEndpoint', {}, item('databricks-gpt-oss-120b'));
      assert.deepEqual(
        written()[0]?.models.map(({ id }) => id),
        ['databricks-gpt-oss-120b'],
      );
      await command('addReadyServingEndpoints', {}, { endpointId: 'lakehouse' });
      const ids = written()[0]?.models.map(({ id }) => id) ?? [];
      const ready = (await rows()).filter((row) => /chat · (ready|scaled to zero)/.test(row));
      assert.equal(ids.length, ready.length);
      assert.equal(new Set(ids).size, ids.length);
      const again = await command('addReadyServingEndpoints', {}, { endpointId: 'lakehouse' });
      assert.match(again[0]?.text ?? '', /among your models already/);
    }));

  it('marks a model that it does not serve any more, and replaces it by its successor', () =>
    withSetting('tierwise.endpoints', [], async () => {
      await add(workspace.token, []);
      const gone = 'databricks-meta-llama-3-1-70b-instruct';
      await vscode.workspace
        .getConfiguration('tierwise')
        .update('endpoints', [endpoint({ id: gone })], vscode.ConfigurationTarget.Global);
      const row = await until('the mark', async () => (await rows()).find((one) => one.startsWith(gone)));
      const [, successor = ''] = /not served · use (\S+)/.exec(row) ?? [];
      assert.match(successor, /llama/);
      const asked = await command('replaceModel', { showInformationMessage: () => 'Replace' }, item(gone));
      assert.match(asked[0]?.detail ?? '', /retired|comes closest/);
      assert.deepEqual(
        written()[0]?.models.map(({ id }) => id),
        [successor],
      );
      assert.equal(
        (await rows()).some((one) => one.startsWith(gone)),
        false,
      );
    }));

  it('copies the name of an endpoint', () =>
    withSetting('tierwise.endpoints', [], async () => {
      await add(workspace.token, []);
      await command('copyServingName', {}, item('databricks-gpt-oss-20b'));
      assert.equal(await vscode.env.clipboard.readText(), 'databricks-gpt-oss-20b');
    }));

  it('says when it cannot be reached any more', () =>
    withSetting('tierwise.endpoints', [], async () => {
      await add(workspace.token, []);
      await workspace.stop();
      const asked = await command('refreshWorkspace', {}, { endpointId: 'lakehouse' });
      assert.equal(asked[0]?.kind, 'showErrorMessage');
      assert.ok((await rows()).some((row) => /127\.0\.0\.1/.test(row)));
      workspace = await startWorkspace();
    }));
});
