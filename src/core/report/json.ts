import type { Run } from './view.ts';

/** The whole run for other programs: manifest, summary, prompts and records as they were stored. */
export function toJson(run: Run): string {
  const { manifest, summary, prompts, records } = run;
  return `${JSON.stringify({ schema: 1, manifest, summary, prompts, records }, null, 2)}\n`;
}
