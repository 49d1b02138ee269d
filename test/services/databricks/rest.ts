import type { ServerResponse } from 'node:http';
import type { Task } from './answers.ts';
import type { Identity, Principal } from './identity.ts';
import type { Invocations } from './invocations.ts';
import { refusals } from './refusals.ts';
import { modelServices } from './sample.ts';
import type { Json, Serving } from './serving.ts';

/** A request as it came in, for what a test wants to know of it. */
export interface SeenRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
  status: number | undefined;
}

/** One request under way. */
export interface Exchange {
  readonly seen: SeenRequest;
  readonly response: ServerResponse;
  /** Aborted when the client has gone. */
  readonly signal: AbortSignal;
}

export interface Parts {
  /** The workspace's own address. */
  readonly host: () => string;
  readonly identity: Identity;
  readonly serving: Serving;
  readonly invocations: Invocations;
  readonly requests: readonly SeenRequest[];
}

/** `of`: the groups of the path, decoded. */
type Handler = (of: string[], exchange: Exchange, who: Principal) => unknown;
type Route = readonly [method: string, path: RegExp, handler: Handler];

/** The REST API: finds the route, asks who comes, and answers with what the handler returns. */
export function createRest(parts: Parts): (exchange: Exchange) => Promise<void> {
  const { host, identity } = parts;
  const protectedRoutes = [...managementRoutes(parts), ...invocationRoutes(parts)];
  const openRoutes: Route[] = [
    // Where newer clients begin.
    [
      'GET',
      /^\/\.well-known\/databricks-config$/,
      () => ({ oidc_endpoint: `${host()}/oidc`, workspace_id: '1234567890123456', cloud: 'AWS' }),
    ],
    [
      'GET',
      /^\/oidc\/\.well-known\/oauth-authorization-server$/,
      () => ({
        issuer: `${host()}/oidc`,
        authorization_endpoint: `${host()}/oidc/v1/authorize`,
        token_endpoint: `${host()}/oidc/v1/token`,
        scopes_supported: ['all-apis', 'offline_access'],
        grant_types_supported: ['client_credentials', 'authorization_code', 'refresh_token'],
      }),
    ],
    [
      'POST',
      /^\/oidc\/v1\/token$/,
      (_, { seen }) => identity.token(headerOf(seen, 'authorization'), headerOf(seen, 'content-type'), seen.body),
    ],
  ];
  const nobody: Principal = { name: '', mayNotQuery: [] };

  return async (exchange) => {
    const { seen, response } = exchange;
    const { pathname } = new URL(seen.path, host());
    const find = (routes: readonly Route[]) => {
      for (const [method, pattern, handler] of routes) {
        const match = seen.method === method ? pattern.exec(pathname) : null;
        if (match) return { handler, of: match.slice(1).map((part) => decodeURIComponent(part ?? '')) };
      }
      return undefined;
    };
    const open = find(openRoutes);
    const who = open ? nobody : identity.whoIs(headerOf(seen, 'authorization'));
    const found = open ?? find(protectedRoutes);
    if (!found) throw refusals.noSuchApi();
    const body = await found.handler(found.of, exchange, who);
    if (body !== undefined) send(response, 200, body as object);
  };
}

function managementRoutes({ host, serving, requests }: Parts): Route[] {
  const one = '^/api/2\\.0/serving-endpoints/([^/]+)';
  return [
    ['GET', /^\/api\/2\.0\/serving-endpoints\/?$/, () => serving.list()],
    ['POST', /^\/api\/2\.0\/serving-endpoints\/?$/, (_, { seen }, { name }) => serving.create(parse(seen.body), name)],
    ['GET', new RegExp(`${one}$`), ([name = '']) => serving.get(name)],
    ['PUT', new RegExp(`${one}/config$`), ([name = ''], { seen }) => serving.update(name, parse(seen.body))],
    [
      'DELETE',
      new RegExp(`${one}$`),
      ([name = '']) => {
        serving.remove(name);
        return {};
      },
    ],
    ['GET', new RegExp(`${one}/openapi$`), ([name = '']) => openApi(host(), name, serving.get(name))],
    [
      'GET',
      new RegExp(`${one}/metrics$`),
      ([name = ''], { response }) => {
        serving.get(name);
        const count = requests.filter(({ path }) => path.startsWith(`/serving-endpoints/${name}/`)).length;
        const text = `# TYPE request_count_total counter\nrequest_count_total{endpoint_name="${name}"} ${count}\n`;
        send(response, 200, text, { 'content-type': 'text/plain; version=0.0.4' });
      },
    ],
    [
      'GET',
      new RegExp(`${one}/served-models/([^/]+)/build-logs$`),
      ([name = '', served = '']) => ({ logs: serving.buildLog(name, served) }),
    ],
    [
      'GET',
      new RegExp(`${one}/served-models/([^/]+)/logs$`),
      ([name = '', served = '']) => {
        serving.buildLog(name, served);
        return { logs: '[INFO] Booting worker with pid: 7\n' };
      },
    ],
    ['GET', /^\/api\/2\.1\/unity-catalog\/model-services$/, (_, { seen }) => listServices(new URL(seen.path, host()))],
  ];
}

