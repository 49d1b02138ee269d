import { line } from 'd3-shape';
import { figure } from '../format.ts';
import { type Markup, markup } from '../markup.ts';
import { type Axis, at, axis, tickText } from './axis.ts';
import { markerPath, seriesClass } from './series.ts';

const WIDTH = 640;
const HEIGHT = 320;
const LEFT = 64;
const RIGHT = 20;
const TOP = 24;
const BOTTOM = 44;
/** From this spread on an axis is logarithmic. */
const LOG_FROM = 20;

export interface Line {
  readonly model: number;
  /** Solid for what the chart is about, dashed for its tail. */
  readonly dashed: boolean;
  /** What the line is, for those who do not see it. */
  readonly name: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

export interface LineChart {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  readonly lines: readonly Line[];
  /** A value of y that is a limit. */
  readonly limit?: { readonly y: number; readonly label: string } | undefined;
  /** True: y is drawn as a guide where it equals x. */
  readonly diagonal?: boolean | undefined;
  /** True: both axes begin at 0, however far apart the values are. */
  readonly linear?: boolean | undefined;
}

/** Lines over a common x, a marker at each value; undefined where there are no two points to join. */
export function lineChart(id: string, chart: LineChart): Markup | undefined {
  const lines = chart.lines.filter(({ points }) => points.length > 0);
  const points = lines.flatMap((one) => one.points);
  if (new Set(points.map(({ x }) => x)).size < 2) return undefined;
  const bottom = HEIGHT - BOTTOM;
  const x = axisOf(
    points.map((point) => point.x),
    [LEFT + 12, WIDTH - RIGHT - 12],
    46,
    chart.linear,
  );
  const limits = chart.limit ? [chart.limit.y] : [];
  const y = axisOf([...points.map((point) => point.y), ...limits], [bottom - 8, TOP + 8], 22, chart.linear);
  const words = lines
    .map((one) => `${one.name}: ${one.points.map((point) => `${figure(point.x)}: ${figure(point.y)}`).join('; ')}.`)
    .join(' ');
  const path = line<{ x: number; y: number }>()
    .x((point) => x(point.x))
    .y((point) => y(point.y))
    .digits(1);
  const guide = chart.diagonal ? diagonal(x, y, points) : undefined;
  return markup`<svg class="tw-chart" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-labelledby="${id}-t ${id}-d"><title id="${id}-t">${chart.title}</title><desc id="${id}-d">${words}</desc>${x.ticks.map(
    (tick) =>
      markup`<line class="tw-grid" x1="${at(x(tick))}" x2="${at(x(tick))}" y1="${TOP}" y2="${bottom}"/><text class="tw-tick" x="${at(x(tick))}" y="${bottom + 15}" text-anchor="middle">${tickText(tick)}</text>`,
  )}${y.ticks.map(
    (tick) =>
      markup`<line class="tw-grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${at(y(tick))}" y2="${at(y(tick))}"/><text class="tw-tick" x="${LEFT - 6}" y="${at(y(tick) + 4)}" text-anchor="end">${tickText(tick)}</text>`,
  )}<text class="tw-axis" x="${WIDTH - RIGHT}" y="${HEIGHT - 10}" text-anchor="end">${chart.x}${x.log ? ', logarithmic' : ''}</text><text class="tw-axis" x="4" y="12">${chart.y}${y.log ? ', logarithmic' : ''}</text>${guide}${
    chart.limit &&
    markup`<line class="tw-limit" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${at(y(chart.limit.y))}" y2="${at(y(chart.limit.y))}"/><text class="tw-values" x="${WIDTH - RIGHT}" y="${at(y(chart.limit.y) - 5)}" text-anchor="end">${chart.limit.label}</text>`
  }${lines.map(
    (one) =>
      markup`<g class="${seriesClass(one.model)}"><path class="tw-line${one.dashed ? ' tw-dashed' : ''}" d="${path([...one.points]) ?? ''}"/>${one.points.map((point) => markup`<path class="tw-marker" transform="translate(${at(x(point.x))},${at(y(point.y))})" d="${markerPath(one.model, one.dashed ? 30 : 60)}"/>`)}</g>`,
  )}</svg>`;
}

/** Where y would equal x: all that is asked for is done. A curve where only one of the axes is logarithmic. */
function diagonal(x: Axis, y: Axis, points: LineChart['lines'][number]['points']): Markup | undefined {
  const start = Math.min(...points.map((point) => point.x));
  const end = Math.min(Math.max(...points.map((point) => point.x)), Math.max(...points.map((point) => point.y)));
  if (!(start > 0 && end > start)) return undefined;
  const steps = Array.from({ length: GUIDE_STEPS + 1 }, (_, step) => start * (end / start) ** (step / GUIDE_STEPS));
  return markup`<path class="tw-guide" d="M${steps.map((value) => `${at(x(value))},${at(y(value))}`).join(' L')}"/>`;
}

const GUIDE_STEPS = 24;

/** Linear from 0, or logarithmic where the values are far apart and nobody wants it linear. */
function axisOf(values: readonly number[], range: readonly [number, number], gap: number, linear = false): Axis {
  const low = Math.min(...values);
  const high = Math.max(...values);
  const log = !linear && low > 0 && high / low >= LOG_FROM;
  return axis(log ? [low, high] : [0, high > 0 ? high : 1], { range, log, nice: true, gap });
}
