import { execFile } from 'node:child_process';
import { homedir } from 'node:os';
import * as vscode from 'vscode';
import type { RunComparison } from '../core/benchmark/verdict.ts';
import { Failure } from '../core/failure.ts';
import { runComparisonTitle, runComparisonWriters } from '../core/report/run-comparison-page.ts';
import { type ExportFormat, exportFormats } from '../protocol/webview.ts';
import { pickRun } from './pick-run.ts';
import type { Services } from './services.ts';

/** Bytes of the largest report that is written from the editor. */
const mostBytes = 512 * 1024 * 1024;

const formatWords: Record<ExportFormat, readonly [label: string, detail: string]> = {
  html: ['HTML', 'The whole report in one file, without scripts'],
  md: ['Markdown', 'Summary and figures for a README or a pull request'],
  csv: ['CSV', 'One row for each request, for a spreadsheet'],
  json: ['JSON', 'Manifest, summary and all records, for programs'],
};

/** The command: asks which run and which format, then where to. */
export async function exportReport(services: Services, run: unknown, format: unknown): Promise<void> {
  const runId = await pickRun(services, run, 'Export the report of which run?');
  await exportRun(services, runId, exportFormats.find((known) => known === format) ?? (await pickFormat()));
}

/** Writes a run's report where the person says. */
export async function exportRun({ runs, cli }: Services, runId: string, format: ExportFormat): Promise<void> {
  const { title } = runs.manifest(runId);
  await save(title, 'report', format, () => written(cli, runs.folderOf(runId), format));
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
  format: ExportFormat,
  write: () => Promise<Uint8Array>,
): Promise<void> {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri ?? vscode.Uri.file(homedir());
  const base = title.replace(/[^\w.-]+/g, '-').slice(0, 60) || what;
  const target = await vscode.window.showSaveDialog({
    title: `Tierwise: export ${what}`,
    defaultUri: vscode.Uri.joinPath(folder, `${base}-${what}.${format}`),
    filters: { [formatWords[format][0]]: [format] },
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
function written(cli: string, folder: string, format: ExportFormat): Promise<Uint8Array> {
  const env = { ...process.env, ELECTRON_RUN_AS_NODE: '1' };
  const options = { env, encoding: 'buffer' as const, maxBuffer: mostBytes };
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [cli, 'report', folder, '--format', format], options, (cause, stdout, stderr) => {
      if (!cause) return resolve(stdout);
      const why = stderr.toString('utf8').trim() || cause.message;
      reject(new Failure({ code: 'local', message: `The report could not be written. ${why}` }, { cause }));
    });
  });
}

async function pickFormat(): Promise<ExportFormat> {
  const items = exportFormats.map((format) => ({
    label: formatWords[format][0],
    detail: formatWords[format][1],
    format,
  }));
  const chosen = await vscode.window.showQuickPick(items, {
    title: 'Tierwise: export report',
    placeHolder: 'Choose a format',
  });
  if (!chosen) throw new vscode.CancellationError();
  return chosen.format;
}
