import { grouped } from '../numbers.ts';
import { swatch } from './charts/series.ts';
import { figure, NONE } from './format.ts';
import { type Markup, markup } from './markup.ts';
import { requestCostWords, tokenCountWords, unmeasuredWords } from './request-words.ts';
import { chartsSection, headSection, readingSection, requestsHeading, runSection, summarySection } from './sections.ts';
import { pageCss, reportCss } from './style.ts';
import { requestName } from './text.ts';
import type { ReportView, RequestRow } from './view.ts';

/** Rows in one table; a browser skips the tables that are out of sight. */
const CHUNK = 250;
const ROW_HEIGHT = 27;

/** Up to this many requests, their table stands open. */
const OPEN_TO = 100;

const COLUMNS: readonly (readonly [label: string, width: number])[] = [
  ['Request', 150],
  ['Prompt', 300],
  ['Tier', 70],
  ['Model', 190],
  ['Status', 130],
  ['Error', 240],
  ['Score', 60],
  ['TTFT ms', 75],
  ['Visible ms', 80],
  ['E2E ms', 80],
  ['TPOT ms', 75],
  ['Tokens in', 75],
  ['Tokens out', 80],
  ['Cost', 95],
];

/**
 * The report as one page that needs nothing else: no script, no external resource, a content policy that forbids both; light, dark, forced
 * colours and print. It holds every request.
 */
export function toHtml(view: ReportView): string {
  const css: Markup = { markup: `${pageCss}${reportCss}` };
  const page = markup`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="referrer" content="no-referrer"><meta name="color-scheme" content="light dark">
<title>${view.title} · Tierwise report</title>
<style>${css}</style></head>
<body><main>
${headSection(view)}
${summarySection(view)}
${chartsSection(view)}
${readingSection(view)}
${requestsSection(view)}
${runSection(view)}
<footer>Made by Tierwise. Run ${view.runId}.</footer>
</main></body></html>
`;
  return page.markup;
}

function requestsSection(view: ReportView): Markup {
  const chunks: Markup[] = [];
  const models = view.models.map((model, index) => markup`${swatch(index)}${model.name}`);
  for (let from = 0; from < view.requests.length; from += CHUNK) {
    const rows = view.requests.slice(from, from + CHUNK);
    const range = `Requests ${grouped(from + 1)} to ${grouped(from + rows.length)}`;
    const intrinsic = (rows.length + 2) * ROW_HEIGHT;
    chunks.push(
      markup`<div class="tw-chunk" style="contain-intrinsic-size:auto ${intrinsic}px" role="region" aria-label="${range}" tabindex="0"><table class="tw-table"><caption>${range}</caption><colgroup>${COLUMNS.map(([, width]) => markup`<col style="width:${width}px">`)}</colgroup><thead><tr>${COLUMNS.map(([label]) => markup`<th scope="col">${label}</th>`)}</tr></thead><tbody>${rows.map((request) => rowOf(request, view, models))}</tbody></table></div>\n`,
    );
  }
  return markup`<section aria-labelledby="tw-requests"><h2 id="tw-requests">${requestsHeading(view)}</h2>${
    view.requests.length === 0
      ? markup`<p class="tw-note">No request was stored.</p>`
      : markup`<details class="tw-requests"${view.requests.length <= OPEN_TO && markup` open`}><summary>Every request, warm-up included</summary>${chunks}</details>`
  }</section>`;
}

function rowOf(request: RequestRow, view: ReportView, models: readonly Markup[]): Markup {
  const prompt = view.prompts[request.prompt];
  const unmeasured = unmeasuredWords(request);
  const status = `${request.status}${unmeasured === '' ? '' : `, ${unmeasured}`}${request.attempts > 1 ? `, ${request.attempts} tries` : ''}`;
  const error = request.errorCode === undefined ? '' : `${request.errorCode}: ${request.errorMessage ?? ''}`;
  return markup`<tr><td>${requestName(request.id, view)}<td title="${prompt?.preview}"><bdi>${prompt?.preview}</bdi><td>${prompt?.tier}<td>${models[request.model]}<td>${status}<td${error !== '' && markup` title="${error}"`}>${error}<td>${prompt?.score.toFixed(2)}<td>${figure(request.ttftMs, NONE)}<td>${figure(request.firstVisibleMs, NONE)}<td>${figure(request.e2eMs, NONE)}<td>${figure(request.tpotMs, NONE)}<td>${tokenCountWords(request, request.tokensIn)}<td>${tokenCountWords(request, request.tokensOut)}<td>${requestCostWords(request)}\n`;
}
