import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import { requestDetail } from '../core/report/detail.ts';
import { buildReport, type Run } from '../core/report/view.ts';
import { panelHtml } from '../protocol/panel-page.ts';
import { type FromWebview, parseFromWebview, type ToWebview } from '../protocol/webview.ts';
import { runCommand } from './boundary.ts';
import { label } from './labels.ts';
import { reportViewType } from './report-registration.ts';
import type { Services } from './services.ts';

interface Open {
  readonly panel: vscode.WebviewPanel;
  run: Run;
}

/** The open report panels, one for each run. */
export class ReportPanels implements vscode.Disposable {
  readonly #services: () => Services;
  readonly #panels = new Map<string, Open>();

  constructor(services: () => Services) {
    this.#services = services;
  }

  /** Ids of the runs whose reports are open. */
  get open(): readonly string[] {
    return [...this.#panels.keys()];
  }

  /** Shows the report of a run as it stands now. @throws Failure `input` when the run cannot be read. */
  async show(runId: string): Promise<void> {
    const run = await this.#services().runs.read(runId);
    const known = this.#panels.get(runId);
    if (!known) {
      this.#fill(vscode.window.createWebviewPanel(reportViewType, 'Report', vscode.ViewColumn.Active), runId, run);
      return;
    }
    const grown =
      known.run.summary.totals.requests !== run.summary.totals.requests ||
      known.run.outcomes?.length !== run.outcomes?.length ||
      known.run.manifest.state !== run.manifest.state;
    known.run = run;
    known.panel.reveal();
    if (grown) await post(known.panel, { type: 'report', view: buildReport(run) });
  }

  /** Fills a panel that VS Code has brought back after a reload. `state` is what the page had stored. */
  async restore(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    const { runs, log } = this.#services();
    const runId = typeof state === 'object' && state !== null ? Reflect.get(state, 'runId') : undefined;
    try {
      // The page knows the run by the id in its manifest; the folder is called otherwise.
      const entry = (await runs.list()).find(({ manifest }) => manifest.runId === runId);
      if (!entry || this.#panels.has(entry.id)) panel.dispose();
      else this.#fill(panel, entry.id, await runs.read(entry.id));
    } catch (error) {
      log.info(`report not restored: ${error}`);
      panel.dispose();
    }
  }

  dispose(): void {
    for (const { panel } of this.#panels.values()) panel.dispose();
  }

  #fill(panel: vscode.WebviewPanel, runId: string, run: Run): void {
    const { context, log } = this.#services();
    const { webview } = panel;
    const file = (...path: string[]) => vscode.Uri.joinPath(context.extensionUri, ...path);
    const open = { panel, run };
    this.#panels.set(runId, open);
    panel.onDidDispose(() => this.#panels.delete(runId));
    panel.title = `Report: ${label(run.manifest.title)}`;
    panel.iconPath = new vscode.ThemeIcon('graph');
    webview.options = { enableScripts: true, localResourceRoots: [file('dist'), file('media')] };
    webview.onDidReceiveMessage((value: unknown) => {
      const message = parseFromWebview(value);
      if (message) void runCommand(`report ${message.type}`, log, () => this.#answer(runId, open, message));
      else log.error('A message from the report panel was refused.');
    });
    webview.html = panelHtml({
      nonce: randomBytes(24).toString('base64url'),
      scriptUri: webview.asWebviewUri(file('dist', 'webview.js')).toString(),
      cspSource: webview.cspSource,
      title: panel.title,
    });
  }

  async #answer(runId: string, { panel, run }: Open, message: FromWebview): Promise<void> {
    switch (message.type) {
      case 'ready':
        return post(panel, { type: 'report', view: buildReport(run) });
      case 'requestDetail':
        return post(panel, { type: 'detail', id: message.id, detail: requestDetail(run, message.id) });
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

async function post({ webview }: vscode.WebviewPanel, message: ToWebview): Promise<void> {
  await webview.postMessage(message);
}
