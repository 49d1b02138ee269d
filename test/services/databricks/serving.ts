import { randomUUID } from 'node:crypto';
import type { Clock } from './clock.ts';
import { refusals } from './refusals.ts';

/** JSON of the REST API; loose, as the workspace's own is. */
export type Json = Record<string, any>;
export type WireEndpoint = Json & { name: string };

/** How long things take, in ms of the workspace's clock. */
export interface ServingTimes {
  readonly deployMs: number;
  readonly coldStartMs: number;
  /** Without a request for so long an endpoint that may sleep does. */
  readonly idleMs: number;
}

interface Pending {
  readonly entities: Json[];
  readonly routes: Json[];
  readonly until: number;
  readonly fails: boolean;
}

interface Endpoint {
  /** Everything but state and config. */
  readonly wire: WireEndpoint;
  ready: boolean;
  update: 'NOT_UPDATING' | 'IN_PROGRESS' | 'UPDATE_FAILED';
  suspended: boolean;
  /** `state` as the sample has it, with what this class does not know of. */
  readonly state: Json;
  readonly hasConfig: boolean;
  entities: Json[];
  routes: Json[];
  pending: Pending | undefined;
  readonly dealt: Map<string, number>;
  asleep: boolean;
  lastUsed: number;
  /** While a request wakes it: when it will be awake. */
  wakingUntil: number | undefined;
  buildLog: string;
}

const entitySpec = ['name', 'entity_name', 'entity_version', 'type', 'external_model', 'foundation_model'];

/** The serving endpoints of a workspace and the states that they go through as its clock moves. */
export class Serving {
  readonly #clock: Clock;
  readonly #times: ServingTimes;
  readonly #endpoints = new Map<string, Endpoint>();
  /** The next deployment fails. */
  failNextDeployment = false;
  /** Requests to an endpoint that wakes up wait until it has, or are refused with 503. */
  whileWaking: 'wait' | 'refuse' = 'wait';

  constructor(clock: Clock, times: ServingTimes, endpoints: readonly WireEndpoint[]) {
    this.#clock = clock;
    this.#times = times;
    for (const endpoint of endpoints) this.#add(endpoint);
  }

