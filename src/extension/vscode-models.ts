import * as vscode from 'vscode';
import { Failure, type FailureDetail } from '../core/failure.ts';
import type { ModelAnswer, ModelQuestion } from '../engine/benchmark/measuring.ts';
import { modelIdPattern } from '../engine/config/schema.ts';
import type { ChatOutcome } from '../engine/endpoints/chat.ts';
import type { Endpoints } from './endpoints.ts';
import { formatCount, label } from './labels.ts';
import type { Log } from './log.ts';
import { answered } from './questions.ts';
import { vscodeId } from './reserved-ids.ts';
import type { Services } from './services.ts';

/** No tokenizer makes fewer tokens of a text than one for so many characters: an answer beyond that is over its limit. */
const mostCharactersPerToken = 8;

/**
 * The models that other extensions provide in this window. They are asked for by a person's action only, because already the list
 * may need a consent, and every request counts against what their provider allows or bills. In memory: gone with the window.
 */
export class VscodeModels {
  readonly #endpoints: Endpoints;
  readonly #log: Log;
  readonly #models = new Map<string, vscode.LanguageModelChat>();

  constructor(endpoints: Endpoints, log: Log) {
    this.#endpoints = endpoints;
    this.#log = log;
  }

  /** Takes these as the models of the endpoint `vscode`; none: there is no such endpoint. */
  use(models: readonly vscode.LanguageModelChat[]): void {
    this.#models.clear();
    for (const model of models) this.#models.set(nameOf(model), model);
    this.#endpoints.setVscode(
      models.length === 0
        ? undefined
        : {
            id: vscodeId,
            protocol: 'vscode-lm',
            baseUrl: '',
            models: models.map((model) => ({ id: nameOf(model), contextWindow: model.maxInputTokens })),
          },
    );
  }

  /**
   * Asks one model, for the measuring process: hands out text as it comes. Rejects with a Failure. Tokens are counted by the model's
   * own tokenizer, after the answer, and are absent where it cannot.
   */
  readonly ask = async (
    { model, prompt, maxTokens }: ModelQuestion,
    onText: (text: string) => void,
    signal: AbortSignal,
  ): Promise<ModelAnswer> => {
    const { failure, text } = await this.#request(model, prompt, maxTokens, onText, signal);
    if (failure) throw new Failure(failure);
    return { tokens: await this.#count(model, prompt, text) };
  };

  /** Asks one model, for a person who reads along. Never rejects because of the model: what went wrong is `failure`. */
  async askOnce(
    { model, prompt, maxTokens }: ModelQuestion,
    onText: (text: string) => void,
    { timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal },
  ): Promise<ChatOutcome> {
    const sent = performance.now();
    let firstToken: number | undefined;
    let lastToken: number | undefined;
    let chunks = 0;
    const limit = AbortSignal.timeout(timeoutMs);
    const { failure, text, cut } = await this.#request(
      model,
      prompt,
      maxTokens,
      (delta) => {
        lastToken = performance.now();
        firstToken ??= lastToken;
        chunks += 1;
        onText(delta);
      },
      AbortSignal.any([signal, limit]),
    );
    const end = performance.now();
    const late = limit.aborted && !signal.aborted;
    return {
      failure: failure && late ? { code: 'timeout', message: lateWords(model, timeoutMs) } : failure,
      text,
      reasoning: '',
      toolCalls: [],
      finishReason: failure ? undefined : cut ? 'length' : 'stop',
      usage: failure ? undefined : await this.#count(model, prompt, text),
      times: { sent, firstToken, firstVisible: firstToken, lastToken, end },
      chunks,
      simulated: false,
    };
  }

  async #request(
    name: string,
    prompt: string,
    maxTokens: number | undefined,
    onText: (text: string) => void,
    signal: AbortSignal,
  ): Promise<{ failure?: FailureDetail; text: string; cut?: boolean }> {
    const cancelling = new vscode.CancellationTokenSource();
    const cancel = () => cancelling.cancel();
    const most = (maxTokens ?? Number.POSITIVE_INFINITY) * mostCharactersPerToken;
    let text = '';
    try {
      if (signal.aborted) return { failure: cancelled, text };
      signal.addEventListener('abort', cancel);
      const model = this.#models.get(name);
      if (!model) throw vscode.LanguageModelError.NotFound();
      const { stream } = await model.sendRequest(
        [vscode.LanguageModelChatMessage.User(prompt)],
        { justification: 'Tierwise sends the prompt that you chose to the model that you chose.' },
        cancelling.token,
      );
      for await (const part of stream) {
        if (signal.aborted) return { failure: cancelled, text };
        if (!(part instanceof vscode.LanguageModelTextPart) || part.value === '') continue;
        text += part.value;
        onText(part.value);
        if (text.length > most) return { text, cut: true };
      }
      return signal.aborted ? { failure: cancelled, text } : { text };
    } catch (error) {
      return { failure: signal.aborted ? cancelled : this.#failureOf(error, name), text };
    } finally {
      signal.removeEventListener('abort', cancel);
      cancelling.cancel();
      cancelling.dispose();
    }
  }

  async #count(name: string, prompt: string, text: string): Promise<ModelAnswer['tokens']> {
    const model = this.#models.get(name);
    if (!model) return undefined;
    try {
      const [input, output] = await Promise.all([model.countTokens(prompt), model.countTokens(text)]);
      return { input, output };
    } catch (error) {
      this.#log.debug(`counting tokens for ${name}: ${error}`);
      return undefined;
    }
  }

  /** What VS Code and the provider say, in our words. A provider's own error says nothing but its message. */
  #failureOf(error: unknown, name: string): FailureDetail {
    const code = error instanceof vscode.LanguageModelError ? error.code : 'Unknown';
    const said = error instanceof Error ? this.#log.redacted(error.message).trim().slice(0, 500) : '';
    const words = said === '' || said === code ? '' : ` It says: ${said}`;
    if (code === 'NoPermissions') {
      return {
        code: 'auth',
        message: `VS Code does not let Tierwise use ${label(name)}. Run “Tierwise: Use Models of VS Code” and allow it.${words}`,
      };
    }
    if (code === 'Blocked') {
      return {
        code: 'rate-limited',
        message: `The provider of ${label(name)} refuses further requests for now, mostly because a quota is used up.${words}`,
      };
    }
    if (code === 'NotFound') {
      return {
        code: 'not-found',
        message: `VS Code has no model ${label(name)} any more. Run “Tierwise: Use Models of VS Code” to see which there are.`,
      };
    }
    return { code: 'server', message: `${label(name)} failed.${words || ' Its provider does not say why.'}` };
  }
}

