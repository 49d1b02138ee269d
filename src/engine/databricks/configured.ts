import type { ModelTask } from '../../core/catalog/protocol.ts';
import type { ConfiguredEndpoint, ConfiguredModel, DatabricksAuth } from '../config/schema.ts';
import { modelIdPattern } from '../config/schema.ts';
import type { WorkspaceEndpoint } from './serving.ts';

/** How a workspace is called and signed in to in the configuration. */
export interface WorkspaceName {
  /** The id of the configured endpoint. */
  readonly id: string;
  /** The workspace's address. */
  readonly origin: string;
  readonly auth?: DatabricksAuth | undefined;
}

/** What can be asked of a serving endpoint here; undefined: nothing (an agent, an unknown task). */
export function usableTask({ task, name }: WorkspaceEndpoint): ModelTask | undefined {
  return task === 'agent' || task === 'unknown' || !modelIdPattern.test(name) ? undefined : task;
}

/** One configured endpoint for a workspace, with those of its serving endpoints that can be asked. */
export function toConfigured(
  endpoints: readonly WorkspaceEndpoint[],
  { id, origin, auth }: WorkspaceName,
): ConfiguredEndpoint {
  return {
    id,
    protocol: 'databricks',
    baseUrl: origin,
    ...(auth === undefined || Object.keys(auth).length === 0 ? {} : { auth }),
    models: endpoints.flatMap((endpoint) => {
      const task = usableTask(endpoint);
      return task === undefined ? [] : [configuredModel(endpoint, task)];
    }),
  };
}

function configuredModel({ name, prices, mayScaleToZero }: WorkspaceEndpoint, task: ModelTask): ConfiguredModel {
  return {
    id: name,
    ...(task === 'chat' ? {} : { task }),
    ...(prices?.inputUsd === undefined ? {} : { inputPrice: prices.inputUsd }),
    ...(prices?.outputUsd === undefined ? {} : { outputPrice: prices.outputUsd }),
    ...(prices === undefined ? {} : { priceSource: prices.source, priceAsOf: prices.asOf }),
    ...(task === 'pyfunc' ? { pyfuncInput: 'dataframe_split' as const } : {}),
    ...(mayScaleToZero ? { scaleToZero: true } : {}),
  };
}

/** A name for a workspace in the configuration: the first part of its host that names it. */
export function workspaceId(origin: string): string {
  const host = new URL(origin).hostname;
  const first = host.replace(/[^A-Za-z0-9.-]/g, '').split('.')[0] ?? '';
  return /^[A-Za-z][A-Za-z0-9-]{0,40}$/.test(first) && first !== 'localhost' ? first : 'databricks';
}
