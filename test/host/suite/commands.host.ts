import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import * as vscode from 'vscode';
import { answering } from './person.ts';
import { closeEditors, open, select, tierwise, until, untitled, withSetting } from './tierwise.ts';

/** Runs a command while nobody answers, and returns what was said. */
async function said(command: string, ...args: unknown[]): Promise<string[]> {
  const asked = await answering({}, () => vscode.commands.executeCommand(command, ...args));
  return asked.map(({ text }) => text);
}

const endpoint = {
  id: 'shop',
  protocol: 'openai',
  baseUrl: 'https://models.example/v1',
  models: [
    { id: 'tiny', inputPrice: 0.1, outputPrice: 0.4 },
    { id: 'huge', inputPrice: 5, outputPrice: 25 },
    { id: 'free' },
  ],
};

describe('The extension', () => {
  afterEach(closeEditors);

  it('registers the commands that package.json lists, and no others', async () => {
    const { extension } = await tierwise();
    const contributed = extension.packageJSON.contributes.commands as Array<{ command: string; category: string }>;
    const registered = (await vscode.commands.getCommands(true)).filter(
      (id) => id.startsWith('tierwise.') && !/^tierwise\.(endpoints|runs|workspace)\./.test(id),
    );
    assert.deepEqual(registered.sort(), contributed.map(({ command }) => command).sort());
    assert.deepEqual([...new Set(contributed.map(({ category }) => category))], ['Tierwise']);
  });

  it('says what to do when there is nothing to work on', async () => {
    for (const command of ['explain', 'recommend', 'runPrompt', 'benchmarkSelection']) {
      assert.match((await said(`tierwise.${command}`)).join(), /Select the text of a prompt/, command);
    }
    const editor = await untitled('   \n\n   ');
    editor.selection = new vscode.Selection(0, 0, 2, 3);
    assert.match((await said('tierwise.explain')).join(), /Select the text of a prompt/);
  });

  it('says what to do when no model is configured', async () => {
    const editor = await untitled('Compare these two.');
    select(editor, 'Compare these two.');
    const asked = await answering({}, () => vscode.commands.executeCommand('tierwise.runPrompt'));
    assert.deepEqual(asked[0]?.offered, ['Add Endpoint', 'Start Simulated Endpoint']);
    assert.match(asked[0]?.text ?? '', /No model is configured/);
  });

  it('explains the selection in a read-only preview', async () => {
    const editor = await open('prompts/blocks.md');
    select(editor, 'Between them, text that is none.');
    await vscode.commands.executeCommand('tierwise.explain');
    const tab = await until('preview', () =>
      vscode.window.tabGroups.all.flatMap((group) => group.tabs).find(({ label }) => label.includes('Complexity')),
    );
    assert.ok(tab.input instanceof vscode.TabInputWebview);
    const document = await until('explanation', () =>
      vscode.workspace.textDocuments.find(({ uri }) => uri.scheme === 'tierwise'),
    );
    assert.match(document.getText(), /# Complexity 0\.\d+: simple[\s\S]*What the score is made of/);
  });

  it('works on what a link names, and on no file that is not open', async () => {
    const editor = await open('prompts/questions.jsonl');
    const uri = editor.document.uri.toString();
    const start = editor.document.getText().indexOf('What is 17');
    assert.deepEqual(await said('tierwise.explain', { uri, start, end: start + 16 }), []);
    for (const target of [
      { uri: 'file:///etc/passwd', start: 0, end: 10 },
      { uri: `${uri}/../broken.jsonl`, start: 0, end: 10 },
    ]) {
      assert.match((await said('tierwise.explain', target)).join(), /not open any more/);
    }
  });

  it('recommends a model with reasons and the others with their costs, and copies its name', () =>
    withSetting('tierwise.endpoints', [endpoint], async () => {
      const editor = await open('prompts/review.prompt.md');
      editor.selection = new vscode.Selection(4, 0, 4, 0);
      const answers = ['shop/tiny', 'Copy'];
      const asked = await answering({ showQuickPick: () => answers.shift() }, () =>
        vscode.commands.executeCommand('tierwise.recommend'),
      );
      const [models] = asked;
      assert.match(models?.detail ?? '', /simple · 0\.\d+/);
      assert.match(models?.offered[0] ?? '', /shop\/tiny \| \$0\.\d+ to \$0\.\d+ \| .*cheapest of 2 models/);
      assert.match(models?.offered[1] ?? '', /shop\/huge \| \$/);
      assert.match(models?.offered[2] ?? '', /shop\/free \| cost unknown/);
      assert.equal(await vscode.env.clipboard.readText(), 'shop/tiny');
    }));

  it('opens a page of sample prompts', async () => {
    await vscode.commands.executeCommand('tierwise.openSample');
    const editor = await until('sample', () => vscode.window.activeTextEditor);
    assert.match(editor.document.getText(), /```prompt/);
    assert.equal(editor.document.isUntitled, true);
  });
});
