import { randomInt } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import * as vscode from 'vscode';
import { counted } from '../core/numbers.ts';
import { outcomeKey } from '../core/quality/outcome.ts';
import { requestDetail } from '../core/report/detail.ts';
import { buildReport, type Run } from '../core/report/view.ts';
import type { FromWebview } from '../protocol/webview.ts';
import { BlindSession, hasPairs } from './blind-session.ts';
import { ComparisonPanels } from './comparison-panel.ts';
import { label } from './labels.ts';
import { reportViewType } from './report-registration.ts';
import type { PersonVerdict } from './runs.ts';
import type { Services } from './services.ts';
import { fillPanel, post } from './webview-page.ts';

interface Open {
  readonly panel: vscode.WebviewPanel;
  run: Run;
  /** True: something was said of the answers that the run's summary does not hold yet. */
  stale: boolean;
  /** A comparison of pairs that goes on. */
  blind: BlindSession | undefined;
}

/** The open panels: one for each run's report, and those of comparisons. */
export class ReportPanels implements vscode.Disposable {
  readonly #services: () => Services;
  readonly #panels = new Map<string, Open>();
  readonly #comparisons: ComparisonPanels;

  constructor(services: () => Services) {
    this.#services = services;
    this.#comparisons = new ComparisonPanels(services);
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
    known.panel.reveal();
    const changed =
      !isDeepStrictEqual(known.run.summary, run.summary) ||
      !isDeepStrictEqual(known.run.outcomes, run.outcomes) ||
      known.run.manifest.state !== run.manifest.state;
    if (!changed) return;
    if (known.blind) {
      // The comparison goes on; the result will be of the run as it is then.
      known.stale = true;
      return;
    }
    known.run = run;
    known.stale = false;
    await postReport(known);
  }

  /**
   * Shows what changed from the first of these runs to each of the others.
   * @throws Failure `usage` for fewer than two different runs, `input` when one cannot be read.
   */
  async showComparison(runIds: readonly string[]): Promise<void> {
    await this.#comparisons.show(runIds);
  }

  /** Fills a panel that VS Code has brought back after a reload. `state` is what the page had stored. */
  async restore(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    const { runs, log } = this.#services();
    const stored = (key: string): unknown =>
      typeof state === 'object' && state !== null ? Reflect.get(state, key) : undefined;
    try {
      // The page knows runs by the ids in their manifests; their folders are called otherwise.
      const entries = await runs.list();
      const folderOf = (runId: unknown) => entries.find(({ manifest }) => manifest.runId === runId)?.id;
      const compared = stored('compared');
      if (Array.isArray(compared)) {
        await this.#comparisons.restore(panel, compared.map(folderOf));
        return;
      }
      const id = folderOf(stored('runId'));
      if (id === undefined || this.#panels.has(id)) panel.dispose();
      else this.#fill(panel, id, await runs.read(id));
    } catch (error) {
      log.info(`report not restored: ${error}`);
      panel.dispose();
    }
  }

  dispose(): void {
    for (const { panel } of this.#panels.values()) panel.dispose();
    this.#comparisons.dispose();
  }

  #fill(panel: vscode.WebviewPanel, runId: string, run: Run): void {
    const open: Open = { panel, run, stale: false, blind: undefined };
    this.#panels.set(runId, open);
    panel.onDidDispose(() => this.#panels.delete(runId));
    const title = `Report: ${label(run.manifest.title)}`;
    fillPanel(panel, title, this.#services(), (message) => this.#answer(runId, open, message));
  }

  async #answer(runId: string, open: Open, message: FromWebview): Promise<void> {
    const { panel, run, blind } = open;
    switch (message.type) {
      case 'ready': {
        // A page that was hidden begins anew; the pair that it was asked about stands.
        const pair = blind?.shown();
        return pair ? post(panel, pair) : this.#report(runId, open);
      }
      case 'requestDetail': {
        // Until the person has decided, no answer is told together with its model.
        const detail = blind ? undefined : requestDetail(run, message.id);
        return post(panel, { type: 'detail', id: message.id, detail });
      }
      case 'rate': {
        const { id, value } = message;
        if (!hasAnswer(run, id)) return;
        this.#keep(runId, open, { kind: 'rating', record: id, value, at: new Date().toISOString() });
        return post(panel, { type: 'rated', id, value });
      }
      case 'comparePairs':
        open.blind = new BlindSession(run, randomInt(2 ** 31));
        return this.#nextPair(runId, open);
      case 'pairVerdict':
        try {
          blind?.decide(message.number, message.verdict, new Date().toISOString(), (outcome) =>
            this.#keep(runId, open, outcome),
          );
        } finally {
          // A verdict that could not be kept is asked for again.
          await this.#nextPair(runId, open);
        }
        return;
      case 'refresh':
        return this.#report(runId, open, blind && `${counted(blind.rated, 'pair')} rated.`);
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

  /** Keeps what a person said, in the run's folder and in what is shown of it. @throws Failure `usage` while the run is worked on. */
  #keep(runId: string, open: Open, outcome: PersonVerdict): void {
    this.#services().runs.rate(runId, outcome);
    const key = outcomeKey(outcome);
    const others = (open.run.outcomes ?? []).filter(
      (known) => known.kind !== outcome.kind || outcomeKey(known) !== key,
    );
    open.run = { ...open.run, outcomes: [...others, outcome] };
    open.stale = true;
  }

  async #nextPair(runId: string, open: Open): Promise<void> {
    const pair = open.blind?.shown();
    if (pair) return post(open.panel, pair);
    const words = open.blind && `All pairs are rated or skipped: ${counted(open.blind.rated, 'pair')} rated.`;
    return this.#report(runId, open, words);
  }

  /** Ends a comparison of pairs, if there is one, and shows the report with everything said by now. */
  async #report(runId: string, open: Open, said?: string): Promise<void> {
    open.blind = undefined;
    if (open.stale) {
      open.run = await this.#services().runs.read(runId);
      open.stale = false;
    }
    await postReport(open, said);
  }
}

function hasAnswer({ records }: Run, id: string): boolean {
  for (const record of records) if (record.id === id) return record.answer !== undefined;
  return false;
}

async function postReport({ panel, run }: Open, said?: string): Promise<void> {
  await post(panel, { type: 'report', view: buildReport(run), pairs: hasPairs(run), said });
}
