import type * as vscode from 'vscode';

/** A prompt in an open document: found there, or selected by the person. */
export interface Subject {
  /** What a model would receive. */
  readonly text: string;
  readonly document: vscode.TextDocument;
  /** UTF-16 offsets, half open. */
  readonly start: number;
  readonly end: number;
  /** What to call it in a list or a title. */
  readonly name: string;
}

/** Names a subject in a link or a CodeLens: plain data, checked again when it comes back. */
export interface Target {
  readonly uri: string;
  readonly start: number;
  readonly end: number;
}

/** What a link's command takes. */
export function targetOf({ document, start, end }: Subject): Target {
  return { uri: document.uri.toString(), start, end };
}

/** Whether an argument of a command, which anybody may run, has the form of a target. */
export function isTarget(value: unknown): value is Target {
  if (typeof value !== 'object' || value === null) return false;
  const { uri, start, end } = value as Record<string, unknown>;
  return typeof uri === 'string' && isOffset(start) && isOffset(end) && start <= end;
}

function isOffset(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
