import * as vscode from 'vscode';
import type { TimeoutBasis } from '../core/benchmark/record.ts';
import { formatUsd, tokenCost } from '../core/catalog/cost.ts';
import type { Model } from '../core/catalog/model.ts';
import { Failure } from '../core/failure.ts';
import { plainText } from '../core/prompts/plain-text.ts';
import { type CallAttempt, lastAttempt } from '../engine/calling/retry.ts';
import { name } from './advice.ts';
import { RemediableFailure } from './boundary.ts';
import { formatCount } from './labels.ts';
import { needModels } from './models.ts';
import type { Services } from './services.ts';
import type { Subject } from './subject.ts';

/** An editor takes an edit well ten times a second; tokens come faster. */
const writeEveryMs = 100;

/** Sends the prompt to a model (the recommended one unless told) and streams the answer into an untitled Markdown editor. */
export async function runPrompt(services: Services, argument: unknown, chosen?: Model): Promise<void> {
  const { subjects, adviser, endpoints, consent, calls } = services;
  const subject = isSubject(argument) ? argument : subjects.wanted(argument);
  if (!chosen) needModels(services);
  const model = chosen ?? adviser.route(subject).model;
  const endpoint = model && endpoints.find(model.endpoint);
  if (!model || !endpoint) {
    throw new Failure({
      code: 'usage',
      message: 'No configured model has room for this prompt. Add one with a larger context window.',
    });
  }
  const key = await consent.keyFor(endpoint);
  const { adjustedScore: complexity } = adviser.route(subject);
  const page = await AnswerPage.open(`# ${name(model.ref)}${model.simulated ? ' (simulated)' : ''}\n\n`);
  const attempts = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: `Tierwise: asking ${model.ref}`, cancellable: true },
    async (progress, token) => {
      const cancelling = new AbortController();
      token.onCancellationRequested(() => cancelling.abort());
      page.onClosed(() => cancelling.abort());
      let characters = 0;
      const listener = {
        text(delta: string) {
          characters += delta.length;
          progress.report({ message: `${formatCount(characters)} characters` });
          page.write(delta);
        },
        again() {
          if (characters > 0)
            page.write('\n\n---\n\n*What stands above is not the answer: it is asked for once more.*\n\n');
          characters = 0;
          progress.report({ message: 'another try' });
        },
      };
      return calls.ask({ model, endpoint, key, prompt: subject.text, complexity }, listener, cancelling.signal);
    },
  );
  const { outcome } = lastAttempt(attempts);
  await page.finish(`\n\n---\n\n${closing(model, attempts)}\n`);
  const { failure } = outcome;
  if (failure?.code === 'auth' && endpoint.protocol !== 'vscode-lm') {
    throw new RemediableFailure(failure, [
      { label: 'Set API Key', command: 'tierwise.setApiKey', args: [endpoint.id] },
    ]);
  }
  if (failure) throw new Failure(failure);
}

/** What the answer took, in one line. */
function closing(model: Model, attempts: readonly CallAttempt[]): string {
  const { outcome, timeout } = lastAttempt(attempts);
  const { failure, usage, times, finishReason } = outcome;
  const words = [name(model.ref)];
  if (failure) words.push(failure.code === 'cancelled' ? 'cancelled' : `failed: ${asWritten(failure.message)}`);
  else if (finishReason === 'length') words.push('cut at the limit of `tierwise.benchmark.maxTokens`');
  if (usage) words.push(`${formatCount(usage.input)} tokens in, ${formatCount(usage.output)} out`);
  else if (!failure) words.push('tokens unknown: the server sent no usage');
  const cost =
    usage &&
    tokenCost(usage, {
      inputPrice: model.inputPrice?.value,
      outputPrice: model.outputPrice?.value,
      cachedInputPrice: model.cachedInputPrice?.value,
      cacheWritePrice: model.cacheWritePrice?.value,
    });
  words.push(cost === undefined ? 'cost unknown' : formatUsd(cost));
  if (times.firstToken !== undefined)
    words.push(`first token after ${formatCount(Math.round(times.firstToken - times.sent))} ms`);
  words.push(`${formatCount(Math.round(times.end - times.sent))} ms in all`);
  if (attempts.length > 1) words.push(`${attempts.length} attempts${waitWords(attempts)}`);
  if (timeout.basis !== 'fixed' || failure?.code === 'timeout') words.push(limitWords(timeout));
  return words.join(' · ');
}

function waitWords(attempts: readonly CallAttempt[]): string {
  const waited = attempts.reduce((sum, { waitedMs }) => sum + waitedMs, 0);
  return waited < 1 ? '' : `, ${formatCount(Math.round(waited))} ms of waiting between them`;
}

const basisWords: Record<TimeoutBasis, string> = {
  fixed: 'by the setting',
  complexity: 'by the prompt’s complexity',
  recent: 'by recent answers',
  doubled: 'doubled after a time-out',
};

/** `time limit 13.2 s (by the prompt’s complexity)`. */
function limitWords({ ms, basis }: CallAttempt['timeout']): string {
  return `time limit ${(ms / 1000).toLocaleString('en-US', { maximumFractionDigits: 1 })} s (${basisWords[basis]})`;
}

/** Inert in the preview, and readable in the editor, where escapes would stand between the letters. */
function asWritten(message: string): string {
  return `\`${plainText(message, 500).replaceAll('`', "'")}\``;
}

function isSubject(value: unknown): value is Subject {
  return typeof value === 'object' && value !== null && 'document' in value && 'text' in value;
}

/** An untitled document that grows at its end, whatever the person does elsewhere in it. */
class AnswerPage {
  readonly #document: vscode.TextDocument;
  #waiting = '';
  #writing: Promise<void> = Promise.resolve();
  #scheduled = false;

  static async open(heading: string): Promise<AnswerPage> {
    const document = await vscode.workspace.openTextDocument({ language: 'markdown', content: heading });
    await vscode.window.showTextDocument(document, {
      viewColumn: vscode.ViewColumn.Beside,
      preserveFocus: true,
      preview: false,
    });
    return new AnswerPage(document);
  }

  private constructor(document: vscode.TextDocument) {
    this.#document = document;
  }

  /** Calls back when the person closes the document: nobody reads the answer any more. */
  onClosed(listener: () => void): void {
    const subscription = vscode.workspace.onDidCloseTextDocument((document) => {
      if (document !== this.#document) return;
      subscription.dispose();
      listener();
    });
    this.#subscriptions.push(subscription);
  }
  readonly #subscriptions: vscode.Disposable[] = [];

  write(text: string): void {
    this.#waiting += text;
    if (this.#scheduled) return;
    this.#scheduled = true;
    setTimeout(() => {
      this.#scheduled = false;
      this.#writing = this.#writing.then(() => this.#append());
    }, writeEveryMs);
  }

  async finish(text: string): Promise<void> {
    this.#waiting += text;
    this.#writing = this.#writing.then(() => this.#append());
    await this.#writing;
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  async #append(): Promise<void> {
    const text = this.#waiting;
    this.#waiting = '';
    if (text === '' || this.#document.isClosed) return;
    const edit = new vscode.WorkspaceEdit();
    const end = this.#document.lineAt(this.#document.lineCount - 1).range.end;
    edit.insert(this.#document.uri, end, text);
    await vscode.workspace.applyEdit(edit);
  }
}
