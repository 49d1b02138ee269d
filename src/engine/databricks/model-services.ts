import { Failure } from '../../core/failure.ts';
import type { Transport } from '../http/transport.ts';
import { getFromWorkspace } from './rest.ts';
import { listServingEndpoints, type ServingOptions, type WorkspaceEndpoint, type WorkspaceTask } from './serving.ts';
import { wireModelServiceSchema, wireModelServicesSchema } from './serving-wire.ts';
import type { TokenSource } from './token.ts';

/** A model service of the Unity AI gateway. */
export interface ModelService {
  /** The name on the wire, of three parts: `system.ai.gpt-oss-120b`. */
  readonly name: string;
  readonly task: WorkspaceTask;
  readonly apiTypes: readonly string[];
}

const pageSize = 100;
/** No workspace has so many; a server that never stops naming a next page does. */
const mostPages = 100;

/**
 * The model services of one schema, `system.ai` unless said, over all pages. A workspace without the gateway has none, and a note
 * says so.
 * @throws Failure of the endpoint codes.
 */
export async function listModelServices(
  transport: Transport,
  source: TokenSource,
  options: ServingOptions & { readonly schema?: string | undefined } = {},
): Promise<ModelService[]> {
  const { schema = 'system.ai', onNote } = options;
  const services: ModelService[] = [];
  let pageToken: string | undefined;
  for (let page = 0; page < mostPages; page++) {
    const query = new URLSearchParams({ page_size: String(pageSize), parent: `schemas/${schema}`, view: 'BASIC' });
    if (pageToken) query.set('page_token', pageToken);
    let answer: unknown;
    try {
      answer = await getFromWorkspace(transport, source, `/api/2.1/unity-catalog/model-services?${query}`, options);
    } catch (error) {
      if (page > 0 || !isAbsent(error)) throw error;
      onNote?.(`${source.origin} has no model services of the Unity AI gateway.`);
      return [];
    }
    const read = wireModelServicesSchema.safeParse(answer);
    if (!read.success) {
      onNote?.(`${source.origin} answered with no list of model services.`);
      return services;
    }
    for (const item of read.data.model_services ?? []) {
      const wire = wireModelServiceSchema.safeParse(item);
      if (wire.success) services.push(readService(wire.data.name, wire.data.supported_api_types ?? []));
      else onNote?.('A model service cannot be read and is left out.');
    }
    const next = read.data.next_page_token;
    if (!next || next === pageToken) return services;
    pageToken = next;
  }
  onNote?.(`The list of model services has more than ${mostPages} pages; the rest is left out.`);
  return services;
}

/**
 * All that a workspace serves: its serving endpoints, then the model services of its AI gateway. Few workspaces have that
 * gateway, so that its list cannot be had is no failure: `onServiceNote` is told.
 * @throws Failure of the endpoint codes.
 */
export async function listServed(
  transport: Transport,
  source: TokenSource,
  options: ServingOptions & { readonly onServiceNote?: ((note: string) => void) | undefined } = {},
): Promise<WorkspaceEndpoint[]> {
  const { onServiceNote, ...rest } = options;
  const [endpoints, services] = await Promise.all([
    listServingEndpoints(transport, source, rest),
    listModelServices(transport, source, { ...rest, onNote: onServiceNote }).catch((error: unknown) => {
      if (!(error instanceof Failure) || error.code === 'cancelled') throw error;
      onServiceNote?.(`The model services of the Unity AI gateway could not be listed: ${error.message}`);
      return [];
    }),
  ]);
  return [...endpoints, ...services.map(asEndpoint)];
}

/** The list tells neither state nor price; a service has no machine of its own that could be down or asleep. */
function asEndpoint({ name, task, apiTypes }: ModelService): WorkspaceEndpoint {
  return {
    name,
    task,
    kind: 'gateway',
    readiness: 'ready',
    scaledToZero: false,
    mayScaleToZero: false,
    entities: [],
    capabilities: [],
    apiTypes,
    notes: [],
  };
}

/** Workspaces without the gateway answer 404; older ones 400 or 501 for a path that they do not know. */
function isAbsent(error: unknown): boolean {
  return error instanceof Failure && (error.code === 'not-found' || error.status === 400 || error.status === 501);
}

function readService(name: string, apiTypes: readonly string[]): ModelService {
  const has = (kind: string) => apiTypes.some((type) => type.toLowerCase().includes(kind));
  const task = has('chat') ? 'chat' : has('embeddings') ? 'embeddings' : 'unknown';
  return { name: name.replace(/^model-services\//, ''), task, apiTypes };
}
