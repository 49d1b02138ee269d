import type { ModelTask, Protocol } from '../../core/catalog/protocol.ts';
import { Failure } from '../../core/failure.ts';
import { modelIdPattern } from '../config/schema.ts';
import { abortFailure } from '../http/network-failure.ts';
import type { Transport } from '../http/transport.ts';
import type { ListedModel } from './adapter.ts';
import { isObject, parseJson } from './failures.ts';
import { localPorts } from './local-ports.ts';
import { contextWindowOf } from './openai.ts';

/** Programs that serve models on the machine they run on. `openai-compatible`: one that we do not know by name. */
export type LocalServerKind = 'ollama' | 'lm-studio' | 'llama.cpp' | 'vllm' | 'litellm' | 'openai-compatible';

/** A server that was found on this machine. */
export interface DiscoveredServer {
  readonly kind: LocalServerKind;
  /** For a person: `Ollama`. */
  readonly name: string;
  readonly protocol: Protocol;
  /** As an endpoint is configured. */
  readonly baseUrl: string;
  /** In the server's order; empty where it wants a key first, or has none yet. */
  readonly models: readonly ListedModel[];
  /** It answers nobody without a key. */
  readonly needsKey?: boolean | undefined;
}

export interface DiscoverOptions {
  readonly signal?: AbortSignal | undefined;
  /** ms that one port may take with all its answers; default 3,000. */
  readonly timeoutMs?: number | undefined;
  /** Default: the ports on which these servers listen unless told otherwise. */
  readonly ports?: readonly number[] | undefined;
}

const names: Record<LocalServerKind, string> = {
  ollama: 'Ollama',
  'lm-studio': 'LM Studio',
  'llama.cpp': 'llama.cpp',
  vllm: 'vLLM',
  litellm: 'LiteLLM',
  'openai-compatible': 'OpenAI-compatible server',
};

const defaultTimeoutMs = 3_000;
const maxBytes = 2 * 1024 * 1024;
/** A gateway may list thousands; nobody ticks so many. */
const maxModels = 1_000;

/**
 * Looks for model servers on this machine, without any key: all ports at once, in their order. What a server is, its answers tell;
 * other programs that listen there are passed over. @throws Failure `cancelled` when the signal is aborted.
 */
export async function discoverLocal(transport: Transport, options: DiscoverOptions = {}): Promise<DiscoveredServer[]> {
  const { signal, timeoutMs = defaultTimeoutMs, ports = localPorts } = options;
  const found = await Promise.all(
    ports.map(async (port) => {
      const limit = AbortSignal.timeout(timeoutMs);
      const ending = signal ? AbortSignal.any([signal, limit]) : limit;
      // Programs that listen on IPv6 only are reached by the second.
      for (const host of ['127.0.0.1', '[::1]']) {
        const server = await look(transport, `http://${host}:${port}`, ending);
        if (server !== 'nobody') return server;
      }
      return undefined;
    }),
  );
  if (signal?.aborted) throw abortFailure(signal);
  return found.filter((server) => server !== undefined);
}

/** What one address answered to one question; undefined: nothing that can be read. */
interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Undefined: not JSON. */
  readonly json: unknown;
}

type Get = (path: string) => Promise<Reply | undefined>;

/** @returns what serves there; undefined: something else does, or it does not say. */
async function look(
  transport: Transport,
  origin: string,
  signal: AbortSignal,
): Promise<DiscoveredServer | 'nobody' | undefined> {
  const first = await ask(transport, `${origin}/v1/models`, signal);
  if (typeof first !== 'object') return first;
  const replies = new Map<string, Promise<Reply | undefined>>();
  const get: Get = (path) => {
    const reply =
      replies.get(path) ??
      ask(transport, origin + path, signal).then((answer) => (typeof answer === 'object' ? answer : undefined));
    replies.set(path, reply);
    return reply;
  };
  for (const [kind, identify] of identifications) {
    const found = await identify(get, first);
    if (!found) continue;
    const ollama = kind === 'ollama';
    return {
      kind,
      name: names[kind],
      protocol: ollama ? 'ollama' : 'openai',
      baseUrl: ollama ? origin : `${origin}/v1`,
      models: found.models
        .filter(({ id }, at, all) => modelIdPattern.test(id) && all.findIndex((other) => other.id === id) === at)
        .slice(0, maxModels),
      ...(found.needsKey && { needsKey: true }),
    };
  }
  return undefined;
}

/** @returns undefined for what is no answer: not HTTP, too late, too much. */
async function ask(transport: Transport, url: string, signal: AbortSignal): Promise<Reply | 'nobody' | undefined> {
  let status = 0;
  let headers: Readonly<Record<string, string>> = {};
  let bytes = 0;
  const chunks: Buffer[] = [];
  try {
    await transport.send(
      { method: 'GET', url, headers: { accept: 'application/json', 'user-agent': 'tierwise' }, signal },
      {
        headers(received, fields) {
          status = received;
          headers = fields;
        },
        data(chunk) {
          bytes += chunk.length;
          if (bytes > maxBytes) throw new Failure({ code: 'too-large', message: url });
          chunks.push(Buffer.from(chunk));
        },
      },
    );
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return error.code === 'connect' ? 'nobody' : undefined;
  }
  return { status, headers, json: parseJson(Buffer.concat(chunks).toString('utf8')) };
}

