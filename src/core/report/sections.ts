import { counted, grouped } from '../numbers.ts';
import { compromiseChart, compromiseLegend, compromiseTable } from './charts/compromise.ts';
import { histogramChart, histogramTable } from './charts/histogram.ts';
import { swatch } from './charts/series.ts';
import { tierChart, tierTable } from './charts/tiers.ts';
import {
  type Column,
  costColumns,
  errorWords,
  latencyColumns,
  otherDefinitions,
  outcomeColumns,
  qualityColumns,
  SIMULATED,
  totalCostWords,
  urgentDefinitions,
} from './columns.ts';
import { duration, instant } from './format.ts';
import { type Markup, markup } from './markup.ts';
import { figureOf } from './section-parts.ts';
import { evaluationSection, sameAsSection } from './sections-evaluation.ts';
import { stagesSection } from './sections-stages.ts';
import { verdictSection } from './sections-verdict.ts';
import type { ReportView } from './view.ts';

// The parts that the panel and the exported page have in common, as HTML without script and without inline style.

/** What stands before the requests: the conclusion first, then the tables, then what only some will read. */
export function mainSections(view: ReportView): Markup[] {
  return [
    // Where the load is what was asked about, it comes first.
    stagesSection(view),
    verdictSection(view),
    summarySection(view),
    chartsSection(view),
    evaluationSection(view),
    sameAsSection(view),
  ].filter((section) => section !== undefined);
}

/** What stands after the requests. */
export function closingSections(view: ReportView): Markup[] {
  return [readingSection(view), runSection(view)];
}

export function headSection(view: ReportView): Markup {
  const { totals } = view;
  const facts = [
    `${counted(totals.requests, 'request')} on ${counted(view.models.length, 'model')}`,
    totals.error === 0 ? 'no errors' : counted(totals.error, 'error'),
    `cost ${totalCostWords(totals)}`,
    `measured ${duration(view.durationMs)}`,
    `started ${instant(view.startedAt)}`,
  ];
  return markup`<div class="tw-head"><h1><bdi>${view.title}</bdi></h1><p class="tw-facts"><span class="tw-state tw-state-${view.state}">${view.stateWords}</span>${facts.map((fact) => markup`<span>${fact}</span>`)}</p></div>${view.simulated && markup`<p class="tw-banner tw-simulated" role="note">${SIMULATED}</p>`}${
    view.invalid !== undefined &&
    markup`<p class="tw-banner tw-invalid" role="note"><strong>Not valid:</strong> ${view.invalid}</p>`
  }${view.warnings.length > 0 && markup`<div class="tw-banner tw-warning" role="note"><strong>Warnings</strong><ul>${view.warnings.map((warning) => markup`<li>${warning}</li>`)}</ul></div>`}${view.calibration.map((words) => markup`<p class="tw-note">${words}</p>`)}`;
}

function summarySection(view: ReportView): Markup {
  return markup`<section aria-labelledby="tw-summary"><h2 id="tw-summary">Summary</h2>${summaryTable('Latency by model', view, latencyColumns(view))}${summaryTable('Quality and satisfaction by model', view, qualityColumns(view))}${summaryTable('Outcome and cost by model', view, outcomeColumns(view))}${costParts(view)}${errorLines(view)}${notes(view)}<div class="tw-definitions"><h3>What the figures mean</h3>${definitionList(urgentDefinitions(view))}<details><summary>More definitions</summary>${definitionList(otherDefinitions(view))}</details></div></section>`;
}

function definitionList(definitions: ReportView['definitions']): Markup {
  return markup`<dl>${definitions.map((entry) => markup`<div><dt>${entry.name}</dt><dd>${entry.words}</dd></div>`)}</dl>`;
}

function costParts(view: ReportView): Markup | undefined {
  const columns = costColumns(view);
  if (columns.length === 0) return undefined;
  return markup`<details><summary>Cost by part</summary>${summaryTable('Cost of the measured requests by what was paid for', view, columns)}</details>`;
}

