import { grouped } from '../src/core/numbers.ts';
import type { RequestDetail } from '../src/core/report/detail.ts';
import { figure, NONE } from '../src/core/report/format.ts';
import { requestCostWords, tokenCountWords, unmeasuredWords } from '../src/core/report/request-words.ts';
import { requestName } from '../src/core/report/text.ts';
import type { ReportView } from '../src/core/report/view.ts';
import { tierNames } from '../src/core/routing/tier.ts';
import { type Arrangement, arrange, EVERYTHING, type Filter, type SortKey } from './arrange.ts';
import { checkbox, dropdown, textField } from './components.ts';
import { type DetailState, detailPanel } from './detail.ts';
import { element } from './elements.ts';
import { Grid, type GridColumn } from './grid.ts';
import type { Host } from './host.ts';

const COLUMNS: readonly GridColumn<SortKey>[] = [
  { key: 'id', label: 'Request', width: 86, numeric: false },
  { key: 'prompt', label: 'Prompt', width: 0, numeric: false },
  { key: 'tier', label: 'Tier', width: 82, numeric: false },
  { key: 'score', label: 'Score', width: 58, numeric: true },
  { key: 'model', label: 'Model', width: 150, numeric: false },
  { key: 'status', label: 'Status', width: 118, numeric: false },
  { key: 'ttft', label: 'TTFT ms', width: 76, numeric: true },
  { key: 'visible', label: 'Visible ms', width: 84, numeric: true },
  { key: 'e2e', label: 'E2E ms', width: 76, numeric: true },
  { key: 'tpot', label: 'TPOT ms', width: 76, numeric: true },
  { key: 'in', label: 'In', width: 58, numeric: true },
  { key: 'out', label: 'Out', width: 58, numeric: true },
  { key: 'cost', label: 'Cost', width: 108, numeric: true },
];

/** The requests: filter, table and the open request beside it. Owns what is shown and tells the host what to remember. */
export class Requests {
  readonly element = element('section', 'tw-requests');
  readonly #host: Host;
  readonly #view: ReportView;
  readonly #count = element('p', 'tw-count');
  readonly #detailPlace = element('div', 'tw-detail-place');
  readonly #grid: Grid<SortKey>;
  #arrangement: Arrangement;
  #open: string | undefined;
  #typing = 0;

