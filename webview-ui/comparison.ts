import type { RunComparison } from '../src/core/benchmark/verdict.ts';
import { runComparisonSection, runComparisonTitle } from '../src/core/report/run-comparison.ts';
import { element } from './elements.ts';
import type { Host } from './host.ts';
import { exportButtons, fromMarkup } from './report.ts';

/** What changed between runs, on the page. */
export function comparisonElements(host: Host, comparison: RunComparison): Node[] {
  host.rememberComparison(comparison.runs.map(({ runId }) => runId));
  const bar = element(
    'div',
    'tw-actions',
    ...exportButtons(host, [
      ['html', 'HTML'],
      ['md', 'Markdown'],
      ['json', 'JSON'],
    ]),
  );
  bar.setAttribute('role', 'group');
  bar.setAttribute('aria-label', 'Comparison');
  return [
    element('h1', '', element('bdi', '', runComparisonTitle(comparison))),
    bar,
    fromMarkup(runComparisonSection(comparison)),
  ];
}
