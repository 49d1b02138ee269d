import * as vscode from 'vscode';
import { registerCodeLens } from './code-lens.ts';
import { registerCommands } from './commands.ts';
import { registerEndpointsView } from './endpoints-view.ts';
import { Explanations, explanationScheme } from './explanations.ts';
import { registerHover } from './hover.ts';
import { Log } from './log.ts';
import { registerReportPanel } from './report-registration.ts';
import { registerRunsView } from './runs-view.ts';
import type { Services } from './services.ts';
import { registerStatusBar } from './status-bar.ts';
import { type Testing, testing } from './testing.ts';
import { registerWorkspaceView } from './workspace-view.ts';

/** Registers what package.json promises, and nothing more: no setting, secret or file is read here. */
export function activate(context: vscode.ExtensionContext): { readonly testing: Testing } {
  const start = performance.now();
  const log = new Log();
  let made: Promise<Services> | undefined;
  const services = () => {
    made ??= import('./services.ts').then(({ createServices }) => createServices(context, log));
    return made;
  };
  const explanations = new Explanations();
  const statusBar = registerStatusBar(services, log);
  const hovers = registerHover(services);
  context.subscriptions.push(
    log,
    statusBar,
    registerCommands(services, explanations, log),
    hovers,
    registerCodeLens(services),
    registerEndpointsView(services),
    registerWorkspaceView(services),
    registerRunsView(services),
    registerReportPanel(services),
    vscode.workspace.registerTextDocumentContentProvider(explanationScheme, explanations),
  );
  const activationMs = performance.now() - start;
  log.debug(`registered in ${activationMs.toFixed(1)} ms`);
  const folders = [context.globalStorageUri.fsPath, context.logUri.fsPath];
  return {
    testing: testing({ activationMs, services, statusBar, hovers, folders, isLoaded: () => made !== undefined }),
  };
}