function summaryTable(caption: string, view: ReportView, columns: readonly Column[]): Markup | undefined {
  if (columns.length === 0) return undefined;
  const groups: { name: string; count: number }[] = [];
  for (const column of columns) {
    const before = groups.at(-1);
    if (before && before.name === column.group && column.group !== '') before.count += 1;
    else groups.push({ name: column.group, count: 1 });
  }
  const starts = new Set<number>();
  let at = 0;
  for (const group of groups) {
    starts.add(at);
    at += group.count;
  }
  const edge = (index: number) => starts.has(index) && markup` class="tw-edge"`;
  return markup`<div class="tw-scroll" role="region" aria-label="${caption}" tabindex="0"><table class="tw-table tw-summary"><caption>${caption}</caption><thead><tr><th scope="col" rowspan="2">Model</th>${groups.map(
    (group, index) =>
      group.name === ''
        ? markup`<th scope="col" rowspan="2" class="tw-edge">${columns[index]?.label}</th>`
        : markup`<th scope="colgroup" colspan="${group.count}" class="tw-edge tw-group">${group.name}</th>`,
  )}</tr><tr>${columns.flatMap((column, index) => (column.group === '' ? [] : [markup`<th scope="col"${edge(index)}>${column.label}</th>`]))}</tr></thead><tbody>${view.models.map(
    (row, model) =>
      markup`<tr><th scope="row">${swatch(model)}<bdi>${row.name}</bdi></th>${columns.map((column, index) => markup`<td${edge(index)}>${column.text(row)}</td>`)}</tr>`,
  )}</tbody></table></div>`;
}

function errorLines(view: ReportView): Markup | undefined {
  const failing = view.models.filter((row) => row.errors.length > 0);
  if (failing.length === 0) return undefined;
  return markup`<p class="tw-note">Errors by class: ${failing.map((row, index) => markup`${index > 0 ? '; ' : ''}<bdi>${row.name}</bdi> ${errorWords(row)}`)}.</p>`;
}

function notes(view: ReportView): Markup | undefined {
  return view.notes.length === 0 ? undefined : markup`<p class="tw-note">${view.notes.join(' ')}</p>`;
}

function chartsSection(view: ReportView): Markup {
  const { ttft, e2e, compromise } = view.charts;
  if (!ttft && !e2e) {
    const why =
      view.totals.ok === 0
        ? 'No measured request succeeded'
        : 'Every request that succeeded needed a retry, and latency figures are of first attempts only';
    return markup`<section aria-labelledby="tw-charts"><h2 id="tw-charts">Latency and cost</h2><p class="tw-note">${why}: there is nothing to draw.</p></section>`;
  }
  const latency = (id: string, name: string, key: 'ttftMs' | 'e2eMs', data: typeof ttft) =>
    data &&
    figureOf(
      `${name}, all ${counted(total(data), 'request')} that succeeded`,
      histogramChart(id, name, data, view.models),
      markup`<p class="tw-legend"><span><i class="tw-key tw-key-p50"></i>p50</span><span><i class="tw-key tw-key-p95"></i>p95</span><span><i class="tw-key tw-key-p99"></i>p99</span><span>height: square root of the number of requests</span></p>`,
      histogramTable(name, data, view, key),
    );
  return markup`<section aria-labelledby="tw-charts"><h2 id="tw-charts">Latency and cost</h2><div class="tw-charts">${latency('tw-ttft', 'Time to first token (TTFT)', 'ttftMs', ttft)}${latency('tw-e2e', 'End-to-end latency (E2E)', 'e2eMs', e2e)}${
    compromise.length > 0 &&
    // Where nothing costs anything there is nothing to weigh.
    compromise.some(({ per1kUsd }) => per1kUsd !== 0) &&
    figureOf(
      'Cost against latency: nearer to the lower left is better',
      compromiseChart('tw-cost', compromise, view.models),
      compromiseLegend(compromise, view.models),
      compromiseTable(compromise, view.models),
    )
  }${
    view.tiers.some((row) => row.e2eP50 !== undefined) &&
    figureOf(
      'End-to-end latency (E2E) by tier of the prompt',
      tierChart('tw-tiers', view),
      markup`<p class="tw-legend"><span>marker: p50</span><span>line: to p95</span></p>`,
      tierTable(view),
    )
  }</div></section>`;
}

function total(data: NonNullable<ReportView['charts']['ttft']>): number {
  return data.series.reduce((sum, entry) => sum + entry.n, 0);
}

function readingSection(view: ReportView): Markup {
  return markup`<section aria-labelledby="tw-reading"><h2 id="tw-reading">How to read this report</h2><ul class="tw-reading">${view.reading.map((line) => markup`<li>${line}</li>`)}</ul></section>`;
}

function runSection(view: ReportView): Markup {
  return markup`<section aria-labelledby="tw-run"><h2 id="tw-run">The run</h2><div class="tw-run">${view.facts.map((group) => markup`<div><h3>${group.group}</h3><dl>${group.items.map((item) => markup`<div><dt><bdi>${item.label}</bdi></dt><dd><bdi>${item.value}</bdi></dd></div>`)}</dl></div>`)}</div></section>`;
}

/** How many requests there are, for the heading of their table. */
export function requestsHeading(view: ReportView): string {
  return `Requests (${grouped(view.listed.count)})`;
}
