import type { Model } from '../core/catalog/model.ts';
import { plainText } from '../core/prompts/plain-text.ts';

const number = new Intl.NumberFormat('en-US');

/** `1,234`. */
export function formatCount(value: number): string {
  return number.format(value);
}

/** Text that others wrote, as one line for a label: without the `$(…)` that would become an icon. */
export function label(text: string): string {
  return plainText(text).replace(/\$(?=\()/g, '＄');
}

/** `$0.1 in, $0.4 out per million tokens`. */
export function priceWords({ inputPrice, outputPrice }: Model): string {
  if (!inputPrice && !outputPrice) return 'price unknown';
  const words = (price: Model['inputPrice']) => (price ? `$${price.value}` : 'unknown');
  return `${words(inputPrice)} in, ${words(outputPrice)} out per million tokens`;
}