  #add({ state, config, ...wire }: WireEndpoint): void {
    const entities: Json[] = config.served_entities ?? [];
    this.#endpoints.set(wire.name, {
      wire: wire as WireEndpoint,
      ready: state.ready === 'READY',
      update: state.config_update,
      suspended: state.suspend === 'SUSPENDED',
      state,
      hasConfig: config.served_entities !== undefined,
      entities,
      routes: config.traffic_config?.routes ?? allTo(entities),
      pending: undefined,
      dealt: new Map(),
      asleep: false,
      lastUsed: this.#clock.now,
      wakingUntil: undefined,
      buildLog: '',
    });
  }

  /** `GET /api/2.0/serving-endpoints`: of the entities only what identifies them, neither their state nor their size. */
  list(): Json {
    return {
      endpoints: [...this.#endpoints.keys()].map((name) => {
        const endpoint = this.#settled(name);
        const specs = endpoint.entities.map((entity) => only(entity, entitySpec));
        const config = endpoint.hasConfig ? { served_entities: specs, ...this.#legacy(specs) } : {};
        return { ...endpoint.wire, state: this.#state(endpoint), config };
      }),
    };
  }

  /** `GET /api/2.0/serving-endpoints/{name}`: in full. */
  get(name: string): Json {
    const endpoint = this.#settled(name);
    const { pending } = endpoint;
    const entities = endpoint.entities.map((entity) => ({ ...entity, state: this.#deployment(endpoint) }));
    return {
      ...endpoint.wire,
      state: this.#state(endpoint),
      config: endpoint.hasConfig
        ? {
            served_entities: entities,
            ...this.#legacy(entities),
            traffic_config: { routes: endpoint.routes },
            config_version: 1,
          }
        : {},
      ...(pending === undefined
        ? {}
        : {
            pending_config: {
              served_entities: pending.entities.map((entity) => ({
                ...entity,
                state: {
                  deployment: 'DEPLOYMENT_CREATING',
                  deployment_state_message: 'Creating resources for served entity.',
                },
              })),
              traffic_config: { routes: pending.routes },
            },
          }),
    };
  }

  /** `POST /api/2.0/serving-endpoints`. */
  create(body: Json, creator: string): Json {
    if (typeof body.name !== 'string' || !/^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/.test(body.name)) {
      throw refusals.invalid('Endpoint name must be alphanumeric with hyphens and underscores allowed in between.');
    }
    if (this.#endpoints.has(body.name)) throw refusals.alreadyExists(body.name);
    const { entities, routes } = readConfig(body.config ?? {});
    const now = this.#clock.now;
    this.#add({
      name: body.name,
      creator,
      creation_timestamp: now,
      last_updated_timestamp: now,
      id: randomUUID().replaceAll('-', ''),
      route_optimized: body.route_optimized ?? false,
      permission_level: 'CAN_MANAGE',
      description: body.description ?? '',
      ...(body.tags === undefined ? {} : { tags: body.tags }),
      ...(body.task === undefined ? {} : { task: body.task }),
      ...(entities[0]?.external_model?.task === undefined ? {} : { task: entities[0]?.external_model.task }),
      state: { ready: 'NOT_READY', config_update: 'NOT_UPDATING', suspend: 'NOT_SUSPENDED' },
      config: { served_entities: [], traffic_config: { routes: [] } },
    });
    this.#deploy(this.#known(body.name), entities, routes);
    return this.get(body.name);
  }

  /** `PUT /api/2.0/serving-endpoints/{name}/config`. */
  update(name: string, config: Json): Json {
    const endpoint = this.#settled(name);
    if (endpoint.update === 'IN_PROGRESS') throw refusals.updating(name);
    const { entities, routes } = readConfig(config);
    this.#deploy(endpoint, entities, routes);
    return this.get(name);
  }

  remove(name: string): void {
    this.#known(name);
    this.#endpoints.delete(name);
  }

  suspend(name: string): void {
    this.#known(name).suspended = true;
  }

  /** Puts an endpoint to sleep now, as idling does. */
  sleep(name: string): void {
    const endpoint = this.#known(name);
    endpoint.asleep = true;
    endpoint.wakingUntil = undefined;
  }

  isAsleep(name: string): boolean {
    return this.#settled(name).asleep;
  }

  task(name: string): string | undefined {
    return this.#known(name).wire.task;
  }

  /** Whether the endpoint serves a custom model and so takes 16 MB rather than 4. */
  isCustom(name: string): boolean {
    const { entities } = this.#known(name);
    return entities.length > 0 && entities.every((entity) => !entity.foundation_model && !entity.external_model);
  }

  family(name: string): string | undefined {
    return this.#known(name).entities[0]?.foundation_model?.model_class;
  }

  buildLog(name: string, entity: string): string {
    const endpoint = this.#settled(name);
    const known = [...endpoint.entities, ...(endpoint.pending?.entities ?? [])].some(
      (served) => served.name === entity,
    );
    if (!known && endpoint.buildLog === '') throw refusals.noSuchServedModel(entity, name);
    return endpoint.buildLog;
  }

  /**
   * The served model that takes the next request, once the endpoint is awake. Which one, the routes decide: after any
   * number of requests each has had its share, to within one.
   * @throws Refusal
   */
  async admit(name: string, wanted: string | undefined, signal: AbortSignal): Promise<string> {
    const endpoint = this.#settled(name);
    if (endpoint.suspended) throw refusals.suspended(name);
    if (!endpoint.ready) throw refusals.unavailable();
    if (wanted !== undefined && !endpoint.entities.some((entity) => entity.name === wanted)) {
      throw refusals.noSuchServedModel(wanted, name);
    }
    if (endpoint.asleep) endpoint.wakingUntil ??= this.#clock.now + this.#times.coldStartMs;
    if (endpoint.wakingUntil !== undefined && this.whileWaking === 'refuse') throw refusals.unavailable();
    if (endpoint.wakingUntil !== undefined) await this.#clock.until(endpoint.wakingUntil, signal);
    this.#settled(name).lastUsed = this.#clock.now;
    return wanted ?? this.#deal(endpoint);
  }

  #deal({ routes, dealt, wire }: Endpoint): string {
    const total = [...dealt.values()].reduce((sum, count) => sum + count, 0) + 1;
    let best = wire.name;
    let owed = Number.NEGATIVE_INFINITY;
    for (const { served_model_name: served, traffic_percentage: share } of routes) {
      const behind = (total * share) / 100 - (dealt.get(served) ?? 0);
      if (share > 0 && behind > owed) [best, owed] = [served, behind];
    }
    dealt.set(best, (dealt.get(best) ?? 0) + 1);
    return best;
  }

  #deploy(endpoint: Endpoint, entities: Json[], routes: Json[]): void {
    endpoint.update = 'IN_PROGRESS';
    endpoint.wire.last_updated_timestamp = this.#clock.now;
    endpoint.pending = {
      entities,
      routes,
      until: this.#clock.now + this.#times.deployMs,
      fails: this.failNextDeployment,
    };
    endpoint.buildLog = 'Building the container image.\n';
    this.failNextDeployment = false;
  }

  /** The endpoint after everything that the clock has brought about. */
  #settled(name: string): Endpoint {
    const endpoint = this.#known(name);
    const { pending } = endpoint;
    const now = this.#clock.now;
    if (pending && pending.until <= now) {
      endpoint.pending = undefined;
      endpoint.update = pending.fails ? 'UPDATE_FAILED' : 'NOT_UPDATING';
      if (pending.fails) {
        endpoint.buildLog +=
          "ModuleNotFoundError: No module named 'sklearn'\nAn error occurred while loading the model.\n";
        if (!endpoint.ready) endpoint.entities = pending.entities;
      } else {
        Object.assign(endpoint, {
          ready: true,
          entities: pending.entities,
          routes: pending.routes,
          lastUsed: pending.until,
        });
        endpoint.dealt.clear();
        endpoint.buildLog += 'Successfully built the container image.\n';
      }
    }
    if (endpoint.wakingUntil !== undefined && endpoint.wakingUntil <= now) {
      Object.assign(endpoint, { asleep: false, lastUsed: endpoint.wakingUntil, wakingUntil: undefined });
    }
    const maySleep = endpoint.entities.length > 0 && endpoint.entities.every((entity) => entity.scale_to_zero_enabled);
    if (endpoint.ready && maySleep && now - endpoint.lastUsed >= this.#times.idleMs) endpoint.asleep = true;
    return endpoint;
  }

  #known(name: string): Endpoint {
    const endpoint = this.#endpoints.get(name);
    if (!endpoint) throw refusals.noSuchEndpoint(name);
    return endpoint;
  }

  #state({ state, ready, update, suspended }: Endpoint): Json {
    return {
      ...state,
      ready: ready ? 'READY' : 'NOT_READY',
      config_update: update,
      ...(suspended ? { suspend: 'SUSPENDED' } : {}),
    };
  }

  /** A sleeping endpoint is ready, and so is its deployment. */
  #deployment({ ready, asleep, update }: Endpoint): Json {
    if (!ready && update === 'UPDATE_FAILED') {
      return {
        deployment: 'DEPLOYMENT_FAILED',
        deployment_state_message: 'Failed to deploy the served entity. See the build logs.',
      };
    }
    return { deployment: 'DEPLOYMENT_READY', deployment_state_message: asleep ? 'Scaled to zero' : '' };
  }

  /** Custom models are listed a second time, under their old names. */
  #legacy(entities: readonly Json[]): Json {
    const models = entities.filter((entity) => entity.type === 'UC_MODEL');
    return models.length === 0
      ? {}
      : {
          served_models: models.map(({ entity_name, entity_version, ...rest }) => ({
            ...rest,
            model_name: entity_name,
            model_version: entity_version,
          })),
        };
  }
}

