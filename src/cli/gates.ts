import { checkGateModels, evaluateGates, type Gate, type GateResult, parseGate } from '../core/benchmark/gates.ts';
import type { Manifest } from '../core/benchmark/manifest.ts';
import type { PlannedModel } from '../core/benchmark/plan.ts';
import { counted } from '../core/numbers.ts';
import { plainText } from '../core/prompts/plain-text.ts';
import { toJUnit } from '../core/report/junit.ts';
import type { Run } from '../core/report/view.ts';
import { writeOutput } from './files.ts';
import { wrongUse } from './options.ts';

export interface GateOptions {
  readonly gate: readonly string[];
  /** File for JUnit XML. */
  readonly junit?: string;
}

/** What a run must keep, and where that is written. */
export interface Gates {
  readonly list: readonly Gate[];
  readonly junit?: string | undefined;
}

export const noGates: Gates = { list: [] };

/** The gates of the configuration and those of the options. @throws Failure `usage` for one that cannot be read. */
export function chosenGates({ gate, junit }: GateOptions, configured: readonly string[] = []): Gates {
  const texts = [...new Set([...configured, ...gate])];
  if (junit !== undefined && texts.length === 0) {
    throw wrongUse('--junit writes gates, and there is none. Give --gate, or benchmark.gates in the configuration.');
  }
  return { list: texts.map(parseGate), junit };
}

/** Refuses gates that name models which the run does not have, before anything is sent. */
export function checkGates({ list }: Gates, models: readonly Pick<PlannedModel, 'endpoint' | 'model'>[]): void {
  checkGateModels(list, models);
}

/** How a run keeps its gates. Writes JUnit XML where that was asked for. */
export async function judgedByGates({ list, junit }: Gates, run: Run): Promise<GateResult[]> {
  const results = evaluateGates(list, run.summary);
  if (junit !== undefined) await writeOutput(junit, gatesAsJUnit(run, results));
  return results;
}

/** The gates only: a check that failed is a part of the quality, and a pipeline whose gates hold must not turn red for it. */
export function gatesAsJUnit(run: Run, results: readonly GateResult[]): string {
  return toJUnit({ ...run, outcomes: undefined }, results);
}

/** One line for each gate, and what to know of a run that did not come to its end. Empty without gates. */
export function gateLines(results: readonly GateResult[], { state }: Pick<Manifest, 'state'>): string[] {
  if (results.length === 0) return [];
  const failed = results.filter(({ passed }) => !passed).length;
  const part = state === 'complete' ? '' : ' The run is not complete: they are held against what there is.';
  const head =
    failed === 0
      ? `All ${counted(results.length, 'gate')} passed.`
      : `${failed} of ${counted(results.length, 'gate')} failed.`;
  return [
    `${head}${part}`,
    ...results.map(({ gate, model, passed, why }) => {
      const of = model === undefined ? '' : `${plainText(model, 100)}: `;
      return `  ${passed ? 'passed' : 'FAILED'}  ${plainText(gate, 120)}  ${of}${plainText(why, 300)}`;
    }),
  ];
}
