import * as vscode from 'vscode';
import type { Services } from './services.ts';
import type { Subject } from './subjects.ts';

/** A name or a number under the mouse is not a prompt: other hovers explain it. */
const singleWord = /^[\w$.#@/-]{1,40}$/;

/** Shows the advice on the selection or the found prompt under the mouse. */
export function registerHover(services: () => Promise<Services>): vscode.Disposable {
  return vscode.languages.registerHoverProvider('*', {
    async provideHover(document, position) {
      const { settings, subjects, adviser } = await services();
      if (!settings.get('hover.enabled')) return undefined;
      const subject = selected(document, position, subjects) ?? subjects.at(document, position);
      if (!subject) return undefined;
      const { adviceMarkdown } = await import('./advice.ts');
      const range = new vscode.Range(document.positionAt(subject.start), document.positionAt(subject.end));
      return new vscode.Hover(adviceMarkdown(subject, adviser.route(subject), adviser.problem), range);
    },
  });
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
