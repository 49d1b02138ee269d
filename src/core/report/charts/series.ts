import {
  symbol,
  symbolCircle,
  symbolCross,
  symbolDiamond,
  symbolSquare,
  symbolStar,
  symbolTriangle,
  symbolWye,
} from 'd3-shape';
import { type Markup, markup } from '../markup.ts';

/** Colours in the style sheet: `.tw-s0` to `.tw-s9`. */
const SERIES_COLOURS = 10;

const SHAPES = [symbolCircle, symbolSquare, symbolTriangle, symbolDiamond, symbolCross, symbolStar, symbolWye];

/** Strokes that fill an 8 × 8 tile; the numbers of shapes and patterns have no common divisor, so pairs repeat late. */
const PATTERNS = [
  '',
  'M-2,2 l4,-4 M0,8 l8,-8 M6,10 l4,-4',
  'M0,2 h8 M0,6 h8',
  'M-2,6 l4,4 M0,0 l8,8 M6,-2 l4,4',
  'M2,0 v8 M6,0 v8',
  'M1,1 h2 v2 h-2z M5,5 h2 v2 h-2z',
  'M0,4 h8 M4,0 v8',
  'M0,0 l8,8 M0,8 l8,-8',
];

/** CSS class that carries the model's colour as `--tw-c`. */
export function seriesClass(model: number): string {
  return `tw-s${model % SERIES_COLOURS}`;
}

/** Path of the model's marker around (0,0); `area` in square pixels. */
export function markerPath(model: number, area: number): string {
  return symbol(SHAPES[model % SHAPES.length] ?? symbolCircle, area)() ?? '';
}

/** Name of the model's fill pattern in the chart with this id, for `url(#…)`. */
export function patternId(chart: string, model: number): string {
  return `${chart}-p${model}`;
}

/** A fill of the model's colour, lightly tinted, with strokes that differ from model to model. */
export function pattern(chart: string, model: number): Markup {
  return markup`<pattern id="${patternId(chart, model)}" class="${seriesClass(model)}" width="8" height="8" patternUnits="userSpaceOnUse"><rect class="tw-tint" width="8" height="8"/><path class="tw-hatch" d="${PATTERNS[model % PATTERNS.length] ?? ''}"/></pattern>`;
}

/** A small picture of the model's colour and marker for tables and legends. */
export function swatch(model: number): Markup {
  return markup`<svg class="tw-swatch ${seriesClass(model)}" width="12" height="12" viewBox="-6 -6 12 12" aria-hidden="true"><path class="tw-marker" d="${markerPath(model, 52)}"/></svg>`;
}
