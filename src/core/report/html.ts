import { grouped } from '../numbers.ts';
import { swatch } from './charts/series.ts';
import { figure, NONE } from './format.ts';
import { type Markup, markup } from './markup.ts';
import { ratingWords, requestCostWords, tokenCountWords, unmeasuredWords } from './request-words.ts';
import { closingSections, headSection, mainSections, requestsHeading } from './sections.ts';
import { pageCss, reportCss } from './style.ts';
import { requestName } from './text.ts';
import type { ReportView, RequestRow } from './view.ts';

/** Rows in one table; a browser skips the tables that are out of sight. */
const CHUNK = 250;
const ROW_HEIGHT = 27;

/** Up to this many requests, their table stands open. */
const OPEN_TO = 100;

interface Column {
  readonly label: string;
  readonly width: number;
  readonly text: (request: RequestRow, view: ReportView) => string;
}

/** Figures of a request after its words; those of which no request has one are left out. */
function figureColumns({ requests, stages }: ReportView): Column[] {
  const some = (which: (request: RequestRow) => unknown) => requests.some((request) => which(request) !== undefined);
  const when = (condition: boolean, ...columns: Column[]) => (condition ? columns : []);
  return [
    { label: 'Score', width: 60, text: ({ prompt }, { prompts }) => prompts[prompt]?.score.toFixed(2) ?? '' },
    ...when(stages.length > 0, { label: 'Stage', width: 55, text: ({ stage }) => String(stage + 1) }),
    { label: 'Queue ms', width: 75, text: ({ queueMs }) => figure(queueMs, NONE) },
    { label: 'TTFT ms', width: 75, text: ({ ttftMs }) => figure(ttftMs, NONE) },
    { label: 'Visible ms', width: 80, text: ({ firstVisibleMs }) => figure(firstVisibleMs, NONE) },
    { label: 'E2E ms', width: 80, text: ({ e2eMs }) => figure(e2eMs, NONE) },
    { label: 'TPOT ms', width: 75, text: ({ tpotMs }) => figure(tpotMs, NONE) },
    { label: 'Tokens in', width: 75, text: (request) => tokenCountWords(request, request.tokensIn) },
    { label: 'Tokens out', width: 80, text: (request) => tokenCountWords(request, request.tokensOut) },
    { label: 'Cost', width: 95, text: requestCostWords },
    ...when(
      some(({ quality }) => quality),
      { label: 'Quality', width: 70, text: ({ quality }) => quality?.toFixed(2) ?? NONE },
    ),
    ...when(
      some(({ passed }) => passed),
      {
        label: 'Checks',
        width: 70,
        text: ({ passed }) => (passed === undefined ? NONE : passed ? 'passed' : 'failed'),
      },
    ),
    ...when(
      some(({ judge }) => judge),
      {
        label: 'Judge',
        width: 90,
        text: ({ judge, suspicious }) => `${judge?.toFixed(2) ?? NONE}${suspicious ? ' (look)' : ''}`,
      },
    ),
    ...when(
      some(({ rating }) => rating),
      { label: 'Thumb', width: 60, text: ({ rating }) => ratingWords(rating) },
    ),
  ];
}

/** Words of a request, to the left. */
const WORDS = [
  ['Request', 150],
  ['Prompt', 300],
  ['Tier', 70],
  ['Model', 190],
  ['Status', 130],
  ['Error', 240],
] as const;

/** The report as one page that needs nothing else, in light, dark, forced colours and print. */
export function toHtml(view: ReportView): string {
  return htmlPage(
    `${view.title} · Tierwise report`,
    markup`${headSection(view)}
${mainSections(view)}
${requestsSection(view)}
${closingSections(view)}
<footer>Made by Tierwise. Run ${view.runId}.</footer>`,
  );
}

/** What is shown, as a page without script and external resource, with a content policy that forbids both. */
export function htmlPage(title: string, main: Markup): string {
  const css: Markup = { markup: `${pageCss}${reportCss}` };
  const page = markup`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="referrer" content="no-referrer"><meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${css}</style></head>
<body><main>
${main}
</main></body></html>
`;
  return page.markup;
}

function requestsSection(view: ReportView): Markup {
  const chunks: Markup[] = [];
  const models = view.models.map((model, index) => markup`${swatch(index)}${model.name}`);
  const figures = figureColumns(view);
  const columns = [...WORDS, ...figures.map(({ label, width }) => [label, width] as const)];
  const total = columns.reduce((sum, [, width]) => sum + width, 0);
  for (let from = 0; from < view.requests.length; from += CHUNK) {
    const rows = view.requests.slice(from, from + CHUNK);
    const range = `Requests ${grouped(from + 1)} to ${grouped(from + rows.length)}`;
    const intrinsic = (rows.length + 2) * ROW_HEIGHT;
    chunks.push(
      markup`<div class="tw-chunk" style="contain-intrinsic-size:auto ${intrinsic}px" role="region" aria-label="${range}" tabindex="0"><table class="tw-table" style="width:${total}px"><caption>${range}</caption><colgroup>${columns.map(([, width]) => markup`<col style="width:${width}px">`)}</colgroup><thead><tr>${columns.map(([label]) => markup`<th scope="col">${label}</th>`)}</tr></thead><tbody>${rows.map((request) => rowOf(request, view, models, figures))}</tbody></table></div>\n`,
    );
  }
  return markup`<section aria-labelledby="tw-requests"><h2 id="tw-requests">${requestsHeading(view)}</h2>${view.listed.words !== undefined && markup`<p class="tw-note">${view.listed.words}</p>`}${
    view.requests.length === 0
      ? markup`<p class="tw-note">No request was stored.</p>`
      : markup`<details class="tw-requests"${view.requests.length <= OPEN_TO && markup` open`}><summary>${view.listed.words === undefined ? 'Every request, warm-up included' : 'The listed requests'}</summary>${chunks}</details>`
  }</section>`;
}

function rowOf(request: RequestRow, view: ReportView, models: readonly Markup[], figures: readonly Column[]): Markup {
  const prompt = view.prompts[request.prompt];
  const unmeasured = unmeasuredWords(request);
  const status = `${request.status}${unmeasured === '' ? '' : `, ${unmeasured}`}${request.attempts > 1 ? `, ${request.attempts} tries` : ''}`;
  const error = request.errorCode === undefined ? '' : `${request.errorCode}: ${request.errorMessage ?? ''}`;
  return markup`<tr><td>${requestName(request.id, view)}<td title="${prompt?.preview}"><bdi>${prompt?.preview}</bdi><td>${prompt?.tier}<td>${models[request.model]}<td>${status}<td${error !== '' && markup` title="${error}"`}>${error}${figures.map(({ text }) => markup`<td>${text(request, view)}`)}\n`;
}
