import { parseToWebview, type ShownPair, type ToWebview } from '../src/protocol/webview.ts';
import { BlindPairs } from './blind.ts';
import { comparisonElements } from './comparison.ts';
import { connectHost, type Host } from './host.ts';
import { Report } from './report.ts';
import css from './style.css';

function start(): void {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  document.adoptedStyleSheets.push(sheet);
  const place = document.getElementById('report');
  if (!place) return;
  const host = connectHost();
  const page = new Page(place, host);
  window.addEventListener('message', (event) => {
    const message = parseToWebview(event.data);
    if (message) page.take(message);
  });
  document.addEventListener('keydown', (event) => page.key(event));
  host.send({ type: 'ready' });
}

/** What the panel shows: a report, two answers to compare, or a comparison of runs. */
class Page {
  readonly #place: HTMLElement;
  readonly #host: Host;
  #report: Report | undefined;
  #blind: BlindPairs | undefined;

  constructor(place: HTMLElement, host: Host) {
    this.#place = place;
    this.#host = host;
  }

  take(message: ToWebview): void {
    switch (message.type) {
      case 'report':
        this.#showReport(message);
        return;
      case 'detail':
        this.#report?.requests.detail(message.id, message.detail);
        return;
      case 'rated':
        this.#report?.requests.rated(message.id, message.value);
        return;
      case 'pair':
        this.#showPair(message);
        return;
      case 'comparison':
        this.#show(comparisonElements(this.#host, message.comparison));
        return;
    }
  }

  key(event: KeyboardEvent): void {
    this.#blind?.key(event);
  }

  #showReport(message: Extract<ToWebview, { type: 'report' }>): void {
    if (this.#report?.update(message)) return;
    const compared = this.#blind !== undefined;
    this.#blind = undefined;
    this.#report = new Report(this.#host, message);
    this.#show(this.#report.elements);
    if (compared) this.#report.focusVerdict();
  }

  #showPair(pair: ShownPair): void {
    this.#report = undefined;
    if (!this.#blind) {
      this.#blind = new BlindPairs(this.#host);
      this.#show([this.#blind.element]);
    }
    this.#blind.show(pair);
  }

  #show(nodes: readonly Node[]): void {
    this.#place.replaceChildren(...nodes);
    this.#place.removeAttribute('aria-busy');
  }
}

start();
