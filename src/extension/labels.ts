import { formatUsd } from '../core/catalog/cost.ts';
import type { Figure, Model, Provenance } from '../core/catalog/model.ts';
import { plainText } from '../core/prompts/plain-text.ts';

const number = new Intl.NumberFormat('en-US');

/** `1,234`. */
export function formatCount(value: number): string {
  return number.format(value);
}

/** Text that others wrote, as one line for a label: without the `$(…)` that would become an icon. */
export function label(text: string, maxLength?: number): string {
  return plainText(text, maxLength).replace(/\$(?=\()/g, '＄');
}

/** `of the workspace, 2026-11-23`: where a figure comes from. */
export function sourceWords({ provenance, asOf }: Figure): string {
  return `${provenanceWords[provenance]}${asOf === undefined ? '' : `, ${asOf}`}`;
}

const provenanceWords: Record<Provenance, string> = {
  user: 'as you typed it',
  workspace: 'as the workspace says',
  measured: 'as measured',
  bundled: 'from the bundled price list',
};

/** `$0.10 in, $0.40 out /1M`: USD per million tokens, short enough for a narrow view. */
export function priceWords({ inputPrice, outputPrice }: Model): string {
  if (!inputPrice && !outputPrice) return 'price unknown';
  return `${formatUsd(inputPrice?.value)} in, ${formatUsd(outputPrice?.value)} out /1M`;
}
