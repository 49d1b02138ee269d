import * as vscode from 'vscode';
import type { Log } from './log.ts';
import type { Services } from './services.ts';

/** Typing and dragging move the cursor many times a second; the item follows when it rests. */
const restMs = 150;

export interface StatusBar extends vscode.Disposable {
  /** What the item says; undefined while it is hidden. */
  text(): string | undefined;
}

/** One item with the tier of the selection, or of the prompt at the cursor. */
export function registerStatusBar(services: () => Promise<Services>, log: Log): StatusBar {
  const item = vscode.window.createStatusBarItem('tierwise.tier', vscode.StatusBarAlignment.Right, 90);
  item.name = 'Tierwise: tier of the selection';
  item.command = 'tierwise.explain';
  let timer: ReturnType<typeof setTimeout> | undefined;
  let text: string | undefined;
  let listening: vscode.Disposable | undefined;

  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(() => update().catch((error) => log.error(`status bar: ${error}`)), restMs);
  };
  const hide = () => {
    text = undefined;
    item.hide();
  };
  const update = async () => {
    const { settings, subjects, adviser, endpoints } = await services();
    listening ??= endpoints.onDidChange(later);
    const editor = vscode.window.activeTextEditor;
    const subject = editor && settings.get('statusBar.enabled') ? subjects.current(editor) : undefined;
    if (!subject) return hide();
    const { statusText, statusTooltip } = await import('./advice.ts');
    const advice = adviser.route(subject);
    text = statusText(advice);
    item.text = text;
    item.tooltip = statusTooltip(advice);
    item.accessibilityInformation = { label: `Tierwise: ${advice.tier.name} tier. Explain complexity.` };
    item.show();
  };

  const subscriptions = vscode.Disposable.from(
    item,
    vscode.window.onDidChangeActiveTextEditor(later),
    vscode.window.onDidChangeTextEditorSelection((event) => {
      if (event.textEditor === vscode.window.activeTextEditor) later();
    }),
    vscode.workspace.onDidChangeTextDocument((event) => {
      if (event.document === vscode.window.activeTextEditor?.document) later();
    }),
  );
  later();
  return {
    text: () => text,
    dispose: () => {
      clearTimeout(timer);
      listening?.dispose();
      subscriptions.dispose();
    },
  };
}
