import * as vscode from 'vscode';
import { Failure } from '../core/failure.ts';
import {
  type ConfiguredEndpoint,
  type ConfiguredModel,
  endpointIdPattern,
  modelIdPattern,
} from '../engine/config/schema.ts';
import { listModels } from '../engine/endpoints/call.ts';
import { parseBaseUrl } from '../engine/http/base-url.ts';
import { createFetchTransport } from '../engine/http/fetch-transport.ts';
import type { BoundKey } from '../protocol/measure.ts';
import { askForKey } from './api-key.ts';
import { simulatedId } from './endpoints.ts';
import { label } from './labels.ts';
import type { Services } from './services.ts';

const steps = 5;
const title = (step: number) => `Tierwise: Add Endpoint (${step}/${steps})`;
const listTimeoutMs = 20_000;

/** Asks for address, name, key and models, one after the other. Nothing is saved before the last answer. */
export async function addEndpoint(services: Services): Promise<void> {
  const { endpoints, consent, keys } = services;
  const baseUrl = parseBaseUrl(await askForAddress());
  await consent.agree(baseUrl.url);
  const id = await askForId(baseUrl.url, new Set([simulatedId, ...endpoints.all.map((endpoint) => endpoint.id)]));
  const key = await askForKey(`Sent to ${baseUrl.origin} only, and kept in the secret store`, title(3));
  if (key === undefined) return;
  const bound = key === '' ? undefined : { endpoint: id, origin: baseUrl.origin, key };
  if (bound) services.log.hide(bound.key);
  const ids = await chooseModels(baseUrl.url, bound);
  const models = await askForPrices(ids);
  const endpoint: ConfiguredEndpoint = { id, protocol: 'openai', baseUrl: baseUrl.url, models };
  if (bound) await keys.set(endpoint, bound.key);
  await endpoints.add(endpoint);
  await vscode.commands.executeCommand('tierwise.endpoints.focus');
}

async function askForAddress(): Promise<string> {
  return answered(
    await vscode.window.showInputBox({
      title: title(1),
      prompt: 'Address of an OpenAI-compatible endpoint, up to and with /v1',
      placeHolder: 'https://api.example.com/v1 or http://localhost:11434/v1',
      ignoreFocusOut: true,
      validateInput: (text) => problemOf(() => parseBaseUrl(text)),
    }),
  );
}

async function askForId(url: string, taken: ReadonlySet<string>): Promise<string> {
  const { hostname, port } = new URL(url);
  const host = hostname.replace(/^(api|www)\./, '').split('.')[0] ?? '';
  const base =
    [host, ...(host === 'localhost' || host === '127' ? [port] : [])].join('-').replace(/[^\w.-]/g, '') || 'endpoint';
  let value = endpointIdPattern.test(base) ? base : 'endpoint';
  for (let count = 2; taken.has(value); count++) value = `${base}-${count}`;
  return answered(
    await vscode.window.showInputBox({
      title: title(2),
      prompt: 'What do you call it? Models are then named endpoint/model.',
      value,
      ignoreFocusOut: true,
      validateInput: (text) => {
        if (!endpointIdPattern.test(text))
          return 'Letters, digits, dot, dash and underscore, beginning with a letter or digit.';
        return taken.has(text) ? `"${text}" is taken. Choose another name.` : undefined;
      },
    }),
  );
}

