import { counted, grouped } from '../numbers.ts';
import {
  type Column,
  costColumns,
  errorWords,
  latencyColumns,
  outcomeColumns,
  qualityColumns,
  SIMULATED,
  totalCostWords,
} from './columns.ts';
import { duration, figure, instant, NONE } from './format.ts';
import { type MetricCells, metricCells } from './metric-cells.ts';
import { capacityWords, stageColumns } from './sections-stages.ts';
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
  if (view.invalid !== undefined) blocks.push(`> **Not valid:** ${inert(view.invalid)}`);
  if (view.warnings.length > 0) blocks.push('## Warnings', bullets(view.warnings));
  if (view.calibration.length > 0) blocks.push(bullets(view.calibration));
  blocks.push(...verdict(view), ...stages(view));
  blocks.push(
    '## Latency',
    summaryTable(view, latencyColumns(view)),
    '## Outcome and cost',
    summaryTable(view, outcomeColumns(view)),
  );
  const [quality, cost] = [qualityColumns(view), costColumns(view)];
  if (quality.length > 0) blocks.push('## Quality and satisfaction', summaryTable(view, quality));
  if (cost.length > 0) blocks.push('## Cost by part', summaryTable(view, cost));
  blocks.push(...evaluation(view));
  const failing = view.models.filter((row) => row.errors.length > 0);
  if (failing.length > 0)
    blocks.push('## Errors by class', bullets(failing.map((row) => `${row.name}: ${errorWords(row)}`)));
  blocks.push(...failures(view));
  blocks.push(...sameAs(view));
  blocks.push('## What the figures mean', bullets(view.definitions.map((entry) => `${entry.name}: ${entry.words}`)));
  blocks.push('## How to read them', bullets([...view.notes, ...view.reading]));
  blocks.push('## The run');
  for (const group of view.facts) {
    blocks.push(`### ${inert(group.group)}`, bullets(group.items.map((item) => `${item.label}: ${item.value}`)));
  }
  return `${blocks.join('\n\n')}\n`;
}

const verdictColumns: readonly (readonly [label: string, cell: (cells: MetricCells) => string])[] = [
  ['Figure', ({ label }) => label],
  ['Better', ({ outcome }) => outcome],
  ['Prompts', ({ n }) => n],
  ['First', ({ a }) => a],
  ['Second', ({ b }) => b],
  ['Effect', ({ effect }) => effect],
  ['95 % interval', ({ interval }) => interval],
  ['p (Holm)', ({ p }) => p],
];

/** What the run concludes, pair by pair, as the page has it. */
function verdict({ verdict: told, models }: ReportView): string[] {
  if (!told || told.comparisons.length === 0) return [];
  const name = (model: number) => models[model]?.name ?? '';
  return [
    '## Verdict',
    ...told.comparisons.flatMap(({ a, b, metrics, words }) => {
      const rows = metrics.map((metric) => {
        const cells = metricCells(metric, { a: name(a), b: name(b), tied: 'tied' });
        return verdictColumns.map(([, cell]) => inert(cell(cells)));
      });
      const head = verdictColumns.map(([label]) => label);
      return [
        `### ${inert(`${name(a)} (first) and ${name(b)} (second)`)}`,
        bullets(words),
        ...(rows.length > 0 ? [table(head, rows)] : []),
      ];
    }),
  ];
}

function stages(view: ReportView): string[] {
  if (view.stages.length === 0) return [];
  const columns = stageColumns(view);
  const rows = view.stages.flatMap(({ load, models }, index) =>
    models.map((model) => [
      inert(`${index + 1}: ${load}`),
      inert(view.models[model.model]?.name ?? ''),
      ...columns.map(([, text]) => inert(text(model))),
    ]),
  );
  const found = capacityWords(view);
  return [
    found.length > 0 ? '## Capacity' : '## Load, stage by stage',
    ...(found.length > 0 ? [bullets(found)] : []),
    table(['Stage', 'Model', ...columns.map(([label]) => label)], rows),
  ];
}

function evaluation({ evaluation: told }: ReportView): string[] {
  if (!told || (told.undecided.length === 0 && told.suspiciousCount === 0)) return [];
  return [
    '## Evaluation: what to look at',
    bullets([
      ...told.suspicious.map(({ request, by, why }) => `${request} speaks to its judge (${by}): ${why}`),
      ...told.undecided.map(({ what, why, count }) => `Not decided, ${counted(count, 'time')}: ${what}: ${why}`),
    ]),
  ];
}

function sameAs({ sameAs: others, models }: ReportView): string[] {
  if (others.length === 0) return [];
  const rows = others.flatMap(({ model, tools }) =>
    tools.flatMap(({ tool, rows: figures }) =>
      figures.map(({ figure: name, distribution }) => [
        inert(models[model]?.name ?? ''),
        inert(tool),
        inert(name),
        ...[distribution?.mean, distribution?.p50, distribution?.p95, distribution?.p99].map((ms) => figure(ms, NONE)),
      ]),
    ),
  );
  return ['## Same as in other tools (ms)', table(['Model', 'Tool', 'Figure', 'mean', 'p50', 'p95', 'p99'], rows)];
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
