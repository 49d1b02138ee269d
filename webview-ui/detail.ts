import { UNKNOWN } from '../src/core/numbers.ts';
import type { RequestDetail } from '../src/core/report/detail.ts';
import { duration, figure, instant, NONE } from '../src/core/report/format.ts';
import {
  allTokensWords,
  checkWords,
  chunkWords,
  connectionWords,
  judgementWords,
  pairWords,
  ratingWords,
  requestCostWords,
} from '../src/core/report/request-words.ts';
import { requestName } from '../src/core/report/text.ts';
import type { ReportView, RequestRow } from '../src/core/report/view.ts';
import { button } from './components.ts';
import { element } from './elements.ts';
import { textBlock } from './text-block.ts';

/** What the host has said about the open request: nothing yet, that it is gone, or everything. */
export type DetailState = 'loading' | 'missing' | RequestDetail;

/** The open request: figures, error, attempts, prompt and answer, all as text. `rate` stands under an answer. */
export function detailPanel(
  request: RequestRow,
  view: ReportView,
  state: DetailState,
  { rate, close }: { readonly rate: HTMLElement; readonly close: () => void },
): HTMLElement {
  const heading = element('h3', '', `Request ${requestName(request.id, view)}`);
  heading.tabIndex = -1;
  const panel = element(
    'section',
    'tw-detail',
    element('div', 'tw-detail-head', heading, button('Close', close, { spoken: 'Close the request' })),
  );
  panel.setAttribute('aria-label', `Request ${requestName(request.id, view)}`);
  panel.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') close();
  });
  if (request.errorCode !== undefined) {
    panel.append(
      element(
        'p',
        'tw-banner tw-detail-error',
        element('strong', '', request.errorCode),
        ` ${request.errorMessage ?? ''}`,
      ),
    );
  }
  panel.append(figures(request, view));
  if (state === 'loading') panel.append(element('p', 'tw-note', 'Reading the answer…'));
  else if (state === 'missing') panel.append(element('p', 'tw-note', 'The run no longer has this request.'));
  else panel.append(...texts(state, rate));
  return panel;
}

function figures(request: RequestRow, view: ReportView): HTMLElement {
  const prompt = view.prompts[request.prompt];
  const items: [string, string][] = [
    ['Model', view.models[request.model]?.name ?? UNKNOWN],
    ['Prompt', `${prompt?.id ?? UNKNOWN}, ${prompt?.tier ?? UNKNOWN}, score ${prompt?.score.toFixed(2) ?? UNKNOWN}`],
    ...(view.stages.length > 0
      ? [['Stage', `${request.stage + 1}: ${view.stages[request.stage]?.load ?? UNKNOWN}`] as [string, string]]
      : []),
    ['Queue', ms(request.queueMs)],
    ['TTFT', ms(request.ttftMs)],
    ['First visible', ms(request.firstVisibleMs)],
    ['E2E', ms(request.e2eMs)],
    ['TPOT', ms(request.tpotMs)],
    ['Tokens', allTokensWords(request)],
    ['Cost', requestCostWords(request)],
    ['HTTP status', request.httpStatus === undefined ? NONE : String(request.httpStatus)],
    ['Finish', request.finishReason ?? NONE],
    ['Due', instant(request.scheduledAt)],
  ];
  if (request.quality !== undefined) items.push(['Quality', request.quality.toFixed(2)]);
  if (request.judge !== undefined) items.push(['Judge', request.judge.toFixed(2)]);
  if (request.rating !== undefined) items.push(['Thumb', ratingWords(request.rating)]);
  if (request.servedModel !== undefined) items.push(['Answered by', request.servedModel]);
  if (request.coldStart) items.push(['Cold start', 'woke the endpoint: in no figure']);
  else if (request.warmup) items.push(['Warm-up', 'yes: in no figure']);
  return element(
    'dl',
    'tw-detail-figures',
    ...items.map(([label, value]) => element('div', '', element('dt', '', label), element('dd', '', value))),
  );
}

function texts(detail: RequestDetail, rate: HTMLElement): HTMLElement[] {
  const parts: HTMLElement[] = [];
  if (detail.attempts.length > 1 || detail.attempts.some(({ timeout }) => timeout !== undefined)) {
    const lines = detail.attempts.map((attempt) => {
      const outcome = attempt.error ? `${attempt.error.code}: ${attempt.error.message}` : 'ok';
      const words = [
        ...(attempt.status === undefined ? [] : [String(attempt.status)]),
        outcome,
        ...(attempt.waitedMs === undefined ? [] : [`sent after waiting ${ms(attempt.waitedMs)}`]),
        `ended after ${ms(attempt.times.end)}`,
        ...(attempt.timeout === undefined ? [] : [`time limit ${timeoutWords(attempt.timeout)}`]),
      ];
      return element('li', '', words.join(', '));
    });
    parts.push(element('h4', '', 'Attempts'), element('ol', 'tw-attempts', ...lines));
  }
  const [first] = detail.attempts;
  const facts = [chunkWords(detail), first && connectionWords(first)];
  const told = facts.flatMap((words, index) =>
    words === undefined ? [] : [`${['Answer in', 'Connection opened:'][index]} ${words}`],
  );
  if (told.length > 0) parts.push(element('p', 'tw-note', told.join('. ')));
  for (const [title, lines] of [
    ['Checks', detail.checks.map(checkWords)],
    ['Judge', detail.judgements.map(judgementWords)],
    ['Comparisons', detail.pairs.map(pairWords)],
  ] as const) {
    if (lines.length === 0) continue;
    const list = element('ul', 'tw-attempts', ...lines.map((line) => element('li', '', line)));
    parts.push(element('h4', '', title), list);
  }
  parts.push(element('h4', '', 'Prompt'), ...textBlock(detail.prompt, 'Prompt'));
  if (detail.reference !== undefined)
    parts.push(element('h4', '', 'Reference'), ...textBlock(detail.reference, 'Reference'));
  parts.push(element('h4', '', detail.answerCut ? 'Answer (its beginning)' : 'Answer'));
  if (detail.answer === undefined) parts.push(element('p', 'tw-note', 'None stored.'));
  else parts.push(...textBlock(detail.answer, 'Answer'), rate);
  return parts;
}

function ms(value: number | undefined): string {
  return value === undefined ? NONE : `${figure(value)} ms`;
}

function timeoutWords({ ms, basis }: NonNullable<RequestDetail['attempts'][number]['timeout']>): string {
  const why = {
    fixed: 'as planned',
    complexity: "by the prompt's complexity",
    recent: 'by recent answers',
    doubled: 'twice the one before',
  };
  return `${duration(ms)} (${why[basis]})`;
}
