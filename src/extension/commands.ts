import * as vscode from 'vscode';
import { runCommand } from './boundary.ts';
import { type CommandId, commandIds } from './command-ids.ts';
import type { Explanations } from './explanations.ts';
import type { Log } from './log.ts';
import type { Services } from './services.ts';

type Handler = (services: Services, argument: unknown, second: unknown) => Promise<void>;

/** What each command does. The code behind it is loaded when it is first run. */
const handlers = (explanations: Explanations): Record<CommandId, Handler> => ({
  'tierwise.explain': async (services, target) =>
    (await import('./explain.ts')).explain(services, explanations, target),
  'tierwise.recommend': async (services, target) => (await import('./recommend.ts')).recommend(services, target),
  'tierwise.runPrompt': async (services, target) => (await import('./run-prompt.ts')).runPrompt(services, target),
  'tierwise.benchmarkSelection': async (services, target) =>
    (await import('./benchmark.ts')).benchmarkSelection(services, target),
  'tierwise.benchmarkDataset': async (services, file) =>
    (await import('./benchmark.ts')).benchmarkDataset(services, file),
  'tierwise.openReport': async (services, run) => (await import('./run-actions.ts')).openReport(services, run),
  'tierwise.exportReport': async (services, run, format) =>
    (await import('./export-report.ts')).exportReport(services, run, format),
  'tierwise.compareRuns': async (services, item, selected) =>
    (await import('./compare-runs.ts')).compareRuns(services, item, selected),
  'tierwise.compareWith': async (services, item) => (await import('./compare-runs.ts')).compareWith(services, item),
  'tierwise.evaluateRun': async (services, run) => (await import('./evaluate-run.ts')).evaluateRun(services, run),
  'tierwise.resumeRun': async (services, run) => (await import('./run-actions.ts')).resumeRun(services, run),
  'tierwise.cancelRun': async (services, run) => (await import('./run-actions.ts')).cancelRun(services, run),
  'tierwise.deleteRun': async (services, run) => (await import('./run-actions.ts')).deleteRun(services, run),
  'tierwise.addEndpoint': async (services) => (await import('./add-endpoint.ts')).addEndpoint(services),
  'tierwise.discoverLocal': async (services) => (await import('./discover-local.ts')).discoverLocalServers(services),
  'tierwise.useVscodeModels': async (services) => (await import('./vscode-models.ts')).useVscodeModels(services),
  'tierwise.connectWorkspace': async (services) => (await import('./workspace-actions.ts')).connectWorkspace(services),
  'tierwise.refreshWorkspace': async (services, item) =>
    (await import('./workspace-actions.ts')).refreshWorkspace(services, item),
  'tierwise.addServingEndpoint': async (services, item) =>
    (await import('./workspace-actions.ts')).addServingEndpoint(services, item),
  'tierwise.addReadyServingEndpoints': async (services, item) =>
    (await import('./workspace-actions.ts')).addReadyServingEndpoints(services, item),
  'tierwise.benchmarkServing': async (services, item) =>
    (await import('./workspace-actions.ts')).benchmarkServing(services, item),
  'tierwise.replaceModel': async (services, item) =>
    (await import('./workspace-actions.ts')).replaceModel(services, item),
  'tierwise.openServingEndpoint': async (services, item) =>
    (await import('./workspace-actions.ts')).openServingEndpoint(services, item),
  'tierwise.copyServingName': async (services, item) =>
    (await import('./workspace-actions.ts')).copyServingName(services, item),
  'tierwise.setApiKey': async (services, endpoint) => (await import('./api-key.ts')).setApiKey(services, endpoint),
  'tierwise.removeApiKey': async (services, endpoint) =>
    (await import('./api-key.ts')).removeApiKey(services, endpoint),
  'tierwise.removeEndpoint': async (services, endpoint) =>
    (await import('./api-key.ts')).removeEndpoint(services, endpoint),
  'tierwise.startSimulated': async (services) => (await import('./simulated.ts')).startSimulated(services),
  'tierwise.stopSimulated': async (services) => services.simulated.stop(),
  'tierwise.openSample': async ({ context }) => (await import('./sample.ts')).openSample(context),
  'tierwise.openSettings': async () => {
    await vscode.commands.executeCommand('workbench.action.openSettings', '@ext:tierwise.tierwise');
  },
  'tierwise.showLog': async ({ log }) => log.show(),
});

/** Registers every command behind the one boundary at which errors are shown. */
export function registerCommands(
  services: () => Promise<Services>,
  explanations: Explanations,
  log: Log,
): vscode.Disposable {
  const table = handlers(explanations);
  return vscode.Disposable.from(
    ...commandIds.map((id) =>
      vscode.commands.registerCommand(id, (argument: unknown, second: unknown) =>
        runCommand(id, log, async () => table[id](await services(), argument, second)),
      ),
    ),
  );
}
