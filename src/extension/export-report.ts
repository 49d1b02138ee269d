import { homedir } from 'node:os';
import * as vscode from 'vscode';
import { toCsv } from '../core/report/csv.ts';
import { toHtml } from '../core/report/html.ts';
import { toJson } from '../core/report/json.ts';
import { toMarkdown } from '../core/report/markdown.ts';
import { buildReport, type Run } from '../core/report/view.ts';
import { type ExportFormat, exportFormats } from '../protocol/webview.ts';
import { pickRun } from './pick-run.ts';
import type { Services } from './services.ts';

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
export async function exportRun({ runs }: Services, runId: string, format: ExportFormat): Promise<void> {
  const run = await runs.read(runId);
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri ?? vscode.Uri.file(homedir());
  const base = run.manifest.title.replace(/[^\w.-]+/g, '-').slice(0, 60) || 'report';
  const target = await vscode.window.showSaveDialog({
    title: 'Tierwise: export report',
    defaultUri: vscode.Uri.joinPath(folder, `${base}-report.${format}`),
    filters: { [formatWords[format][0]]: [format] },
  });
  if (!target) return;
  await vscode.workspace.fs.writeFile(target, new TextEncoder().encode(exported(run, format)));
  const open = 'Open';
  // Not awaited: the message may stay for as long as it likes.
  void vscode.window.showInformationMessage(`Tierwise: the report is in ${target.fsPath}`, open).then((answer) => {
    if (answer === open) return vscode.commands.executeCommand('vscode.open', target);
    return undefined;
  });
}

function exported(run: Run, format: ExportFormat): string {
  switch (format) {
    case 'html':
      return toHtml(buildReport(run));
    case 'md':
      return toMarkdown(buildReport(run));
    case 'csv':
      return toCsv(buildReport(run));
    case 'json':
      return toJson(run);
  }
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
