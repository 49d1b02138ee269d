import { databricksPrices } from './databricks-prices.ts';

/** Prices in Databricks Units (DBU) per million tokens. */
export interface DbuPrice {
  readonly inputDbu: number;
  readonly outputDbu: number;
}

/**
 * USD for one DBU of serverless real-time inference: the list price in the United States. Others pay another; theirs
 * is in `system.billing.list_prices`.
 */
export const defaultDbuUsd = 0.07;

/** When the bundled prices were read; the day of the month is not known. */
export const databricksPricesAsOf = '2026-06-01';

/** The bundled price of a foundation-model endpoint; undefined where it is not in the table. */
export function bundledDbuPrice(endpoint: string): DbuPrice | undefined {
  return Object.hasOwn(databricksPrices, endpoint) ? databricksPrices[endpoint] : undefined;
}

/**
 * USD per million tokens of a price in DBU. Prices in DBU are shown rounded (71.429 for 5 / 0.07), so the USD are rounded to as many
 * significant digits as the DBU have, three at least and four at most: 5, not 5.00003.
 */
export function usdOfDbu(dbu: number, dbuUsd: number): number {
  const digits = String(dbu).replace('.', '').replace(/^0+/, '').length;
  return Number((dbu * dbuUsd).toPrecision(Math.min(4, Math.max(3, digits))));
}