function invocationRoutes({ invocations }: Parts): Route[] {
  return [
    [
      'POST',
      /^\/serving-endpoints\/(chat\/completions|completions|embeddings|responses)$/,
      ([path = ''], exchange, who) => {
        const body = parse(exchange.seen.body);
        const task = path === 'chat/completions' ? 'chat' : (path as Task);
        return invocations.invoke({ endpoint: String(body.model), task, body }, who, exchange);
      },
    ],
    [
      'POST',
      /^\/serving-endpoints\/([^/]+)\/(?:served-models\/([^/]+)\/)?invocations$/,
      ([endpoint = '', served], exchange, who) => {
        const task = invocations.taskOf(endpoint);
        const body = parse(exchange.seen.body);
        return invocations.invoke({ endpoint, task, served: served || undefined, body }, who, exchange);
      },
    ],
    [
      'POST',
      /^\/ai-gateway\/(?:mlflow|openai)\/v1\/(chat\/completions|embeddings)$/,
      ([path], exchange, who) => {
        const body = parse(exchange.seen.body);
        const service = modelServices.find(({ name }) => name === body.model);
        if (!service) throw refusals.noSuchModelService(String(body.model));
        const task = path === 'embeddings' ? 'embeddings' : 'chat';
        if (!service.apis.includes(task)) throw refusals.invalid(`Model service ${service.name} has no such API.`);
        return invocations.invoke({ endpoint: service.endpoint, task, body, shown: service.name }, who, exchange);
      },
    ],
  ];
}

function openApi(host: string, name: string, { config }: Json): Json {
  const entities: Json[] = config.served_entities ?? [];
  const paths = [
    `/serving-endpoints/${name}/invocations`,
    ...entities.map((served) => `/serving-endpoints/${name}/served-models/${served.name}/invocations`),
  ];
  return {
    openapi: '3.1.0',
    info: { title: name, version: '1' },
    servers: [{ url: host }],
    paths: Object.fromEntries(paths.map((path) => [path, { post: { requestBody: {}, responses: {} } }])),
  };
}

function listServices({ searchParams }: URL): Json {
  const size = Math.min(100, Number(searchParams.get('page_size')) || 100);
  const parent = searchParams.get('parent')?.replace(/^schemas\//, '');
  const all = modelServices.filter(({ name }) => parent === undefined || name.startsWith(`${parent}.`));
  const from = Number(Buffer.from(searchParams.get('page_token') ?? '', 'base64url').toString() || 0);
  const rest = from + size < all.length;
  return {
    model_services: all.slice(from, from + size).map(({ name, apis }) => ({
      name: `model-services/${name}`,
      supported_api_types: apis,
      create_time: '2026-06-01T08:00:00Z',
    })),
    ...(rest ? { next_page_token: Buffer.from(String(from + size)).toString('base64url') } : {}),
  };
}

function headerOf({ headers }: SeenRequest, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : undefined;
}

/** @throws Refusal 400 */
function parse(body: string): Json {
  try {
    const json: unknown = JSON.parse(body);
    if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json;
  } catch {}
  throw refusals.badRequest('The request body is not a JSON object.');
}

export function send(
  response: ServerResponse,
  status: number,
  body: object | string,
  headers: Readonly<Record<string, string>> = {},
): void {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    ...headers,
  });
  response.end(text);
}
