import * as vscode from 'vscode';
import { Failure } from '../core/failure.ts';
import type { ConfiguredEndpoint } from '../engine/config/schema.ts';
import { toConfigured, usableTask } from '../engine/databricks/configured.ts';
import type { WorkspaceEndpoint } from '../engine/databricks/serving.ts';
import { RemediableFailure } from './boundary.ts';
import { label } from './labels.ts';
import { answered } from './questions.ts';
import type { Services } from './services.ts';
import { servingWords } from './serving-words.ts';
import { goneModels } from './workspace-items.ts';
import type { Workspace } from './workspaces.ts';

/** Signs in to the workspaces of the settings and lists what they serve; without any, adds one. */
export async function connectWorkspace(services: Services): Promise<void> {
  const { configured } = services.workspaces;
  if (configured.length === 0) return (await import('./add-databricks.ts')).addDatabricks(services);
  await connect(services, configured);
  await vscode.commands.executeCommand('tierwise.workspace.focus');
}

/** Lists anew: one workspace, or all that are connected. */
export async function refreshWorkspace(services: Services, argument: unknown): Promise<void> {
  const { workspaces } = services;
  const id = typeof argument === 'string' ? argument : memberOf(argument, 'endpointId');
  const connected = workspaces.connected.map(({ endpoint }) => endpoint);
  if (id === undefined && connected.length === 0) return connectWorkspace(services);
  await connect(
    services,
    id === undefined ? connected : workspaces.configured.filter((endpoint) => endpoint.id === id),
  );
}

async function connect({ workspaces }: Services, endpoints: readonly ConfiguredEndpoint[]): Promise<void> {
  await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: 'Tierwise: asking what is served', cancellable: true },
    async (_, token) => {
      const cancelling = new AbortController();
      token.onCancellationRequested(() => cancelling.abort());
      await workspaces.connect(endpoints, cancelling.signal);
    },
  );
  const failed = endpoints.flatMap(({ id }) => workspaces.find(id)?.failure ?? []);
  const [failure] = failed;
  if (failure && failed.length === endpoints.length) throw new Failure(failure);
}

/** Adds one serving endpoint to the person's models. */
export async function addServingEndpoint(services: Services, argument: unknown): Promise<void> {
  const { workspace, serving } = await wantedServing(services, argument, 'Add which serving endpoint?', isAddable);
  await add(services, workspace, [serving]);
}

/** Adds every chat endpoint of a workspace that is ready, in one action; services of the gateway would add the same models once more. */
export async function addReadyServingEndpoints(services: Services, argument: unknown): Promise<void> {
  const workspace = await wantedWorkspace(services, argument);
  const ready = (workspace.serving ?? []).filter(
    (one) => one.task === 'chat' && one.kind !== 'gateway' && one.readiness === 'ready' && isAddable(workspace, one),
  );
  if (ready.length === 0) {
    void vscode.window.showInformationMessage(
      `Tierwise: every chat endpoint of ${label(workspace.endpoint.id)} that is ready is among your models already.`,
    );
    return;
  }
  await add(services, workspace, ready);
}

/** Shows the page of a serving endpoint in the browser. */
export async function openServingEndpoint(services: Services, argument: unknown): Promise<void> {
  const { workspace, serving } = await wantedServing(services, argument, 'Open which serving endpoint?');
  await vscode.env.openExternal(vscode.Uri.parse(pageOf(workspace, serving), true));
}

/** Where the workspace shows a serving endpoint. */
export function pageOf({ origin }: Workspace, { name, kind }: WorkspaceEndpoint): string {
  // A model service has no page among the endpoints.
  if (kind === 'gateway') return `${origin}/ml/endpoints`;
  return `${origin}/ml/endpoints/${encodeURIComponent(name)}`;
}

/** Copies the name by which requests call a serving endpoint. */
export async function copyServingName(services: Services, argument: unknown): Promise<void> {
  const { serving } = await wantedServing(services, argument, 'Copy the name of which serving endpoint?');
  await vscode.env.clipboard.writeText(serving.name);
}

/** Benchmarks one serving endpoint; one that is not among the person's models yet is added first. */
export async function benchmarkServing(services: Services, argument: unknown): Promise<void> {
  const { workspace, serving } = await wantedServing(
    services,
    argument,
    'Benchmark which serving endpoint?',
    (_, one) => usableTask(one) !== undefined && one.task !== 'embeddings',
  );
  if (isAddable(workspace, serving)) await add(services, workspace, [serving]);
  const ref = `${workspace.endpoint.id}/${serving.name}`;
  const model = services.endpoints.models.find((one) => one.ref === ref);
  if (!model) throw new Failure({ code: 'usage', message: `${label(ref)} is not among your models.` });
  const { benchmarkModels } = await import('./benchmark.ts');
  await benchmarkModels(services, [model]);
}

