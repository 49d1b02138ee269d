import { compareRuns } from '../core/benchmark/compare-runs.ts';
import type { RunComparison } from '../core/benchmark/verdict.ts';
import { metricNames } from '../core/benchmark/verdict-words.ts';
import { plainText } from '../core/prompts/plain-text.ts';
import { runComparisonJson, runComparisonMarkdown, runComparisonText } from '../core/report/run-comparison.ts';
import { openRun } from '../engine/benchmark/run-folder.ts';
import { wrongUse } from './options.ts';
import { type ExitCode, exit, type Terminal } from './terminal.ts';

const writers = { text: runComparisonText, md: runComparisonMarkdown, json: runComparisonJson } as const;

export interface CompareOptions {
  /** Folders of runs; the first is what the others are compared with. */
  readonly dirs: readonly string[];
  readonly format: keyof typeof writers;
  readonly json?: true;
  readonly failOnRegression?: true;
}

/** Tells what changed between runs, and whether it is more than noise. Reads the folders only. */
export async function compare({ dirs, ...options }: CompareOptions, terminal: Terminal): Promise<ExitCode> {
  const runs = [];
  const seen = new Set<string>();
  for (const dir of dirs) {
    const run = await openRun(dir);
    if (seen.has(run.manifest.runId)) throw wrongUse(`${dir} is a run that was named before. Name each once.`);
    seen.add(run.manifest.runId);
    runs.push(run);
  }
  const comparison = compareRuns(runs);
  await terminal.out(writers[options.json ? 'json' : options.format](comparison));
  if (options.failOnRegression !== true) return exit.done;
  const worse = regressions(comparison);
  const lost = notCompared(comparison);
  if (worse.length > 0) terminal.note(`Got worse: ${worse.join(', ')}.`);
  if (lost.length > 0) terminal.note(`Cannot be compared, so it may have got worse: ${lost.join(', ')}.`);
  if (worse.length > 0 || lost.length > 0) return exit.gateFailed;
  terminal.note('Nothing got worse beyond noise.');
  return exit.done;
}

/** Each figure in which the first run is better, with its model. */
function regressions({ models }: RunComparison): string[] {
  return models.flatMap(({ name, metrics }) =>
    metrics
      .filter(({ outcome }) => outcome === 'a')
      .map(({ metric }) => `${metricNames[metric]} of ${plainText(name, 100)}`),
  );
}

/**
 * What the first run has and no verdict is possible on: nobody knows that it did not get worse. Satisfaction is no part of it,
 * as people rate a run at their leisure.
 */
function notCompared({ models, gone }: RunComparison): string[] {
  const lost = models.flatMap((model) =>
    model.lost
      .filter((metric) => metric !== 'satisfaction')
      .map((metric) => `${metricNames[metric]} of ${plainText(model.name, 100)}`),
  );
  const absent = gone.map(({ name }) => plainText(name, 100));
  return models.length + lost.length + absent.length > 0 ? [...lost, ...absent] : ['anything'];
}
