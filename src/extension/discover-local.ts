import * as vscode from 'vscode';
import type { ConfiguredEndpoint } from '../engine/config/schema.ts';
import type { ListedModel } from '../engine/endpoints/adapter.ts';
import { type DiscoveredServer, discoverLocal } from '../engine/endpoints/discovery.ts';
import { askForKey } from './api-key.ts';
import { chooseModels, configuredAs, modelWords } from './choose-models.ts';
import { label } from './labels.ts';
import { overNetwork } from './over-network.ts';
import { answered, freeId } from './questions.ts';
import type { Services } from './services.ts';

const title = 'Tierwise: Discover Local Servers';

/** A model that can be ticked; without one: the server, which wants a key before it tells its models. */
interface Found extends vscode.QuickPickItem {
  readonly server?: DiscoveredServer;
  readonly model?: ListedModel;
}

/** Looks for model servers on this machine, shows what they serve, and adds what the person ticks. */
export async function discoverLocalServers(services: Services): Promise<void> {
  const servers = await overNetwork('Tierwise: looking for model servers on this machine', (transport, signal) =>
    discoverLocal(transport, { signal, ports: services.settings.get('discovery.ports') }),
  );
  if (servers.length === 0) return sayNothingFound();
  const configured = services.endpoints.own;
  const isNew = (server: DiscoveredServer) => !configuredFor(configured, server);
  const items = servers.flatMap((server) => itemsOf(server, configuredFor(configured, server)));
  if (!servers.some((server) => isNew(server) && (server.models.length > 0 || server.needsKey))) {
    return sayNothingNew(services, servers);
  }
  const chosen = answered(
    await vscode.window.showQuickPick(items, {
      title,
      placeHolder: 'Choose the models that you want to use',
      canPickMany: true,
      matchOnDescription: true,
      ignoreFocusOut: true,
    }),
  ).filter(({ server }) => server !== undefined);
  if (chosen.length === 0) return;
  const wanted = servers.filter((server) => isNew(server) && chosen.some((item) => item.server === server));
  for (const server of wanted) {
    const models = chosen.filter((item) => item.server === server).flatMap(({ model }) => (model ? [model] : []));
    await add(services, server, models);
  }
  await vscode.commands.executeCommand('tierwise.endpoints.focus');
}

function itemsOf(server: DiscoveredServer, configured: ConfiguredEndpoint | undefined): Found[] {
  const { name, baseUrl, models, needsKey } = server;
  const heading = (words: string): Found => ({
    label: `${name} · ${new URL(baseUrl).host}${words}`,
    kind: vscode.QuickPickItemKind.Separator,
  });
  if (configured) {
    // Shown, so that nobody looks for it; without a server it cannot be added once more.
    return [
      heading(` · already added as ${label(configured.id)}`),
      {
        label: `$(check) ${name} is already added`,
        description: `${label(configured.id)} · ${new URL(baseUrl).host}`,
        alwaysShow: true,
      },
    ];
  }
  if (needsKey) {
    const words = models.length > 0 ? 'asks for a key' : 'asks for a key before it tells its models';
    return [heading(''), { label: `$(key) ${name}`, description: `${new URL(baseUrl).host} · ${words}`, server }];
  }
  if (models.length === 0) return [heading(' · serves no model yet')];
  const listed = models.map((model): Found => {
    const words = modelWords(model);
    return {
      label: label(model.id),
      description: `${name}${words && ` · ${words}`}`,
      picked: model.task !== 'embeddings',
      server,
      model,
    };
  });
  return [heading(''), ...listed];
}

async function add(services: Services, server: DiscoveredServer, ticked: readonly ListedModel[]): Promise<void> {
  const { endpoints, keys } = services;
  const id = freeId(server.kind, endpoints.takenIds);
  const { protocol, baseUrl, name } = server;
  if (protocol === 'vscode-lm') return;
  let models = ticked.map(configuredAs);
  let key = '';
  if (server.needsKey) {
    const { origin } = new URL(baseUrl);
    key = answered(await askForKey(`Key of ${name}, sent to ${origin} only, and kept in the secret store`, title));
    if (key !== '') services.log.hide(key);
    models = await chooseModels(
      { protocol, baseUrl, key: key === '' ? undefined : { endpoint: id, origin, key } },
      title,
    );
  }
  const endpoint: ConfiguredEndpoint = { id, protocol, baseUrl, models };
  if (key !== '') await keys.set(endpoint, key);
  await endpoints.add(endpoint);
}

/** The endpoint that is this server already, by whichever name of this machine and with or without a path. */
function configuredFor(
  configured: readonly ConfiguredEndpoint[],
  server: DiscoveredServer,
): ConfiguredEndpoint | undefined {
  const place = placeOf(server.baseUrl);
  return configured.find(({ baseUrl }) => placeOf(baseUrl) === place);
}

function placeOf(baseUrl: string): string {
  if (!URL.canParse(baseUrl)) return baseUrl;
  const { protocol, hostname, port } = new URL(baseUrl);
  const host = /^(localhost|127\.0\.0\.1|\[::1\])$/.test(hostname) ? 'this machine' : hostname;
  return [protocol, host, port].join(' ');
}

function sayNothingNew({ endpoints }: Services, servers: readonly DiscoveredServer[]): void {
  const words = servers.map((server) => {
    const known = configuredFor(endpoints.own, server);
    const place = `${server.name} at ${new URL(server.baseUrl).host}`;
    return known ? `${place} is already added as ${label(known.id)}.` : `${place} serves no model yet.`;
  });
  void vscode.window.showInformationMessage(`Tierwise found nothing to add. ${words.join(' ')}`);
}

/** Not an error: most people have none. Says how to come by one. */
async function sayNothingFound(): Promise<void> {
  const another = 'Add by Address';
  const simulated = 'Start Simulated Endpoint';
  const chosen = await vscode.window.showInformationMessage(
    'Tierwise found no model server on this machine.',
    {
      modal: true,
      detail: [
        'It looked for Ollama (port 11434), LM Studio (1234), llama.cpp (8080), vLLM (8000) and LiteLLM (4000).',
        'To start one: “ollama serve”, then “ollama pull llama3.2”. Or in LM Studio, turn the server on in its Developer tab. Or “llama-server -m MODEL.gguf”.',
        'A server on another port or machine is added by its address.',
      ].join('\n\n'),
    },
    another,
    simulated,
  );
  if (chosen === another) await vscode.commands.executeCommand('tierwise.addEndpoint');
  if (chosen === simulated) await vscode.commands.executeCommand('tierwise.startSimulated');
}
