/** How numbers are written for a person, the same on every machine. */

/** A figure that is not known is a word, never 0. */
export const UNKNOWN = 'unknown';

/** Thousands separated by commas; `digits` decimals. */
export function grouped(value: number, digits = 0): string {
  const [whole = '0', fraction] = Math.abs(value).toFixed(digits).split('.');
  const sign = value < 0 && Number(value.toFixed(digits)) !== 0 ? '-' : '';
  const commas = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return `${sign}${commas}${fraction === undefined ? '' : `.${fraction}`}`;
}

/** `1 request`, `2 requests`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${grouped(count)} ${count === 1 ? one : many}`;
}