interface Identified {
  readonly models: readonly ListedModel[];
  readonly needsKey?: boolean;
}

/** Asks what only one kind answers. `first` is the answer to `/v1/models`, which all of them have. */
type Identify = (get: Get, first: Reply) => Promise<Identified | undefined>;

/** In this order: llama.cpp answers some of Ollama's questions too, and LiteLLM may stand before any of the others. */
const identifications: ReadonlyArray<readonly [LocalServerKind, Identify]> = [
  ['litellm', litellm],
  ['llama.cpp', llamaCpp],
  ['ollama', ollama],
  ['lm-studio', lmStudio],
  ['vllm', vllm],
  ['openai-compatible', openAiCompatible],
];

async function litellm(get: Get, first: Reply): Promise<Identified | undefined> {
  const named = Object.keys(first.headers).some((name) => name.startsWith('x-litellm'));
  if (!named && (await get('/health/liveliness'))?.json !== "I'm alive!") return undefined;
  // Without a database it answers 500, not 401, to whoever brings no key.
  return listed(first) ?? { models: [], needsKey: true };
}

async function llamaCpp(get: Get, first: Reply): Promise<Identified | undefined> {
  const props = successful(await get('/props'));
  const settings = isObject(props) ? props.default_generation_settings : undefined;
  if (first.headers.server !== 'llama.cpp' && !isObject(settings)) return undefined;
  const found = listed(first);
  // The list tells what the model was trained for; a request has what one slot of the server has.
  const contextWindow = isObject(settings) ? size(settings.n_ctx) : undefined;
  const keyed = props === undefined && isRefusal(await get('/props'));
  return {
    models: (found?.models ?? []).map((model) => ({ ...model, contextWindow: contextWindow ?? model.contextWindow })),
    ...((found?.needsKey || keyed) && { needsKey: true }),
  };
}

async function ollama(get: Get): Promise<Identified | undefined> {
  const [version, tags] = await Promise.all([get('/api/version'), get('/api/tags')]);
  const told = successful(version);
  const list = successful(tags);
  if (!isObject(told) || typeof told.version !== 'string' || !isObject(list) || !Array.isArray(list.models)) {
    return undefined;
  }
  return {
    models: list.models.flatMap((model) => {
      const id = isObject(model) ? (model.model ?? model.name) : undefined;
      return typeof id === 'string' ? [{ id }] : [];
    }),
  };
}

/** LM Studio answers 200 to questions that it does not know: only the form of an answer counts. */
async function lmStudio(get: Get): Promise<Identified | undefined> {
  const list = successful(await get('/api/v0/models'));
  if (!isObject(list) || !Array.isArray(list.data)) return undefined;
  const own = list.data.filter(isObject).filter(({ id, state }) => typeof id === 'string' && typeof state === 'string');
  if (own.length < list.data.length) return undefined;
  return {
    models: own.map(({ id, type, loaded_context_length, max_context_length }) => ({
      id: String(id),
      contextWindow: size(loaded_context_length) ?? size(max_context_length),
      task: type === 'embeddings' ? ('embeddings' satisfies ModelTask) : undefined,
    })),
  };
}

async function vllm(get: Get, first: Reply): Promise<Identified | undefined> {
  const found = listed(first);
  if (!found) return undefined;
  if (found.needsKey) {
    const version = successful(await get('/version'));
    return isObject(version) && typeof version.version === 'string' ? found : undefined;
  }
  return entries(first).some(({ owned_by }) => owned_by === 'vllm') ? found : undefined;
}

/** Any web program may refuse; one that does so in OpenAI's words speaks OpenAI's protocol. */
async function openAiCompatible(_: Get, first: Reply): Promise<Identified | undefined> {
  const found = listed(first);
  if (!found?.needsKey) return found;
  const error = isObject(first.json) ? first.json.error : undefined;
  if (!isObject(error) || typeof error.message !== 'string') return undefined;
  return /key|auth|invalid_request/i.test(`${error.type} ${error.code}`) ? found : undefined;
}

/** The models of OpenAI's list, or that a key is wanted; undefined: neither. */
function listed(reply: Reply): Identified | undefined {
  if (isRefusal(reply)) return { models: [], needsKey: true };
  const list = successful(reply);
  if (!isObject(list) || list.object !== 'list' || !Array.isArray(list.data)) return undefined;
  return {
    models: entries(reply).map((model) => ({
      id: String(model.id),
      contextWindow: contextWindowOf(model) ?? llamaContext(model.meta),
    })),
  };
}

/** What llama.cpp tells about a model: the room that a request has; older servers only what the model was trained for. */
function llamaContext(meta: unknown): number | undefined {
  return isObject(meta) ? (size(meta.n_ctx) ?? size(meta.n_ctx_train)) : undefined;
}

function entries({ json }: Reply): Record<string, unknown>[] {
  const data = isObject(json) && Array.isArray(json.data) ? json.data : [];
  return data.filter(isObject).filter(({ id }) => typeof id === 'string');
}

/** What a 2xx said; undefined for any other answer. */
function successful(reply: Reply | undefined): unknown {
  return reply && reply.status >= 200 && reply.status <= 299 ? reply.json : undefined;
}

function isRefusal(reply: Reply | undefined): boolean {
  return reply?.status === 401 || reply?.status === 403;
}

function size(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 ? value : undefined;
}
