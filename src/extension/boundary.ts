import * as vscode from 'vscode';
import { Failure, type FailureCode, type FailureDetail } from '../core/failure.ts';
import type { CommandId } from './command-ids.ts';
import type { Log } from './log.ts';

/** A button under a message: what it says, and the command that it runs. */
export interface Remedy {
  readonly label: string;
  readonly command: CommandId;
  readonly args?: readonly unknown[];
}

/** A failure that knows the way out. */
export class RemediableFailure extends Failure {
  readonly remedies: readonly Remedy[];
  constructor(detail: FailureDetail, remedies: readonly Remedy[]) {
    super(detail);
    this.remedies = remedies;
  }
}

const showLog: Remedy = { label: 'Show Log', command: 'tierwise.showLog' };
const usual: Partial<Record<FailureCode, readonly Remedy[]>> = {
  auth: [{ label: 'Set API Key', command: 'tierwise.setApiKey' }],
  config: [{ label: 'Open Settings', command: 'tierwise.openSettings' }],
  usage: [],
  input: [],
};

/**
 * Runs what a person asked for. The one place where an error meets the person: an expected failure is shown with its way out, a
 * cancelled action says nothing, and anything else is our defect and goes to the log.
 */
export async function runCommand(name: string, log: Log, action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (error) {
    if (error instanceof vscode.CancellationError) return;
    if (error instanceof Failure && error.code === 'cancelled') return;
    // Not awaited: a message may stay on the screen for long after the command has ended.
    void report(name, log, error);
  }
}

async function report(name: string, log: Log, error: unknown): Promise<void> {
  const expected = error instanceof Failure;
  log.error(`${name}: ${expected ? `${error.code}: ${error.message}` : defectWords(error)}`);
  const message = expected ? error.message : 'An unexpected problem occurred. The log has the details.';
  const remedies = error instanceof RemediableFailure ? error.remedies : (expected && usual[error.code]) || [showLog];
  const labels = remedies.map((remedy) => remedy.label);
  const text = `Tierwise: ${log.redacted(message)}`;
  // What was asked for could not be begun: nothing has gone wrong yet.
  const { showErrorMessage, showWarningMessage } = vscode.window;
  const show = expected && error.code === 'usage' ? showWarningMessage : showErrorMessage;
  const chosen = await show(text, ...labels);
  const remedy = remedies.find(({ label }) => label === chosen);
  if (remedy) await vscode.commands.executeCommand(remedy.command, ...(remedy.args ?? []));
}

function defectWords(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
