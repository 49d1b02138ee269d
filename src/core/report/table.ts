import { formatUsd } from '../catalog/cost.ts';
import { counted, grouped } from '../numbers.ts';
import { aligned } from './aligned.ts';
import { costWords, errorWords, qualityColumns, SIMULATED, totalCostWords, urgentDefinitions } from './columns.ts';
import { duration, figure, NONE, percent } from './format.ts';
import type { ModelRow, ReportView } from './view.ts';

const COLUMNS: readonly (readonly [string, (row: ModelRow) => string])[] = [
  ['n', (row) => grouped(row.requests)],
  ['ok', (row) => grouped(row.ok)],
  ['errors', (row) => (row.error > 0 ? `${grouped(row.error)} (${percent(row.errorShare)})` : '0')],
  ['TTFT p50', (row) => figure(row.ttftMs?.p50, NONE)],
  ['p95', (row) => figure(row.ttftMs?.p95, NONE)],
  ['E2E p50', (row) => figure(row.e2eMs?.p50, NONE)],
  ['p95', (row) => figure(row.e2eMs?.p95, NONE)],
  ['TPOT p50', (row) => figure(row.tpotMs?.p50, NONE)],
  ['tokens/s', (row) => figure(row.tokensPerSecond?.p50, NONE)],
  ['cost', costWords],
  ['$/1k requests', (row) => formatUsd(row.per1kUsd)],
];

/** The summary for a terminal: one aligned line per model, times in ms, then what the figures mean. No control characters. */
export function toTextTable(view: ReportView): string {
  const header = ['model', ...COLUMNS.map(([label]) => label)];
  const rows = view.models.map((row) => [row.name, ...COLUMNS.map(([, text]) => text(row))]);
  const align = header.map((_, column) => (column === 0 ? 'left' : 'right'));
  const lines = [
    ...(view.simulated ? [SIMULATED, ''] : []),
    `${view.title}: ${view.stateWords.toLowerCase()}, ${counted(view.totals.requests, 'request')} in ${duration(view.durationMs)}, cost ${totalCostWords(view.totals)}`,
    '',
    ...aligned([header, ...rows], align),
  ];
  if (view.invalid !== undefined) lines.splice(view.simulated ? 2 : 0, 0, `Not valid: ${view.invalid}`, '');
  const quality = qualityColumns(view);
  if (quality.length > 0) {
    const head = ['model', ...quality.map(({ group, label }) => `${group} ${label}`.toLowerCase())];
    const cells = view.models.map((row) => [row.name, ...quality.map(({ text }) => text(row))]);
    lines.push(
      '',
      ...aligned(
        [head, ...cells],
        head.map((_, column) => (column === 0 ? 'left' : 'right')),
      ),
    );
  }
  const failing = view.models.filter((row) => row.errors.length > 0);
  if (failing.length > 0)
    lines.push('', 'Errors by class:', ...failing.map((row) => `  ${row.name}: ${errorWords(row)}`));
  const conclusions = view.verdict?.comparisons.flatMap(({ words }) => words.slice(0, 1)) ?? [];
  if (conclusions.length > 0) lines.push('', ...conclusions);
  const remarks = [...view.warnings.map((warning) => `Warning: ${warning}`), ...view.notes];
  if (remarks.length > 0) lines.push('', ...remarks);
  lines.push('', 'Times are in ms. What the figures mean:');
  lines.push(...urgentDefinitions(view).map((definition) => `  ${definition.name}: ${definition.words}`));
  return `${lines.join('\n')}\n`;
}
