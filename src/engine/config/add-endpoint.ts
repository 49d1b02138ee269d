import { applyEdits, type FormattingOptions, type JSONPath, modify } from 'jsonc-parser';
import { Failure } from '../../core/failure.ts';
import { parseBaseUrl } from '../http/base-url.ts';
import { parseConfig } from './load.ts';
import type { ConfiguredEndpoint, ConfiguredModel } from './schema.ts';

/** What adding an endpoint changed. */
export interface Added {
  /** The configuration's new text. */
  readonly text: string;
  /** The id under which the endpoint stands. */
  readonly id: string;
  readonly newModels: number;
  /** Models that were there, with prices that were not typed and have changed. */
  readonly newPrices: number;
  /** Models whose prices stay as they were, though they have changed, because the newer list lacks one of them. */
  readonly keptPrices: number;
}

/**
 * Adds an endpoint to the text of a configuration file (JSON with comments; empty: a new one), and leaves every other
 * character as it is. An endpoint of the same protocol and origin is added to: it gets the models that it lacks, and
 * prices that came from the workspace or the bundled table are renewed; what a person typed stays.
 * @param name what messages call the file
 * @throws Failure `config` when the file is not valid, or another endpoint has the id.
 */
export function addToConfig(text: string, endpoint: ConfiguredEndpoint, name: string): Added {
  if (text.trim() === '') {
    const fresh = `${JSON.stringify({ endpoints: [endpoint] }, undefined, 2)}\n`;
    parseConfig(fresh, name);
    return { text: fresh, id: endpoint.id, newModels: endpoint.models.length, newPrices: 0, keptPrices: 0 };
  }
  const { endpoints } = parseConfig(text, name);
  const formattingOptions = formattingOf(text);
  let result = text;
  const set = (path: JSONPath, value: unknown, insert = false) => {
    result = applyEdits(result, modify(result, path, value, { formattingOptions, isArrayInsertion: insert }));
  };
  const at = endpoints.findIndex((known) => isSame(known, endpoint));
  const known = endpoints[at];
  let newModels = 0;
  let newPrices = 0;
  let keptPrices = 0;
  if (known === undefined) {
    if (endpoints.some(({ id }) => id === endpoint.id)) {
      throw new Failure({
        code: 'config',
        message: `${name} has an endpoint "${endpoint.id}" at another address. Choose another name with --id.`,
      });
    }
    set(['endpoints', endpoints.length], endpoint, true);
    newModels = endpoint.models.length;
  } else {
    let end = known.models.length;
    for (const model of endpoint.models) {
      const index = known.models.findIndex(({ id }) => id === model.id);
      const old = known.models[index];
      if (old === undefined) {
        set(['endpoints', at, 'models', end++], model, true);
        newModels++;
      } else if (isStale(old, model)) {
        if (lacksPrice(old, model)) keptPrices++;
        else {
          for (const key of priceKeys) set(['endpoints', at, 'models', index, key], model[key]);
          newPrices++;
        }
      }
    }
  }
  parseConfig(result, name);
  return { text: result, id: known?.id ?? endpoint.id, newModels, newPrices, keptPrices };
}

const priceKeys = ['inputPrice', 'outputPrice', 'priceSource', 'priceAsOf'] as const;

function isSame(known: ConfiguredEndpoint, endpoint: ConfiguredEndpoint): boolean {
  if (known.protocol !== endpoint.protocol || known.simulated !== endpoint.simulated) return false;
  return endpoint.protocol === 'databricks'
    ? parseBaseUrl(known.baseUrl).origin === parseBaseUrl(endpoint.baseUrl).origin
    : parseBaseUrl(known.baseUrl).url === parseBaseUrl(endpoint.baseUrl).url;
}

/** Prices that a person typed, or of a model that has none any more, are never touched; a new date alone is no change. */
function isStale(old: ConfiguredModel, model: ConfiguredModel): boolean {
  const typed =
    (old.priceSource ?? 'user') === 'user' && (old.inputPrice !== undefined || old.outputPrice !== undefined);
  if (typed || model.priceSource === undefined) return false;
  return old.inputPrice !== model.inputPrice || old.outputPrice !== model.outputPrice;
}

/** Half of the prices renewed would leave the other half under a source that does not tell it, or lose it. */
function lacksPrice(old: ConfiguredModel, model: ConfiguredModel): boolean {
  return (
    (old.inputPrice !== undefined && model.inputPrice === undefined) ||
    (old.outputPrice !== undefined && model.outputPrice === undefined)
  );
}

/** As the file is indented. */
function formattingOf(text: string): FormattingOptions {
  const indent = /\n([ \t]+)\S/.exec(text)?.[1] ?? '  ';
  return {
    insertSpaces: !indent.startsWith('\t'),
    tabSize: indent.startsWith('\t') ? 2 : indent.length,
    eol: text.includes('\r\n') ? '\r\n' : '\n',
  };
}