  constructor(host: Host, view: ReportView) {
    this.#host = host;
    this.#view = view;
    const state = host.recall(view.runId);
    this.#arrangement = state
      ? { filter: { ...EVERYTHING.filter, ...state.filter }, sort: { ...EVERYTHING.sort, ...state.sort } }
      : EVERYTHING;
    this.#grid = new Grid({
      label: 'Requests',
      columns: COLUMNS,
      fill: (position, cells, row) => this.#fill(position, cells, row),
      sort: (key) => this.#sortBy(key),
      open: (position, byKeyboard) => this.#openRequest(position, byKeyboard),
    });
    this.#count.setAttribute('role', 'status');
    const heading = element('h2', '', 'Requests');
    heading.id = 'tw-requests';
    this.element.setAttribute('aria-labelledby', heading.id);
    this.element.append(
      heading,
      ...(view.listed.words === undefined ? [] : [element('p', 'tw-note', view.listed.words)]),
      this.#filterBar(),
      element('div', 'tw-requests-body', this.#grid.element, this.#detailPlace),
    );
    this.#arrange();
    const open = view.requests.findIndex((request) => request.id === state?.open);
    if (open >= 0) {
      this.#grid.mark(open);
      this.#openRequest(open, false);
    }
    // A panel that VS Code brings back after a reload has nothing but this to know its run by.
    this.#remember();
  }

  /** The host's answer to `requestDetail`. */
  detail(id: string, detail: RequestDetail | undefined): void {
    if (id === this.#open) this.#showDetail(detail ?? 'missing');
  }

  #filterBar(): HTMLElement {
    const { filter } = this.#arrangement;
    const models = this.#view.models.map((model, index) => ({ value: String(index), label: model.name }));
    const bar = element(
      'div',
      'tw-filter',
      textField('Filter by prompt, id, model or error', filter.text, (text) => {
        // A pause in typing, so that 100,000 rows are not searched at each key.
        clearTimeout(this.#typing);
        this.#typing = setTimeout(() => this.#filterBy({ text }), 120);
      }),
      dropdown('Model', [{ value: '', label: 'All models' }, ...models], filter.model, (model) =>
        this.#filterBy({ model }),
      ),
      dropdown(
        'Status',
        [
          { value: '', label: 'Any status' },
          { value: 'ok', label: 'OK' },
          { value: 'error', label: 'Errors' },
        ],
        filter.status,
        (status) => this.#filterBy({ status: status as Filter['status'] }),
      ),
      dropdown(
        'Tier',
        [{ value: '', label: 'All tiers' }, ...tierNames.map((tier) => ({ value: tier, label: tier }))],
        filter.tier,
        (tier) => this.#filterBy({ tier }),
      ),
      checkbox('Warm-up', filter.warmup, (warmup) => this.#filterBy({ warmup })),
      this.#count,
    );
    bar.setAttribute('role', 'group');
    bar.setAttribute('aria-label', 'Filter the requests');
    return bar;
  }

  #filterBy(change: Partial<Filter>): void {
    this.#arrangement = { ...this.#arrangement, filter: { ...this.#arrangement.filter, ...change } };
    this.#arrange();
    this.#remember();
  }

  #sortBy(key: SortKey): void {
    const { sort } = this.#arrangement;
    // The slowest and dearest are asked for first.
    const numeric = COLUMNS.find((column) => column.key === key)?.numeric ?? false;
    this.#arrangement = { ...this.#arrangement, sort: { key, down: sort.key === key ? !sort.down : numeric } };
    this.#arrange();
    this.#remember();
  }

  #arrange(): void {
    const positions = arrange(this.#view, this.#arrangement);
    this.#grid.show(positions, this.#arrangement.sort);
    this.#count.textContent = `${grouped(positions.length)} of ${grouped(this.#view.requests.length)} requests`;
  }

  #fill(position: number, cells: readonly HTMLTableCellElement[], row: HTMLTableRowElement): void {
    const request = this.#view.requests[position];
    if (!request) return;
    const prompt = this.#view.prompts[request.prompt];
    const outcome = request.status === 'ok' ? 'ok' : (request.errorCode ?? 'error');
    const unmeasured = unmeasuredWords(request);
    const texts = [
      requestName(request.id, this.#view),
      prompt?.preview ?? '',
      prompt?.tier ?? '',
      prompt?.score.toFixed(2) ?? '',
      this.#view.models[request.model]?.name ?? '',
      `${outcome}${unmeasured === '' ? '' : ` (${unmeasured})`}${request.attempts > 1 ? ` ×${request.attempts}` : ''}`,
      figure(request.ttftMs, NONE),
      figure(request.firstVisibleMs, NONE),
      figure(request.e2eMs, NONE),
      figure(request.tpotMs, NONE),
      tokenCountWords(request, request.tokensIn),
      tokenCountWords(request, request.tokensOut),
      requestCostWords(request),
    ];
    for (const [index, cell] of cells.entries()) cell.textContent = texts[index] ?? '';
    for (const index of [1, 4, 5])
      if (cells[index]) cells[index].title = index === 5 ? (request.errorMessage ?? '') : (texts[index] ?? '');
    row.classList.toggle('tw-failed', request.status === 'error');
  }

  #openRequest(position: number, byKeyboard: boolean): void {
    const request = this.#view.requests[position];
    if (!request) return;
    this.#open = request.id;
    this.#showDetail('loading');
    this.#host.send({ type: 'requestDetail', id: request.id });
    this.#remember();
    if (byKeyboard) this.#detailPlace.querySelector('h3')?.focus();
  }

  #showDetail(state: DetailState): void {
    const request = this.#view.requests.find((candidate) => candidate.id === this.#open);
    if (!request) return;
    const focused = this.#detailPlace.contains(document.activeElement);
    this.element.classList.add('tw-with-detail');
    this.#detailPlace.replaceChildren(detailPanel(request, this.#view, state, () => this.#close()));
    if (focused) this.#detailPlace.querySelector('h3')?.focus();
  }

  #close(): void {
    this.#open = undefined;
    this.element.classList.remove('tw-with-detail');
    this.#detailPlace.replaceChildren();
    this.#grid.mark(undefined);
    this.#grid.focus();
    this.#remember();
  }

  #remember(): void {
    this.#host.remember({ runId: this.#view.runId, ...this.#arrangement, open: this.#open });
  }
}
