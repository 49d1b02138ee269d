import { join } from 'node:path';
import * as vscode from 'vscode';
import { Adviser } from './adviser.ts';
import { Consent } from './consent.ts';
import { Endpoints } from './endpoints.ts';
import { Keys } from './keys.ts';
import type { Log } from './log.ts';
import { ReportPanels } from './report-panel.ts';
import { Runs } from './runs.ts';
import { Settings } from './settings.ts';
import { SimulatedEndpoint } from './simulated.ts';
import { Subjects } from './subjects.ts';

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
  readonly subjects: Subjects;
  readonly adviser: Adviser;
  readonly simulated: SimulatedEndpoint;
  readonly runs: Runs;
  readonly panels: ReportPanels;
}

export function createServices(context: vscode.ExtensionContext, log: Log): Services {
  const dist = (name: string) => join(context.extensionPath, 'dist', name);
  const settings = new Settings();
  const endpoints = new Endpoints(settings);
  const keys = new Keys(context.secrets, log);
  const services: Services = {
    context,
    log,
    cli: dist('cli.js'),
    settings,
    endpoints,
    keys,
    consent: new Consent(context.globalState, keys),
    subjects: new Subjects(),
    adviser: new Adviser(settings, endpoints),
    simulated: new SimulatedEndpoint(dist('cli.js'), endpoints, log),
    runs: new Runs(vscode.Uri.joinPath(context.globalStorageUri, 'runs').fsPath, dist('measure.js')),
    panels: new ReportPanels(() => services),
  };
  context.subscriptions.push(settings, endpoints, services.simulated, services.runs, services.panels);
  return services;
}
