import * as vscode from 'vscode';
import type { ConfiguredEndpoint } from '../engine/config/schema.ts';
import { parseBaseUrl } from '../engine/http/base-url.ts';
import { askForKey } from './api-key.ts';
import { askForPrices, chooseModels } from './choose-models.ts';
import { type AddressedKind, endpointKinds } from './endpoint-kinds.ts';
import { answered, askForId, nameOfAddress, problemOf, stepTitle } from './questions.ts';
import type { Services } from './services.ts';

const titled = (at: number, of: number) => stepTitle('Add Endpoint', { at, of });

/** Asks what kind of endpoint is to be added, and then what that kind needs. Nothing is saved before the last answer. */
export async function addEndpoint(services: Services): Promise<void> {
  const { kindOf } = answered(
    await vscode.window.showQuickPick(endpointKinds, {
      title: 'Tierwise: Add Endpoint',
      placeHolder: 'What do you want to add?',
      matchOnDetail: true,
      ignoreFocusOut: true,
    }),
  );
  if (kindOf === 'local') return (await import('./discover-local.ts')).discoverLocalServers(services);
  if (kindOf === 'vscode') return (await import('./vscode-models.ts')).useVscodeModels(services);
  if (kindOf === 'databricks') return (await import('./add-databricks.ts')).addDatabricks(services);
  return addByAddress(services, kindOf);
}

/** Asks for address, name, key and models, one after the other. */
async function addByAddress(services: Services, kind: AddressedKind): Promise<void> {
  const { endpoints, consent, keys } = services;
  const baseUrl = parseBaseUrl(await askForAddress(kind));
  await consent.agree(baseUrl.url);
  const versioned = kind.wantsApiVersion?.(baseUrl.url) ?? false;
  const of = versioned ? 6 : 5;
  const at = (step: number) => titled(versioned ? step + 1 : step, of);
  const apiVersion = versioned ? await askForApiVersion(titled(2, of)) : undefined;
  const id = await askForId(at(2), nameOfAddress(baseUrl.url), endpoints.takenIds);
  const key = await askForKey(`Sent to ${baseUrl.origin} only, and kept in the secret store`, at(3));
  if (key === undefined) return;
  const bound = key === '' ? undefined : { endpoint: id, origin: baseUrl.origin, key };
  if (bound) services.log.hide(bound.key);
  const { protocol } = kind;
  const listed = await chooseModels({ protocol, baseUrl: baseUrl.url, key: bound, apiVersion }, at(4));
  const models = await askForPrices(listed, at(5));
  const endpoint: ConfiguredEndpoint = {
    id,
    protocol,
    baseUrl: baseUrl.url,
    ...(apiVersion !== undefined && { apiVersion }),
    models,
  };
  if (bound) await keys.set(endpoint, bound.key);
  await endpoints.add(endpoint);
  await vscode.commands.executeCommand('tierwise.endpoints.focus');
}

async function askForAddress({ address, placeHolder, usual }: AddressedKind): Promise<string> {
  return answered(
    await vscode.window.showInputBox({
      title: titled(1, 5),
      prompt: address,
      placeHolder,
      ...(usual !== undefined && { value: usual }),
      ignoreFocusOut: true,
      validateInput: (text) => problemOf(() => parseBaseUrl(text)),
    }),
  );
}

async function askForApiVersion(title: string): Promise<string> {
  return answered(
    await vscode.window.showInputBox({
      title,
      prompt: 'api-version of Azure OpenAI, as its documentation names it',
      placeHolder: '2024-10-21',
      value: '2024-10-21',
      ignoreFocusOut: true,
      validateInput: (text) =>
        /^\d{4}-\d\d-\d\d(-preview)?$/.test(text) ? undefined : 'A date such as 2024-10-21, or 2025-04-01-preview.',
    }),
  );
}
