import * as vscode from 'vscode';
import type { RunItem } from './run-items.ts';
import type { ShownState } from './runs.ts';
import type { Services } from './services.ts';

/** Whether requests of the run are left, and nobody is sending them. */
export function isResumable(state: ShownState): boolean {
  return state !== 'complete' && state !== 'running';
}

/** The history of runs. Several can be selected, to be compared. */
export function registerRunsView(services: () => Promise<Services>): vscode.Disposable {
  const changed = new vscode.EventEmitter<void>();
  let listening: vscode.Disposable | undefined;
  const view = vscode.window.createTreeView<RunItem>('tierwise.runs', {
    canSelectMany: true,
    treeDataProvider: {
      onDidChangeTreeData: changed.event,
      getTreeItem: (item) => item,
      async getChildren(item) {
        if (item) return [];
        const made = await services();
        const { runItems } = await import('./run-items.ts');
        const tell = () => changed.fire();
        // Gates are settings.
        listening ??= vscode.Disposable.from(made.runs.onDidChange(tell), made.settings.onDidChange(tell));
        return runItems(made);
      },
    },
  });
  return vscode.Disposable.from(view, changed, { dispose: () => listening?.dispose() });
}
