import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'mocha';
import * as vscode from 'vscode';
import { type Asked, answering } from './person.ts';
import { closeEditors, open, select, tierwise, until, untitled } from './tierwise.ts';

/** What the extension in test/host/model-provider lets a test set and see. */
interface Provider {
  parts: string[];
  error: unknown;
  pauseMs: number;
  listed: number;
  asked: { model: string; text: string }[];
  cancelled: number;
}

const prompt = 'What is two and two?';

async function run(): Promise<Asked[]> {
  select(await untitled(prompt), prompt);
  return answering({}, () => vscode.commands.executeCommand('tierwise.runPrompt'));
}

async function answer(): Promise<string> {
  const page = await until('an answer', () =>
    vscode.workspace.textDocuments.find(
      (document) => document.isUntitled && /\n---\n[\s\S]*in all/.test(document.getText()),
    ),
  );
  return page.getText();
}

/** Uses these of VS Code's models; the first time VS Code's own conditions are named. */
async function use(models: string[]): Promise<Asked[]> {
  return answering({ showInformationMessage: () => 'Show Models', showQuickPick: () => models }, () =>
    vscode.commands.executeCommand('tierwise.useVscodeModels'),
  );
}

describe('Models of VS Code', () => {
  let provider: Provider;
  before(async () => {
    const extension = vscode.extensions.getExtension<Provider>('tierwise-test.model-provider');
    assert.ok(extension, 'the extension that provides models is not there');
    provider = await extension.activate();
  });
  afterEach(async () => {
    Object.assign(provider, { parts: ['Four', '.'], error: undefined, pauseMs: 0 });
    await closeEditors();
  });
  after(() => use([]));

  it('are not asked for before a person does, and not without their yes', async () => {
    const { testing } = await tierwise();
    assert.deepEqual(await testing.endpointIds(), []);
    const listed = provider.listed;
    const [asked] = await answering({}, () => vscode.commands.executeCommand('tierwise.useVscodeModels'));
    assert.match(asked?.text ?? '', /Use the language models of VS Code/);
    assert.match(asked?.detail ?? '', /bills or limits each request/);
    assert.equal(provider.listed, listed);
    assert.deepEqual(await testing.endpointIds(), []);
  });

  it('are chosen by name, with their context windows, and live in memory only', async () => {
    const asked = await use(['tierwise-test/echo']);
    assert.match(asked[1]?.offered.join('\n') ?? '', /tierwise-test\/echo \| Test echo · 4,096 tokens/);
    const { testing } = await tierwise();
    assert.deepEqual(await testing.endpointIds(), ['vscode']);
    assert.equal(vscode.workspace.getConfiguration('tierwise').inspect('endpoints')?.globalValue, undefined);
  });

  it('answer a prompt, with tokens by their own tokenizer and a cost that is unknown', async () => {
    assert.deepEqual(await run(), []);
    assert.match(
      await answer(),
      /^# vscode\/tierwise-test\/echo\n\nFour\.\n\n---[\s\S]+5 tokens in, 1 out · cost unknown/,
    );
    assert.equal(provider.asked.at(-1)?.text, prompt);
  });

  it('say what VS Code refuses', async () => {
    for (const [error, words] of [
      [vscode.LanguageModelError.NoPermissions(), /does not let Tierwise use tierwise-test\/echo/],
      [vscode.LanguageModelError.Blocked('The monthly quota is used up.'), /quota/],
      [vscode.LanguageModelError.NotFound(), /no model|failed/],
      [new Error('the provider broke'), /failed\. It says: .*the provider broke/],
    ] as const) {
      provider.error = error;
      const asked = await run();
      assert.match(asked.map(({ text }) => text).join(), words);
      assert.match(await answer(), /failed/);
      await closeEditors();
    }
  });

  it('stop when the answer is closed', async () => {
    provider.parts = Array.from({ length: 200 }, (_, at) => `${at} `);
    provider.pauseMs = 50;
    const cancelled = provider.cancelled;
    const running = run();
    await until('the first words', () =>
      vscode.workspace.textDocuments.some((document) => /echo\n\n0 1/.test(document.getText())),
    );
    await closeEditors();
    await running;
    assert.ok(provider.cancelled > cancelled, 'the provider was told');
  });

  it('are benchmarked through VS Code, and the records say so', async () => {
    const { testing } = await tierwise();
    const editor = await open('prompts/questions.jsonl');
    const asked = await answering(
      { showQuickPick: () => ['vscode/tierwise-test/echo'], showInformationMessage: ({ offered }) => offered[0] },
      () => vscode.commands.executeCommand('tierwise.benchmarkDataset', editor.document.uri),
    );
    assert.deepEqual(
      asked.filter(({ kind }) => kind === 'showErrorMessage'),
      [],
    );
    assert.match(asked.map(({ detail }) => detail).join(), /No cost limit can hold/);
    const [run] = await testing.openReports();
    const [storage = ''] = testing.folders;
    const records = readFileSync(join(storage, 'runs', run ?? '', 'records.jsonl'), 'utf8')
      .trim()
      .split('\n');
    assert.ok(records.length >= 10);
    for (const line of records) {
      const record = JSON.parse(line);
      assert.equal(record.status, 'ok');
      assert.equal(record.transport, 'vscode-lm');
      assert.equal(record.tokens.source, 'tokenizer');
      assert.equal(record.costUsd, undefined);
    }
  }).timeout(90_000);

  it('are forgotten when all are unticked', async () => {
    await use([]);
    assert.deepEqual(await (await tierwise()).testing.endpointIds(), []);
  });
});
