import { plainText } from '../core/prompts/plain-text.ts';
import { aligned } from '../core/report/aligned.ts';
import { type ConfiguredEndpoint, type ConfiguredModel, configurableProtocols } from '../engine/config/schema.ts';
import { type DiscoveredServer, discoverLocal } from '../engine/endpoints/discovery.ts';
import type { Transport } from '../engine/http/transport.ts';
import type { EndpointsOptions } from './endpoints.ts';
import { addEndpoints } from './endpoints-add.ts';
import { type ExitCode, exit, type Terminal } from './terminal.ts';

/** Prints the model servers that run on this machine, with their models; with --add writes them into a configuration. */
export async function discovered(
  { add, json }: EndpointsOptions,
  terminal: Terminal,
  transport: Transport,
): Promise<ExitCode> {
  const servers = await discoverLocal(transport, { signal: terminal.interrupted });
  if (json === true) await terminal.out(`${JSON.stringify(servers, undefined, 2)}\n`);
  else if (servers.length > 0) await terminal.out(table(servers));
  else {
    terminal.note('No model server was found on this machine (Ollama, LM Studio, llama.cpp, vLLM, LiteLLM).');
  }
  if (add !== undefined && servers.length > 0) await addEndpoints(add, servers.flatMap(toConfigured), terminal);
  return exit.done;
}

function table(servers: readonly DiscoveredServer[]): string {
  const rows = servers.flatMap(({ name, baseUrl, models, needsKey }) => {
    const server = [name, baseUrl];
    if (models.length === 0) return [[...server, needsKey === true ? 'needs a key' : 'no model']];
    return models.map(({ id }, index) => [...(index === 0 ? server : ['', '']), plainText(id, 100)]);
  });
  return `${aligned([['server', 'address', 'model'], ...rows], ['left', 'left', 'left']).join('\n')}\n`;
}

/** Named after its kind, and its port where there may be several. */
function toConfigured({ kind, baseUrl, protocol, models }: DiscoveredServer): ConfiguredEndpoint[] {
  const known = configurableProtocols.find((name) => name === protocol);
  if (known === undefined) return [];
  const id = `${kind}-${new URL(baseUrl).port}`;
  return [{ id, protocol: known, baseUrl, models: models.map(toModel) }];
}

function toModel({ id, contextWindow, task }: DiscoveredServer['models'][number]): ConfiguredModel {
  return {
    id,
    ...(contextWindow === undefined ? {} : { contextWindow }),
    ...(task === undefined || task === 'chat' ? {} : { task }),
  };
}