const cancelled: FailureDetail = { code: 'cancelled', message: 'The request was cancelled.' };

function lateWords(name: string, timeoutMs: number): string {
  return `${label(name)} did not finish its answer within ${formatCount(timeoutMs / 1000)} s. Raise the time limit.`;
}

/** `copilot/gpt-4o`: what a person knows the model by. */
function nameOf({ vendor, family }: vscode.LanguageModelChat): string {
  return `${vendor}/${family}`;
}

/** Said before VS Code is asked for anything, because already the list may bring up a question for consent. */
async function agree(): Promise<void> {
  const yes = 'Show Models';
  const answer = await vscode.window.showInformationMessage(
    'Use the language models of VS Code?',
    {
      modal: true,
      detail: [
        'GitHub Copilot and other extensions provide models in this window. Whoever provides a model bills or limits each request: a benchmark sends many.',
        'Tierwise sends only the prompts that you run or benchmark. It forgets the models when the window closes.',
      ].join('\n\n'),
    },
    yes,
  );
  if (answer !== yes) throw new vscode.CancellationError();
}

/** The command: lists the models of this window, and takes those that the person ticks. */
export async function useVscodeModels({ vscodeModels, endpoints }: Services): Promise<void> {
  if (!endpoints.vscode) await agree();
  const found = await vscode.lm.selectChatModels();
  const models = [...new Map(found.map((model) => [nameOf(model), model])).values()].filter((model) =>
    modelIdPattern.test(nameOf(model)),
  );
  if (models.length === 0) {
    vscodeModels.use([]);
    throw new Failure({
      code: 'usage',
      message:
        'VS Code has no model in this window. GitHub Copilot or another extension that provides models must be installed and signed in.',
    });
  }
  const used = new Set(endpoints.vscode?.models.map(({ id }) => id));
  const chosen = answered(
    await vscode.window.showQuickPick(
      models.map((model) => ({
        label: label(nameOf(model)),
        description: `${label(model.name)} · ${formatCount(model.maxInputTokens)} tokens`,
        picked: used.has(nameOf(model)),
        model,
      })),
      {
        title: 'Tierwise: Use Models of VS Code. Their provider bills or limits each request',
        placeHolder: 'Choose the models to use in this window; untick all to use none',
        canPickMany: true,
        ignoreFocusOut: true,
      },
    ),
  );
  vscodeModels.use(chosen.map(({ model }) => model));
  if (chosen.length > 0) await vscode.commands.executeCommand('tierwise.endpoints.focus');
}
