import type { RunComparison } from '../benchmark/verdict.ts';
import { htmlPage } from './html.ts';
import { markup } from './markup.ts';
import { runComparisonJson, runComparisonMarkdown, runComparisonSection } from './run-comparison.ts';
import { safeName } from './text.ts';

/** How a comparison of runs is called: after what they ran, once where all ran the same. */
export function runComparisonTitle({ runs }: RunComparison): string {
  return [...new Set(runs.map(({ title }) => safeName(title)))].join(' and ');
}

/** Every way in which a comparison of runs can be written into a file. */
export const runComparisonWriters = {
  html: (comparison: RunComparison) =>
    htmlPage(
      `${runComparisonTitle(comparison)} · Tierwise comparison`,
      markup`<h1><bdi>${runComparisonTitle(comparison)}</bdi></h1>${runComparisonSection(comparison)}
<footer>Made by Tierwise.</footer>`,
    ),
  md: runComparisonMarkdown,
  json: runComparisonJson,
} as const;
