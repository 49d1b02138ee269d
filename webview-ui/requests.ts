import { grouped } from '../src/core/numbers.ts';
import type { RequestDetail } from '../src/core/report/detail.ts';
import { figure, NONE } from '../src/core/report/format.ts';
import { ratingWords, requestCostWords, tokenCountWords, unmeasuredWords } from '../src/core/report/request-words.ts';
import { requestsHeading } from '../src/core/report/sections.ts';
import { requestName } from '../src/core/report/text.ts';
import type { ReportView, RequestRow } from '../src/core/report/view.ts';
import { tierNames } from '../src/core/routing/tier.ts';
import { type Arrangement, arrange, EVERYTHING, type Filter, type SortKey } from './arrange.ts';
import { button, checkbox, dropdown, textField } from './components.ts';
import { type DetailState, detailPanel } from './detail.ts';
import { element } from './elements.ts';
import { Grid, type GridColumn } from './grid.ts';
import type { Host } from './host.ts';
import { type Thumbs, thumbs } from './thumbs.ts';

interface Column extends GridColumn<SortKey> {
  readonly text: (request: RequestRow, view: ReportView) => string;
  /** Shown when the mouse rests on it. */
  readonly title?: (request: RequestRow, view: ReportView) => string;
}

const promptText = ({ prompt }: RequestRow, { prompts }: ReportView) => prompts[prompt]?.preview ?? '';
const modelName = ({ model }: RequestRow, { models }: ReportView) => models[model]?.name ?? '';

const COLUMNS: readonly Column[] = [
  { key: 'id', label: 'Request', width: 86, numeric: false, text: ({ id }, view) => requestName(id, view) },
  { key: 'prompt', label: 'Prompt', width: 0, numeric: false, text: promptText, title: promptText },
  {
    key: 'tier',
    label: 'Tier',
    width: 82,
    numeric: false,
    text: ({ prompt }, { prompts }) => prompts[prompt]?.tier ?? '',
  },
  {
    ...{ key: 'score', label: 'Score', width: 58, numeric: true },
    text: ({ prompt }, { prompts }) => prompts[prompt]?.score.toFixed(2) ?? '',
  },
  { key: 'model', label: 'Model', width: 150, numeric: false, text: modelName, title: modelName },
  {
    ...{ key: 'status', label: 'Status', width: 118, numeric: false },
    text: statusWords,
    title: ({ errorMessage }) => errorMessage ?? '',
  },
  { key: 'ttft', label: 'TTFT ms', width: 76, numeric: true, text: ({ ttftMs }) => figure(ttftMs, NONE) },
  {
    key: 'visible',
    label: 'Visible ms',
    width: 84,
    numeric: true,
    text: ({ firstVisibleMs }) => figure(firstVisibleMs, NONE),
  },
  { key: 'e2e', label: 'E2E ms', width: 76, numeric: true, text: ({ e2eMs }) => figure(e2eMs, NONE) },
  { key: 'tpot', label: 'TPOT ms', width: 76, numeric: true, text: ({ tpotMs }) => figure(tpotMs, NONE) },
  { key: 'in', label: 'In', width: 58, numeric: true, text: (request) => tokenCountWords(request, request.tokensIn) },
  {
    key: 'out',
    label: 'Out',
    width: 58,
    numeric: true,
    text: (request) => tokenCountWords(request, request.tokensOut),
  },
  { key: 'cost', label: 'Cost', width: 108, numeric: true, text: requestCostWords },
];
const STAGE: Column = {
  key: 'stage',
  label: 'Stage',
  width: 62,
  numeric: true,
  text: ({ stage }) => String(stage + 1),
};
const QUALITY: Column = {
  ...{ key: 'quality', label: 'Quality', width: 72, numeric: true },
  text: ({ quality, suspicious }) => `${quality?.toFixed(2) ?? NONE}${suspicious ? ' !' : ''}`,
  title: ({ suspicious }) => (suspicious ? 'The answer speaks to its judge' : ''),
};
const RATING: Column = {
  key: 'rating',
  label: 'Thumb',
  width: 70,
  numeric: true,
  text: ({ rating }) => ratingWords(rating),
};

