import * as vscode from 'vscode';
import { Failure } from '../core/failure.ts';
import type { ConfiguredEndpoint } from '../engine/config/schema.ts';
import { parseBaseUrl } from '../engine/http/base-url.ts';
import { RemediableFailure } from './boundary.ts';
import type { Services } from './services.ts';

/** Saves a key for an endpoint in the secret store. */
export async function setApiKey(services: Services, argument: unknown): Promise<void> {
  const endpoint = await wantedEndpoint(services, argument, 'Set the API key of which endpoint?');
  const { origin } = parseBaseUrl(endpoint.baseUrl);
  const key = await askForKey(`Key of endpoint "${endpoint.id}", sent to ${origin} only`);
  if (key === undefined) return;
  if (key === '') return services.keys.remove(endpoint.id);
  await services.keys.set(endpoint, key);
  vscode.window.setStatusBarMessage(`Tierwise: the key of ${endpoint.id} is saved`, 5_000);
}

export async function removeApiKey(services: Services, argument: unknown): Promise<void> {
  const endpoint = await wantedEndpoint(services, argument, 'Remove the API key of which endpoint?');
  await services.keys.remove(endpoint.id);
}

/** Removes an endpoint and its key, after asking. */
export async function removeEndpoint(services: Services, argument: unknown): Promise<void> {
  const endpoint = await wantedEndpoint(services, argument, 'Remove which endpoint?');
  const yes = 'Remove';
  const answer = await vscode.window.showWarningMessage(
    `Remove the endpoint "${endpoint.id}"?`,
    { modal: true, detail: 'Its settings and its saved key are removed. Runs that used it are kept.' },
    yes,
  );
  if (answer !== yes) return;
  await services.keys.remove(endpoint.id);
  await services.endpoints.remove(endpoint.id);
}

/** Asks for a key without showing it. Undefined: cancelled; empty: none. */
export function askForKey(
  prompt: string,
  title = 'Tierwise: API key',
  placeHolder = 'Leave empty when the endpoint needs none',
): Thenable<string | undefined> {
  return vscode.window
    .showInputBox({
      title,
      prompt,
      password: true,
      ignoreFocusOut: true,
      placeHolder,
      validateInput: (text) =>
        /^[\x21-\x7e]*$/.test(text.trim()) ? undefined : 'A key has no spaces, line breaks or letters beyond ASCII.',
    })
    .then((text) => text?.trim());
}

/** The configured endpoint that an argument names (its id, or its item in the view), else the one a person picks. */
async function wantedEndpoint(
  { endpoints }: Services,
  argument: unknown,
  question: string,
): Promise<ConfiguredEndpoint> {
  const { own } = endpoints;
  const id = typeof argument === 'string' ? argument : endpointIdOf(argument);
  if (id !== undefined) {
    const named = own.find((endpoint) => endpoint.id === id);
    if (named) return named;
    throw new Failure({ code: 'usage', message: `There is no endpoint called "${id}".` });
  }
  if (own.length === 0) {
    throw new RemediableFailure({ code: 'usage', message: endpoints.problems[0] ?? 'No endpoint is configured yet.' }, [
      { label: 'Add Endpoint', command: 'tierwise.addEndpoint' },
    ]);
  }
  const items = own.map((endpoint) => ({ label: endpoint.id, description: endpoint.baseUrl, endpoint }));
  const chosen = await vscode.window.showQuickPick(items, { title: 'Tierwise', placeHolder: question });
  if (!chosen) throw new vscode.CancellationError();
  return chosen.endpoint;
}

function endpointIdOf(item: unknown): string | undefined {
  const id = typeof item === 'object' && item !== null ? Reflect.get(item, 'endpointId') : undefined;
  return typeof id === 'string' ? id : undefined;
}
