import * as vscode from 'vscode';
import { Failure } from '../core/failure.ts';
import { measureRun } from './measure-run.ts';
import { pickRun } from './pick-run.ts';
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
    if (configured && sameAddress(configured.baseUrl, planned.baseUrl)) return configured;
    throw new Failure({
      code: 'config',
      message:
        planned.id === 'simulated'
          ? 'This run was made on a simulated endpoint that has ended. Benchmark again with the one that runs now.'
          : `This run was made with the endpoint "${planned.id}" at ${planned.baseUrl}, which is not configured so. Add it to resume the run.`,
    });
  });
  await measureRun(services, id, manifest.title, endpoints, (keys, network, version) => ({
    type: 'resume',
    runDir: services.runs.folderOf(id),
    keys,
    network,
    version,
  }));
}

function sameAddress(a: string, b: string): boolean {
  return a.replace(/\/+$/, '') === b.replace(/\/+$/, '');
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
