import * as vscode from 'vscode';
import type { Model } from '../core/catalog/model.ts';
import type { ConfiguredEndpoint } from '../engine/config/schema.ts';
import type { KeyState } from './keys.ts';
import { label, priceWords } from './labels.ts';
import type { Services } from './services.ts';

/** An endpoint with its models below it. Commands of its menu find it by `endpointId`. */
class EndpointItem extends vscode.TreeItem {
  readonly endpointId: string;

  constructor(endpoint: ConfiguredEndpoint, key: KeyState, simulated: boolean) {
    super(label(endpoint.id), vscode.TreeItemCollapsibleState.Expanded);
    this.endpointId = endpoint.id;
    this.id = `endpoint:${endpoint.id}`;
    this.description = simulated ? 'running on this machine' : `${label(endpoint.baseUrl)} · ${keyWords[key]}`;
    this.tooltip = `${label(endpoint.id)}\n${label(endpoint.baseUrl)}\n${simulated ? 'Simulated: nothing leaves this machine, nothing is charged.' : keyWords[key]}`;
    this.iconPath = new vscode.ThemeIcon(simulated ? 'vm-running' : key === 'other-origin' ? 'warning' : 'server');
    this.contextValue = simulated ? 'simulated' : key === 'none' ? 'endpoint' : 'endpoint.key';
  }
}

const keyWords: Record<KeyState, string> = {
  none: 'no key',
  saved: 'key saved',
  'other-origin': 'key saved for another address',
  environment: 'key from environment',
};

class ModelItem extends vscode.TreeItem {
  constructor(model: Model) {
    super(label(model.id));
    this.id = `model:${model.ref}`;
    this.description = priceWords(model);
    this.tooltip = `${label(model.ref)}\nUSD per million tokens: ${priceWords(model).replace(' /1M', '')}`;
    this.iconPath = new vscode.ThemeIcon('symbol-misc');
    this.contextValue = 'model';
  }
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
  const listen = ({ endpoints, keys }: Services) => {
    if (listening.length > 0) return;
    listening.push(
      endpoints.onDidChange(() => changed.fire()),
      keys.onDidChange(() => changed.fire()),
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
        return endpoints.models
          .filter(({ endpoint }) => endpoint === item.endpointId)
          .map((model) => new ModelItem(model));
      }
      if (item) return [];
      const items = endpoints.all.map(async (endpoint) =>
        endpoint === endpoints.simulated
          ? new EndpointItem(endpoint, 'none', true)
          : new EndpointItem(endpoint, await keys.state(endpoint), false),
      );
      const problems = [...endpoints.problems, ...(adviser.problem === undefined ? [] : [adviser.problem])];
      return [...problems.map((problem) => new ProblemItem(problem)), ...(await Promise.all(items))];
    },
  });
  return vscode.Disposable.from(view, changed, { dispose: () => vscode.Disposable.from(...listening).dispose() });
}
