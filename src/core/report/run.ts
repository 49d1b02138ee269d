import type { Manifest, RunPrompt } from '../benchmark/manifest.ts';
import type { RunRecord } from '../benchmark/record.ts';
import type { Summary } from '../benchmark/summary.ts';
import type { Outcome } from '../quality/outcome.ts';

/** A run as it was read from its folder. */
export interface Run {
  readonly manifest: Manifest;
  readonly prompts: readonly RunPrompt[];
  /** Can be gone through several times; of a large run each time is a reading of its file. */
  readonly records: Iterable<RunRecord>;
  readonly summary: Summary;
  /** Verdicts on the records, the last of each key; absent: none. */
  readonly outcomes?: readonly Outcome[] | undefined;
}
