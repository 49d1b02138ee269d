import * as vscode from 'vscode';
import { explanationMarkdown } from '../core/complexity/explain.ts';
import type { Explanations } from './explanations.ts';
import type { Services } from './services.ts';

/** Explains a prompt's score in a rendered, read-only document. */
export async function explain(services: Services, explanations: Explanations, argument: unknown): Promise<void> {
  const subject = services.subjects.wanted(argument);
  const uri = explanations.add(explanationMarkdown(services.adviser.route(subject), subject.text));
  await vscode.commands.executeCommand('markdown.showPreview', uri);
}
