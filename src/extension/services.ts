import { join } from 'node:path';
import * as vscode from 'vscode';
import { Adviser } from './adviser.ts';
import { Calls } from './calls.ts';
import { Consent } from './consent.ts';
import { Endpoints } from './endpoints.ts';
import { Keys } from './keys.ts';
import type { Log } from './log.ts';
import { ReportPanels } from './report-panel.ts';
import { Runs } from './runs.ts';
import { Settings } from './settings.ts';
import { SignIns } from './sign-ins.ts';
import { SimulatedEndpoint } from './simulated.ts';
import { Subjects } from './subjects.ts';
import { VscodeModels } from './vscode-models.ts';
import { Workspaces } from './workspaces.ts';

/** What the contributions work with. Made when the first of them is used, so that activation stays empty. */
export interface Services {
  readonly context: vscode.ExtensionContext;
  readonly log: Log;
  /** Script of the command line. */
  readonly cli: string;
  readonly settings: Settings;
  readonly endpoints: Endpoints;
  readonly keys: Keys;
  readonly consent: Consent;
  readonly workspaces: Workspaces;
  readonly subjects: Subjects;
  readonly adviser: Adviser;
  readonly simulated: SimulatedEndpoint;
  readonly vscodeModels: VscodeModels;
  readonly calls: Calls;
  readonly runs: Runs;
  readonly panels: ReportPanels;
}

export function createServices(context: vscode.ExtensionContext, log: Log): Services {
  const dist = (name: string) => join(context.extensionPath, 'dist', name);
  const settings = new Settings();
  const endpoints = new Endpoints(settings);
  const signIns = new SignIns();
  const keys = new Keys(context.secrets, signIns, log);
  const consent = new Consent(context.globalState, keys);
  const vscodeModels = new VscodeModels(endpoints, log);
  const services: Services = {
    context,
    log,
    cli: dist('cli.js'),
    settings,
    endpoints,
    keys,
    consent,
    workspaces: new Workspaces({ endpoints, keys, consent, log }),
    subjects: new Subjects(),
    adviser: new Adviser(settings, endpoints),
    simulated: new SimulatedEndpoint(dist('cli.js'), endpoints, log),
    vscodeModels,
    calls: new Calls(settings, vscodeModels),
    runs: new Runs(vscode.Uri.joinPath(context.globalStorageUri, 'runs').fsPath, dist('measure.js')),
    panels: new ReportPanels(() => services),
  };
  context.subscriptions.push(
    settings,
    endpoints,
    signIns,
    services.workspaces,
    services.simulated,
    services.runs,
    services.panels,
  );
  return services;
}
