import * as vscode from 'vscode';
import type { Model } from '../core/catalog/model.ts';
import { RemediableFailure } from './boundary.ts';
import { label, priceWords } from './labels.ts';
import type { Services } from './services.ts';

/** @throws Failure `usage` when there is no model to work with. */
export function needModels({ endpoints }: Services): void {
  if (endpoints.models.length > 0) return;
  const message =
    endpoints.problems[0] ?? 'No model is configured yet. Add an endpoint, or try the simulated one on this machine.';
  throw new RemediableFailure({ code: endpoints.problems.length > 0 ? 'config' : 'usage', message }, [
    ...(endpoints.problems.length > 0 ? [{ label: 'Open Settings', command: 'tierwise.openSettings' } as const] : []),
    { label: 'Add Endpoint', command: 'tierwise.addEndpoint' },
    { label: 'Start Simulated Endpoint', command: 'tierwise.startSimulated' },
  ]);
}

/** Lets the person choose models. @throws Failure `usage` when there is none, CancellationError when none was chosen. */
export async function pickModels(services: Services): Promise<readonly Model[]> {
  needModels(services);
  const answering = services.endpoints.models.filter(({ task }) => task !== 'embeddings');
  if (answering.length === 0) {
    const message = 'All models that are configured make embeddings and answer nothing. Add one that answers prompts.';
    throw new RemediableFailure({ code: 'usage', message }, [
      { label: 'Add Endpoint', command: 'tierwise.addEndpoint' },
    ]);
  }
  const items = answering.map((model) => ({
    label: label(model.ref),
    description: `${priceWords(model)}${model.simulated ? ' · simulated' : ''}`,
    picked: true,
    model,
  }));
  const chosen = await vscode.window.showQuickPick(items, {
    title: 'Tierwise: models to benchmark',
    placeHolder: 'Choose one or more models',
    canPickMany: true,
    ignoreFocusOut: true,
  });
  if (!chosen || chosen.length === 0) throw new vscode.CancellationError();
  return chosen.map((item) => item.model);
}
