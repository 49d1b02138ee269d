import * as vscode from 'vscode';
import { Failure } from '../core/failure.ts';
import { type ConfiguredModel, modelIdPattern } from '../engine/config/schema.ts';
import type { ListedModel } from '../engine/endpoints/adapter.ts';
import { listModels } from '../engine/endpoints/call.ts';
import type { ChatTarget } from '../engine/endpoints/chat.ts';
import { formatCount, label } from './labels.ts';
import { overNetwork } from './over-network.ts';
import { answered } from './questions.ts';

const listTimeoutMs = 20_000;

/** Tests the connection by listing the models; a server without a list lets the person type them. */
export async function chooseModels(target: ChatTarget, title: string): Promise<ConfiguredModel[]> {
  const listed = await overNetwork(
    `Tierwise: asking ${new URL(target.baseUrl).host} for its models`,
    (transport, signal) =>
      listModels(transport, target, { timeoutMs: listTimeoutMs, signal }).catch((error: unknown) => {
        if (error instanceof Failure) return error;
        throw error;
      }),
  );
  if (listed instanceof Failure) return namesAfter(listed, title);
  const known = listed.filter(({ id }) => modelIdPattern.test(id));
  if (known.length === 0) return askForNames('The endpoint lists no models.', title);
  const chosen = answered(
    await vscode.window.showQuickPick(
      known.map((model) => ({ label: label(model.id), description: modelWords(model), model })),
      { title, placeHolder: 'Choose the models that you want to use', canPickMany: true, ignoreFocusOut: true },
    ),
  );
  if (chosen.length === 0) {
    throw new Failure({
      code: 'usage',
      message: 'No model was ticked, so the endpoint was not added. Add it again and tick at least one.',
    });
  }
  return chosen.map(({ model }) => configuredAs(model));
}

/** A listed model as it is configured. */
export function configuredAs({ id, contextWindow, task }: ListedModel): ConfiguredModel {
  return {
    id,
    ...(contextWindow !== undefined && { contextWindow }),
    ...(task !== undefined && task !== 'chat' && { task }),
  };
}

/** `32,768 tokens · embeddings`: what a list tells of a model. */
export function modelWords({ contextWindow, task }: ListedModel): string {
  return [
    ...(contextWindow === undefined ? [] : [`${formatCount(contextWindow)} tokens`]),
    ...(task === undefined || task === 'chat' ? [] : [task]),
  ].join(' · ');
}

/** A server may answer chats and yet have no list; a wrong key or address is for the person to mend first. */
async function namesAfter(failure: Failure, title: string): Promise<ConfiguredModel[]> {
  if (failure.code === 'cancelled') throw failure;
  const byHand = 'Type Model Names';
  const answer = await vscode.window.showWarningMessage(
    'The endpoint’s models could not be listed.',
    { modal: true, detail: failure.message },
    byHand,
  );
  if (answer !== byHand) throw new vscode.CancellationError();
  return askForNames('The endpoint did not list its models.', title);
}

async function askForNames(reason: string, title: string): Promise<ConfiguredModel[]> {
  const text = answered(
    await vscode.window.showInputBox({
      title,
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
  return namesIn(text).map((id) => ({ id }));
}

function namesIn(text: string): string[] {
  return [...new Set(text.split(',').map((id) => id.trim()))].filter((id) => id !== '');
}

/** Prices are optional: without them, costs are unknown. */
export async function askForPrices(models: readonly ConfiguredModel[], title: string): Promise<ConfiguredModel[]> {
  const later = {
    label: 'Finish without prices',
    detail: 'Costs are then unknown. Prices can be added in the settings.',
    now: false,
  };
  const now = { label: 'Type prices now', detail: 'USD per million tokens, for each model.', now: true };
  const choice = answered(await vscode.window.showQuickPick([later, now], { title, ignoreFocusOut: true }));
  if (!choice.now) return [...models];
  const priced: ConfiguredModel[] = [];
  for (const [index, model] of models.entries()) {
    const of = models.length > 1 ? `, model ${index + 1} of ${models.length}` : '';
    const text = answered(
      await vscode.window.showInputBox({
        title: `${title}${of}`,
        prompt: `Price of ${label(model.id)} in USD per million tokens: input, output. Leave empty when you do not know.`,
        placeHolder: '0.15, 0.60',
        ignoreFocusOut: true,
        validateInput: (typed) => (pricesIn(typed) ? undefined : 'Two numbers, separated by a comma, or nothing.'),
      }),
    );
    priced.push({ ...model, ...pricesIn(text) });
  }
  return priced;
}

/** Undefined: not understood. */
function pricesIn(text: string): Pick<ConfiguredModel, 'inputPrice' | 'outputPrice'> | undefined {
  if (text.trim() === '') return {};
  const [, input, output] = /^\s*\$?(\d+(?:\.\d+)?)\s*[,; ]\s*\$?(\d+(?:\.\d+)?)\s*$/.exec(text) ?? [];
  return input === undefined ? undefined : { inputPrice: Number(input), outputPrice: Number(output) };
}
