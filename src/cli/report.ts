import { evaluateGates } from '../core/benchmark/gates.ts';
import { toCsv } from '../core/report/csv.ts';
import { toHtml } from '../core/report/html.ts';
import { toJson } from '../core/report/json.ts';
import { toJUnit } from '../core/report/junit.ts';
import { toMarkdown } from '../core/report/markdown.ts';
import { buildReport, type Run } from '../core/report/view.ts';
import { readRun } from '../engine/benchmark/run-folder.ts';
import { writeOutput } from './files.ts';
import { chosenGates } from './gates.ts';
import { wrongUse } from './options.ts';
import type { ReportFormat } from './report-formats.ts';
import { type ExitCode, exit, type Terminal } from './terminal.ts';

export interface ReportOptions {
  readonly dir: string;
  readonly format: ReportFormat;
  readonly out?: string;
  /** Of `junit`. */
  readonly gate: readonly string[];
}

/** Writes the report of a run's folder; it is a pure function of what the folder holds. */
export async function report(options: ReportOptions, terminal: Terminal): Promise<ExitCode> {
  const gates = chosenGates(options).list;
  if (gates.length > 0 && options.format !== 'junit') throw wrongUse('--gate belongs to --format junit.');
  const writers: Readonly<Record<ReportFormat, (run: Run) => string>> = {
    html: (run) => toHtml(buildReport(run)),
    md: (run) => toMarkdown(buildReport(run)),
    csv: (run) => toCsv(buildReport(run)),
    json: toJson,
    junit: (run) => toJUnit(run, evaluateGates(gates, run.summary)),
  };
  const text = writers[options.format](await readRun(options.dir));
  if (options.out === undefined || options.out === '-') await terminal.out(text);
  else {
    await writeOutput(options.out, text);
    terminal.note(`Wrote ${options.out}.`);
  }
  return exit.done;
}
