import * as vscode from 'vscode';
import type { Services } from './services.ts';

/** Brings report panels back after VS Code was reloaded. */
export function registerReportPanel(services: () => Promise<Services>): vscode.Disposable {
  return vscode.window.registerWebviewPanelSerializer('tierwise.report', {
    async deserializeWebviewPanel(panel, state: unknown) {
      await (await services()).panels.restore(panel, state);
    },
  });
}
