import * as vscode from 'vscode';
import { loadWords } from '../core/benchmark/plan-changes.ts';
import { planLimits } from '../core/benchmark/plan-limits.ts';
import { counted } from '../core/numbers.ts';
import { sloWords } from '../core/report/stage-rows.ts';
import { type Choice, requestsOf } from './benchmark-choice.ts';
import { chosenEmbedding, chosenJudge } from './choose-judge.ts';
import { chosenLoad, chosenSlo, typed } from './choose-load.ts';
import { formatCount, label } from './labels.ts';
import { wholeIn } from './load-answers.ts';
import { answered } from './questions.ts';
import type { Services } from './services.ts';

/** How much is measured. */
interface Extent {
  readonly models: number;
  readonly prompts: number;
}

type Row = vscode.QuickPickItem & {
  /** Undefined: nothing more is to be changed. */
  readonly change: (() => Promise<Choice>) | undefined;
};

/**
 * Lets the person change one thing after another, until all is as it should be.
 * @throws CancellationError when the person leaves the list; leaving a question leads back to it.
 */
export async function changedChoice(services: Services, first: Choice, extent: Extent): Promise<Choice> {
  let choice = first;
  for (;;) {
    const { change } = answered(
      await vscode.window.showQuickPick(rows(services, choice, extent), {
        title: 'Tierwise: benchmark',
        placeHolder: 'What do you want to change?',
        ignoreFocusOut: true,
      }),
    );
    if (!change) return choice;
    try {
      choice = await change();
    } catch (error) {
      if (!(error instanceof vscode.CancellationError)) throw error;
    }
  }
}

function rows(services: Services, choice: Choice, { models, prompts }: Extent): Row[] {
  const { load, concurrency = 1, slo, evaluation, calibrate } = choice;
  const { judge, embeddingModel } = evaluation;
  const none = 'none';
  return [
    { label: '$(check) That is all', description: 'back to what will be sent and what it may cost', change: undefined },
    {
      label: '$(pulse) Load',
      description: loadWords({ load, concurrency }),
      change: () => chosenLoad(services, choice),
    },
    {
      label: '$(list-ordered) Requests',
      description: requestsWords(choice, prompts),
      change: () => chosenRequests(services, choice, prompts),
    },
    {
      label: '$(target) SLO',
      description: sloWords(slo) || none,
      change: async () => ({ ...choice, slo: await chosenSlo(services, slo, load?.pattern === 'search') }),
    },
    {
      label: '$(law) Judge',
      description: judge ? `${label(judge.model)}: “${label(judge.rubric, 80)}”` : none,
      change: async () => {
        const chosen = await chosenJudge(services, judge, models > 1);
        return { ...choice, evaluation: { ...evaluation, judge: chosen } };
      },
    },
    {
      label: '$(symbol-array) Embedding model',
      description: embeddingModel === undefined ? none : label(embeddingModel),
      change: async () => {
        const chosen = await chosenEmbedding(services, embeddingModel);
        return { ...choice, evaluation: { ...evaluation, embeddingModel: chosen } };
      },
    },
    {
      label: '$(dashboard) Instrument’s own error',
      description: calibrate ? 'measured first' : 'not measured',
      change: async () => ({ ...choice, calibrate: !calibrate }),
    },
  ];
}

function requestsWords(choice: Choice, prompts: number): string {
  const { repeats } = choice;
  if (repeats !== undefined) return `each prompt ${counted(repeats, 'time')} to each model`;
  const requests = requestsOf(choice, prompts);
  return requests === undefined ? 'as many as the trace has' : `${formatCount(requests)} to each model`;
}

async function chosenRequests(services: Services, choice: Choice, prompts: number): Promise<Choice> {
  const inAll = { label: 'A number in all', detail: 'Prompts are taken in turn.', repeated: false };
  const each = {
    label: 'Each prompt several times',
    detail: 'Repeats show how far a model agrees with itself, and make differences between models clearer.',
    repeated: true,
  };
  const { repeated } = answered(
    await vscode.window.showQuickPick([inAll, each], {
      title: 'Tierwise: requests',
      placeHolder: 'How much is sent to each model?',
      ignoreFocusOut: true,
    }),
  );
  if (repeated) {
    const read = (text: string) => wholeIn(text, planLimits.repeats);
    const text = await typed(services, 'repeats', 'How often is each prompt sent to each model?', '3', read);
    return { ...choice, repeats: read(text), requests: undefined };
  }
  const read = (text: string) => wholeIn(text, planLimits.requests);
  const usual = String(requestsOf(choice, prompts) ?? prompts);
  const text = await typed(services, 'requests', 'Measured requests for each model', usual, read);
  return { ...choice, requests: read(text), repeats: undefined };
}
