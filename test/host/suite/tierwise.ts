// The extension under test, and what its tests share.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as vscode from 'vscode';
import type { Testing } from '../../../src/extension/testing.ts';

export const extensionId = 'tierwise.tierwise';

export async function tierwise(): Promise<{ extension: vscode.Extension<unknown>; testing: Testing }> {
  const extension = vscode.extensions.getExtension<{ testing: Testing }>(extensionId);
  if (!extension) throw new Error(`${extensionId} is not among the extensions`);
  const { testing } = await extension.activate();
  return { extension, testing };
}

/** The workspace's folder, absolute. */
export function workspaceFolder(): string {
  const [folder] = vscode.workspace.workspaceFolders ?? [];
  if (!folder) throw new Error('no workspace');
  return folder.uri.fsPath;
}

/** Opens a file of the workspace in an editor. */
export async function open(path: string): Promise<vscode.TextEditor> {
  const document = await vscode.workspace.openTextDocument(join(workspaceFolder(), path));
  return vscode.window.showTextDocument(document);
}

let untitledCount = 0;

/** Opens an untitled document. Each has a name of its own: one that is used again may still lose what its forerunner held. */
export async function untitled(content: string, language = 'plaintext'): Promise<vscode.TextEditor> {
  untitledCount += 1;
  const path = join(workspaceFolder(), `untitled-${untitledCount}`);
  const document = await vscode.workspace.openTextDocument(vscode.Uri.from({ scheme: 'untitled', path }));
  const editor = await vscode.window.showTextDocument(
    await vscode.languages.setTextDocumentLanguage(document, language),
  );
  await editor.edit((edit) => edit.insert(new vscode.Position(0, 0), content));
  return editor;
}

/** Selects the first place where the text stands. */
export function select(editor: vscode.TextEditor, text: string): vscode.Selection {
  const start = editor.document.getText().indexOf(text);
  if (start < 0) throw new Error(`"${text}" is not in the document`);
  const { document } = editor;
  editor.selection = new vscode.Selection(document.positionAt(start), document.positionAt(start + text.length));
  return editor.selection;
}

/** Closes all editors, without the question whether to save. */
export async function closeEditors(): Promise<void> {
  for (const document of vscode.workspace.textDocuments.filter(({ isUntitled, isClosed }) => isUntitled && !isClosed)) {
    await vscode.window.showTextDocument(document);
    await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
  }
  await vscode.commands.executeCommand('workbench.action.closeAllEditors');
}

/** Waits for something to become true. */
export async function until<T>(what: string, check: () => T | Promise<T>, ms = 15_000): Promise<NonNullable<T>> {
  const end = Date.now() + ms;
  for (;;) {
    const value = await check();
    if (value) return value as NonNullable<T>;
    if (Date.now() > end) throw new Error(`It did not happen within ${ms} ms: ${what}`);
    await sleep(50);
  }
}

/** Sets the person's own value of a setting, and gives it back afterwards. */
export async function withSetting(name: string, value: unknown, action: () => Promise<void>): Promise<void> {
  const set = (to: unknown) => vscode.workspace.getConfiguration().update(name, to, vscode.ConfigurationTarget.Global);
  await set(value);
  try {
    await action();
  } finally {
    await set(undefined);
  }
}
