import type { SimulatedProfile } from '../simulator/profiles.ts';
import type { ConfiguredEndpoint } from './schema.ts';

/** The configuration of a running simulated endpoint, with the prices that it invented for its models. */
export function simulatedEndpoint(
  baseUrl: string,
  models: readonly SimulatedProfile[],
  apiKeyEnv?: string,
): ConfiguredEndpoint {
  return {
    id: 'simulated',
    protocol: 'openai',
    baseUrl,
    ...(apiKeyEnv === undefined ? {} : { apiKey: { env: apiKeyEnv } }),
    simulated: true,
    models: models.map(({ id, inputPrice, outputPrice, contextWindow }) => ({
      id,
      inputPrice,
      outputPrice,
      contextWindow,
    })),
  };
}
