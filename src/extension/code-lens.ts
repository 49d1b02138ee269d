import * as vscode from 'vscode';
import type { Services } from './services.ts';
import { type Subject, targetOf } from './subject.ts';

/** More lenses than this make an editor slow, and nobody reads them. */
const mostLenses = 500;

class PromptLens extends vscode.CodeLens {
  readonly subject: Subject;
  constructor(subject: Subject) {
    const start = subject.document.positionAt(subject.start);
    super(new vscode.Range(start, start));
    this.subject = subject;
  }
}

/** Shows tier, score and model above every found prompt. A prompt is scored when its lens comes into view. */
export function registerCodeLens(services: () => Promise<Services>): vscode.Disposable {
  const changed = new vscode.EventEmitter<void>();
  let listening: vscode.Disposable | undefined;
  const provider = vscode.languages.registerCodeLensProvider('*', {
    onDidChangeCodeLenses: changed.event,
    async provideCodeLenses(document) {
      const { settings, subjects, endpoints } = await services();
      listening ??= endpoints.onDidChange(() => changed.fire());
      if (!settings.get('codeLens.enabled')) return [];
      return subjects
        .of(document)
        .slice(0, mostLenses)
        .map((subject) => new PromptLens(subject));
    },
    async resolveCodeLens(lens) {
      if (!(lens instanceof PromptLens)) return lens;
      const { adviser } = await services();
      const { lensTitle } = await import('./advice.ts');
      lens.command = {
        title: lensTitle(adviser.route(lens.subject)),
        tooltip: 'Explain the complexity of this prompt',
        command: 'tierwise.explain',
        arguments: [targetOf(lens.subject)],
      };
      return lens;
    },
  });
  return vscode.Disposable.from(provider, changed, { dispose: () => listening?.dispose() });
}
