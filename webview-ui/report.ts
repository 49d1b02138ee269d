import type { Markup } from '../src/core/report/markup.ts';
import { closingSections, headSection, mainSections } from '../src/core/report/sections.ts';
import type { ExportFormat, ToWebview } from '../src/protocol/webview.ts';
import { button } from './components.ts';
import { element } from './elements.ts';
import type { Host } from './host.ts';
import { Requests } from './requests.ts';

const FORMATS: readonly (readonly [ExportFormat, string])[] = [
  ['html', 'HTML'],
  ['md', 'Markdown'],
  ['csv', 'CSV'],
  ['json', 'JSON'],
];

type Message = Extract<ToWebview, { type: 'report' }>;

/** The report of one run on the page. */
export class Report {
  readonly #host: Host;
  readonly #head = element('div', '');
  readonly #said = element('p', 'tw-said');
  readonly #actions = element('div', 'tw-actions');
  readonly #main = element('div', '');
  readonly #closing = element('div', '');
  readonly #requests: Requests;
  readonly runId: string;

  constructor(host: Host, message: Message) {
    this.#host = host;
    this.runId = message.view.runId;
    this.#requests = new Requests(host, message.view);
    this.#said.setAttribute('role', 'status');
    this.#actions.setAttribute('role', 'group');
    this.#actions.setAttribute('aria-label', 'Report');
    this.#write(message);
  }

  get elements(): readonly HTMLElement[] {
    return [this.#head, this.#actions, this.#said, this.#main, this.#requests.element, this.#closing];
  }

  get requests(): Requests {
    return this.#requests;
  }

  /** Shows newer figures of the same run where they stand. False: its requests are others, and the page has to be made anew. */
  update(message: Message): boolean {
    if (message.view.runId !== this.runId || !this.#requests.update(message.view)) return false;
    this.#write(message);
    return true;
  }

  /** Puts the reader before the conclusion. */
  focusVerdict(): void {
    const heading = this.#main.querySelector<HTMLElement>('#tw-verdict') ?? this.#head.querySelector('h1');
    if (!heading) return;
    heading.tabIndex = -1;
    heading.focus();
  }

  #write({ view, pairs, said }: Message): void {
    this.#actions.replaceChildren(...actions(this.#host, pairs));
    this.#said.textContent = said ?? '';
    write(this.#head, [headSection(view)]);
    write(this.#main, mainSections(view));
    write(this.#closing, closingSections(view));
  }
}

function actions(host: Host, pairs: boolean): HTMLElement[] {
  return [
    button('Benchmark again', () => host.send({ type: 'command', command: 'benchmarkAgain' }), { primary: true }),
    ...(pairs ? [button('Compare answers blind', () => host.send({ type: 'comparePairs' }))] : []),
    ...exportButtons(host, FORMATS),
    button('Settings', () => host.send({ type: 'command', command: 'openSettings' }), { spoken: 'Open the settings' }),
  ];
}

/** A button for each format, after a word. */
export function exportButtons(host: Host, formats: typeof FORMATS): HTMLElement[] {
  return [
    element('span', 'tw-actions-label', 'Export'),
    ...formats.map(([format, label]) =>
      button(label, () => host.send({ type: 'export', format }), { spoken: `Export as ${label}` }),
    ),
  ];
}

/** Writes sections anew; what the reader has unfolded stays so. */
function write(place: HTMLElement, parts: readonly Markup[]): void {
  const unfolded = new Set(Array.from(place.querySelectorAll('details[open]'), nameOf));
  place.replaceChildren(...parts.map(fromMarkup));
  for (const details of place.querySelectorAll('details')) if (unfolded.has(nameOf(details))) details.open = true;
}

function nameOf(details: Element): string {
  const section = details.closest('section')?.getAttribute('aria-labelledby');
  const figure = details.closest('figure, .tw-comparison')?.querySelector('figcaption, .tw-conclusion')?.textContent;
  return JSON.stringify([section, figure, details.querySelector('summary')?.textContent]);
}

/** Our own writer escaped every text in it; the page's content policy is the second wall. */
export function fromMarkup(part: Markup): DocumentFragment {
  const template = document.createElement('template');
  template.innerHTML = part.markup;
  return template.content;
}
