import * as vscode from 'vscode';
import { Failure } from '../core/failure.ts';
import { finders, findPrompts, promptAt } from '../core/prompts/finders.ts';
import { type FoundPrompt, maxFoundPrompts, type PromptDocument } from '../core/prompts/prompt.ts';
import { isTarget, type Subject } from './subject.ts';

interface Found {
  readonly version: number;
  readonly subjects: readonly Subject[];
}

/** Schemes whose documents are written by programs for reading, so that nothing in them is a prompt. */
const foreignSchemes = new Set(['output', 'tierwise', 'vscode-settings', 'vscode', 'walkThroughSnippet', 'comment']);

/** Prompts of the open documents, found once for each version of a document. */
export class Subjects {
  readonly #found = new WeakMap<vscode.TextDocument, Found>();
  #selected: { readonly subject: Subject; readonly version: number } | undefined;

  /** The prompts that stand in the document, in its order. */
  of(document: vscode.TextDocument): readonly Subject[] {
    if (foreignSchemes.has(document.uri.scheme)) return [];
    const known = this.#found.get(document);
    if (known?.version === document.version) return known.subjects;
    const subjects = findPrompts(finderInput(document)).map((prompt) => subjectOf(prompt, document));
    this.#found.set(document, { version: document.version, subjects });
    return subjects;
  }

  /** The found prompt around a position. */
  at(document: vscode.TextDocument, position: vscode.Position): Subject | undefined {
    const subjects = this.of(document);
    const offset = document.offsetAt(position);
    const found = subjects.find(({ start, end }) => start <= offset && offset <= end);
    return found ?? (isListedWhole(document, subjects) ? undefined : this.#beyond(document, offset));
  }

  /** The prompt around an offset of a document that is too large to list all its prompts. */
  #beyond(document: vscode.TextDocument, offset: number): Subject | undefined {
    const prompt = promptAt(finderInput(document), offset);
    return prompt && subjectOf(prompt, document);
  }

  /** The selected text; undefined when nothing but white space is selected. */
  selection(document: vscode.TextDocument, selection: vscode.Selection): Subject | undefined {
    if (selection.isEmpty || foreignSchemes.has(document.uri.scheme)) return undefined;
    const start = document.offsetAt(selection.start);
    const end = document.offsetAt(selection.end);
    const known = this.#selected;
    if (
      known?.subject.document === document &&
      known.version === document.version &&
      known.subject.start === start &&
      known.subject.end === end
    ) {
      return known.subject;
    }
    const subject = this.#textBetween(document, start, end, selection);
    this.#selected = subject && { subject, version: document.version };
    return subject;
  }

  /** What the cursor says: the selection, else the prompt around the cursor. */
  current(editor: vscode.TextEditor): Subject | undefined {
    return this.selection(editor.document, editor.selection) ?? this.at(editor.document, editor.selection.active);
  }

  /**
   * What a command is to work on: the target it was given, else what the cursor in the active editor says.
   * @throws Failure `usage` when there is nothing.
   */
  wanted(argument: unknown): Subject {
    const subject = this.#targeted(argument) ?? this.#underCursor();
    if (subject) return subject;
    throw new Failure({
      code: 'usage',
      message: 'Select the text of a prompt, or put the cursor into one, and try again.',
    });
  }

  #underCursor(): Subject | undefined {
    const editor = vscode.window.activeTextEditor;
    return editor && this.current(editor);
  }

  /** Menus pass other things than targets: then the active editor counts. */
  #targeted(argument: unknown): Subject | undefined {
    if (!isTarget(argument)) return undefined;
    // Only documents that are open: a link must not be able to name a file.
    const document = vscode.workspace.textDocuments.find(({ uri }) => uri.toString() === argument.uri);
    if (!document) throw new Failure({ code: 'usage', message: 'The file of this prompt is not open any more.' });
    const { start, end } = argument;
    const same = this.of(document).find((subject) => subject.start === start && subject.end === end);
    if (same) return same;
    const range = new vscode.Range(document.positionAt(start), document.positionAt(end));
    return this.#textBetween(document, start, end, range);
  }

  #textBetween(document: vscode.TextDocument, start: number, end: number, range: vscode.Range): Subject | undefined {
    const text = document.getText(range);
    if (text.trim() === '') return undefined;
    return { text, document, start, end, name: `Selection in ${fileNameOf(document)}, line ${range.start.line + 1}` };
  }
}

function finderInput(document: vscode.TextDocument): PromptDocument {
  return { fileName: fileNameOf(document), languageId: document.languageId, text: document.getText() };
}

function subjectOf(prompt: FoundPrompt, document: vscode.TextDocument): Subject {
  const { text, range } = prompt;
  return { text, document, start: range.start, end: range.end, name: nameOf(prompt, document) };
}

function nameOf(prompt: FoundPrompt, document: vscode.TextDocument): string {
  const fileName = fileNameOf(document);
  if (prompt.kind === 'prompt-file') return prompt.id ?? fileName;
  if (prompt.id !== undefined) return `${prompt.id} in ${fileName}`;
  return `Prompt in ${fileName}, line ${document.positionAt(prompt.range.start).line + 1}`;
}

/** Finders list what is bounded; in a larger document they still know the prompt at one offset. */
function isListedWhole(document: vscode.TextDocument, subjects: readonly Subject[]): boolean {
  if (subjects.length > 0) return subjects.length < maxFoundPrompts;
  const kind = { fileName: fileNameOf(document), languageId: document.languageId };
  return foreignSchemes.has(document.uri.scheme) || !finders.some((finder) => finder.accepts(kind));
}

function fileNameOf({ uri }: vscode.TextDocument): string {
  return uri.path.slice(uri.path.lastIndexOf('/') + 1);
}
