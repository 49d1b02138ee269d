// The tests that run inside a real VS Code. Every `*.host.ts` beside this file is imported here, after mocha.
import { mocha } from './mocha.ts';
import './extension.host.ts';
import './commands.host.ts';
import './advice.host.ts';
import './endpoints.host.ts';
import './attacks.host.ts';
import './calls.host.ts';
import './kinds.host.ts';
import './discovery.host.ts';
import './vscode-models.host.ts';
import './workspace.host.ts';
import './benchmark.host.ts';
import './loads.host.ts';

/** Called by VS Code when the workbench is ready; rejects when a test fails, which ends the editor with exit code 1. */
export async function run(): Promise<void> {
  const failed = await new Promise<number>((resolve) => {
    mocha.run(resolve);
  });
  if (failed > 0) throw new Error(`${failed} failed`);
}
