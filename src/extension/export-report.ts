import { execFile } from 'node:child_process';
import { homedir } from 'node:os';
import * as vscode from 'vscode';
import type { RunComparison } from '../core/benchmark/verdict.ts';
import { Failure } from '../core/failure.ts';
import { runComparisonTitle } from '../core/report/run-comparison.ts';
import { runComparisonWriters } from '../core/report/run-comparison-page.ts';
import { RemediableFailure } from './boundary.ts';
import { pickRun } from './pick-run.ts';
import { parsedGates } from './run-facts.ts';
import type { Services } from './services.ts';

/** Bytes of the largest report that is written from the editor. */
const mostBytes = 512 * 1024 * 1024;

/** What the panel offers, and what only the command does. */
const formats = {
  html: { label: 'HTML', detail: 'The whole report in one file, without scripts', ending: 'html' },
  md: { label: 'Markdown', detail: 'Summary and figures for a README or a pull request', ending: 'md' },
  csv: { label: 'CSV', detail: 'One row for each request, for a spreadsheet', ending: 'csv' },
  json: { label: 'JSON', detail: 'Manifest, summary and all records, for programs', ending: 'json' },
  otel: {
    label: 'OpenTelemetry',
    detail: 'Metrics under the names of the GenAI conventions, as JSON',
    ending: 'otel.json',
  },
  junit: {
    label: 'JUnit XML',
    detail: 'How the run keeps tierwise.benchmark.gates, for a pipeline',
    ending: 'junit.xml',
  },
} as const;
type Format = keyof typeof formats;
const knownFormats = Object.keys(formats) as Format[];

/** The command: asks which run and which format, then where to. */
export async function exportReport(services: Services, run: unknown, format: unknown): Promise<void> {
  const runId = await pickRun(services, run, 'Export the report of which run?');
  await exportRun(services, runId, knownFormats.find((known) => known === format) ?? (await pickFormat()));
}

/** Writes a run's report where the person says. */
export async function exportRun(services: Services, runId: string, format: Format): Promise<void> {
  const { runs, cli } = services;
  const { title } = runs.manifest(runId);
  const more = format === 'junit' ? gateOptions(services) : [];
  const options = ['report', runs.folderOf(runId), '--format', format, ...more];
  await save(title, 'report', format, () => written(cli, options));
}

/** The gates of the settings. @throws Failure `config` where there is none, or one cannot be read. */
function gateOptions({ settings }: Services): string[] {
  const { parsed, problems } = parsedGates(settings.get('benchmark.gates'));
  const [problem] = problems;
  if (problem !== undefined) throw new Failure({ code: 'config', message: problem });
  if (parsed.length > 0) return parsed.map(({ text }) => `--gate=${text}`);
  const message =
    'JUnit XML tells which gates a run keeps, and there are none. Set tierwise.benchmark.gates, for example ["p95_ttft_ms<800"].';
  throw new RemediableFailure({ code: 'usage', message }, [
    { label: 'Open Settings', command: 'tierwise.openSettings' },
  ]);
}

/** Writes a comparison of runs where the person says. */
export async function exportComparison(
  comparison: RunComparison,
  format: keyof typeof runComparisonWriters,
): Promise<void> {
  const write = async () => new TextEncoder().encode(runComparisonWriters[format](comparison));
  await save(runComparisonTitle(comparison), 'comparison', format, write);
}

async function save(
  title: string,
  what: 'report' | 'comparison',
  format: Format,
  write: () => Promise<Uint8Array>,
): Promise<void> {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri ?? vscode.Uri.file(homedir());
  const base = title.replace(/[^\w.-]+/g, '-').slice(0, 60) || what;
  const target = await vscode.window.showSaveDialog({
    title: `Tierwise: export ${what}`,
    defaultUri: vscode.Uri.joinPath(folder, `${base}-${what}.${formats[format].ending}`),
    filters: { [formats[format].label]: [formats[format].ending] },
  });
  if (!target) return;
  const report = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Window, title: `Tierwise: writing the ${what}` },
    write,
  );
  await vscode.workspace.fs.writeFile(target, report);
  const open = 'Open';
  // Not awaited: the message may stay for as long as it likes.
  void vscode.window.showInformationMessage(`Tierwise: the ${what} is in ${target.fsPath}`, open).then((answer) => {
    if (answer === open) return vscode.commands.executeCommand('vscode.open', target);
    return undefined;
  });
}

/** The report as the command line writes it, in a process of its own: ten thousand requests would hold up the editor. */
function written(cli: string, words: readonly string[]): Promise<Uint8Array> {
  const env = { ...process.env, ELECTRON_RUN_AS_NODE: '1' };
  const options = { env, encoding: 'buffer' as const, maxBuffer: mostBytes };
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [cli, ...words], options, (cause, stdout, stderr) => {
      if (!cause) return resolve(stdout);
      const why = stderr.toString('utf8').trim() || cause.message;
      reject(new Failure({ code: 'local', message: `The report could not be written. ${why}` }, { cause }));
    });
  });
}

async function pickFormat(): Promise<Format> {
  const items = knownFormats.map((format) => ({
    label: formats[format].label,
    detail: formats[format].detail,
    format,
  }));
  const chosen = await vscode.window.showQuickPick(items, {
    title: 'Tierwise: export report',
    placeHolder: 'Choose a format',
  });
  if (!chosen) throw new vscode.CancellationError();
  return chosen.format;
}
