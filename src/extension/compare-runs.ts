import * as vscode from 'vscode';
import { RemediableFailure } from './boundary.ts';
import { label } from './labels.ts';
import { idOf } from './pick-run.ts';
import { factsOf } from './run-facts.ts';
import { factWords } from './run-words.ts';
import type { RunEntry } from './runs.ts';
import type { Services } from './services.ts';

/** Compares the runs that are selected in the view, else those that the person ticks. The oldest is what the others are compared with. */
export async function compareRuns(services: Services, item: unknown, selected: unknown): Promise<void> {
  const entries = await comparable(services);
  const named = Array.isArray(selected) ? selected.map(idOf) : Array.isArray(item) ? item.map(idOf) : [];
  const chosen = entries.filter(({ id }) => named.includes(id));
  const runs = chosen.length > 1 ? chosen : await tickedRuns(services, entries, 2, 'Choose two or more runs');
  await services.panels.showComparison(runs.toSorted(byTime).map(({ id }) => id));
}

/** Compares this run with others that the person ticks. */
export async function compareWith(services: Services, item: unknown): Promise<void> {
  const entries = await comparable(services);
  const first = entries.find(({ id }) => id === idOf(item));
  if (!first) return compareRuns(services, undefined, undefined);
  const others = entries.filter((entry) => entry !== first);
  const runs = await tickedRuns(services, others, 1, `Compare ${label(first.manifest.title)} with which runs?`);
  await services.panels.showComparison([first, ...runs].toSorted(byTime).map(({ id }) => id));
}

function byTime(a: RunEntry, b: RunEntry): number {
  return a.manifest.startedAt < b.manifest.startedAt ? -1 : 1;
}

async function comparable({ runs }: Services): Promise<RunEntry[]> {
  const entries = (await runs.list()).filter(({ state }) => state !== 'running');
  if (entries.length > 1) return entries;
  throw new RemediableFailure({ code: 'usage', message: 'To compare, there must be two runs that have ended.' }, [
    { label: 'Benchmark Data Set', command: 'tierwise.benchmarkDataset' },
  ]);
}

async function tickedRuns(
  { runs, settings }: Services,
  entries: readonly RunEntry[],
  least: number,
  question: string,
): Promise<RunEntry[]> {
  const gates = settings.get('benchmark.gates');
  const items = entries.map((entry) => {
    const { id, manifest, state } = entry;
    const facts = factsOf(runs.folderOf(id), manifest, gates);
    return {
      label: label(manifest.title),
      description: [state, ...(facts ? factWords(facts) : []), new Date(manifest.startedAt).toLocaleString()].join(
        ' · ',
      ),
      entry,
    };
  });
  const chosen = await vscode.window.showQuickPick(items, {
    title: 'Tierwise: compare runs',
    placeHolder: question,
    canPickMany: true,
    matchOnDescription: true,
    ignoreFocusOut: true,
  });
  if (!chosen || chosen.length === 0) throw new vscode.CancellationError();
  if (chosen.length < least) {
    throw new RemediableFailure({ code: 'usage', message: 'One run alone cannot be compared. Tick two or more.' }, [
      { label: 'Compare Runs', command: 'tierwise.compareRuns' },
    ]);
  }
  return chosen.map(({ entry }) => entry);
}
