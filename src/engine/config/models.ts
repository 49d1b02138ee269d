import { modelRef } from '../../core/catalog/lookup.ts';
import type { Figure, Model } from '../../core/catalog/model.ts';
import { Failure } from '../../core/failure.ts';
import type { BoundKey } from '../../protocol/measure.ts';
import { parseBaseUrl } from '../http/base-url.ts';
import type { ConfiguredEndpoint } from './schema.ts';

/** The models of the endpoints, in their order. Prices count as the person's own; a price not given stays unknown. */
export function configuredModels(endpoints: readonly ConfiguredEndpoint[]): Model[] {
  return endpoints.flatMap((endpoint) =>
    endpoint.models.map((model) => ({
      ref: modelRef(endpoint.id, model.id),
      endpoint: endpoint.id,
      id: model.id,
      inputPrice: figure(model.inputPrice),
      outputPrice: figure(model.outputPrice),
      contextWindow: model.contextWindow,
      simulated: endpoint.simulated === true,
    })),
  );
}

function figure(value: number | undefined): Figure | undefined {
  return value === undefined ? undefined : { value, provenance: 'user' };
}

/**
 * The keys that the endpoints refer to, each bound to the origin it may be sent to.
 * @throws Failure `config` when an environment variable is not set, or holds what cannot be a header.
 */
export function boundKeys(
  endpoints: readonly Pick<ConfiguredEndpoint, 'id' | 'baseUrl' | 'apiKey'>[],
  env: Readonly<Record<string, string | undefined>>,
): BoundKey[] {
  return endpoints.flatMap((endpoint) => {
    const name = endpoint.apiKey?.env;
    if (name === undefined) return [];
    const key = env[name]?.trim() ?? '';
    if (key === '') throw keyFailure(`is not set. Set it to the key of endpoint "${endpoint.id}".`, name);
    if (!/^[\x21-\x7e]+$/.test(key)) {
      throw keyFailure(`cannot be the key of endpoint "${endpoint.id}": it holds characters that no header may.`, name);
    }
    return [{ endpoint: endpoint.id, origin: parseBaseUrl(endpoint.baseUrl).origin, key }];
  });
}

function keyFailure(what: string, name: string): Failure {
  return new Failure({ code: 'config', message: `The environment variable ${name} ${what}` });
}
