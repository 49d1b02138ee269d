import * as vscode from 'vscode';
import type { Progress } from '../protocol/measure.ts';
import { formatCount, label } from './labels.ts';
import type { RunEntry, ShownState } from './runs.ts';
import type { Services } from './services.ts';

/** One run in the view. */
export class RunItem extends vscode.TreeItem {
  readonly runId: string;

  constructor({ id, manifest, state, mine, progress }: RunEntry) {
    const title = label(manifest.title);
    super(title);
    this.runId = id;
    this.id = id;
    this.description = mine ? progressWords(progress) : `${state} · ${ago(manifest.startedAt)}`;
    this.iconPath = new vscode.ThemeIcon(icons[state]);
    this.contextValue = mine ? 'run.running' : isResumable(state) ? 'run.resumable' : 'run.finished';
    const models = manifest.plan.models.map(({ endpoint, model }) => label(`${endpoint}/${model}`));
    this.tooltip = [title, models.join(', '), new Date(manifest.startedAt).toLocaleString()].join('\n');
    this.accessibilityInformation = { label: `${title}, ${this.description}` };
    if (!mine) this.command = { command: 'tierwise.openReport', title: 'Open Report', arguments: [id] };
  }
}

const icons: Record<ShownState, string> = {
  running: 'loading~spin',
  complete: 'pass',
  cancelled: 'circle-slash',
  stopped: 'warning',
  interrupted: 'debug-disconnect',
};

/** Whether requests of the run are left, and nobody is sending them. */
export function isResumable(state: ShownState): boolean {
  return state !== 'complete' && state !== 'running';
}

/** `12 of 60 · 3.1/s · 15 s to go · 2 errors · $0.0012`. */
export function progressWords(progress: Progress | undefined): string {
  if (!progress) return 'starting';
  const { done, total, errors, requestsPerSecond, etaMs, costUsd } = progress;
  const words = [`${formatCount(done)} of ${formatCount(total)}`, `${requestsPerSecond.toFixed(1)}/s`];
  if (etaMs !== undefined) words.push(`${durationWords(etaMs)} to go`);
  if (errors > 0) words.push(errors === 1 ? '1 error' : `${formatCount(errors)} errors`);
  if (costUsd !== undefined) words.push(`$${costUsd.toPrecision(2)}`);
  return words.join(' · ');
}

function durationWords(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  if (seconds < 100) return `${seconds} s`;
  return seconds < 6_000 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}

function ago(iso: string): string {
  const minutes = Math.round((Date.now() - Date.parse(iso)) / 60_000);
  if (!Number.isFinite(minutes)) return 'date unknown';
  if (minutes < 1) return 'just now';
  if (minutes < 60) return `${minutes} min ago`;
  return minutes < 60 * 24 ? `${Math.round(minutes / 60)} h ago` : new Date(iso).toLocaleDateString();
}

/** The history of runs. */
export function registerRunsView(services: () => Promise<Services>): vscode.Disposable {
  const changed = new vscode.EventEmitter<void>();
  let listening: vscode.Disposable | undefined;
  const view = vscode.window.registerTreeDataProvider<RunItem>('tierwise.runs', {
    onDidChangeTreeData: changed.event,
    getTreeItem: (item) => item,
    async getChildren(item) {
      if (item) return [];
      const { runs } = await services();
      listening ??= runs.onDidChange(() => changed.fire());
      return (await runs.list()).map((entry) => new RunItem(entry));
    },
  });
  return vscode.Disposable.from(view, changed, { dispose: () => listening?.dispose() });
}
