import * as vscode from 'vscode';
import type { Model } from '../core/catalog/model.ts';
import { Failure } from '../core/failure.ts';
import { type EvaluationSetting, type JudgeSetting, textLimit } from '../engine/config/schema.ts';
import { typed } from './choose-load.ts';
import { formatCount, label, priceWords } from './labels.ts';
import { needModels } from './models.ts';
import { answered } from './questions.ts';
import { lastAnswer, rememberAnswer } from './remembered.ts';
import type { Services } from './services.ts';

const usualRubric = 'Is the answer right, complete and to the point?';

/** Asks who judges, and by what; undefined: nobody. `several`: there are models whose answers can be compared in pairs. */
export async function chosenJudge(
  services: Services,
  now: JudgeSetting | undefined,
  several: boolean,
): Promise<JudgeSetting | undefined> {
  needModels(services);
  const last = now?.model ?? lastAnswer(services.context.globalState, 'judge');
  const answering = services.endpoints.models.filter(({ task }) => task !== 'embeddings');
  const items = [
    ...(now ? [{ label: '$(circle-slash) No judge', model: undefined }] : []),
    ...[...answering.filter(({ ref }) => ref === last), ...answering.filter(({ ref }) => ref !== last)].map(item),
  ];
  const { model } = answered(
    await vscode.window.showQuickPick(items, {
      title: 'Tierwise: judge',
      placeHolder: 'Which model judges the answers? It sees prompts and answers',
      matchOnDescription: true,
      ignoreFocusOut: true,
    }),
  );
  if (!model) return undefined;
  await rememberAnswer(services.context.globalState, 'judge', model.ref);
  const question = 'What is a good answer? The judge scores each answer by this';
  const rubric = await typed(services, 'rubric', question, usualRubric, checkedRubric, now?.rubric);
  const pairs = several && (await chosenPairs(now));
  return {
    scale: now?.scale,
    repeats: now?.repeats,
    maxTokens: now?.maxTokens,
    model: model.ref,
    rubric: rubric.trim(),
    pairs,
  };
}

function checkedRubric(text: string): void {
  if (text.trim() === '') throw new Failure({ code: 'usage', message: 'Say in a few words what a good answer is.' });
  if (text.length > textLimit)
    throw new Failure({ code: 'usage', message: `At most ${formatCount(textLimit)} characters, please.` });
}

async function chosenPairs(now: JudgeSetting | undefined): Promise<boolean> {
  const single = { label: 'Each answer by itself', detail: 'One score for each answer.', pairs: false };
  const paired = {
    label: 'Also in pairs',
    detail:
      'Answers of two models to one prompt, in both orders: fairer between models, and two more calls for each pair.',
    pairs: true,
  };
  const { pairs } = answered(
    await vscode.window.showQuickPick(now?.pairs ? [paired, single] : [single, paired], {
      title: 'Tierwise: judge',
      placeHolder: 'How does it judge?',
      ignoreFocusOut: true,
    }),
  );
  return pairs;
}

/** Asks whose embeddings checks of similarity compare; undefined: nobody's. */
export async function chosenEmbedding(
  services: Services,
  now: EvaluationSetting['embeddingModel'],
): Promise<string | undefined> {
  needModels(services);
  const { models } = services.endpoints;
  const rank = ({ task }: Model) => (task === 'embeddings' ? 0 : 1);
  const items = [
    ...(now === undefined ? [] : [{ label: '$(circle-slash) None', model: undefined }]),
    ...models.toSorted((a, b) => rank(a) - rank(b)).map(item),
  ];
  const { model } = answered(
    await vscode.window.showQuickPick(items, {
      title: 'Tierwise: embedding model',
      placeHolder: 'Whose embeddings do checks of similarity compare?',
      matchOnDescription: true,
      ignoreFocusOut: true,
    }),
  );
  return model?.ref;
}

function item(model: Model): vscode.QuickPickItem & { readonly model: Model } {
  const words = [
    priceWords(model),
    ...(model.task === 'embeddings' ? ['embeddings'] : []),
    ...(model.simulated ? ['simulated'] : []),
  ];
  return { label: label(model.ref), description: words.join(' · '), model };
}
