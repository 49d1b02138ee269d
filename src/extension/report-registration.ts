import * as vscode from 'vscode';
import type { Services } from './services.ts';

export const reportViewType = 'tierwise.report';

/** Brings report panels back after VS Code was reloaded. */
export function registerReportPanel(services: () => Promise<Services>): vscode.Disposable {
  return vscode.window.registerWebviewPanelSerializer(reportViewType, {
    async deserializeWebviewPanel(panel, state: unknown) {
      await (await services()).panels.restore(panel, state);
    },
  });
}
