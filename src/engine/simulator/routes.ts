import type { IncomingHttpHeaders } from 'node:http';
import type { Dialect, Vendor } from './dialect.ts';
import { anthropic, anthropicModels, anthropicVendor } from './dialects/anthropic.ts';
import { azureChat, azureCompletions, azureEmbeddings, azureResponses, azureVendor } from './dialects/azure.ts';
import {
  databricksChat,
  databricksCompletions,
  databricksEmbeddings,
  databricksInvocations,
  databricksModels,
  databricksResponses,
  databricksVendor,
} from './dialects/databricks.ts';
import { ollamaChat, ollamaEmbed, ollamaModels, ollamaVendor } from './dialects/ollama.ts';
import { openAiModels, openAiVendor } from './dialects/openai.ts';
import { openAiChat } from './dialects/openai-chat.ts';
import { openAiCompletions } from './dialects/openai-completions.ts';
import { openAiEmbeddings } from './dialects/openai-embeddings.ts';
import { openAiResponses } from './dialects/openai-responses.ts';
import type { SimulatedProfile } from './profiles.ts';

type Listing = (models: readonly SimulatedProfile[]) => Readonly<Record<string, unknown>>;

/** What is at an address. */
export interface Route {
  readonly vendor: Vendor;
  /** `POST`: answered in this dialect. */
  readonly dialect?: Dialect | undefined;
  /** The model, where the path names it. */
  readonly model?: string | undefined;
  /** `GET`: answered with this. */
  readonly list?: Listing | undefined;
  /** OpenAI's files and batches: what follows `/v1/`. */
  readonly batch?: string | undefined;
}

const openAiDialects = new Map([
  ['chat/completions', openAiChat],
  ['completions', openAiCompletions],
  ['embeddings', openAiEmbeddings],
  ['responses', openAiResponses],
]);
const azureDialects = new Map([
  ['chat/completions', azureChat],
  ['completions', azureCompletions],
  ['embeddings', azureEmbeddings],
  ['responses', azureResponses],
]);
const databricksDialects = new Map([
  ['chat/completions', databricksChat],
  ['completions', databricksCompletions],
  ['embeddings', databricksEmbeddings],
  ['responses', databricksResponses],
]);

/**
 * What is at a path: the vendors' interfaces stand side by side, as their paths allow. Undefined outside of them all;
 * a route with nothing but a vendor where a vendor has nothing there.
 */
export function routeOf(url: string, headers: IncomingHttpHeaders): Route | undefined {
  const [path = '/', query = ''] = url.split('?');
  if (path.startsWith('/v1/')) return openAiOrAnthropic(path.slice(4), query, headers);
  if (path.startsWith('/openai/')) return azure(path.slice(8), query);
  if (path.startsWith('/serving-endpoints/') || path.startsWith('/ai-gateway/') || path.startsWith('/api/2.')) {
    return databricks(path);
  }
  if (path.startsWith('/api/')) return ollama(path.slice(5));
  return undefined;
}

function openAiOrAnthropic(operation: string, query: string, headers: IncomingHttpHeaders): Route {
  if (operation === 'messages') return { vendor: anthropicVendor, dialect: anthropic };
  if (headers['anthropic-version'] !== undefined) {
    return { vendor: anthropicVendor, list: operation === 'models' ? anthropicModels : undefined };
  }
  const dialect = openAiDialects.get(operation);
  if (/^(?:files|batches)(?:\/|$)/.test(operation)) return { vendor: openAiVendor, batch: `${operation}?${query}` };
  return { vendor: openAiVendor, dialect, list: operation === 'models' ? openAiModels : undefined };
}

function azure(rest: string, query: string): Route {
  const vendor = azureVendor;
  if (rest.startsWith('v1/')) {
    const operation = rest.slice(3);
    const list = operation === 'models' ? openAiModels : undefined;
    return { vendor, dialect: azureDialects.get(operation), list };
  }
  // Without the version Azure knows none of its older addresses.
  if (!new URLSearchParams(query).get('api-version')) return { vendor };
  if (rest === 'models') return { vendor, list: openAiModels };
  const [, deployment, operation = ''] = /^deployments\/([^/]+)\/(.+)$/.exec(rest) ?? [];
  if (deployment === undefined) return { vendor };
  return { vendor, dialect: azureDialects.get(operation), model: decoded(deployment) };
}

function databricks(path: string): Route {
  const vendor = databricksVendor;
  if (path === '/api/2.0/serving-endpoints') return { vendor, list: databricksModels };
  const gateway = /^\/ai-gateway\/(?:mlflow|openai)\/v1\/(.+)$/.exec(path)?.[1];
  if (gateway !== undefined) return { vendor, dialect: databricksDialects.get(gateway) };
  const endpoint = /^\/serving-endpoints\/([^/]+)\/invocations$/.exec(path)?.[1];
  if (endpoint !== undefined) return { vendor, dialect: databricksInvocations, model: decoded(endpoint) };
  return { vendor, dialect: databricksDialects.get(path.slice('/serving-endpoints/'.length)) };
}

function ollama(operation: string): Route {
  const vendor = ollamaVendor;
  if (operation === 'chat') return { vendor, dialect: ollamaChat };
  if (operation === 'embed') return { vendor, dialect: ollamaEmbed };
  if (operation === 'tags') return { vendor, list: ollamaModels };
  return { vendor, list: operation === 'version' ? () => ({ version: '0.0.0-simulated' }) : undefined };
}

/** A name out of a path; as it stands where it is no proper encoding. */
function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
