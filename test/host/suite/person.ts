// Stands in for the person where VS Code asks one: answers the questions of `vscode.window` while a piece of a test runs.
import * as vscode from 'vscode';

/** A question as it was put. */
export interface Asked {
  readonly kind: Question;
  /** The words of a message, the prompt of an input, or the placeholder of a choice. */
  readonly text: string;
  /** The detail of a modal message. */
  readonly detail: string;
  /** Buttons of a message, labels of a choice. */
  readonly offered: readonly string[];
}

type Question =
  | 'showQuickPick'
  | 'showInputBox'
  | 'showInformationMessage'
  | 'showWarningMessage'
  | 'showErrorMessage'
  | 'showOpenDialog'
  | 'showSaveDialog';

/** What the person answers: the label or labels of a choice, a typed text, a button, a file; undefined: Escape. */
export type Answers = Partial<Record<Question, (asked: Asked) => unknown>>;

/**
 * Answers questions while `action` runs. A question without an answer is dismissed, as by Escape. Returns all that was asked.
 */
export async function answering(answers: Answers, action: () => PromiseLike<unknown>): Promise<Asked[]> {
  const asked: Asked[] = [];
  const window = vscode.window as unknown as Record<Question, (...args: any[]) => Promise<unknown>>;
  const real = { ...window };
  const questions: Question[] = [
    'showQuickPick',
    'showInputBox',
    'showInformationMessage',
    'showWarningMessage',
    'showErrorMessage',
    'showOpenDialog',
    'showSaveDialog',
  ];
  for (const kind of questions) {
    window[kind] = async (...args) => {
      const [items, question] = await put(kind, args);
      asked.push(question);
      const answer = answers[kind]?.(question);
      if (kind === 'showInputBox' && typeof answer === 'string') {
        const problem = await args[0]?.validateInput?.(answer);
        if (problem) throw new Error(`The input "${answer}" was refused: ${problem}`);
      }
      return kind === 'showQuickPick' ? chosen(items, answer, args[1]?.canPickMany === true) : answer;
    };
  }
  try {
    await action();
    // Messages that are not waited for are put in the next turn.
    await new Promise((resolve) => setTimeout(resolve, 50));
  } finally {
    Object.assign(window, Object.fromEntries(questions.map((kind) => [kind, real[kind]])));
  }
  return asked;
}

async function put(kind: Question, args: any[]): Promise<[vscode.QuickPickItem[], Asked]> {
  if (kind === 'showQuickPick') {
    const items = ((await args[0]) as vscode.QuickPickItem[]).filter(
      (item) => item.kind !== vscode.QuickPickItemKind.Separator,
    );
    const offered = items.map((item) => [item.label, item.description, item.detail].filter(Boolean).join(' | '));
    return [items, { kind, text: args[1]?.placeHolder ?? '', detail: args[1]?.title ?? '', offered }];
  }
  if (kind.endsWith('Message')) {
    const [text, ...rest] = args;
    const options = rest.find((one) => typeof one === 'object' && one !== null && 'modal' in one);
    return [[], { kind, text, detail: options?.detail ?? '', offered: rest.filter((one) => typeof one === 'string') }];
  }
  return [[], { kind, text: args[0]?.prompt ?? args[0]?.title ?? '', detail: '', offered: [] }];
}

function chosen(items: vscode.QuickPickItem[], answer: unknown, many: boolean): unknown {
  if (answer === undefined) return undefined;
  const wanted = (Array.isArray(answer) ? answer : [answer]).map((label: string) => {
    const item = items.find((one) => one.label.includes(label));
    if (!item) throw new Error(`"${label}" is not offered: ${items.map((one) => one.label).join(', ')}`);
    return item;
  });
  return many ? wanted : wanted[0];
}
