import { scaleLinear, scaleLog } from 'd3-scale';
import { grouped } from '../../numbers.ts';

/** An axis: from a value to pixels, and the values worth a label. */
export interface Axis {
  (value: number): number;
  readonly ticks: readonly number[];
  readonly log: boolean;
}

export interface AxisOptions {
  /** Pixels of the lower and the upper bound. */
  readonly range: readonly [number, number];
  readonly log: boolean;
  /** Rounds a linear axis to a labelled value. */
  readonly nice?: boolean;
  /** Least distance of two labels in pixels. */
  readonly gap: number;
}

/** A linear or logarithmic axis over `domain`; a logarithmic one is labelled at 1, 2 and 5 of each decade, if there is room. */
export function axis(domain: readonly [number, number], options: AxisOptions): Axis {
  const { range, log, nice = false, gap } = options;
  if (log) {
    const scale = scaleLog(domain, range);
    const ticks = scale.ticks(20);
    const steps = [[1, 2, 5], [1, 3], [1]].map((leads) => ticks.filter((tick) => leads.includes(leading(tick))));
    const roomy = steps.find((chosen) => apart(chosen, scale, gap)) ?? [];
    // Less than half a decade may hold none of them.
    return Object.assign((value: number) => scale(value), {
      ticks: roomy.length > 1 ? roomy : spread(ticks, scale, gap),
      log,
    });
  }
  const scale = scaleLinear(domain, range);
  if (nice) scale.nice(5);
  return Object.assign((value: number) => scale(value), { ticks: spread(scale.ticks(6), scale, gap), log });
}

/** A tick as short as it can be: `50`, `0.5`, `2,000`. */
export function tickText(tick: number): string {
  return tick >= 1_000 ? grouped(tick) : String(Number(tick.toPrecision(6)));
}

/** A coordinate with one decimal. */
export function at(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function leading(tick: number): number {
  return Math.round(tick / 10 ** Math.floor(Math.log10(tick) + 1e-9));
}

function apart(ticks: readonly number[], scale: (value: number) => number, gap: number): boolean {
  return spread(ticks, scale, gap).length === ticks.length;
}

/** Leaves out ticks that would stand closer than `gap` pixels to the one before. */
function spread(ticks: readonly number[], scale: (value: number) => number, gap: number): number[] {
  const kept: number[] = [];
  for (const tick of ticks) {
    const before = kept.at(-1);
    if (before === undefined || Math.abs(scale(tick) - scale(before)) >= gap) kept.push(tick);
  }
  return kept;
}
