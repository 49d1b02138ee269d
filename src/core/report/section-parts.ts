import { type Markup, markup } from './markup.ts';

/** A chart with its caption, its legend and, folded, the numbers behind it. */
export function figureOf(caption: string, chart: Markup, legend: Markup, table: Markup): Markup {
  return markup`<figure class="tw-figure"><figcaption>${caption}</figcaption>${chart}${legend}<details><summary>Data</summary>${scroll(`Data: ${caption}`, table)}</details></figure>`;
}

/** What may be wider than the page. */
export function scroll(name: string, table: Markup): Markup {
  return markup`<div class="tw-scroll" role="region" aria-label="${name}" tabindex="0">${table}</div>`;
}

/** A table of texts; the first cell of a row is its head. `left`: positions of columns that hold words; `long`: those that hold sentences. */
export function plainTable(
  caption: string,
  head: readonly string[],
  rows: readonly (readonly [Markup | string, ...string[]])[],
  left: readonly number[] = [],
  long: readonly number[] = [],
): Markup {
  const side = (column: number) =>
    long.includes(column)
      ? markup` class="tw-left tw-long"`
      : left.includes(column)
        ? markup` class="tw-left"`
        : undefined;
  return scroll(
    caption,
    markup`<table class="tw-table"><caption>${caption}</caption><thead><tr>${head.map((label, column) => markup`<th scope="col"${side(column)}>${label}</th>`)}</tr></thead><tbody>${rows.map(
      ([first, ...cells]) =>
        markup`<tr><th scope="row">${first}</th>${cells.map((cell, index) => markup`<td${side(index + 1)}>${cell}</td>`)}</tr>`,
    )}</tbody></table>`,
  );
}
