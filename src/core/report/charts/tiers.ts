import { formatUsd } from '../../catalog/cost.ts';
import { grouped } from '../../numbers.ts';
import { figure, NONE, percent } from '../format.ts';
import { type Markup, markup } from '../markup.ts';
import type { ReportView, TierRow } from '../view.ts';
import { at, axis, tickText } from './axis.ts';
import { shortName } from './labels.ts';
import { markerPath, seriesClass } from './series.ts';

const WIDTH = 640;
const LEFT = 190;
const RIGHT = 84;
const ROW = 22;
const HEADING = 22;
const AXIS = 34;

/** How each model does on the prompts of each tier: a marker at the E2E p50 with a line to p95, and the p50 in figures. */
export function tierChart(id: string, view: ReportView): Markup {
  const rows = view.tiers.filter((row) => row.e2eP50 !== undefined);
  const slowest = Math.max(1, ...rows.map((row) => row.e2eP95 ?? row.e2eP50 ?? 0));
  const x = axis([0, slowest], { range: [LEFT, WIDTH - RIGHT], log: false, nice: true, gap: 44 });
  const drawn: Markup[] = [];
  let y = 2;
  for (const tier of new Set(rows.map((row) => row.tier))) {
    drawn.push(markup`<text class="tw-axis" x="4" y="${y + 15}">${tier}</text>`);
    y += HEADING;
    for (const row of rows.filter((candidate) => candidate.tier === tier)) {
      drawn.push(rowOf(row, y + ROW / 2 - 2, x, view.models));
      y += ROW;
    }
  }
  const words = rows
    .map(
      (row) =>
        `${row.tier}, ${view.models[row.model]?.name ?? ''}: p50 ${figure(row.e2eP50)} ms, p95 ${figure(row.e2eP95)} ms.`,
    )
    .join(' ');
  return markup`<svg class="tw-chart" viewBox="0 0 ${WIDTH} ${y + AXIS}" role="img" aria-labelledby="${id}-t ${id}-d"><title id="${id}-t">E2E by tier of the prompt</title><desc id="${id}-d">${words}</desc>${x.ticks.map(
    (tick) =>
      markup`<line class="tw-grid" x1="${at(x(tick))}" x2="${at(x(tick))}" y1="6" y2="${y}"/><text class="tw-tick" x="${at(x(tick))}" y="${y + 15}" text-anchor="middle">${tickText(tick)}</text>`,
  )}<text class="tw-axis" x="${WIDTH - RIGHT}" y="${y + 30}" text-anchor="end">E2E in ms</text>${drawn}</svg>`;
}

function rowOf(row: TierRow, y: number, x: (value: number) => number, models: ReportView['models']): Markup {
  const p50 = x(row.e2eP50 ?? 0);
  const p95 = x(row.e2eP95 ?? row.e2eP50 ?? 0);
  return markup`<g class="${seriesClass(row.model)}"><text class="tw-name" x="16" y="${at(y + 4)}">${shortName(models[row.model]?.name ?? '', 24)}</text><line class="tw-grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${at(y)}" y2="${at(y)}"/><path class="tw-whisker" d="M${at(p50)},${at(y)} H${at(p95)} M${at(p95)},${at(y - 5)} v10"/><path class="tw-marker" transform="translate(${at(p50)},${at(y)})" d="${markerPath(row.model, 72)}"/><text class="tw-values" x="${WIDTH - 4}" y="${at(y + 4)}" text-anchor="end">${figure(row.e2eP50)}</text></g>`;
}

/** The numbers behind the picture, with errors and cost. */
export function tierTable(view: ReportView): Markup {
  return markup`<table class="tw-table"><caption>By tier of the prompt</caption><thead><tr><th scope="col">Tier</th><th scope="col" class="tw-left">Model</th>${['Requests', 'Errors', 'TTFT p50 (ms)', 'E2E p50 (ms)', 'E2E p95 (ms)', 'Cost of 1,000'].map((label) => markup`<th scope="col">${label}</th>`)}</tr></thead><tbody>${view.tiers.map(
    (row) =>
      markup`<tr><th scope="row">${row.tier}</th><td class="tw-left">${view.models[row.model]?.name}</td><td>${grouped(row.requests)}</td><td>${percent(row.error / row.requests)}</td><td>${figure(row.ttftP50, NONE)}</td><td>${figure(row.e2eP50, NONE)}</td><td>${figure(row.e2eP95, NONE)}</td><td>${formatUsd(row.per1kUsd)}</td></tr>`,
  )}</tbody></table>`;
}
