import { defaultDbuUsd } from '../../core/catalog/databricks.ts';
import { Failure } from '../../core/failure.ts';
import { plainText } from '../../core/prompts/plain-text.ts';
import type { Transport } from '../http/transport.ts';
import { type PriceContext, pricesOf, type WorkspacePrices } from './prices.ts';
import { getFromWorkspace, type RestOptions } from './rest.ts';
import { type WireEndpoint, type WireEntity, wireEndpointSchema, wireListSchema } from './serving-wire.ts';
import type { TokenSource } from './token.ts';

export type WorkspaceTask = 'chat' | 'completions' | 'embeddings' | 'pyfunc' | 'agent' | 'unknown';
/** `gateway`: a model service of the Unity AI gateway, which is no serving endpoint but is asked like one. */
export type WorkspaceKind = 'foundation' | 'external' | 'custom' | 'agent' | 'gateway';
/** `ready`: answers, and no change is under way. An endpoint that is updated may go on answering with what it had. */
export type Readiness = 'ready' | 'updating' | 'update failed' | 'not ready' | 'suspended';

/** One model behind a serving endpoint. */
export interface ServedEntity {
  readonly name: string;
  /** `system.ai.…`, or the model in Unity Catalog. */
  readonly entity?: string | undefined;
  readonly version?: string | undefined;
  /** Percent of the requests that reach it. */
  readonly traffic?: number | undefined;
  readonly scaledToZero: boolean;
}

/** A serving endpoint of a workspace. Texts are the workspace's own: make them plain before they are shown. */
export interface WorkspaceEndpoint {
  /** The name on the wire. */
  readonly name: string;
  readonly task: WorkspaceTask;
  readonly kind: WorkspaceKind;
  readonly readiness: Readiness;
  /** True: it sleeps now, and the next request wakes it. */
  readonly scaledToZero: boolean;
  /** True: it falls asleep when nobody asks. */
  readonly mayScaleToZero: boolean;
  readonly entities: readonly ServedEntity[];
  /** `function_calling`, `image_input` and the like. */
  readonly capabilities: readonly string[];
  /** `mlflow/v1/chat/completions` and the like. */
  readonly apiTypes: readonly string[];
  readonly displayName?: string | undefined;
  /** Absent: unknown. */
  readonly prices?: WorkspacePrices | undefined;
  /** What a person should know about these figures. */
  readonly notes: readonly string[];
}

export interface ServingOptions extends RestOptions {
  /** USD for one DBU; default: the list price. */
  readonly dbuUsd?: number | undefined;
  /** Unix time in ms; default: the clock. */
  readonly now?: (() => number) | undefined;
  /** Receives what could not be read, one sentence each. */
  readonly onNote?: ((note: string) => void) | undefined;
}

const listPath = '/api/2.0/serving-endpoints';

/** So many endpoints are asked for at once. */
const detailsAtOnce = 6;

/**
 * The serving endpoints of a workspace, in its order: `GET /api/2.0/serving-endpoints`, which has no pages. The list does not say of
 * a model whether it may sleep, whether it does and what share of the requests it has, so endpoints with models of
 * one's own are then asked for one by one. An item that cannot be read is left out and told to `onNote`.
 * @throws Failure of the endpoint codes.
 */
export async function listServingEndpoints(
  transport: Transport,
  source: TokenSource,
  options: ServingOptions = {},
): Promise<WorkspaceEndpoint[]> {
  const answer = wireListSchema.safeParse(await getFromWorkspace(transport, source, listPath, options));
  if (!answer.success) throw notTheList(source.origin);
  const listed = (answer.data.endpoints ?? []).flatMap((item, index) => {
    const wire = wireEndpointSchema.safeParse(item);
    if (wire.success) return [readEndpoint(wire.data, priceContext(options))];
    options.onNote?.(`Item ${index + 1} of the workspace's list cannot be read and is left out.`);
    return [];
  });
  // One iterator for all: each takes the next that nobody has.
  const remaining = listed.entries();
  const worker = async () => {
    for (const [at, endpoint] of remaining) {
      if (hasOwnModel(endpoint)) listed[at] = await inDetail(transport, source, endpoint, options);
    }
  };
  await Promise.all(Array.from({ length: detailsAtOnce }, worker));
  return listed;
}

/** Models in Unity Catalog have versions; pay-per-token and external ones have none and never sleep. */
function hasOwnModel({ entities }: WorkspaceEndpoint): boolean {
  return entities.some(({ version }) => version !== undefined);
}

/** The endpoint in full; as it was listed where that cannot be had. */
async function inDetail(
  transport: Transport,
  source: TokenSource,
  listed: WorkspaceEndpoint,
  options: ServingOptions,
): Promise<WorkspaceEndpoint> {
  try {
    return await getServingEndpoint(transport, source, listed.name, options);
  } catch (error) {
    if (!(error instanceof Failure) || error.code === 'cancelled') throw error;
    const note = `Whether "${plainText(listed.name, 80)}" sleeps is not known: ${error.message}`;
    return { ...listed, notes: [...listed.notes, note] };
  }
}

