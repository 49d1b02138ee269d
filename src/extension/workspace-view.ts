import * as vscode from 'vscode';
import type { Services } from './services.ts';

/** What the connected Databricks workspaces serve. Empty, with a button, until a person connects one in this window. */
export function registerWorkspaceView(services: () => Promise<Services>): vscode.Disposable {
  const changed = new vscode.EventEmitter<void>();
  let listening: vscode.Disposable | undefined;
  const view = vscode.window.registerTreeDataProvider<vscode.TreeItem>('tierwise.workspace', {
    onDidChangeTreeData: changed.event,
    getTreeItem: (item) => item,
    async getChildren(item) {
      const { workspaces } = await services();
      listening ??= workspaces.onDidChange(() => changed.fire());
      return (await import('./workspace-items.ts')).workspaceItems(workspaces, item);
    },
  });
  return vscode.Disposable.from(view, changed, { dispose: () => listening?.dispose() });
}
