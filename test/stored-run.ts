import { mkdirSync, writeFileSync } from 'node:fs';
import type { Run } from '../src/core/report/run.ts';
import { runPaths } from '../src/engine/benchmark/run-folder.ts';

/** Writes a run into a folder, as measuring leaves it. */
export function storeRun(dir: string, { manifest, prompts, records, outcomes = [], summary }: Run): void {
  const paths = runPaths(dir);
  const lines = (values: Iterable<unknown>) => Array.from(values, (value) => `${JSON.stringify(value)}\n`).join('');
  mkdirSync(dir, { recursive: true });
  writeFileSync(paths.prompts, lines(prompts));
  writeFileSync(paths.records, lines(records));
  if (outcomes.length > 0) writeFileSync(paths.outcomes, lines(outcomes));
  writeFileSync(paths.summary, JSON.stringify(summary));
  // A folder is a run once it has this.
  writeFileSync(paths.manifest, JSON.stringify(manifest));
}
