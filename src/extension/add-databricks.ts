import * as vscode from 'vscode';
import { plainText } from '../core/prompts/plain-text.ts';
import type { ConfiguredEndpoint, DatabricksAuth } from '../engine/config/schema.ts';
import { resolveSignIn } from '../engine/databricks/auth.ts';
import { toConfigured, usableTask, workspaceId } from '../engine/databricks/configured.ts';
import { isAzureWorkspace, parseWorkspaceHost } from '../engine/databricks/host.ts';
import { listServed } from '../engine/databricks/model-services.ts';
import { readProfiles } from '../engine/databricks/profiles.ts';
import type { WorkspaceEndpoint } from '../engine/databricks/serving.ts';
import { askForKey } from './api-key.ts';
import { label } from './labels.ts';
import { overNetwork } from './over-network.ts';
import { answered, askForId, problemOf, stepTitle } from './questions.ts';
import type { Services } from './services.ts';
import { servingWords } from './serving-words.ts';

const title = (at: number) => stepTitle('Add Databricks Workspace', { at, of: 4 });

interface SignInItem extends vscode.QuickPickItem {
  readonly auth: DatabricksAuth | undefined;
  /** A token is typed. */
  readonly typed?: boolean;
}

/** Asks for a workspace and how to sign in, and lists what it serves. Nothing is saved before the last answer. */
export async function addDatabricks(services: Services): Promise<void> {
  const { endpoints, keys, log, workspaces } = services;
  const { url, origin } = parseWorkspaceHost(await askForHost());
  const { auth, typed } = await askHowToSignIn(origin);
  const token = typed ? answered(await askForToken(origin)) : undefined;
  if (token !== undefined) log.hide(token);
  const id = await askForId(title(3), workspaceId(origin), endpoints.takenIds);
  const { serving, signedInAs } = await list(origin, auth, token);
  const models = await chooseServing(serving);
  const endpoint: ConfiguredEndpoint = { ...toConfigured(models, { id, origin: url, auth }) };
  if (token !== undefined) await keys.set(endpoint, token);
  await endpoints.add(endpoint);
  workspaces.learn(id, serving, signedInAs);
  await vscode.commands.executeCommand('tierwise.workspace.focus');
}

async function askForHost(): Promise<string> {
  return answered(
    await vscode.window.showInputBox({
      title: title(1),
      prompt: 'Address of the workspace, as your browser shows it',
      placeHolder: 'https://dbc-a1b2c3d4-e5f6.cloud.databricks.com',
      value: plainText(process.env.DATABRICKS_HOST ?? ''),
      ignoreFocusOut: true,
      validateInput: (text) => problemOf(() => parseWorkspaceHost(text)),
    }),
  );
}

async function askHowToSignIn(origin: string): Promise<SignInItem> {
  const profiles = (await readProfiles(process.env)).flatMap((profile): SignInItem[] => {
    const host = profile.get('host') ?? '';
    if (problemOf(() => parseWorkspaceHost(host)) !== undefined) return [];
    if (parseWorkspaceHost(host).origin !== origin) return [];
    return [
      {
        label: `Profile ${label(profile.name)}`,
        detail: 'Of ~/.databrickscfg, which the Databricks tools share.',
        auth: { profile: profile.name },
      },
    ];
  });
  const { DATABRICKS_TOKEN, DATABRICKS_CLIENT_ID, DATABRICKS_CONFIG_PROFILE } = process.env;
  const environment = DATABRICKS_TOKEN || DATABRICKS_CLIENT_ID || DATABRICKS_CONFIG_PROFILE;
  const items: SignInItem[] = [
    ...profiles,
    {
      label: 'Databricks CLI',
      detail: 'You have run “databricks auth login”; the CLI keeps and renews the token.',
      auth: { type: 'databricks-cli' },
    },
    {
      label: 'Environment',
      ...(environment && { description: 'set in this window' }),
      detail: 'DATABRICKS_TOKEN, or DATABRICKS_CLIENT_ID and DATABRICKS_CLIENT_SECRET of a service principal.',
      auth: undefined,
    },
    {
      label: 'Personal access token',
      detail: 'You type it; it is kept in the secret store and sent to this workspace only.',
      auth: { type: 'pat' },
      typed: true,
    },
    ...(isAzureWorkspace(origin)
      ? [{ label: 'Azure CLI', detail: 'You have run “az login”.', auth: { type: 'azure-cli' } as const }]
      : []),
  ];
  return answered(
    await vscode.window.showQuickPick(items, {
      title: title(2),
      placeHolder: `How do you sign in to ${new URL(origin).host}?`,
      ignoreFocusOut: true,
    }),
  );
}

async function askForToken(origin: string): Promise<string | undefined> {
  const token = await askForKey(
    `Personal access token, sent to ${origin} only, and kept in the secret store`,
    title(2),
    'dapi…',
  );
  // An empty one is as good as Escape: there is nothing to sign in with.
  return token === '' ? undefined : token;
}

/** @throws Failure that says why nobody could sign in, or why the list could not be had. */
async function list(
  origin: string,
  auth: DatabricksAuth | undefined,
  token: string | undefined,
): Promise<{ serving: WorkspaceEndpoint[]; signedInAs: string }> {
  return overNetwork(`Tierwise: asking ${new URL(origin).host} what it serves`, async (transport, signal) => {
    const source = await resolveSignIn({ host: origin, auth, token }, { transport, env: process.env, signal });
    const serving = await listServed(transport, source, { signal });
    return { serving, signedInAs: source.described };
  });
}

/** None need be chosen: the view shows them all, and adds them later. */
async function chooseServing(serving: readonly WorkspaceEndpoint[]): Promise<readonly WorkspaceEndpoint[]> {
  const usable = serving.filter((one) => usableTask(one) !== undefined);
  if (usable.length === 0) return [];
  const chosen = answered(
    await vscode.window.showQuickPick(
      usable.map((endpoint) => ({ label: label(endpoint.name), description: servingWords(endpoint), endpoint })),
      {
        title: title(4),
        placeHolder: 'Choose the models to use now; others can be added from the view later',
        canPickMany: true,
        matchOnDescription: true,
        ignoreFocusOut: true,
      },
    ),
  );
  return chosen.map(({ endpoint }) => endpoint);
}