/** One serving endpoint. @throws Failure `not-found` and the other endpoint codes. */
export async function getServingEndpoint(
  transport: Transport,
  source: TokenSource,
  name: string,
  options: ServingOptions = {},
): Promise<WorkspaceEndpoint> {
  let answer: unknown;
  try {
    answer = await getFromWorkspace(transport, source, `${listPath}/${encodeURIComponent(name)}`, options);
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'not-found') throw error;
    const message = `${source.origin} has no serving endpoint "${plainText(name, 80)}", or it may not be seen.`;
    throw new Failure({ code: 'not-found', message, status: error.status }, { cause: error });
  }
  const wire = wireEndpointSchema.safeParse(answer);
  if (!wire.success) throw notTheList(source.origin);
  return readEndpoint(wire.data, priceContext(options));
}

function notTheList(origin: string): Failure {
  return new Failure({
    code: 'malformed',
    message: `${origin} answered, but not with serving endpoints. Is it the address of a Databricks workspace?`,
  });
}

function priceContext({ dbuUsd = defaultDbuUsd, now = Date.now }: ServingOptions): PriceContext {
  return { dbuUsd, today: new Date(now()).toISOString().slice(0, 10) };
}

function readEndpoint(wire: WireEndpoint, context: PriceContext): WorkspaceEndpoint {
  const entities = entitiesOf(wire);
  const task = taskOf(wire, entities);
  const kind = kindOf(wire, task, entities);
  const foundation = entities.find((entity) => entity.foundation_model)?.foundation_model;
  const { prices, notes } = kind === 'foundation' ? pricesOf(wire.name, foundation, context) : { notes: [] };
  const served = entities.map((entity) => servedEntity(entity, wire));
  return {
    name: wire.name,
    task,
    kind,
    readiness: readinessOf(wire),
    // Asleep as a whole only when each of its models is.
    scaledToZero: served.length > 0 && served.every(({ scaledToZero }) => scaledToZero),
    mayScaleToZero: entities.some((entity) => entity.scale_to_zero_enabled === true || isAsleep(entity)),
    entities: served,
    capabilities: Object.entries(wire.capabilities ?? {}).flatMap(([name, has]) => (has === true ? [name] : [])),
    apiTypes: foundation?.api_types ?? [],
    displayName: foundation?.display_name,
    prices,
    notes,
  };
}

function entitiesOf({ config, pending_config }: WireEndpoint): readonly WireEntity[] {
  for (const held of [config, pending_config]) {
    const entities = held?.served_entities ?? held?.served_models;
    if (entities !== undefined && entities.length > 0) return entities;
  }
  return [];
}

function servedEntity(entity: WireEntity, { config }: WireEndpoint): ServedEntity {
  const name = entity.name ?? entity.entity_name ?? entity.model_name ?? '';
  const route = config?.traffic_config?.routes?.find(
    ({ served_entity_name, served_model_name }) => (served_entity_name ?? served_model_name) === name,
  );
  const version = entity.entity_version ?? entity.model_version;
  return {
    name,
    entity: entity.entity_name ?? entity.model_name ?? entity.external_model?.name,
    version: version === undefined ? undefined : String(version),
    traffic: route?.traffic_percentage,
    scaledToZero: isAsleep(entity),
  };
}

function isAsleep({ state }: WireEntity): boolean {
  return /scaled to zero/i.test(state?.deployment_state_message ?? '');
}

function taskOf({ task }: WireEndpoint, entities: readonly WireEntity[]): WorkspaceTask {
  const named = task ?? entities.find((entity) => entity.external_model?.task)?.external_model?.task;
  if (named !== undefined) {
    const [, family, kind] = /^(llm|agent)\/v\d+\/(\w+)$/.exec(named) ?? [];
    if (family === 'agent') return 'agent';
    return llmTasks.find((known) => known === kind) ?? 'unknown';
  }
  const apis = entities.flatMap((entity) => entity.foundation_model?.api_types ?? []);
  if (apis.some((api) => api.endsWith('/embeddings'))) return 'embeddings';
  if (apis.some((api) => api.endsWith('/chat/completions'))) return 'chat';
  // Models of one's own say nothing of a task unless they were logged with one.
  const own = entities.some(({ type, entity_version, model_version }) =>
    type === undefined
      ? (entity_version ?? model_version) !== undefined
      : /^(UC_MODEL|CUSTOM_MODEL|WORKSPACE_MODEL)$/.test(type),
  );
  return own ? 'pyfunc' : 'unknown';
}

const llmTasks = ['chat', 'completions', 'embeddings'] as const;

function kindOf({ endpoint_type }: WireEndpoint, task: WorkspaceTask, entities: readonly WireEntity[]): WorkspaceKind {
  if (task === 'agent') return 'agent';
  if (endpoint_type === 'EXTERNAL_MODEL' || entities.some((entity) => entity.external_model)) return 'external';
  const foundation = entities.some(({ type, foundation_model }) => type === 'FOUNDATION_MODEL' || foundation_model);
  return endpoint_type === 'FOUNDATION_MODEL_API' || foundation ? 'foundation' : 'custom';
}

function readinessOf({ state }: WireEndpoint): Readiness {
  if (state?.suspend !== undefined && state.suspend !== 'NOT_SUSPENDED') return 'suspended';
  switch (state?.config_update ?? 'NOT_UPDATING') {
    case 'NOT_UPDATING':
      return state?.ready === 'READY' ? 'ready' : 'not ready';
    case 'UPDATE_FAILED':
    case 'UPDATE_CANCELED':
      return 'update failed';
    default:
      return 'updating';
  }
}
