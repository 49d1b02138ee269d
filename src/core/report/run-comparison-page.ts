import type { RunComparison } from '../benchmark/verdict.ts';
import { htmlPage } from './html.ts';
import { markup } from './markup.ts';
import {
  runComparisonJson,
  runComparisonMarkdown,
  runComparisonSection,
  runComparisonTitle,
} from './run-comparison.ts';

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
