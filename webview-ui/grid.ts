/** A column of the grid. */
export interface GridColumn<Key extends string> {
  readonly key: Key;
  readonly label: string;
  /** Width in px; the first column takes what is left. */
  readonly width: number;
  readonly numeric: boolean;
}

export interface GridOptions<Key extends string> {
  readonly label: string;
  readonly columns: readonly GridColumn<Key>[];
  /** Fills the cells of one row; `position` is what `show` was given. */
  readonly fill: (position: number, cells: readonly HTMLTableCellElement[], row: HTMLTableRowElement) => void;
  readonly sort: (key: Key) => void;
  /** The row was chosen, by click or by Enter. */
  readonly open: (position: number, byKeyboard: boolean) => void;
}

const ROW_HEIGHT = 24;
/** Rows kept beyond each edge of the view, so that a fast scroll shows no gap. */
const MARGIN = 12;

/**
 * A native table of any length that holds only the rows in sight. The table keeps the focus and names the current row
 * (`aria-activedescendant`), so that scrolling never takes the focus away with a row.
 */
export class Grid<Key extends string> {
  readonly element = document.createElement('div');
  readonly #options: GridOptions<Key>;
  readonly #table = document.createElement('table');
  readonly #body = document.createElement('tbody');
  readonly #above = spacer();
  readonly #below = spacer();
  readonly #heads = new Map<Key, HTMLButtonElement>();
  /** Rows in the page by their index in `#positions`. */
  readonly #rows = new Map<number, HTMLTableRowElement>();
  #positions: readonly number[] = [];
  #current = 0;
  #opened: number | undefined;
  #frame = 0;

  constructor(options: GridOptions<Key>) {
    this.#options = options;
    this.element.className = 'tw-grid-scroller';
    this.#table.className = 'tw-grid-table';
    this.#table.tabIndex = 0;
    this.#table.setAttribute('role', 'grid');
    this.#table.setAttribute('aria-label', options.label);
    this.#table.append(this.#columnWidths(), this.#head(), this.#body);
    this.element.append(this.#table);
    this.element.addEventListener('scroll', () => this.#renderSoon(), { passive: true });
    new ResizeObserver(() => this.#renderSoon()).observe(this.element);
    this.#table.addEventListener('keydown', (event) => this.#key(event));
    this.#body.addEventListener('click', (event) => {
      const row = (event.target as Element).closest('tr');
      if (row?.dataset.index !== undefined) this.#choose(Number(row.dataset.index), false);
    });
  }

  /** Shows these positions, from the top, with the column by which they are sorted. */
  show(positions: readonly number[], sort: { readonly key: Key; readonly down: boolean }): void {
    this.#positions = positions;
    this.#current = 0;
    for (const [key, head] of this.#heads) {
      const sorted = key === sort.key;
      head.closest('th')?.setAttribute('aria-sort', sorted ? (sort.down ? 'descending' : 'ascending') : 'none');
    }
    this.#table.setAttribute('aria-rowcount', String(positions.length + 1));
    this.element.scrollTop = 0;
    this.#render(true);
  }

  /** Marks the row that is open. */
  mark(position: number | undefined): void {
    this.#opened = position;
    this.#render(true);
  }

  /** Writes the rows in sight anew, where they stand. */
  refill(): void {
    this.#render(true);
  }

  focus(): void {
    this.#table.focus({ preventScroll: true });
  }

  #columnWidths(): HTMLElement {
    const group = document.createElement('colgroup');
    for (const column of this.#options.columns) {
      const col = document.createElement('col');
      if (column.width > 0) col.style.width = `${column.width}px`;
      group.append(col);
    }
    return group;
  }

