import * as vscode from 'vscode';
import type { Services } from './services.ts';
import type { Subject } from './subject.ts';

/** A name or a number under the mouse is not a prompt: other hovers explain it. */
const singleWord = /^[\w$.#@/-]{1,40}$/;

export interface Hovers extends vscode.Disposable {
  /** Milliseconds that the last advice took. */
  lastMs(): number | undefined;
}

/** Shows the advice on the selection or the found prompt under the mouse. */
export function registerHover(services: () => Promise<Services>): Hovers {
  let lastMs: number | undefined;
  const provider = vscode.languages.registerHoverProvider('*', {
    async provideHover(document, position) {
      const { settings, subjects, adviser } = await services();
      const { adviceMarkdown } = await import('./advice.ts');
      const start = performance.now();
      if (!settings.get('hover.enabled')) return undefined;
      const subject = selected(document, position, subjects) ?? subjects.at(document, position);
      if (!subject) return undefined;
      const range = new vscode.Range(document.positionAt(subject.start), document.positionAt(subject.end));
      const hover = new vscode.Hover(adviceMarkdown(subject, adviser.route(subject), adviser.problem), range);
      lastMs = performance.now() - start;
      return hover;
    },
  });
  return { lastMs: () => lastMs, dispose: () => provider.dispose() };
}

function selected(
  document: vscode.TextDocument,
  position: vscode.Position,
  subjects: Services['subjects'],
): Subject | undefined {
  for (const editor of vscode.window.visibleTextEditors) {
    if (editor.document !== document || !editor.selection.contains(position)) continue;
    const subject = subjects.selection(document, editor.selection);
    if (subject && !singleWord.test(subject.text)) return subject;
  }
  return undefined;
}
