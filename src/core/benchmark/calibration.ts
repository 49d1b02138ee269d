import type { Distribution } from '../stats/distribution.ts';
import type { Calibration } from './manifest.ts';
import { stageWords } from './plan-changes.ts';

/**
 * What a calibration says about the run after it, for a person, most important first. `neededPerSecond`: requests per
 * second that the run sent; absent: it is not compared with what this machine can do.
 */
export function calibrationWords(calibration: Calibration, neededPerSecond?: number): string[] {
  const { ttftErrorMs, e2eErrorMs, bareLoopPerSecond, instrumentPerSecond, load, requests, reduced } = calibration;
  const where = reduced ? "at a smaller load than this run's" : 'at this load';
  const errors = [...(ttftErrorMs ? [`TTFT ${errorWords(ttftErrorMs)}`] : []), `E2E ${errorWords(e2eErrorMs)}`];
  const words = [
    `Instrument error ${where}${load ? ` (${stageWords(load)})` : ''}: ${errors.join(', ')}; ${requests} requests to the built-in simulator, against its own clock.`,
  ];
  if (bareLoopPerSecond !== undefined) {
    const own = instrumentPerSecond === undefined ? '' : `, the instrument ${rate(instrumentPerSecond)}`;
    const needed = neededPerSecond === undefined ? '' : `; the run needed ${rate(neededPerSecond)}`;
    words.push(`This machine's bare loop: ${rate(bareLoopPerSecond)} requests/s${own}${needed}.`);
  }
  return words;
}

function errorWords({ p50, p99 }: Distribution): string {
  return `±${p50.toFixed(1)} ms (p99 ${p99.toFixed(1)})`;
}

function rate(perSecond: number): string {
  return perSecond < 10 ? perSecond.toFixed(1) : Math.round(perSecond).toLocaleString('en-US');
}