/** Replaces a model that the workspace does not serve any more by the one that takes its place. */
export async function replaceModel(services: Services, argument: unknown): Promise<void> {
  const { endpoints, workspaces } = services;
  const gone = workspaces.connected.flatMap((workspace) =>
    goneModels(workspace).flatMap(({ id, instead: { endpoint, reason } }) =>
      endpoint ? [{ workspace, id, instead: endpoint, reason }] : [],
    ),
  );
  const [endpointId, modelId] = [memberOf(argument, 'endpointId'), memberOf(argument, 'modelId')];
  const wanted =
    gone.find(({ workspace, id }) => workspace.endpoint.id === endpointId && id === modelId) ?? (await pickGone(gone));
  const { workspace, id, instead, reason } = wanted;
  const yes = 'Replace';
  const answer = await vscode.window.showInformationMessage(
    `Use ${label(instead.name)} instead of ${label(id)}?`,
    { modal: true, detail: `${label(reason, 600)}\n\n${servingWords(instead)}` },
    yes,
  );
  if (answer !== yes) throw new vscode.CancellationError();
  const { endpoint } = workspace;
  const others = endpoint.models.filter((model) => model.id !== id && model.id !== instead.name);
  await endpoints.replace({ ...endpoint, models: [...others, ...configured(workspace, [instead])] });
}

async function pickGone<
  T extends { readonly id: string; readonly instead: WorkspaceEndpoint; readonly reason: string },
>(gone: readonly T[]): Promise<T> {
  if (gone.length === 0) {
    throw new Failure({
      code: 'usage',
      message: 'Every model of the connected workspaces is served, or has no successor.',
    });
  }
  const items = gone.map((one) => ({
    label: label(one.id),
    description: `use ${label(one.instead.name)}`,
    detail: label(one.reason),
    one,
  }));
  return answered(await vscode.window.showQuickPick(items, { title: 'Tierwise', placeHolder: 'Replace which model?' }))
    .one;
}

async function add(
  { endpoints }: Services,
  workspace: Workspace,
  serving: readonly WorkspaceEndpoint[],
): Promise<void> {
  const { endpoint } = workspace;
  await endpoints.replace({ ...endpoint, models: [...endpoint.models, ...configured(workspace, serving)] });
  const what = serving.length === 1 ? label(serving[0]?.name ?? '') : `${serving.length} models`;
  vscode.window.setStatusBarMessage(`Tierwise: ${what} added`, 5_000);
}

function configured({ endpoint, origin }: Workspace, serving: readonly WorkspaceEndpoint[]) {
  return toConfigured(serving, { id: endpoint.id, origin }).models;
}

function isAddable({ endpoint }: Workspace, serving: WorkspaceEndpoint): boolean {
  return usableTask(serving) !== undefined && !endpoint.models.some(({ id }) => id === serving.name);
}

async function wantedWorkspace(services: Services, argument: unknown): Promise<Workspace> {
  const connected = needConnected(services);
  const id = typeof argument === 'string' ? argument : memberOf(argument, 'endpointId');
  const [only] = connected;
  const named = id === undefined ? (connected.length === 1 ? only : undefined) : services.workspaces.find(id);
  if (named) return named;
  const items = connected.map((workspace) => ({
    label: label(workspace.endpoint.id),
    description: workspace.origin,
    workspace,
  }));
  return answered(await vscode.window.showQuickPick(items, { title: 'Tierwise', placeHolder: 'Which workspace?' }))
    .workspace;
}

/** The serving endpoint of an item of the view, else one that the person picks. */
async function wantedServing(
  services: Services,
  argument: unknown,
  question: string,
  fits: (workspace: Workspace, serving: WorkspaceEndpoint) => boolean = () => true,
): Promise<{ workspace: Workspace; serving: WorkspaceEndpoint }> {
  const all = needConnected(services).flatMap((workspace) =>
    (workspace.serving ?? []).filter((serving) => fits(workspace, serving)).map((serving) => ({ workspace, serving })),
  );
  const [endpointId, modelId] = [memberOf(argument, 'endpointId'), memberOf(argument, 'modelId')];
  const named = all.find(({ workspace, serving }) => workspace.endpoint.id === endpointId && serving.name === modelId);
  if (named) return named;
  if (all.length === 0 || modelId !== undefined) {
    throw new Failure({ code: 'usage', message: 'There is no serving endpoint for this. Refresh the workspace.' });
  }
  const items = all.map((one) => ({
    label: label(one.serving.name),
    description: servingWords(one.serving),
    one,
  }));
  return answered(
    await vscode.window.showQuickPick(items, { title: 'Tierwise', placeHolder: question, matchOnDescription: true }),
  ).one;
}

function needConnected({ workspaces }: Services): readonly Workspace[] {
  const { connected } = workspaces;
  if (connected.length > 0) return connected;
  throw new RemediableFailure({ code: 'usage', message: 'No Databricks workspace is connected in this window.' }, [
    { label: 'Connect Workspace', command: 'tierwise.connectWorkspace' },
  ]);
}

function memberOf(item: unknown, name: 'endpointId' | 'modelId'): string | undefined {
  const value = typeof item === 'object' && item !== null ? Reflect.get(item, name) : undefined;
  return typeof value === 'string' ? value : undefined;
}
