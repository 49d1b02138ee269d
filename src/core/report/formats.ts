import { csvParts } from './csv.ts';
import { toHtml } from './html.ts';
import { jsonParts } from './json.ts';
import { toMarkdown } from './markdown.ts';
import { toOtel } from './otel.ts';
import type { Run } from './run.ts';
import { toTextTable } from './table.ts';
import { buildReport } from './view.ts';

/** Every way in which a run can be written down, by the name that a person gives. */
const writers = {
  html: (run: Run): Iterable<string> => [toHtml(buildReport(run))],
  md: (run: Run): Iterable<string> => [toMarkdown(buildReport(run))],
  csv: csvParts,
  json: jsonParts,
  text: (run: Run): Iterable<string> => [toTextTable(buildReport(run))],
  /** Metrics of OpenTelemetry as a JSON file. */
  otel: (run: Run): Iterable<string> => [toOtel(run)],
} as const;

export type WrittenFormat = keyof typeof writers;

/** A run in one of the formats, in parts that together are the file: those that hold every request never hold all at once. */
export function reportParts(format: WrittenFormat, run: Run): Iterable<string> {
  return writers[format](run);
}
