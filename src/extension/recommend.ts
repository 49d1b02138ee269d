import * as vscode from 'vscode';
import type { Model } from '../core/catalog/model.ts';
import { plainText } from '../core/prompts/plain-text.ts';
import type { Route } from '../core/routing/route.ts';
import { costWords, tierWords, tokenWords } from './advice.ts';
import { label } from './labels.ts';
import { needModels } from './models.ts';
import { runPrompt } from './run-prompt.ts';
import type { Services } from './services.ts';
import type { Subject } from './subject.ts';

interface ModelItem extends vscode.QuickPickItem {
  readonly model?: Model;
}

/** Shows the recommended model with its reasons and the others with their cost; the chosen one is run or its name copied. */
export async function recommend(services: Services, argument: unknown): Promise<void> {
  const subject = services.subjects.wanted(argument);
  needModels(services);
  const advice = services.adviser.route(subject);
  const chosen = await vscode.window.showQuickPick(modelItems(services, subject, advice), {
    title: `Tierwise: ${tierWords(advice)}, ${tokenWords(advice)}`,
    placeHolder: 'Choose a model to run the prompt with, or to copy its name',
    matchOnDetail: true,
  });
  if (!chosen?.model) return;
  await useModel(services, subject, chosen.model);
}

function modelItems({ adviser, endpoints }: Services, subject: Subject, advice: Route): ModelItem[] {
  const alternatives = endpoints.models
    .filter((model) => model.ref !== advice.model?.ref)
    .map((model) => ({ model, advice: adviser.routeAmong(subject.text, [model]) }))
    .sort(
      (a, b) =>
        (a.advice.cost?.highUsd ?? Number.POSITIVE_INFINITY) - (b.advice.cost?.highUsd ?? Number.POSITIVE_INFINITY),
    )
    .map(({ model, advice }) => modelItem(model, '$(circle-outline)', advice, ''));
  const separator = (words: string): ModelItem => ({ label: words, kind: vscode.QuickPickItemKind.Separator });
  return [
    separator('recommended'),
    ...(advice.model ? [modelItem(advice.model, '$(star-full)', advice, reasonWords(advice))] : []),
    ...(alternatives.length > 0 ? [separator('alternatives'), ...alternatives] : []),
  ];
}

/** Why this model, in the one line that a list has: its name and that it is simulated stand above already. */
function reasonWords({ model, reasons }: Route): string {
  const name = `${plainText(model?.ref ?? '', 120)} is `;
  return reasons
    .slice(1)
    .map((reason) => (reason.startsWith(name) ? reason.slice(name.length) : reason))
    .filter((reason) => !reason.startsWith('simulated:'))
    .map((text) => label(text))
    .map((reason) => reason.charAt(0).toUpperCase() + reason.slice(1))
    .join(' ');
}

function modelItem(model: Model, icon: string, advice: Route, detail: string): ModelItem {
  const simulated = model.simulated ? ' · simulated' : '';
  return {
    label: `${icon} ${label(model.ref)}`,
    description: `${costWords(advice)}${simulated}`,
    model,
    ...(detail && { detail }),
  };
}

async function useModel(services: Services, subject: Subject, model: Model): Promise<void> {
  const run = { label: '$(play) Run the prompt with this model', run: true };
  const copy = { label: '$(copy) Copy the model’s name', run: false };
  const action = await vscode.window.showQuickPick([run, copy], { title: `Tierwise: ${label(model.ref)}` });
  if (action?.run) return runPrompt(services, subject, model);
  if (action) await vscode.env.clipboard.writeText(model.ref);
}
