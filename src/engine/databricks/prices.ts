import { formatUsd } from '../../core/catalog/cost.ts';
import { bundledDbuPrice, type DbuPrice, databricksPricesAsOf, usdOfDbu } from '../../core/catalog/databricks.ts';
import type { WireFoundationModel } from './serving-wire.ts';

/** What a model costs, and who says so. USD per million tokens. */
export interface WorkspacePrices {
  readonly inputUsd?: number | undefined;
  readonly outputUsd?: number | undefined;
  readonly source: 'workspace' | 'bundled';
  /** ISO date. */
  readonly asOf: string;
}

export interface PriceContext {
  /** USD for one DBU. */
  readonly dbuUsd: number;
  /** ISO date of today. */
  readonly today: string;
}

/** The workspace's display prices and the bundled ones are rounded; beyond this share they differ. */
const tolerance = 0.01;

/**
 * The price of a foundation model: the workspace's own where it shows one that can be read, else the bundled table's. Display prices
 * are no contract (they have been missing, and of another rate than the plain one), so where both are known and differ, a
 * note says so. What comes of it has one source, so where the workspace shows only one of the two, the other stays unknown and is not
 * mixed in from the table; a note says that, too.
 */
export function pricesOf(
  endpoint: string,
  model: WireFoundationModel | undefined,
  { dbuUsd, today }: PriceContext,
): { prices?: WorkspacePrices; notes: string[] } {
  const table = bundledDbuPrice(endpoint);
  const shown = model === undefined ? { notes: [] } : shownPrice(model);
  const notes = [...shown.notes];
  if (shown.inputDbu === undefined && shown.outputDbu === undefined) {
    if (table === undefined) return { notes };
    const prices = { ...inUsd(table, dbuUsd), source: 'bundled', asOf: databricksPricesAsOf } as const;
    return { prices, notes };
  }
  for (const [part, own, known] of [
    ['input', shown.inputDbu, table?.inputDbu],
    ['output', shown.outputDbu, table?.outputDbu],
  ] as const) {
    if (own === undefined && known !== undefined) {
      const usd = formatUsd(usdOfDbu(known, dbuUsd));
      notes.push(
        `The workspace shows no price of ${part} tokens that can be used, so it counts as unknown; the table of ${databricksPricesAsOf.slice(0, 7)} has ${usd} per million. Type it yourself if it is right.`,
      );
    }
    if (own === undefined || known === undefined || Math.abs(own - known) <= known * tolerance) continue;
    const [ownUsd, knownUsd] = [own, known].map((dbu) => formatUsd(usdOfDbu(dbu, dbuUsd)));
    notes.push(
      `The workspace shows ${ownUsd} per million ${part} tokens; the table of ${databricksPricesAsOf.slice(0, 7)} has ${knownUsd}. The workspace's is used: check it.`,
    );
  }
  return { prices: { ...inUsd(shown, dbuUsd), source: 'workspace', asOf: today }, notes };
}

function inUsd(price: Partial<DbuPrice>, dbuUsd: number): Pick<WorkspacePrices, 'inputUsd' | 'outputUsd'> {
  return {
    ...(price.inputDbu === undefined ? {} : { inputUsd: usdOfDbu(price.inputDbu, dbuUsd) }),
    ...(price.outputDbu === undefined ? {} : { outputUsd: usdOfDbu(price.outputDbu, dbuUsd) }),
  };
}

/** What the workspace shows, as far as it is a price in DBU per million tokens. */
function shownPrice(model: WireFoundationModel): Partial<DbuPrice> & { notes: string[] } {
  const { price, input_price, price_unit, pricing_model } = model;
  if (price === undefined && input_price === undefined) return { notes: [] };
  if (pricing_model !== undefined && !/pay-per-token/i.test(pricing_model)) return { notes: [] };
  if (price_unit !== undefined && !/^DBUs? per (1M|1 ?million|million) tokens$/i.test(price_unit.trim())) {
    return { notes: ['The workspace shows a price in a unit that is not known here; it is not used.'] };
  }
  const notes: string[] = [];
  const read = (part: string, value: string | number | undefined): number | undefined => {
    if (value === undefined) return undefined;
    const dbu = parseDbu(value);
    if (dbu === undefined)
      notes.push(`The ${part} price that the workspace shows cannot be read; it counts as unknown.`);
    return dbu;
  };
  const inputDbu = read('input', input_price);
  const outputDbu = read('output', price);
  return {
    ...(inputDbu === undefined ? {} : { inputDbu }),
    ...(outputDbu === undefined ? {} : { outputDbu }),
    notes,
  };
}

/**
 * A price as it is displayed: a plain decimal number, with or without commas between thousands. Undefined for all else, for 0
 * (a missing price, not a gift) and for what no model costs.
 */
function parseDbu(value: string | number): number | undefined {
  const text = String(value).trim();
  if (!/^(\d+|\d{1,3}(,\d{3})+)(\.\d+)?$/.test(text)) return undefined;
  const dbu = Number(text.replaceAll(',', ''));
  return dbu > 0 && dbu < 1_000_000 ? dbu : undefined;
}
