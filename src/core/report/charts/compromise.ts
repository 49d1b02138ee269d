import { arc } from 'd3-shape';
import { formatUsd } from '../../catalog/cost.ts';
import { UNKNOWN } from '../../numbers.ts';
import { figure, percent } from '../format.ts';
import { type Markup, markup } from '../markup.ts';
import type { Compromise, ReportView } from '../view.ts';
import { type Axis, at, axis, tickText } from './axis.ts';
import { type PlacedLabel, placeLabels, shortName } from './labels.ts';
import { markerPath, seriesClass, swatch } from './series.ts';

const WIDTH = 640;
const HEIGHT = 360;
const LEFT = 64;
const RIGHT = 24;
const TOP = 20;
const BOTTOM = 46;
/** Height of the lane for models whose cost is unknown. */
const LANE = 44;
const RING = 12;
/** From this spread on an axis is logarithmic. */
const LOG_FROM = 20;

type Point = Compromise[number];
/**
 * Cost of 1,000 requests against E2E: a marker at p50, a whisker to p95, and around it a ring whose filled part is the share of errors. A
 * model of unknown cost stands in a lane of its own below the axis, never at 0.
 */
export function compromiseChart(id: string, data: Compromise, models: ReportView['models']): Markup {
  const known = data.flatMap((point) => (point.per1kUsd === undefined ? [] : [point.per1kUsd]));
  const lane = known.length < data.length;
  const bottom = HEIGHT - BOTTOM - (lane ? LANE : 0);
  const times = data.flatMap((point) => [point.p50, point.p95 ?? point.p50]);
  const x = axisOf(times, [LEFT + 20, WIDTH - RIGHT - 20], 46);
  const y = known.length > 0 ? axisOf(known, [bottom - 14, TOP + 26], 20) : undefined;
  const words = data.map((point) => pointWords(point, models)).join(' ');
  const points = data.map((point) => ({
    point,
    x: x(point.p50),
    end: x(point.p95 ?? point.p50),
    y: point.per1kUsd === undefined || !y ? bottom + LANE / 2 + 4 : y(point.per1kUsd),
    name: shortName(models[point.model]?.name ?? '', 34),
    errors: point.errorShare ? ` · ${percent(point.errorShare)} errors` : '',
  }));
  const labels = placeLabels(
    points.map((entry) => ({ x: entry.x, y: entry.y, text: entry.name + entry.errors })),
    { x: LEFT, y: TOP - 2, width: WIDTH - LEFT, height: HEIGHT - BOTTOM - TOP + 6 },
  );
  return markup`<svg class="tw-chart" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-labelledby="${id}-t ${id}-d"><title id="${id}-t">Cost against latency</title><desc id="${id}-d">${words}</desc>${x.ticks.map(
    (tick) =>
      markup`<line class="tw-grid" x1="${at(x(tick))}" x2="${at(x(tick))}" y1="${TOP}" y2="${HEIGHT - BOTTOM}"/><text class="tw-tick" x="${at(x(tick))}" y="${HEIGHT - BOTTOM + 15}" text-anchor="middle">${tickText(tick)}</text>`,
  )}${
    y
      ? y.ticks.map(
          (tick) =>
            markup`<line class="tw-grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${at(y(tick))}" y2="${at(y(tick))}"/><text class="tw-tick" x="${LEFT - 6}" y="${at(y(tick) + 4)}" text-anchor="end">${formatUsd(tick)}</text>`,
        )
      : undefined
  }${lane && markup`<rect class="tw-lane" x="${LEFT}" y="${bottom + 4}" width="${WIDTH - RIGHT - LEFT}" height="${LANE - 4}"/><text class="tw-tick" x="${LEFT - 6}" y="${bottom + LANE / 2 + 6}" text-anchor="end">${UNKNOWN}</text>`}<text class="tw-axis" x="${WIDTH - RIGHT}" y="${HEIGHT - 12}" text-anchor="end">E2E in ms, p50 with a line to p95${x.log ? ', logarithmic' : ''}</text><text class="tw-axis" x="4" y="12">Cost of 1,000 requests${y?.log ? ', logarithmic' : ''}</text>${points.map(pointOf)}${points.flatMap((entry, index) => labelOf(entry, labels[index]))}</svg>`;
}

interface Marked {
  readonly point: Point;
  readonly x: number;
  readonly end: number;
  readonly y: number;
  readonly name: string;
  readonly errors: string;
}

function pointOf(entry: Marked): Markup {
  const { point, x, end, y } = entry;
  const ring = arc<{ from: number; to: number }>()
    .innerRadius(RING - 3)
    .outerRadius(RING)
    .startAngle((part) => part.from * 2 * Math.PI)
    .endAngle((part) => part.to * 2 * Math.PI)
    .digits(2);
  const share = point.errorShare ?? 0;
  return markup`<g class="${seriesClass(point.model)}"><line class="tw-whisker" x1="${at(x)}" x2="${at(end)}" y1="${at(y)}" y2="${at(y)}"/><path class="tw-whisker" d="M${at(end)},${at(y - 5)} v10"/><g transform="translate(${at(x)},${at(y)})"><circle class="tw-halo" r="${RING + 1}"/><path class="tw-ring" d="${ring({ from: 0, to: 1 }) ?? ''}"/>${share > 0 && markup`<path class="tw-ring-errors" d="${ring({ from: 0, to: share }) ?? ''}"/>`}<path class="tw-marker" d="${markerPath(point.model, 60)}"/></g></g>`;
}

function labelOf(entry: Marked, label: PlacedLabel | undefined): Markup[] {
  if (!label) return [];
  return [
    markup`<text class="tw-name" x="${at(label.x)}" y="${at(label.y)}" text-anchor="${label.anchor}">${entry.name}<tspan class="tw-values">${entry.errors}</tspan></text>`,
  ];
}

/** Which marker is which model, for those whose label has no room. */
export function compromiseLegend(data: Compromise, models: ReportView['models']): Markup {
  return markup`<p class="tw-legend">${data.map((point) => markup`<span>${swatch(point.model)}<bdi>${shortName(models[point.model]?.name ?? '')}</bdi></span>`)}<span>ring: share of errors</span><span>line: from p50 to p95</span></p>`;
}

/** The numbers behind the picture. */
export function compromiseTable(data: Compromise, models: ReportView['models']): Markup {
  return markup`<table class="tw-table"><caption>Cost against latency</caption><thead><tr><th scope="col">Model</th><th scope="col">E2E p50 (ms)</th><th scope="col">E2E p95 (ms)</th><th scope="col">Cost of 1,000</th><th scope="col">Errors</th></tr></thead><tbody>${data.map(
    (point) =>
      markup`<tr><th scope="row">${models[point.model]?.name}</th><td>${figure(point.p50)}</td><td>${figure(point.p95)}</td><td>${formatUsd(point.per1kUsd)}</td><td>${percent(point.errorShare)}</td></tr>`,
  )}</tbody></table>`;
}

function pointWords(point: Point, models: ReportView['models']): string {
  return `${models[point.model]?.name ?? ''}: E2E p50 ${figure(point.p50)} ms, cost of 1,000 requests ${formatUsd(point.per1kUsd)}, errors ${percent(point.errorShare)}.`;
}

/** Linear from 0, or logarithmic where the values are far apart. */
function axisOf(values: readonly number[], range: readonly [number, number], gap: number): Axis {
  const low = Math.min(...values);
  const high = Math.max(...values);
  const log = low > 0 && high / low >= LOG_FROM;
  return axis(log ? [low, high] : [0, high > 0 ? high : 1], { range, log, nice: true, gap });
}