function only(from: Json, keys: readonly string[]): Json {
  return Object.fromEntries(keys.flatMap((key) => (key in from ? [[key, from[key]]] : [])));
}

function allTo(entities: readonly Json[]): Json[] {
  const [first] = entities;
  return first === undefined || entities.length > 1 ? [] : [{ served_model_name: first.name, traffic_percentage: 100 }];
}

/** @throws Refusal 400 */
function readConfig(config: Json): { entities: Json[]; routes: Json[] } {
  const given: unknown = config.served_entities ?? config.served_models;
  if (!Array.isArray(given) || given.length === 0) throw refusals.invalid('At least one served entity is required.');
  const entities = given.map((entity: Json) => {
    const entity_name = entity.entity_name ?? entity.model_name;
    const entity_version = entity.entity_version ?? entity.model_version;
    if (!entity.external_model && (typeof entity_name !== 'string' || typeof entity_version !== 'string')) {
      throw refusals.invalid('entity_name and entity_version are required.');
    }
    const model = String(entity_name ?? entity.external_model?.name)
      .split('.')
      .at(-1);
    return {
      ...withoutSecrets(entity),
      name: entity.name ?? (entity.external_model ? model : `${model}-${entity_version}`),
      ...(entity.external_model ? { type: 'EXTERNAL_MODEL' } : { entity_name, entity_version, type: 'UC_MODEL' }),
    };
  });
  const routes: Json[] = config.traffic_config?.routes ?? allTo(entities);
  const total = routes.reduce((sum, route) => sum + Number(route.traffic_percentage), 0);
  if (routes.length === 0) throw refusals.invalid('traffic_config is required with more than one served entity.');
  if (total !== 100) throw refusals.invalid(`Traffic percentages must add up to 100, but add up to ${total}.`);
  for (const { served_model_name: name } of routes) {
    if (!entities.some((entity) => entity.name === name)) throw refusals.invalid(`No served entity is called ${name}.`);
  }
  return { entities, routes };
}

/** Keys in plain text are taken but never shown again. */
function withoutSecrets(value: Json): Json {
  return JSON.parse(JSON.stringify(value, (key, member) => (key.endsWith('_plaintext') ? undefined : member)));
}
