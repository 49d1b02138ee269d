import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import { panelHtml } from '../protocol/panel-page.ts';
import { type FromWebview, parseFromWebview, type ToWebview } from '../protocol/webview.ts';
import { runCommand } from './boundary.ts';
import type { Services } from './services.ts';

/** Puts our page into a panel. What the page sends is checked before `answer` gets it; what goes wrong there is shown to the person. */
export function fillPanel(
  panel: vscode.WebviewPanel,
  title: string,
  { context, log }: Services,
  answer: (message: FromWebview) => Promise<void>,
): void {
  const { webview } = panel;
  const file = (...path: string[]) => vscode.Uri.joinPath(context.extensionUri, ...path);
  panel.title = title;
  panel.iconPath = new vscode.ThemeIcon('graph');
  webview.options = { enableScripts: true, localResourceRoots: [file('dist'), file('media')] };
  webview.onDidReceiveMessage((value: unknown) => {
    const message = parseFromWebview(value);
    if (message) void runCommand(`report ${message.type}`, log, () => answer(message));
    else log.error('A message from the report panel was refused.');
  });
  webview.html = panelHtml({
    nonce: randomBytes(24).toString('base64url'),
    scriptUri: webview.asWebviewUri(file('dist', 'webview.js')).toString(),
    cspSource: webview.cspSource,
    title,
  });
}

export async function post({ webview }: vscode.WebviewPanel, message: ToWebview): Promise<void> {
  await webview.postMessage(message);
}
