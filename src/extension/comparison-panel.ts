import * as vscode from 'vscode';
import { compareRuns } from '../core/benchmark/compare-runs.ts';
import type { RunComparison } from '../core/benchmark/verdict.ts';
import { Failure } from '../core/failure.ts';
import { runComparisonTitle } from '../core/report/run-comparison.ts';
import { label } from './labels.ts';
import { reportViewType } from './report-registration.ts';
import type { Services } from './services.ts';
import { fillPanel, post } from './webview-page.ts';

/** The open comparisons of runs. */
export class ComparisonPanels implements vscode.Disposable {
  readonly #services: () => Services;
  readonly #panels = new Map<string, vscode.WebviewPanel>();

  constructor(services: () => Services) {
    this.#services = services;
  }

  /** @throws Failure `usage` for fewer than two different runs, `input` when one cannot be read. */
  async show(runIds: readonly string[]): Promise<void> {
    const ids = [...new Set(runIds)];
    const comparison = await this.#compare(ids);
    const known = this.#panels.get(ids.join());
    if (!known) {
      this.#fill(
        vscode.window.createWebviewPanel(reportViewType, 'Comparison', vscode.ViewColumn.Active),
        ids,
        comparison,
      );
      return;
    }
    known.reveal();
    await post(known, { type: 'comparison', comparison });
  }

  /** Fills a panel that VS Code has brought back. @throws Failure when a run is gone. */
  async restore(panel: vscode.WebviewPanel, runIds: readonly (string | undefined)[]): Promise<void> {
    const ids = [...new Set(runIds.filter((id) => id !== undefined))];
    if (ids.length < runIds.length || this.#panels.has(ids.join())) panel.dispose();
    else this.#fill(panel, ids, await this.#compare(ids));
  }

  dispose(): void {
    for (const panel of this.#panels.values()) panel.dispose();
  }

  #fill(panel: vscode.WebviewPanel, ids: readonly string[], first: RunComparison): void {
    const key = ids.join();
    // What the first page shows is there already; a later one tells of the runs as they are then.
    let ready: RunComparison | undefined = first;
    this.#panels.set(key, panel);
    panel.onDidDispose(() => this.#panels.delete(key));
    fillPanel(panel, `Comparison: ${label(runComparisonTitle(first))}`, this.#services(), async (message) => {
      if (message.type === 'ready') {
        const comparison = ready ?? (await this.#compare(ids));
        ready = undefined;
        return post(panel, { type: 'comparison', comparison });
      }
      if (message.type !== 'export' || message.format === 'csv') return;
      const { exportComparison } = await import('./export-report.ts');
      await exportComparison(await this.#compare(ids), message.format);
    });
  }

  async #compare(ids: readonly string[]): Promise<RunComparison> {
    if (ids.length < 2) throw new Failure({ code: 'usage', message: 'Choose two or more different runs to compare.' });
    const { runs } = this.#services();
    const read = [];
    for (const id of ids) read.push(await runs.read(id));
    return compareRuns(read);
  }
}
