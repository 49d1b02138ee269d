import type { MetricVerdict } from '../../benchmark/verdict.ts';
import { type Markup, markup } from '../markup.ts';
import { type MetricCells, metricCells } from '../metric-cells.ts';
import { at, axis } from './axis.ts';
import { markerPath, seriesClass } from './series.ts';

const WIDTH = 640;
const LEFT = 130;
const RIGHT = 236;
const ROW = 30;
const TOP = 24;
const AXIS = 20;
/** Ratios beyond it are drawn at the edge, with an arrow. */
const WIDEST = 16;

export interface ForestRow {
  readonly verdict: MetricVerdict;
  /** `quality`, say. */
  readonly label: string;
}

/**
 * The effects of one comparison with their 95 % intervals: left of the middle the first model is better, right of it the second,
 * whichever figure it is. The band around the middle is what is of no matter. Ratios, and costs as ratios of the mean, on a logarithmic scale, differences on one
 * of their own, so that every row has its zero in the middle.
 */
export function forestChart(
  id: string,
  rows: readonly ForestRow[],
  names: { readonly a: string; readonly b: string },
  models: { readonly a: number; readonly b: number },
): Markup {
  const places = rows.map(({ verdict }) => placeOf(verdict));
  const widest = Math.max(
    0.05,
    ...places.flatMap(({ low, high, margin }) => [Math.abs(low), Math.abs(high), margin * 1.5]),
  );
  const x = axis([-widest, widest], { range: [LEFT + 8, WIDTH - RIGHT - 8], log: false, gap: 60 });
  const bottom = TOP + rows.length * ROW;
  const cells = rows.map(({ verdict }) => metricCells(verdict, { ...names, tied: 'tied' }));
  const words = rows.map(({ label }, index) => rowWords(label, cells[index])).join(' ');
  const middle = at(x(0));
  return markup`<svg class="tw-chart" viewBox="0 0 ${WIDTH} ${bottom + AXIS}" role="img" aria-labelledby="${id}-t ${id}-d"><title id="${id}-t">Effects with 95 % intervals: ${names.a} and ${names.b}</title><desc id="${id}-d">${words}</desc><text class="tw-axis" x="4" y="12">← ${names.a} better</text><text class="tw-axis" x="${WIDTH - 4}" y="12" text-anchor="end">${names.b} better →</text>${rows.map(
    ({ verdict, label }, index) => {
      const { effect, low, high, margin } = places[index] ?? NOWHERE;
      const y = TOP + index * ROW + ROW / 2;
      const side = verdict.outcome === 'b' ? models.b : models.a;
      const decided = verdict.outcome === 'a' || verdict.outcome === 'b';
      return markup`<g class="${decided ? seriesClass(side) : 'tw-undecided'}"><rect class="tw-band" x="${at(x(-margin))}" y="${at(y - ROW / 2 + 3)}" width="${at(x(margin) - x(-margin))}" height="${ROW - 6}"/><text class="tw-name" x="4" y="${at(y + 4)}">${label}</text><path class="tw-whisker" d="M${at(x(low))},${at(y)} H${at(x(high))} M${at(x(low))},${at(y - 4)} v8 M${at(x(high))},${at(y - 4)} v8"/><path class="tw-marker" transform="translate(${at(x(effect))},${at(y)})" d="${markerPath(side, 60)}"/><text class="tw-values" x="${WIDTH - RIGHT + 8}" y="${at(y + 4)}">${cells[index]?.effect} (${cells[index]?.interval})</text></g>`;
    },
  )}<line class="tw-base" x1="${middle}" x2="${middle}" y1="${TOP - 4}" y2="${bottom}"/><text class="tw-tick" x="${middle}" y="${bottom + 14}" text-anchor="middle">no difference</text></svg>`;
}

const NOWHERE = { effect: 0, low: 0, high: 0, margin: 0 };

/** Where an effect lies: 0 is none, and more is better for b. */
function placeOf({ scale, metric, a, effect, low, high, margin }: MetricVerdict) {
  const higherIsBetter = metric === 'quality' || metric === 'satisfaction';
  const ratio = (value: number) => Math.log2(Math.min(WIDEST, Math.max(1 / WIDEST, value)));
  const sizeOf = (value: number) => {
    if (scale === 'ratio') return ratio(value);
    if (metric !== 'cost') return 4 * value;
    return value === 0 ? 0 : ratio((a + value) / a);
  };
  const place = (value: number) => {
    const size = sizeOf(value);
    return higherIsBetter ? size : -size;
  };
  const [one, other] = [place(low), place(high)];
  return {
    effect: place(effect),
    low: Math.min(one, other),
    high: Math.max(one, other),
    margin: Math.abs(place(margin)),
  };
}

function rowWords(label: string, cells: MetricCells | undefined): string {
  return cells ? `${label}: ${cells.effect}, ${cells.interval}, ${cells.outcome}.` : '';
}
