import { toCsv } from '../core/report/csv.ts';
import { toHtml } from '../core/report/html.ts';
import { toJson } from '../core/report/json.ts';
import { toMarkdown } from '../core/report/markdown.ts';
import { buildReport, type Run } from '../core/report/view.ts';
import { readRun } from '../engine/benchmark/run-folder.ts';
import { writeOutput } from './files.ts';
import { type ExitCode, exit, type Terminal } from './terminal.ts';

export type ReportFormat = 'html' | 'md' | 'csv' | 'json';

export interface ReportOptions {
  readonly dir: string;
  readonly format: ReportFormat;
  readonly out?: string;
}

const writers: Readonly<Record<ReportFormat, (run: Run) => string>> = {
  html: (run) => toHtml(buildReport(run)),
  md: (run) => toMarkdown(buildReport(run)),
  csv: (run) => toCsv(buildReport(run)),
  json: toJson,
};

/** Writes the report of a run's folder; it is a pure function of what the folder holds. */
export async function report(options: ReportOptions, terminal: Terminal): Promise<ExitCode> {
  const text = writers[options.format](await readRun(options.dir));
  if (options.out === undefined || options.out === '-') await terminal.out(text);
  else {
    await writeOutput(options.out, text);
    terminal.note(`Wrote ${options.out}.`);
  }
  return exit.done;
}
