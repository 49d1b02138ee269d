import type { RunComparison } from '../benchmark/verdict.ts';
import { plainText } from '../prompts/plain-text.ts';
import { aligned } from './aligned.ts';
import { instant } from './format.ts';
import { bullets, inert, table } from './markdown.ts';
import { type Markup, markup } from './markup.ts';
import { type MetricCells, metricCells } from './metric-cells.ts';
import { plainTable } from './section-parts.ts';
import { safeName } from './text.ts';

const outcomes = { a: 'worse', b: 'better', tied: 'the same' } as const;

const columns: readonly (readonly [label: string, cell: (cells: MetricCells) => string])[] = [
  ['Figure', ({ label }) => label],
  ['Prompts', ({ n }) => n],
  ['Before', ({ a }) => a],
  ['After', ({ b }) => b],
  ['Change', ({ effect }) => effect],
  ['95 % interval', ({ interval }) => interval],
  ['p', ({ p }) => p],
  ['Verdict', ({ outcome }) => outcome],
];

const HOLM = 'p is corrected for all that is compared here (Holm); means are by prompt, of times geometric.';
const SAME_PLAN = 'The plans are the same.';

/** What changed between runs, for a terminal. No control characters. */
export function runComparisonText(comparison: RunComparison): string {
  const { changes, warnings, models } = comparison;
  const lines = [...runLines(comparison), '', ...(changes.length === 0 ? [SAME_PLAN] : ['What is not the same:'])];
  lines.push(...changes.map((words) => `  ${plainText(words, 600)}`));
  for (const model of models) {
    lines.push('', titleOf(model, comparison), ...model.words.map((words) => `  ${plainText(words, 600)}`));
    if (model.metrics.length > 0)
      lines.push(
        '',
        ...aligned(
          tableOf(model),
          columns.map((_, column) => (column === 0 || column === columns.length - 1 ? 'left' : 'right')),
        ),
      );
  }
  if (models.length > 0) lines.push('', HOLM);
  lines.push('', ...warnings.map((words) => `Warning: ${plainText(words, 600)}`));
  return `${lines.join('\n')}\n`;
}

/** The same for a pull request or a wiki. */
export function runComparisonMarkdown(comparison: RunComparison): string {
  const { changes, warnings, models } = comparison;
  const blocks = ['# Comparison of runs', bullets(runLines(comparison))];
  for (const model of models) {
    blocks.push(`## ${inert(titleOf(model, comparison))}`);
    if (model.words.length > 0) blocks.push(bullets(model.words));
    const [head = [], ...rows] = tableOf(model);
    if (rows.length > 0)
      blocks.push(
        table(
          head,
          rows.map((row) => row.map(inert)),
        ),
      );
  }
  if (models.length > 0) blocks.push(inert(HOLM));
  blocks.push('## What is not the same', changes.length === 0 ? SAME_PLAN : bullets(changes));
  blocks.push('## Warnings', bullets(warnings));
  return `${blocks.join('\n\n')}\n`;
}

/** The same for other programs: the comparison as its schema has it. */
export function runComparisonJson(comparison: RunComparison): string {
  return `${JSON.stringify({ schema: 1, ...comparison }, null, 2)}\n`;
}

/** The same as a part of a page. */
export function runComparisonSection(comparison: RunComparison): Markup {
  const { changes, warnings, models } = comparison;
  return markup`<section aria-labelledby="tw-compare"><h2 id="tw-compare">Comparison of runs</h2><ul class="tw-reading">${listOf(runLines(comparison))}</ul>${
    warnings.length > 0 &&
    markup`<div class="tw-banner tw-warning" role="note"><strong>Warnings</strong><ul>${listOf(warnings)}</ul></div>`
  }${models.map((model) => modelPart(model, comparison))}${models.length > 0 && markup`<p class="tw-note">${HOLM}</p>`}<div class="tw-compared"><h3>What is not the same</h3>${
    changes.length === 0
      ? markup`<p class="tw-note">${SAME_PLAN}</p>`
      : markup`<ul class="tw-reading">${listOf(changes)}</ul>`
  }</div></section>`;
}

/** How a comparison is called: after what the runs ran, once where all ran the same. */
export function runComparisonTitle({ runs }: RunComparison): string {
  return [...new Set(runs.map(({ title }) => safeName(title)))].join(' and ');
}

type Compared = RunComparison['models'][number];

function modelPart(model: Compared, comparison: RunComparison): Markup {
  const title = titleOf(model, comparison);
  const [head = [], ...rows] = tableOf(model);
  return markup`<div class="tw-compared"><h3><bdi>${title}</bdi></h3><ul class="tw-reading">${listOf(model.words)}</ul>${
    rows.length > 0 &&
    plainTable(
      `${title}, before and after`,
      head,
      rows.map(([label = '', ...cells]) => [label, ...cells]),
      [columns.length - 1],
    )
  }</div>`;
}

function listOf(lines: readonly string[]): Markup[] {
  return lines.map((line) => markup`<li>${plainText(line, 600)}</li>`);
}

function tableOf({ metrics }: Compared): string[][] {
  const rows = metrics.map((verdict) => {
    const cells = metricCells(verdict, outcomes);
    return columns.map(([, cell]) => cell(cells));
  });
  return [columns.map(([label]) => label), ...rows];
}

function runLines({ runs }: RunComparison): string[] {
  return runs.map(({ runId, title, startedAt }, index) => {
    const side = index === 0 ? 'Before' : runs.length > 2 ? `After (run ${index + 1})` : 'After';
    return `${side}: ${safeName(title)} (${safeName(runId)}, ${instant(safeName(startedAt))})`;
  });
}

function titleOf({ name, run }: Compared, { runs }: RunComparison): string {
  return `${plainText(name, 250)}${runs.length > 2 ? `, run ${run + 1}` : ''}`;
}
