import { counted, grouped } from '../numbers.ts';
import { type Column, errorWords, latencyColumns, outcomeColumns, SIMULATED, totalCostWords } from './columns.ts';
import { duration, instant } from './format.ts';
import { safeName } from './text.ts';
import type { ReportView } from './view.ts';

/** As many failed requests are listed; the other formats have all requests. */
const FAILURES_SHOWN = 20;

/** The report as Markdown for a pull request or a wiki: summary, errors, run, definitions; the single requests stand in CSV and JSON. */
export function toMarkdown(view: ReportView): string {
  const blocks: string[] = [`# ${inert(view.title)}`];
  if (view.simulated) blocks.push(`> **${SIMULATED}**`);
  blocks.push(
    [
      `${view.stateWords}.`,
      `Started ${inert(instant(view.startedAt))}, measured ${duration(view.durationMs)}.`,
      `${counted(view.totals.requests, 'request')}: ${grouped(view.totals.ok)} ok, ${grouped(view.totals.error)} failed.`,
      inert(`Cost ${totalCostWords(view.totals)}.`),
    ].join(' '),
  );
  if (view.warnings.length > 0) blocks.push('## Warnings', bullets(view.warnings));
  blocks.push(
    '## Latency',
    summaryTable(view, latencyColumns),
    '## Outcome and cost',
    summaryTable(view, outcomeColumns),
  );
  const failing = view.models.filter((row) => row.errors.length > 0);
  if (failing.length > 0)
    blocks.push('## Errors by class', bullets(failing.map((row) => `${row.name}: ${errorWords(row)}`)));
  blocks.push(...failures(view));
  blocks.push('## What the figures mean', bullets(view.definitions.map((entry) => `${entry.name}: ${entry.words}`)));
  blocks.push('## How to read them', bullets([...view.notes, ...view.reading]));
  blocks.push('## The run');
  for (const group of view.facts) {
    blocks.push(`### ${inert(group.group)}`, bullets(group.items.map((item) => `${item.label}: ${item.value}`)));
  }
  return `${blocks.join('\n\n')}\n`;
}

function summaryTable(view: ReportView, columns: readonly Column[]): string {
  const header = ['Model', ...columns.map((column) => `${column.group} ${column.label}`.trim())];
  return table(
    header,
    view.models.map((row) => [inert(row.name), ...columns.map((column) => inert(column.text(row)))]),
  );
}

function failures(view: ReportView): string[] {
  const failed = view.requests.filter((request) => request.status === 'error');
  if (failed.length === 0) return [];
  const shown = failed.slice(0, FAILURES_SHOWN);
  const rows = shown.map((request) =>
    [
      safeName(request.id, 60),
      view.models[request.model]?.name ?? '',
      view.prompts[request.prompt]?.id ?? '',
      request.errorCode ?? '',
      request.errorMessage ?? '',
    ].map(inert),
  );
  const lines = [
    '| Request | Model | Prompt | Error | Message |',
    '|:--|:--|:--|:--|:--|',
    ...rows.map((cells) => `| ${cells.join(' | ')} |`),
  ];
  const more =
    failed.length > shown.length ? [`The first ${shown.length} of ${grouped(failed.length)} failed requests.`] : [];
  return ['## Failed requests', lines.join('\n'), ...more];
}

export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const align = header.map((_, column) => (column === 0 ? ':--' : '--:'));
  return [header, align, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

export function bullets(lines: readonly string[]): string {
  return lines.map((line) => `- ${inert(line)}`).join('\n');
}

/**
 * Text that Markdown takes as text: no mark-up, image, link, HTML, formula, emoji code, mention or automatic link comes of it.
 * The words after the backslashes read the same in every renderer.
 */
export function inert(text: string): string {
  return text
    .replace(/[\\`*_[\]<>|~$&!#@^{}]/g, '\\$&')
    .replace(/^(\d+)(?=[.)](?:\s|$))|^(?=[+\-=:])/u, '$1\\')
    .replace(/:(?=\/\/|[a-z][a-z0-9+-]*:)|(?<=www)\./giu, '\\$&');
}
