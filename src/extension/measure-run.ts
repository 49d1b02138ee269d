import * as vscode from 'vscode';
import type { BoundKey, Network } from '../protocol/measure.ts';
import type { Endpoint } from './endpoints.ts';
import { label } from './labels.ts';
import { progressWords } from './run-words.ts';
import type { Task } from './runs.ts';
import type { Services } from './services.ts';
import { vscodeNetwork } from './settings.ts';

/**
 * Measures a run with progress and cancel, and shows its report: also when it was cancelled or stopped, because what is done is
 * kept. `endpoints` are those that will be called; their addresses and keys are agreed on first.
 */
export async function measureRun(
  services: Services,
  id: string,
  title: string,
  endpoints: readonly Endpoint[],
  task: (keys: BoundKey[], network: Network, version: string) => Task,
): Promise<void> {
  const { consent, context, panels, runs, vscodeModels } = services;
  const keys: BoundKey[] = [];
  for (const endpoint of endpoints) {
    const key = await consent.keyFor(endpoint);
    if (key) keys.push(key);
  }
  const message = task(keys, vscodeNetwork(), String(context.extension.packageJSON.version));
  await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: `Tierwise: ${label(title)}`, cancellable: true },
    async (progress, token) => {
      token.onCancellationRequested(() => runs.cancel(id));
      let shown = 0;
      await runs.measure(id, message, {
        onProgress(state) {
          const percent = state.total > 0 ? (100 * state.done) / state.total : 0;
          // Phases count anew, and a bar only grows.
          progress.report({ message: progressWords(state), increment: Math.max(0, percent - shown) });
          shown = Math.max(shown, percent);
        },
        refreshKey: async (id) => {
          const endpoint = endpoints.find((one) => one.id === id);
          return endpoint && consent.freshKeyFor(endpoint);
        },
        askModel: vscodeModels.ask,
      });
    },
  );
  await panels.show(id);
}
