import { existsSync } from 'node:fs';
import { counted } from '../core/numbers.ts';
import { addToConfig } from '../engine/config/add-endpoint.ts';
import { readText } from '../engine/config/read-text.ts';
import type { ConfiguredEndpoint } from '../engine/config/schema.ts';
import { writeOutput } from './files.ts';
import type { Terminal } from './terminal.ts';

/** Writes endpoints into a configuration file, which is made where there is none, and says what has changed. */
export async function addEndpoints(
  file: string,
  endpoints: readonly ConfiguredEndpoint[],
  terminal: Terminal,
): Promise<void> {
  const before = existsSync(file) ? await readText(file) : '';
  let text = before;
  const changes: string[] = [];
  for (const endpoint of endpoints) {
    const added = addToConfig(text, endpoint, file);
    text = added.text;
    const { id, newModels, newPrices, keptPrices } = added;
    const prices = newPrices === 0 ? '' : `, new prices for ${counted(newPrices, 'model')}`;
    const kept =
      keptPrices === 0
        ? ''
        : ` Older prices of ${counted(keptPrices, 'model')} stay, because the list lacks one of the two now.`;
    changes.push(`${file}: "${id}" has ${counted(newModels, 'new model')}${prices}.${kept}`);
  }
  if (text !== before) await writeOutput(file, text);
  for (const change of changes) terminal.note(change);
}
