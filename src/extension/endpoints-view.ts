import * as vscode from 'vscode';
import type { Model } from '../core/catalog/model.ts';
import type { Protocol } from '../core/catalog/protocol.ts';
import type { Endpoint } from './endpoints.ts';
import type { KeyState } from './keys.ts';
import { formatCount, label, priceWords, sourceWords } from './labels.ts';
import { vscodeId } from './reserved-ids.ts';
import type { Services } from './services.ts';

/** An endpoint with its models below it. Commands of its menu find it by `endpointId`. */
class EndpointItem extends vscode.TreeItem {
  readonly endpointId: string;

  constructor(endpoint: Endpoint, key: KeyState) {
    super(label(endpoint.id), vscode.TreeItemCollapsibleState.Expanded);
    this.endpointId = endpoint.id;
    this.id = `endpoint:${endpoint.id}`;
    const { description, tooltip, icon, context } =
      endpoint.protocol === 'vscode-lm'
        ? vscodeLook
        : endpoint.simulated
          ? { ...simulatedLook, tooltip: `${label(endpoint.baseUrl)}\n${simulatedLook.tooltip}` }
          : lookOf(endpoint, key);
    this.description = description;
    this.tooltip = `${label(endpoint.id)}\n${tooltip}`;
    this.iconPath = new vscode.ThemeIcon(icon);
    this.contextValue = context;
  }
}

interface Look {
  readonly description: string;
  readonly tooltip: string;
  readonly icon: string;
  /** What the menu goes by. */
  readonly context: string;
}

const simulatedLook: Look = {
  description: 'running on this machine',
  tooltip: 'Simulated: nothing leaves this machine, nothing is charged.',
  icon: 'vm-running',
  context: 'simulated',
};

const vscodeLook: Look = {
  description: 'models of VS Code, in this window',
  tooltip: 'Their provider bills or limits each request.',
  icon: 'vscode',
  context: vscodeId,
};

function lookOf({ protocol, baseUrl, apiVersion }: Endpoint, key: KeyState): Look {
  const version = apiVersion === undefined ? '' : `, api-version ${apiVersion}`;
  return {
    description: `${label(baseUrl)} · ${keyWords[key]}`,
    tooltip: `${label(baseUrl)}\n${protocolWords[protocol]}${version}\n${keyWords[key]}`,
    icon: key === 'other-origin' ? 'warning' : 'server',
    context: key === 'none' ? 'endpoint' : 'endpoint.key',
  };
}

const protocolWords: Record<Protocol, string> = {
  openai: 'OpenAI-compatible',
  'openai-responses': 'OpenAI Responses',
  'azure-openai': 'Azure OpenAI',
  anthropic: 'Anthropic',
  ollama: 'Ollama',
  databricks: 'Databricks',
  'vscode-lm': 'VS Code',
};

const keyWords: Record<KeyState, string> = {
  none: 'no key',
  saved: 'key saved',
  'other-origin': 'key saved for another address',
  environment: 'key from environment',
  'sign-in': 'signs in when used',
};

/** A model. Commands of its menu find it by `endpointId` and `modelId`. */
class ModelItem extends vscode.TreeItem {
  readonly endpointId: string;
  readonly modelId: string;

  /** @param gone what to say where its workspace does not serve it any more */
  constructor(model: Model, gone: Gone | undefined) {
    super(label(model.id));
    this.endpointId = model.endpoint;
    this.modelId = model.id;
    this.id = `model:${model.ref}`;
    this.description = gone?.words ?? priceWords(model);
    this.tooltip = gone ? `${modelTooltip(model)}\n${gone.reason}` : modelTooltip(model);
    this.iconPath = new vscode.ThemeIcon(gone ? 'warning' : 'symbol-misc');
    this.contextValue = gone?.replaceable ? 'model.replaceable' : 'model';
  }
}

interface Gone {
  readonly words: string;
  readonly reason: string;
  readonly replaceable: boolean;
}

/** The models of an endpoint that its workspace, where it was listed in this window, does not serve. */
async function goneOf({ workspaces }: Services, endpointId: string): Promise<ReadonlyMap<string, Gone>> {
  const workspace = workspaces.find(endpointId);
  if (!workspace?.serving) return new Map();
  const { goneModels, goneWords } = await import('./workspace-items.ts');
  return new Map(
    goneModels(workspace).map(({ id, instead }) => [
      id,
      { words: goneWords(instead), reason: label(instead.reason, 600), replaceable: instead.endpoint !== undefined },
    ]),
  );
}

function modelTooltip(model: Model): string {
  const { contextWindow, task, inputPrice } = model;
  const source = inputPrice && inputPrice.provenance !== 'user' ? `, ${sourceWords(inputPrice)}` : '';
  return [
    label(model.ref),
    `USD per million tokens: ${priceWords(model).replace(' /1M', '')}${source}`,
    ...(contextWindow === undefined ? [] : [`Context window: ${formatCount(contextWindow)} tokens`]),
    ...(task === undefined || task === 'chat' ? [] : [`Task: ${task}`]),
    ...(model.scaleToZero ? ['Scales to zero: the first request may wait for it to wake.'] : []),
  ].join('\n');
}

/** Something that stands wrong in the settings. */
class ProblemItem extends vscode.TreeItem {
  constructor(problem: string) {
    super(label(problem));
    this.tooltip = label(problem);
    this.iconPath = new vscode.ThemeIcon('error');
    this.contextValue = 'problem';
    this.command = { command: 'tierwise.openSettings', title: 'Open Settings' };
  }
}

/** The endpoints with their models, and what is wrong with them. */
export function registerEndpointsView(services: () => Promise<Services>): vscode.Disposable {
  const changed = new vscode.EventEmitter<void>();
  const listening: vscode.Disposable[] = [];
  const listen = ({ endpoints, keys, workspaces }: Services) => {
    if (listening.length > 0) return;
    listening.push(
      endpoints.onDidChange(() => changed.fire()),
      keys.onDidChange(() => changed.fire()),
      workspaces.onDidChange(() => changed.fire()),
    );
  };
  const view = vscode.window.registerTreeDataProvider<vscode.TreeItem>('tierwise.endpoints', {
    onDidChangeTreeData: changed.event,
    getTreeItem: (item) => item,
    async getChildren(item) {
      const known = await services();
      listen(known);
      const { endpoints, keys, adviser } = known;
      if (item instanceof EndpointItem) {
        const gone = await goneOf(known, item.endpointId);
        return endpoints.models
          .filter(({ endpoint }) => endpoint === item.endpointId)
          .map((model) => new ModelItem(model, gone.get(model.id)));
      }
      if (item) return [];
      const items = endpoints.all.map(async (endpoint) => new EndpointItem(endpoint, await keys.state(endpoint)));
      const problems = [...endpoints.problems, ...(adviser.problem === undefined ? [] : [adviser.problem])];
      return [...problems.map((problem) => new ProblemItem(problem)), ...(await Promise.all(items))];
    },
  });
  return vscode.Disposable.from(view, changed, { dispose: () => vscode.Disposable.from(...listening).dispose() });
}
