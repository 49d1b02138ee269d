// What a person does in the tests of attacks, and what can be seen of it.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { type Answers, type Asked, answering } from './person.ts';
import { open, select, tierwise, until, untitled } from './tierwise.ts';

/** An endpoint as the settings hold it; its models have prices, so that a benchmark may start. */
export function endpointAt(
  id: string,
  protocol: string,
  baseUrl: string,
  models: readonly string[] = ['first'],
  more: object = {},
): { id: string; protocol: string; baseUrl: string; models: object[] } {
  const priced = models.map((model) => ({ id: model, inputPrice: 0.001, outputPrice: 0.001 }));
  return { id, protocol, baseUrl, models: priced, ...more };
}

export function command(id: string, answers: Answers = {}, ...args: unknown[]): Promise<Asked[]> {
  return answering(answers, () => vscode.commands.executeCommand(`tierwise.${id}`, ...args));
}

/** Saves a key for the address that the endpoint has now. */
export async function saveKey(id: string, key: string): Promise<void> {
  await command('setApiKey', { showInputBox: () => key }, id);
}

/** Opens a prompt and selects it: what Run Prompt then sends. */
export async function selectPrompt(): Promise<void> {
  select(await untitled('What is the capital of Mongolia?'), 'What is the capital of Mongolia?');
}

/** Sends a prompt to the recommended model. */
export async function runPrompt(answers: Answers = {}): Promise<Asked[]> {
  await selectPrompt();
  return command('runPrompt', answers);
}

/** What the editor with the last answer, of this model if one is named, holds once it is finished. */
export async function answerPage(model = ''): Promise<string> {
  const page = await until('an answer', () =>
    vscode.workspace.textDocuments.findLast(
      ({ isUntitled, lineAt, getText }) =>
        isUntitled && lineAt(0).text.includes(model) && /\n---\n[\s\S]*in all/.test(getText()),
    ),
  );
  return page.getText();
}

/** Runs a benchmark of these models on three prompts. */
export async function benchmark(models: readonly string[], answers: Answers = {}): Promise<Asked[]> {
  const editor = await open('prompts/questions.jsonl');
  const started = {
    showQuickPick: () => [...models],
    showInformationMessage: ({ offered }: Asked) => offered.find((button) => button.startsWith('Start')),
  };
  return command('benchmarkDataset', { ...started, ...answers }, editor.document.uri);
}

export async function runFolders(): Promise<string[]> {
  const { testing } = await tierwise();
  const folder = join(testing.folders[0] ?? '', 'runs');
  return existsSync(folder) ? readdirSync(folder) : [];
}

/** The run whose report was opened last. */
export async function lastRun(): Promise<{ id: string; folder: string; manifest: any; records: any[] }> {
  const { testing } = await tierwise();
  const id = (await testing.openReports()).at(-1);
  assert.ok(id, 'no report is open');
  const folder = join(testing.folders[0] ?? '', 'runs', id);
  const read = (name: string) => readFileSync(join(folder, name), 'utf8');
  const records = read('records.jsonl').trim().split('\n').filter(Boolean);
  return { id, folder, manifest: JSON.parse(read('manifest.json')), records: records.map((line) => JSON.parse(line)) };
}

/** Everything that was said in questions and messages. */
export function words(asked: readonly Asked[]): string {
  return asked.map(({ text, detail }) => `${text}\n${detail}`).join('\n');
}

/** Changes variables of the extension host's environment while `action` runs; undefined: not set. */
export async function withEnvironment(
  variables: Readonly<Record<string, string | undefined>>,
  action: () => Promise<void>,
): Promise<void> {
  const before = { ...process.env };
  const set = (values: Readonly<Record<string, string | undefined>>) => {
    for (const name of Object.keys(variables)) {
      const value = values[name];
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  };
  set(variables);
  try {
    await action();
  } finally {
    set(before);
  }
}
