import { evaluateGates } from '../core/benchmark/gates.ts';
import { reportParts } from '../core/report/formats.ts';
import { openRun } from '../engine/benchmark/run-folder.ts';
import { writeOutput } from './files.ts';
import { chosenGates, gatesAsJUnit } from './gates.ts';
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
  const { format, out } = options;
  const gates = chosenGates(options).list;
  if (gates.length > 0 && format !== 'junit') throw wrongUse('--gate belongs to --format junit.');
  const run = await openRun(options.dir);
  const parts = format === 'junit' ? [gatesAsJUnit(run, evaluateGates(gates, run.summary))] : reportParts(format, run);
  if (out === undefined || out === '-') {
    for (const part of parts) await terminal.out(part);
  } else {
    await writeOutput(out, parts);
    terminal.note(`Wrote ${out}.`);
  }
  return exit.done;
}
