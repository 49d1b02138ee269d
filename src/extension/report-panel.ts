import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import { requestDetail } from '../core/report/detail.ts';
import { buildReport, type Run } from '../core/report/view.ts';
import { panelHtml } from '../protocol/panel-page.ts';
import { type FromWebview, parseFromWebview, type ToWebview } from '../protocol/webview.ts';
import { runCommand } from './boundary.ts';
import { label } from './labels.ts';
import type { Services } from './services.ts';

export const reportViewType = 'tierwise.report';

/** The open report panels, one for each run. */
export class ReportPanels implements vscode.Disposable {
  readonly #services: () => Services;
  readonly #panels = new Map<string, vscode.WebviewPanel>();

  constructor(services: () => Services) {
    this.#services = services;
  }

  /** Ids of the runs whose reports are open. */
  get open(): readonly string[] {
    return [...this.#panels.keys()];
  }

  /** Shows the report of a run. @throws Failure `input` when the run cannot be read. */
  async show(runId: string): Promise<void> {
    const known = this.#panels.get(runId);
    if (known) {
      known.reveal();
      return;
    }
    const run = await this.#services().runs.read(runId);
    const panel = vscode.window.createWebviewPanel(reportViewType, 'Tierwise Report', vscode.ViewColumn.Active, {
      enableFindWidget: true,
    });
    this.#fill(panel, runId, run);
  }

  /** Fills a panel that VS Code has brought back after a reload. `state` is what the page had stored. */
  async restore(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    const { runs, log } = this.#services();
    const runId = typeof state === 'object' && state !== null ? Reflect.get(state, 'runId') : undefined;
    try {
      if (typeof runId !== 'string' || this.#panels.has(runId)) return panel.dispose();
      this.#fill(panel, runId, await runs.read(runId));
    } catch (error) {
      log.info(`report not restored: ${error}`);
      panel.dispose();
    }
  }

  dispose(): void {
    for (const panel of this.#panels.values()) panel.dispose();
  }

  #fill(panel: vscode.WebviewPanel, runId: string, run: Run): void {
    const { context, log } = this.#services();
    const { webview } = panel;
    const file = (...path: string[]) => vscode.Uri.joinPath(context.extensionUri, ...path);
    this.#panels.set(runId, panel);
    panel.onDidDispose(() => this.#panels.delete(runId));
    panel.title = `Report: ${label(run.manifest.title)}`;
    panel.iconPath = file('media', 'activity.svg');
    webview.options = { enableScripts: true, localResourceRoots: [file('dist'), file('media')] };
    webview.onDidReceiveMessage((value: unknown) => {
      const message = parseFromWebview(value);
      if (message) void runCommand(`report ${message.type}`, log, () => this.#answer(webview, runId, run, message));
      else log.error('A message from the report panel was refused.');
    });
    webview.html = panelHtml({
      nonce: randomBytes(24).toString('base64url'),
      scriptUri: webview.asWebviewUri(file('dist', 'webview.js')).toString(),
      cspSource: webview.cspSource,
      title: panel.title,
    });
  }

  async #answer(webview: vscode.Webview, runId: string, run: Run, message: FromWebview): Promise<void> {
    const post = (answer: ToWebview) => webview.postMessage(answer);
    switch (message.type) {
      case 'ready':
        await post({ type: 'report', view: buildReport(run) });
        return;
      case 'requestDetail':
        await post({ type: 'detail', id: message.id, detail: requestDetail(run, message.id) });
        return;
      case 'export': {
        const { exportRun } = await import('./export-report.ts');
        return exportRun(this.#services(), runId, message.format);
      }
      case 'command': {
        const { benchmarkAgain } = await import('./benchmark.ts');
        if (message.command === 'benchmarkAgain') return benchmarkAgain(this.#services(), run);
        await vscode.commands.executeCommand('tierwise.openSettings');
      }
    }
  }
}
