import { sameAsNote } from '../benchmark/same-as.ts';
import { counted, grouped } from '../numbers.ts';
import { plainText } from '../prompts/plain-text.ts';
import { swatch } from './charts/series.ts';
import { p999Words } from './columns.ts';
import { figure, NONE } from './format.ts';
import { type Markup, markup } from './markup.ts';
import { plainTable } from './section-parts.ts';
import type { ReportView } from './view.ts';

/** What to look at before quality is believed; nothing where there is nothing. */
export function evaluationSection({ evaluation }: ReportView): Markup | undefined {
  if (!evaluation || (evaluation.undecided.length === 0 && evaluation.suspiciousCount === 0)) return undefined;
  const { undecided, suspicious, suspiciousCount } = evaluation;
  return markup`<section aria-labelledby="tw-evaluation"><h2 id="tw-evaluation">Evaluation: what to look at</h2>${
    suspiciousCount > 0 &&
    markup`<p class="tw-note">${counted(suspiciousCount, 'judgement')} of answers that speak to their judge: read them before you believe the scores.</p>${plainTable(
      'Answers that speak to their judge',
      ['Request', 'By', 'The judge says'],
      suspicious.map(({ request, by, why }) => [request, by, why]),
      [1],
      [2],
    )}`
  }${
    undecided.length > 0 &&
    plainTable(
      'Not decided, and so in no figure',
      ['What', 'Why', 'How often'],
      undecided.map(({ what, why, count }) => [what, why, grouped(count)]),
      [],
      [1],
    )
  }</section>`;
}

/** The figures of other tools from the same answers, folded. */
export function sameAsSection(view: ReportView): Markup | undefined {
  if (view.sameAs.length === 0) return undefined;
  return markup`<section aria-labelledby="tw-same-as"><h2 id="tw-same-as">Same as in other tools</h2><p class="tw-note">${plainText(sameAsNote, 1_000)}</p>${view.sameAs.map(
    ({ model, tools }) =>
      markup`<details><summary>${swatch(model)}${view.models[model]?.name}</summary>${plainTable(
        `${view.models[model]?.name ?? ''} by the definitions of other tools, in ms`,
        ['Tool', 'Figure', 'n', 'mean', 'p50', 'p95', 'p99', 'p99.9', 'Which is'],
        tools.flatMap(({ tool, rows }) =>
          rows.map(({ figure: name, words, distribution }): [string, ...string[]] => [
            tool,
            name,
            distribution ? grouped(distribution.n) : NONE,
            ...[distribution?.mean, distribution?.p50, distribution?.p95, distribution?.p99].map((ms) =>
              figure(ms, NONE),
            ),
            p999Words(distribution),
            words,
          ]),
        ),
        [1],
        [8],
      )}</details>`,
  )}</section>`;
}