/** Tests the connection by listing the models; a server without a list lets the person type them. */
async function chooseModels(baseUrl: string, key: BoundKey | undefined): Promise<string[]> {
  const listed = await vscode.window.withProgress(
    {
      location: vscode.ProgressLocation.Notification,
      title: `Tierwise: asking ${new URL(baseUrl).host} for its models`,
      cancellable: true,
    },
    async (_, token) => {
      const cancelling = new AbortController();
      token.onCancellationRequested(() => cancelling.abort());
      const transport = createFetchTransport();
      try {
        return await listModels(
          transport,
          { protocol: 'openai', baseUrl, key },
          { timeoutMs: listTimeoutMs, signal: cancelling.signal },
        );
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        return error;
      } finally {
        await transport.close();
      }
    },
  );
  if (listed instanceof Failure) return namesAfter(listed);
  const known = listed.map(({ id }) => id).filter((id) => modelIdPattern.test(id));
  if (known.length === 0) return askForNames('The endpoint lists no models.');
  const chosen = answered(
    await vscode.window.showQuickPick(
      known.map((id) => ({ label: label(id), id })),
      {
        title: title(4),
        placeHolder: 'Choose the models that you want to use',
        canPickMany: true,
        ignoreFocusOut: true,
      },
    ),
  );
  if (chosen.length === 0) {
    throw new Failure({
      code: 'usage',
      message: 'No model was ticked, so the endpoint was not added. Add it again and tick at least one.',
    });
  }
  return chosen.map(({ id }) => id);
}

/** A server may answer chats and yet have no list; a wrong key or address is for the person to mend first. */
async function namesAfter(failure: Failure): Promise<string[]> {
  if (failure.code === 'cancelled') throw failure;
  const byHand = 'Type Model Names';
  const answer = await vscode.window.showWarningMessage(
    'The endpoint’s models could not be listed.',
    { modal: true, detail: failure.message },
    byHand,
  );
  if (answer !== byHand) throw new vscode.CancellationError();
  return askForNames('The endpoint did not list its models.');
}

async function askForNames(reason: string): Promise<string[]> {
  const text = answered(
    await vscode.window.showInputBox({
      title: title(4),
      prompt: `${reason} Type the models’ names, separated by commas.`,
      ignoreFocusOut: true,
      validateInput: (typed) => {
        const names = namesIn(typed);
        if (names.length === 0) return 'Type at least one name.';
        return names.every((id) => modelIdPattern.test(id))
          ? undefined
          : 'A name is one line of at most 200 visible characters.';
      },
    }),
  );
  return namesIn(text);
}

function namesIn(text: string): string[] {
  return [...new Set(text.split(',').map((id) => id.trim()))].filter((id) => id !== '');
}

/** Prices are optional: without them, costs are unknown. */
async function askForPrices(ids: readonly string[]): Promise<ConfiguredModel[]> {
  const later = {
    label: 'Finish without prices',
    detail: 'Costs are then unknown. Prices can be added in the settings.',
    now: false,
  };
  const now = { label: 'Type prices now', detail: 'USD per million tokens, for each model.', now: true };
  const choice = answered(await vscode.window.showQuickPick([later, now], { title: title(5), ignoreFocusOut: true }));
  if (!choice.now) return ids.map((id) => ({ id }));
  const models: ConfiguredModel[] = [];
  for (const [index, id] of ids.entries()) {
    const of = ids.length > 1 ? `, model ${index + 1} of ${ids.length}` : '';
    const text = answered(
      await vscode.window.showInputBox({
        title: `${title(5)}${of}`,
        prompt: `Price of ${label(id)} in USD per million tokens: input, output. Leave empty when you do not know.`,
        placeHolder: '0.15, 0.60',
        ignoreFocusOut: true,
        validateInput: (typed) => (pricesIn(typed) ? undefined : 'Two numbers, separated by a comma, or nothing.'),
      }),
    );
    models.push({ id, ...pricesIn(text) });
  }
  return models;
}

/** Undefined: not understood. */
function pricesIn(text: string): Pick<ConfiguredModel, 'inputPrice' | 'outputPrice'> | undefined {
  if (text.trim() === '') return {};
  const [, input, output] = /^\s*\$?(\d+(?:\.\d+)?)\s*[,; ]\s*\$?(\d+(?:\.\d+)?)\s*$/.exec(text) ?? [];
  return input === undefined ? undefined : { inputPrice: Number(input), outputPrice: Number(output) };
}

function problemOf(check: () => unknown): string | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    if (error instanceof Failure) return error.message;
    throw error;
  }
}

/** @throws CancellationError when the person pressed Escape. */
function answered<T>(answer: T | undefined): T {
  if (answer === undefined) throw new vscode.CancellationError();
  return answer;
}
