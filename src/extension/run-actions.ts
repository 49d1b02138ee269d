import * as vscode from 'vscode';
import type { Manifest } from '../core/benchmark/manifest.ts';
import { formatUsd } from '../core/catalog/cost.ts';
import { Failure } from '../core/failure.ts';
import { formatCount, label } from './labels.ts';
import { measureRun } from './measure-run.ts';
import { pickRun } from './pick-run.ts';
import { isSameEndpoint } from './planned-endpoint.ts';
import { simulatedId, vscodeId } from './reserved-ids.ts';
import { isResumable } from './runs-view.ts';
import type { Services } from './services.ts';

/** Shows the report of a run in a panel. */
export async function openReport(services: Services, run: unknown): Promise<void> {
  await services.panels.show(await pickRun(services, run, 'Open the report of which run?'));
}

/** Takes an interrupted, cancelled or stopped run up again: what is done is not sent a second time. */
export async function resumeRun(services: Services, run: unknown): Promise<void> {
  const id = await pickRun(services, run, 'Resume which run?', ({ state }) => isResumable(state));
  const { manifest } = await services.runs.read(id);
  const endpoints = manifest.plan.endpoints.map((planned) => {
    const configured = services.endpoints.find(planned.id);
    // The key goes where the person's endpoint is, and the run's requests go to the address in the run's folder.
    if (configured && isSameEndpoint(configured, planned)) return configured;
    throw new Failure({
      code: 'config',
      message:
        planned.id === simulatedId
          ? 'This run was made on a simulated endpoint that has ended. Benchmark again with the one that runs now.'
          : planned.id === vscodeId
            ? 'This run was made with models of VS Code, which this window does not use yet. Run “Tierwise: Use Models of VS Code” first.'
            : `This run was made with the endpoint "${planned.id}" at ${planned.baseUrl} (protocol ${planned.protocol}), which is not configured so. Add it to resume the run.`,
    });
  });
  const { stopReason, maxCostUsd = manifest.plan.maxCostUsd, maxTotalTokens = manifest.plan.maxTotalTokens } = manifest;
  const raised = {
    ...(stopReason === 'cost-ceiling' && {
      maxCostUsd: await askForCeiling(
        manifest,
        maxCostUsd ?? 0,
        (usd) => formatUsd(usd),
        'How much may it cost in all, in USD?',
      ),
    }),
    ...(stopReason === 'token-ceiling' && {
      maxTotalTokens: await askForCeiling(
        manifest,
        maxTotalTokens ?? 0,
        (tokens) => `${formatCount(tokens)} tokens`,
        'How many tokens may it use in all?',
      ),
    }),
  };
  await measureRun(services, id, manifest.title, endpoints, (keys, network, version) => ({
    type: 'resume',
    runDir: services.runs.folderOf(id),
    ...raised,
    keys,
    network,
    version,
  }));
}

/** A run that its ceiling has stopped would stop again at once. */
async function askForCeiling(
  { title }: Manifest,
  reached: number,
  words: (amount: number) => string,
  question: string,
): Promise<number> {
  const typed = await vscode.window.showInputBox({
    title: `Resume ${label(title)}`,
    prompt: `The run stopped at its ceiling of ${words(reached)}. ${question}`,
    value: String(2 * reached),
    ignoreFocusOut: true,
    validateInput: (text) =>
      Number.isFinite(Number(text)) && Number(text) > reached ? undefined : `Type a number above ${reached}.`,
  });
  if (typed === undefined) throw new vscode.CancellationError();
  return Number(typed);
}

export async function cancelRun(services: Services, run: unknown): Promise<void> {
  services.runs.cancel(await pickRun(services, run, 'Cancel which run?', ({ mine }) => mine));
}

/** Deletes a run with its records, after asking. */
export async function deleteRun(services: Services, run: unknown): Promise<void> {
  const id = await pickRun(services, run, 'Delete which run?', ({ state }) => state !== 'running');
  const yes = 'Delete';
  const answer = await vscode.window.showWarningMessage(
    'Delete this run?',
    { modal: true, detail: 'Its records and answers are deleted from this machine. This cannot be undone.' },
    yes,
  );
  if (answer === yes) await services.runs.remove(id);
}
