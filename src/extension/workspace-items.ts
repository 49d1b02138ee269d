import * as vscode from 'vscode';
import { usableTask } from '../engine/databricks/configured.ts';
import { type ResolvedModel, resolveModel } from '../engine/databricks/resolve-model.ts';
import type { WorkspaceEndpoint } from '../engine/databricks/serving.ts';
import { label } from './labels.ts';
import { servingTooltip, servingWords, stateWords } from './serving-words.ts';
import type { Workspace, Workspaces } from './workspaces.ts';

/** A workspace. Commands of its menu find it by `endpointId`. */
class WorkspaceItem extends vscode.TreeItem {
  readonly endpointId: string;

  constructor({ endpoint, origin, serving, signedInAs, failure }: Workspace) {
    super(label(endpoint.id), vscode.TreeItemCollapsibleState.Expanded);
    this.endpointId = endpoint.id;
    this.id = `workspace:${endpoint.id}`;
    this.description = new URL(origin).host;
    const services = serving?.filter(({ kind }) => kind === 'gateway').length ?? 0;
    const endpoints = (serving?.length ?? 0) - services;
    const count = [
      endpoints === 1 ? '1 serving endpoint' : `${endpoints} serving endpoints`,
      ...(services === 0 ? [] : [services === 1 ? '1 model service' : `${services} model services`]),
    ].join(', ');
    this.tooltip = [
      label(endpoint.id),
      origin,
      failure ? label(failure.message, 600) : `${count}, by ${label(signedInAs ?? '')}`,
    ].join('\n');
    this.iconPath = new vscode.ThemeIcon(failure ? 'warning' : 'cloud');
    this.contextValue = failure ? 'workspace.failed' : 'workspace';
  }
}

/** A serving endpoint. Commands of its menu find it by `endpointId` and `modelId`. */
class ServingItem extends vscode.TreeItem {
  readonly endpointId: string;
  readonly modelId: string;

  constructor({ endpoint: { id, models } }: Workspace, serving: WorkspaceEndpoint) {
    super(label(serving.name));
    this.endpointId = id;
    this.modelId = serving.name;
    this.id = `serving:${id}/${serving.name}`;
    const added = models.some((model) => model.id === serving.name);
    this.description = `${added ? 'added · ' : ''}${servingWords(serving)}`;
    this.tooltip = `${servingTooltip(serving)}${added ? '\nOne of your models' : ''}`;
    this.iconPath = new vscode.ThemeIcon(added ? 'check' : icons[stateWords(serving)]);
    this.contextValue = added
      ? 'serving.added'
      : usableTask(serving) === undefined
        ? 'serving.other'
        : 'serving.usable';
    this.accessibilityInformation = { label: `${label(serving.name)}, ${this.description}` };
  }
}

const icons: Record<ReturnType<typeof stateWords>, string> = {
  ready: 'circle-outline',
  'scaled to zero': 'debug-pause',
  updating: 'sync',
  'update failed': 'error',
  'not ready': 'circle-slash',
  suspended: 'circle-slash',
};

/** A model of the settings that the workspace does not serve any more. */
class GoneItem extends vscode.TreeItem {
  readonly endpointId: string;
  readonly modelId: string;

  constructor(endpointId: string, modelId: string, instead: ResolvedModel) {
    super(label(modelId));
    this.endpointId = endpointId;
    this.modelId = modelId;
    this.id = `gone:${endpointId}/${modelId}`;
    this.description = goneWords(instead);
    this.tooltip = `${label(modelId)}\n${label(instead.reason, 600)}`;
    this.iconPath = new vscode.ThemeIcon('warning');
    this.contextValue = instead.endpoint ? 'gone.replaceable' : 'gone';
    this.accessibilityInformation = { label: `${label(modelId)}, ${this.description}. ${label(instead.reason)}` };
  }
}

/** `not served · use databricks-gpt-oss-20b`. */
export function goneWords({ endpoint }: ResolvedModel): string {
  return endpoint ? `not served · use ${label(endpoint.name)}` : 'not served';
}

/** Why a workspace could not be listed. */
class FailureItem extends vscode.TreeItem {
  constructor(endpointId: string, message: string) {
    super(label(message));
    this.id = `failure:${endpointId}`;
    this.tooltip = label(message, 600);
    this.iconPath = new vscode.ThemeIcon('error');
    this.command = { command: 'tierwise.refreshWorkspace', title: 'Refresh', arguments: [endpointId] };
  }
}

/** The models of the settings that a listed workspace does not serve, each with what could take its place. */
export function goneModels({
  endpoint,
  serving,
}: Workspace): { readonly id: string; readonly instead: ResolvedModel }[] {
  if (!serving) return [];
  return endpoint.models
    .filter(({ id }) => !serving.some(({ name }) => name === id))
    .map(({ id }) => ({ id, instead: resolveModel(id, serving) }));
}

/** What the view shows below an item; below none: the connected workspaces. */
export function workspaceItems(workspaces: Workspaces, item: vscode.TreeItem | undefined): vscode.TreeItem[] {
  if (!item) return workspaces.connected.map((workspace) => new WorkspaceItem(workspace));
  const workspace = item instanceof WorkspaceItem ? workspaces.find(item.endpointId) : undefined;
  if (!workspace) return [];
  const { endpoint, serving = [], failure } = workspace;
  if (failure) return [new FailureItem(endpoint.id, failure.message)];
  return [
    ...goneModels(workspace).map(({ id, instead }) => new GoneItem(endpoint.id, id, instead)),
    ...serving.map((one) => new ServingItem(workspace, one)),
  ];
}
