/** A column of a printed table. */
export interface Column {
  readonly title: string;
  readonly align?: 'right';
  /** Longer cells are cut. */
  readonly most?: number;
}

const GAP = '  ';

/** Rows in aligned columns for a terminal; ends with a line break. */
export function columns(heads: readonly Column[], rows: readonly (readonly string[])[]): string {
  const cells = [heads.map((head) => head.title), ...rows].map((row) =>
    heads.map((head, at) => cut(oneLine(row[at] ?? ''), head.most)),
  );
  const widths = heads.map((_, at) => Math.max(...cells.map((row) => width(row[at] ?? ''))));
  return cells
    .map((row) =>
      heads
        .map((head, at) => {
          const cell = row[at] ?? '';
          const space = ' '.repeat((widths[at] ?? 0) - width(cell));
          return head.align === 'right' ? space + cell : cell + space;
        })
        .join(GAP)
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('');
}

/** Text that stays on its line and cannot steer the terminal. */
export function oneLine(text: string): string {
  return text.replace(/\s+/gu, ' ').replace(/\p{C}/gu, '').trim();
}

function cut(text: string, most = 1000): string {
  const symbols = [...text];
  return symbols.length > most ? `${symbols.slice(0, most - 1).join('')}…` : text;
}

/** Columns of a terminal: East Asian wide characters take two, marks none. */
function width(text: string): number {
  let sum = 0;
  for (const symbol of text) sum += /\p{M}/u.test(symbol) ? 0 : wide.test(symbol) ? 2 : 1;
  return sum;
}

const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]/u;
