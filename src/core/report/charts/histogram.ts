import { scaleSqrt } from 'd3-scale';
import { area, curveStepAfter } from 'd3-shape';
import { grouped } from '../../numbers.ts';
import { figure, NONE } from '../format.ts';
import { type Markup, markup } from '../markup.ts';
import type { Histogram, ReportView } from '../view.ts';
import { at, axis, tickText } from './axis.ts';
import { shortName } from './labels.ts';
import { pattern, patternId, seriesClass } from './series.ts';

const WIDTH = 640;
const LEFT = 8;
const RIGHT = 16;
const ROW = 58;
const BAND = 30;
const TOP = 4;
const AXIS = 34;

/**
 * One row per model on a common time axis: how many requests took how long, with marks at p50, p95 and p99. Bars grow with the square root
 * of the count so that a thin tail stays visible, which the caption says.
 */
export function histogramChart(id: string, figureName: string, data: Histogram, models: ReportView['models']): Markup {
  const series = data.series.filter((entry) => entry.n > 0);
  const height = TOP + series.length * ROW + AXIS;
  const start = data.edges[0] ?? 0;
  const end = data.edges.at(-1) ?? 1;
  const scale = axis([start, end], { range: [LEFT, WIDTH - RIGHT], log: data.scale === 'log', gap: 44 });
  const bottom = TOP + series.length * ROW;
  const name = `${figureName} of ${series.map((entry) => models[entry.model]?.name ?? '').join(', ')}`;
  const words = series
    .map((entry) => `${models[entry.model]?.name ?? ''}: ${marksWords(entry)}, ${grouped(entry.n)} requests.`)
    .join(' ');
  return markup`<svg class="tw-chart" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="${id}-t ${id}-d"><title id="${id}-t">${name}</title><desc id="${id}-d">${words}</desc><defs>${series.map((entry) => pattern(id, entry.model))}</defs>${scale.ticks.map(
    (tick) =>
      markup`<line class="tw-grid" x1="${at(scale(tick))}" x2="${at(scale(tick))}" y1="${TOP}" y2="${bottom}"/><text class="tw-tick" x="${at(scale(tick))}" y="${bottom + 15}" text-anchor="middle">${tickText(tick)}</text>`,
  )}<text class="tw-axis" x="${WIDTH - RIGHT}" y="${bottom + 30}" text-anchor="end">${figureName} in ms${data.scale === 'log' ? ', logarithmic' : ''}</text>${series.map((entry, row) => rowOf(id, entry, row, data, scale, models))}</svg>`;
}

function rowOf(
  id: string,
  entry: Histogram['series'][number],
  row: number,
  data: Histogram,
  scale: (value: number) => number,
  models: ReportView['models'],
): Markup {
  const top = TOP + row * ROW;
  const base = top + 18 + BAND;
  const heights = scaleSqrt([0, Math.max(1, ...entry.counts)], [0, BAND]);
  const points = data.edges.map((edge, index) => ({ x: scale(edge), y: heights(entry.counts[index] ?? 0) }));
  const last = entry.counts.length - 1;
  points[last + 1] = { x: scale(data.edges.at(-1) ?? 1), y: points[last]?.y ?? 0 };
  const shape = area<{ x: number; y: number }>()
    .x((point) => point.x)
    .y0(base)
    .y1((point) => base - point.y)
    .curve(curveStepAfter)
    .digits(1)(points);
  const mark = (value: number | undefined, name: string) =>
    value === undefined
      ? undefined
      : markup`<path class="tw-mark tw-${name}" d="M${at(scale(value))},${base + 3} V${base - BAND - 3}"/>`;
  return markup`<g class="${seriesClass(entry.model)}"><text class="tw-name" x="${LEFT}" y="${top + 12}">${shortName(models[entry.model]?.name ?? '')}</text><text class="tw-values" x="${WIDTH - RIGHT}" y="${top + 12}" text-anchor="end">${marksWords(entry)}</text><line class="tw-base" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${base}" y2="${base}"/><path class="tw-area" fill="url(#${patternId(id, entry.model)})" d="${shape ?? ''}"/>${mark(entry.p99, 'p99')}${mark(entry.p95, 'p95')}${mark(entry.p50, 'p50')}</g>`;
}

/** The numbers behind the picture. */
export function histogramTable(figureName: string, data: Histogram, view: ReportView, key: 'ttftMs' | 'e2eMs'): Markup {
  return markup`<table class="tw-table"><caption>${figureName} in ms</caption><thead><tr><th scope="col">Model</th>${['n', 'min', 'p50', 'p90', 'p95', 'p99', 'max', 'mean'].map((label) => markup`<th scope="col">${label}</th>`)}</tr></thead><tbody>${data.series.map(
    (entry) => {
      const row = view.models[entry.model];
      const marks = row?.[key];
      const values = [marks?.min, marks?.p50, marks?.p90, marks?.p95, marks?.p99, marks?.max, marks?.mean];
      return markup`<tr><th scope="row">${row?.name}</th><td>${grouped(entry.n)}</td>${values.map((value) => markup`<td>${figure(value, NONE)}</td>`)}</tr>`;
    },
  )}</tbody></table>`;
}

function marksWords(entry: Histogram['series'][number]): string {
  return `p50 ${figure(entry.p50, NONE)} · p95 ${figure(entry.p95, NONE)} · p99 ${figure(entry.p99, NONE)}`;
}
