import * as vscode from 'vscode';
import { Failure } from '../core/failure.ts';
import { endpointIdPattern } from '../engine/config/schema.ts';

/** Where a person stands in a row of questions. */
export interface Step {
  readonly at: number;
  readonly of: number;
}

/** `Tierwise: Add Endpoint (2/6)`. */
export function stepTitle(what: string, { at, of }: Step): string {
  return `Tierwise: ${what} (${at}/${of})`;
}

/** @throws CancellationError when the person pressed Escape. */
export function answered<T>(answer: T | undefined): T {
  if (answer === undefined) throw new vscode.CancellationError();
  return answer;
}

/** What a check finds wrong, in words for an input box. */
export function problemOf(check: () => unknown): string | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    if (error instanceof Failure) return error.message;
    throw error;
  }
}

/** An id for an endpoint that nothing else has, made of what it is called. */
export function freeId(name: string, taken: ReadonlySet<string>): string {
  const clean = name.replace(/[^\w.-]/g, '').slice(0, 50);
  const base = endpointIdPattern.test(clean) ? clean : 'endpoint';
  let id = base;
  for (let count = 2; taken.has(id); count++) id = `${base}-${count}`;
  return id;
}

/** What an endpoint may be called, after its address: the host's first name, and the port on this machine. */
export function nameOfAddress(url: string): string {
  const { hostname, port } = new URL(url);
  const host = hostname.replace(/^(api|www)\./, '').split('.')[0] ?? '';
  return [host, ...(host === 'localhost' || host === '127' ? [port] : [])].join('-');
}

/** Asks what an endpoint is to be called. */
export async function askForId(title: string, proposal: string, taken: ReadonlySet<string>): Promise<string> {
  return answered(
    await vscode.window.showInputBox({
      title,
      prompt: 'What do you call it? Models are then named endpoint/model.',
      value: freeId(proposal, taken),
      ignoreFocusOut: true,
      validateInput: (text) => {
        if (!endpointIdPattern.test(text))
          return 'Letters, digits, dot, dash and underscore, beginning with a letter or digit.';
        return taken.has(text) ? `"${text}" is taken. Choose another name.` : undefined;
      },
    }),
  );
}
