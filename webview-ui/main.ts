import type { Markup } from '../src/core/report/markup.ts';
import { closingSections, headSection, mainSections } from '../src/core/report/sections.ts';
import type { ReportView } from '../src/core/report/view.ts';
import { type ExportFormat, parseToWebview } from '../src/protocol/webview.ts';
import { button } from './components.ts';
import { element } from './elements.ts';
import { connectHost, type Host } from './host.ts';
import { Requests } from './requests.ts';
import css from './style.css';

const FORMATS: readonly (readonly [ExportFormat, string])[] = [
  ['html', 'HTML'],
  ['md', 'Markdown'],
  ['csv', 'CSV'],
  ['json', 'JSON'],
];

function start(): void {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  document.adoptedStyleSheets.push(sheet);
  const place = document.getElementById('report');
  if (!place) return;
  const host = connectHost();
  let requests: Requests | undefined;
  window.addEventListener('message', (event) => {
    const message = parseToWebview(event.data);
    if (message?.type === 'report') requests = show(place, host, message.view);
    else if (message?.type === 'detail') requests?.detail(message.id, message.detail);
  });
  host.send({ type: 'ready' });
}

function show(place: HTMLElement, host: Host, view: ReportView): Requests {
  const requests = new Requests(host, view);
  place.replaceChildren(
    fromMarkup(headSection(view)),
    actions(host),
    ...mainSections(view).map(fromMarkup),
    requests.element,
    ...closingSections(view).map(fromMarkup),
  );
  place.removeAttribute('aria-busy');
  return requests;
}

function actions(host: Host): HTMLElement {
  const exports = FORMATS.map(([format, label]) =>
    button(label, () => host.send({ type: 'export', format }), { spoken: `Export as ${label}` }),
  );
  const bar = element(
    'div',
    'tw-actions',
    button('Benchmark again', () => host.send({ type: 'command', command: 'benchmarkAgain' }), { primary: true }),
    element('span', 'tw-actions-label', 'Export'),
    ...exports,
    button('Settings', () => host.send({ type: 'command', command: 'openSettings' }), { spoken: 'Open the settings' }),
  );
  bar.setAttribute('role', 'group');
  bar.setAttribute('aria-label', 'Report');
  return bar;
}

/** Our own writer escaped every text in it; the page's content policy is the second wall. */
function fromMarkup(part: Markup): DocumentFragment {
  const template = document.createElement('template');
  template.innerHTML = part.markup;
  return template.content;
}

start();