  #head(): HTMLElement {
    const head = document.createElement('thead');
    const row = document.createElement('tr');
    row.setAttribute('aria-rowindex', '1');
    for (const [index, column] of this.#options.columns.entries()) {
      const cell = document.createElement('th');
      cell.scope = 'col';
      if (column.numeric) cell.className = 'tw-number';
      const press = document.createElement('button');
      press.type = 'button';
      press.textContent = column.label;
      press.title = `Sort by ${column.label}`;
      // One stop for the tab key; the arrows go from column to column.
      press.tabIndex = index === 0 ? 0 : -1;
      press.addEventListener('click', () => this.#options.sort(column.key));
      press.addEventListener('keydown', (event) => this.#headKey(event, index));
      this.#heads.set(column.key, press);
      cell.append(press);
      row.append(cell);
    }
    head.append(row);
    return head;
  }

  #headKey(event: KeyboardEvent, index: number): void {
    const last = this.#options.columns.length - 1;
    const to = { ArrowRight: index + 1, ArrowLeft: index - 1, Home: 0, End: last }[event.key];
    const column = to === undefined ? undefined : this.#options.columns[to];
    if (!column) return;
    event.preventDefault();
    for (const [key, press] of this.#heads) press.tabIndex = key === column.key ? 0 : -1;
    this.#heads.get(column.key)?.focus();
  }

  #key(event: KeyboardEvent): void {
    if (event.target !== this.#table || event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, Math.floor(this.element.clientHeight / ROW_HEIGHT) - 2);
    const last = this.#positions.length - 1;
    const to = {
      ArrowDown: this.#current + 1,
      ArrowUp: this.#current - 1,
      PageDown: this.#current + page,
      PageUp: this.#current - page,
      Home: 0,
      End: last,
    }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      this.#goTo(Math.max(0, Math.min(last, to)));
    } else if ((event.key === 'Enter' || event.key === ' ') && last >= 0) {
      event.preventDefault();
      this.#choose(this.#current, true);
    }
  }

  #choose(index: number, byKeyboard: boolean): void {
    const position = this.#positions[index];
    if (position === undefined) return;
    this.#current = index;
    this.#opened = position;
    this.#render(true);
    this.#options.open(position, byKeyboard);
  }

  #goTo(index: number): void {
    this.#current = index;
    const top = index * ROW_HEIGHT;
    const room = this.element.clientHeight - this.#headHeight();
    if (top < this.element.scrollTop) this.element.scrollTop = top;
    else if (top + ROW_HEIGHT > this.element.scrollTop + room) this.element.scrollTop = top + ROW_HEIGHT - room;
    this.#render(true);
  }

  #headHeight(): number {
    return this.#table.tHead?.offsetHeight ?? ROW_HEIGHT;
  }

  #renderSoon(): void {
    if (this.#frame !== 0) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#render(false);
    });
  }

  /** Puts the rows in sight into the page; `refill` writes those that stay anew. */
  #render(refill: boolean): void {
    const count = this.#positions.length;
    const first = Math.max(0, Math.floor(this.element.scrollTop / ROW_HEIGHT) - MARGIN);
    const end = Math.min(count, first + Math.ceil(this.element.clientHeight / ROW_HEIGHT) + 2 * MARGIN);
    for (const index of this.#rows.keys()) if (index < first || index >= end) this.#rows.delete(index);
    const rows: HTMLTableRowElement[] = [];
    for (let index = first; index < end; index++) {
      let row = this.#rows.get(index);
      if (!row || refill) {
        row ??= this.#newRow();
        this.#write(row, index);
        this.#rows.set(index, row);
      }
      rows.push(row);
    }
    height(this.#above, first * ROW_HEIGHT);
    height(this.#below, (count - Math.max(end, first)) * ROW_HEIGHT);
    this.#body.replaceChildren(this.#above, ...rows, this.#below);
    const current = this.#rows.get(this.#current);
    if (current) this.#table.setAttribute('aria-activedescendant', current.id);
    else this.#table.removeAttribute('aria-activedescendant');
  }

  #newRow(): HTMLTableRowElement {
    const row = document.createElement('tr');
    for (const column of this.#options.columns) {
      const cell = row.insertCell();
      if (column.numeric) cell.className = 'tw-number';
    }
    return row;
  }

  #write(row: HTMLTableRowElement, index: number): void {
    const position = this.#positions[index];
    if (position === undefined) return;
    row.id = `tw-row-${index}`;
    row.dataset.index = String(index);
    row.setAttribute('aria-rowindex', String(index + 2));
    row.setAttribute('aria-selected', String(position === this.#opened));
    row.className = index === this.#current ? 'tw-current' : '';
    this.#options.fill(position, Array.from(row.cells), row);
  }
}

function spacer(): HTMLTableRowElement {
  const row = document.createElement('tr');
  row.setAttribute('aria-hidden', 'true');
  row.className = 'tw-spacer';
  row.append(document.createElement('td'));
  return row;
}

function height(row: HTMLTableRowElement, px: number): void {
  row.hidden = px <= 0;
  row.style.height = `${px}px`;
}
