import { modelRef } from '../../core/catalog/lookup.ts';
import type { Figure, Model } from '../../core/catalog/model.ts';
import { Failure } from '../../core/failure.ts';
import type { BoundKey } from '../../protocol/measure.ts';
import { parseBaseUrl } from '../http/base-url.ts';
import type { ConfiguredEndpoint, ConfiguredModel } from './schema.ts';

/** What is read of an endpoint, which need not be a configured one. */
type ModelSource = Pick<ConfiguredEndpoint, 'id' | 'models' | 'simulated'>;

/**
 * The models of the endpoints, in their order. Input and output prices count as the person's own unless they say where they come
 * from; those of cached and reasoning tokens always do.
 */
export function configuredModels(endpoints: readonly ModelSource[]): Model[] {
  return endpoints.flatMap((endpoint) => endpoint.models.map((model) => configuredModel(endpoint, model)));
}

function configuredModel(endpoint: ModelSource, model: ConfiguredModel): Model {
  const figure = (value: number | undefined): Figure | undefined =>
    value === undefined
      ? undefined
      : {
          value,
          provenance: model.priceSource ?? 'user',
          ...(model.priceAsOf === undefined ? {} : { asOf: model.priceAsOf }),
        };
  // No list tells these, so whatever the source of the two above is, a person typed them.
  const typed = (value: number | undefined): Figure | undefined =>
    value === undefined ? undefined : { value, provenance: 'user' };
  return {
    ref: modelRef(endpoint.id, model.id),
    endpoint: endpoint.id,
    id: model.id,
    inputPrice: figure(model.inputPrice),
    outputPrice: figure(model.outputPrice),
    cachedInputPrice: typed(model.cachedInputPrice),
    cacheWritePrice: typed(model.cacheWritePrice),
    reasoningPrice: typed(model.reasoningPrice),
    contextWindow: model.contextWindow,
    task: model.task,
    pyfunc:
      model.task === 'pyfunc'
        ? { input: model.pyfuncInput ?? 'dataframe_split', column: model.pyfuncColumn ?? 'prompt' }
        : undefined,
    scaleToZero: model.scaleToZero,
    simulated: endpoint.simulated === true,
  };
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
