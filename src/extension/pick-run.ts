import * as vscode from 'vscode';
import { RemediableFailure } from './boundary.ts';
import { label } from './labels.ts';
import type { RunEntry } from './runs.ts';
import type { Services } from './services.ts';

/**
 * The id of the run that an argument names (an id, or an item of the Runs view), else of the one the person picks.
 * @throws Failure `usage` when there is none, CancellationError when none was picked.
 */
export async function pickRun(
  { runs }: Services,
  argument: unknown,
  question: string,
  fits: (entry: RunEntry) => boolean = () => true,
): Promise<string> {
  const named = idOf(argument);
  if (named !== undefined) return named;
  const entries = (await runs.list()).filter(fits);
  if (entries.length === 0) {
    throw new RemediableFailure({ code: 'usage', message: 'There is no such run. Benchmark a data set first.' }, [
      { label: 'Benchmark Data Set', command: 'tierwise.benchmarkDataset' },
    ]);
  }
  const items = entries.map((entry) => ({
    label: label(entry.manifest.title),
    description: `${entry.state} · ${new Date(entry.manifest.startedAt).toLocaleString()}`,
    id: entry.id,
  }));
  const chosen = await vscode.window.showQuickPick(items, {
    title: 'Tierwise',
    placeHolder: question,
    matchOnDescription: true,
  });
  if (!chosen) throw new vscode.CancellationError();
  return chosen.id;
}

/** The id that an argument of a command is or, as an item of the Runs view, has. */
export function idOf(argument: unknown): string | undefined {
  const id = typeof argument === 'object' && argument !== null ? Reflect.get(argument, 'runId') : argument;
  return typeof id === 'string' ? id : undefined;
}
