import * as vscode from 'vscode';
import { label } from './labels.ts';
import { factsOf, type RunFacts } from './run-facts.ts';
import { factWords, progressWords, tooltipLines } from './run-words.ts';
import type { RunEntry, ShownState } from './runs.ts';
import { isResumable } from './runs-view.ts';
import type { Services } from './services.ts';

const icons: Record<ShownState, string> = {
  running: 'loading~spin',
  complete: 'pass',
  cancelled: 'circle-slash',
  stopped: 'warning',
  interrupted: 'debug-disconnect',
};

/** One run in the view. */
export class RunItem extends vscode.TreeItem {
  readonly runId: string;

  constructor({ id, manifest, state, mine, progress }: RunEntry, facts: RunFacts | undefined) {
    const title = label(manifest.title);
    super(title);
    this.runId = id;
    this.id = id;
    const words = mine
      ? [progressWords(progress)]
      : [state, ...(facts ? factWords(facts) : []), ago(manifest.startedAt)];
    this.description = words.join(' · ');
    this.iconPath = mine ? new vscode.ThemeIcon(icons.running) : iconOf(state, facts);
    this.contextValue = mine ? 'run.running' : isResumable(state) ? 'run.resumable' : 'run.finished';
    this.tooltip = tooltipLines(manifest, facts).join('\n');
    this.accessibilityInformation = { label: `${title}, ${this.description}` };
    if (!mine) this.command = { command: 'tierwise.openReport', title: 'Open Report', arguments: [id] };
  }
}

/** The runs, newest first. */
export async function runItems({ runs, settings }: Services): Promise<RunItem[]> {
  const gates = settings.get('benchmark.gates');
  return (await runs.list()).map((entry) => {
    const facts = entry.state === 'running' ? undefined : factsOf(runs.folderOf(entry.id), entry.manifest, gates);
    return new RunItem(entry, facts);
  });
}

/** What speaks against a run comes first. */
function iconOf(state: ShownState, facts: RunFacts | undefined): vscode.ThemeIcon {
  if (facts?.invalid !== undefined) return icon('warning', 'list.warningForeground');
  if (facts?.gates.some(({ passed }) => !passed)) return icon('error', 'testing.iconFailed');
  if (facts && facts.gates.length > 0) return icon('pass-filled', 'testing.iconPassed');
  return new vscode.ThemeIcon(icons[state]);
}

function icon(name: string, color: string): vscode.ThemeIcon {
  return new vscode.ThemeIcon(name, new vscode.ThemeColor(color));
}

function ago(iso: string): string {
  const minutes = Math.round((Date.now() - Date.parse(iso)) / 60_000);
  if (!Number.isFinite(minutes)) return 'date unknown';
  if (minutes < 1) return 'just now';
  if (minutes < 60) return `${minutes} min ago`;
  return minutes < 60 * 24 ? `${Math.round(minutes / 60)} h ago` : new Date(iso).toLocaleDateString();
}