function columnsOf({ stages, requests }: ReportView): readonly Column[] {
  const judged = requests.some(({ quality }) => quality !== undefined);
  return [...COLUMNS, ...(stages.length > 0 ? [STAGE] : []), ...(judged ? [QUALITY] : []), RATING];
}

function statusWords(request: RequestRow): string {
  const outcome = request.status === 'ok' ? 'ok' : (request.errorCode ?? 'error');
  const unmeasured = unmeasuredWords(request);
  return `${outcome}${unmeasured === '' ? '' : ` (${unmeasured})`}${request.attempts > 1 ? ` ×${request.attempts}` : ''}`;
}

/** After a thumb, so long until the report's figures are asked for anew, ms: several thumbs are one question. */
const REFRESH_AFTER = 1_000;

/** The requests: filter, table and the open request beside it. Owns what is shown and tells the host what to remember. */
export class Requests {
  readonly element = element('section', 'tw-requests');
  readonly #host: Host;
  readonly #columns: readonly Column[];
  #view: ReportView;
  readonly #count = element('p', 'tw-count');
  readonly #detailPlace = element('div', 'tw-detail-place');
  readonly #grid: Grid<SortKey>;
  #arrangement: Arrangement;
  #open: string | undefined;
  #thumbs: Thumbs | undefined;
  #typing = 0;
  #refreshing = 0;

  constructor(host: Host, view: ReportView) {
    this.#host = host;
    this.#view = view;
    const state = host.recall(view.runId);
    this.#arrangement = state
      ? { filter: { ...EVERYTHING.filter, ...state.filter }, sort: { ...EVERYTHING.sort, ...state.sort } }
      : EVERYTHING;
    this.#columns = columnsOf(view);
    this.#grid = new Grid({
      label: 'Requests',
      columns: this.#columns,
      fill: (position, cells, row) => this.#fill(position, cells, row),
      sort: (key) => this.#sortBy(key),
      open: (position, byKeyboard) => this.#openRequest(position, byKeyboard),
    });
    this.#count.setAttribute('role', 'status');
    const heading = element('h2', '', requestsHeading(view));
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

  /** The host has kept a thumb. */
  rated(id: string, value: number): void {
    const request = this.#view.requests.find((candidate) => candidate.id === id);
    if (!request) return;
    request.rating = value === 0 ? undefined : value;
    this.#grid.refill();
    if (id === this.#open) this.#thumbs?.show(value, true);
    const refresh = () => this.#host.send({ type: 'refresh' });
    clearTimeout(this.#refreshing);
    // A large run is read for seconds: its figures are asked for when the person wants them.
    if (this.#view.listed.words === undefined) this.#refreshing = setTimeout(refresh, REFRESH_AFTER);
    else this.#thumbs?.element.append(button('Show result', refresh, { spoken: 'Show result in the report' }));
  }

  /** Takes newer figures of the same requests. False: they are others. */
  update(view: ReportView): boolean {
    const same =
      view.requests.length === this.#view.requests.length &&
      view.requests.every(({ id }, at) => id === this.#view.requests[at]?.id);
    if (!same || columnsOf(view).length !== this.#columns.length) return false;
    this.#view = view;
    this.#grid.refill();
    return true;
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
    const numeric = this.#columns.find((column) => column.key === key)?.numeric ?? false;
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
    for (const [index, { text, title }] of this.#columns.entries()) {
      const cell = cells[index];
      if (!cell) continue;
      cell.textContent = text(request, this.#view);
      if (title) cell.title = title(request, this.#view);
    }
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
    const rate = thumbs(typeof state === 'object' ? state.rating : 0, (value) =>
      this.#host.send({ type: 'rate', id: request.id, value }),
    );
    this.#thumbs = rate;
    this.#detailPlace.replaceChildren(
      detailPanel(request, this.#view, state, { rate: rate.element, close: () => this.#close() }),
    );
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
