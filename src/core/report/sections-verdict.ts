import type { Comparison, Ranking } from '../benchmark/verdict.ts';
import { valueWords } from '../benchmark/verdict-words.ts';
import { type ForestRow, forestChart } from './charts/forest.ts';
import { shortName } from './charts/labels.ts';
import { swatch } from './charts/series.ts';
import { type Markup, markup } from './markup.ts';
import { metricCells, metricLabels } from './metric-cells.ts';
import { plainTable } from './section-parts.ts';
import type { ReportView } from './view.ts';

/** As many comparisons stand open; the tables of the others are folded. */
const OPEN_TO = 3;

/** What the run concludes of its models: the conclusion in words first, then effects, then the numbers. */
export function verdictSection(view: ReportView): Markup | undefined {
  const { verdict } = view;
  if (!verdict || verdict.comparisons.length === 0) return undefined;
  // A search asks one model after the other at rates of its own: there is nothing to compare, and its conclusion is another.
  if (view.goodShare !== undefined && verdict.comparisons.every(({ metrics }) => metrics.length === 0))
    return undefined;
  return markup`<section aria-labelledby="tw-verdict"><h2 id="tw-verdict">Verdict</h2>${verdict.rankings.length > 0 && rankingTable(view, verdict.rankings)}${verdict.comparisons.map(
    (comparison, index) => comparisonPart(view, comparison, index),
  )}</section>`;
}

function comparisonPart(view: ReportView, comparison: Comparison, index: number): Markup {
  const { a, b, metrics, words } = comparison;
  const [first, ...others] = words;
  const names = { a: nameOf(view, a), b: nameOf(view, b) };
  const rows = metrics.map((verdict): ForestRow => ({ verdict, label: metricLabels[verdict.metric] }));
  const numbers =
    metrics.length === 0
      ? undefined
      : markup`<div class="tw-charts"><figure class="tw-figure"><figcaption>Effects, prompt by prompt, with 95 % intervals; within the band is of no matter</figcaption>${forestChart(`tw-forest-${index}`, rows, { a: shortName(names.a, 26), b: shortName(names.b, 26) }, { a, b })}</figure>${comparisonTable(comparison, names)}</div>`;
  const more =
    others.length > 0 && markup`<ul class="tw-reading">${others.map((line) => markup`<li>${line}</li>`)}</ul>`;
  return markup`<div class="tw-comparison"><p class="tw-conclusion">${swatch(a)}${swatch(b)}<strong>${first}</strong></p>${more}${
    numbers && (index < OPEN_TO ? numbers : markup`<details><summary>Figures</summary>${numbers}</details>`)
  }</div>`;
}

function comparisonTable({ metrics }: Comparison, names: { readonly a: string; readonly b: string }): Markup {
  const caption = `${names.a} and ${names.b} on the same prompts`;
  const rows = metrics.map((verdict): [string, ...string[]] => {
    const cells = metricCells(verdict, { a: `${names.a} is better`, b: `${names.b} is better`, tied: 'tied' });
    return [cells.label, cells.outcome, cells.n, cells.a, cells.b, cells.effect, cells.interval, cells.p];
  });
  return plainTable(
    caption,
    ['Figure', 'Verdict', 'Prompts', names.a, names.b, 'Effect', '95 % interval', 'p (Holm)'],
    rows,
    [1],
  );
}

/** Ranks with the interval in which they lie when the prompts are drawn anew. */
function rankingTable(view: ReportView, rankings: readonly Ranking[]): Markup {
  const rows = view.models.map((row, model): [Markup, ...string[]] => [
    markup`${swatch(model)}<bdi>${row.name}</bdi>`,
    ...rankings.map(({ metric, models }) => {
      const own = models.find((one) => one.model === model);
      if (!own) return '–';
      const range = own.low === own.high ? '' : ` (${own.low} to ${own.high})`;
      return `${own.rank}${range} · ${valueWords(metric, own.value)}`;
    }),
  ]);
  const head = ['Model', ...rankings.map(({ metric }) => metricLabels[metric])];
  return plainTable('Rank, with the ranks that 95 % of the resamplings give, and value', head, rows);
}

function nameOf(view: ReportView, model: number): string {
  return view.models[model]?.name ?? '';
}
