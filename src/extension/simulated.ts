import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import * as vscode from 'vscode';
import * as z from 'zod/mini';
import { Failure } from '../core/failure.ts';
import { configuredModelSchema } from '../engine/config/schema.ts';
import type { Endpoints } from './endpoints.ts';
import type { Log } from './log.ts';
import { simulatedId } from './reserved-ids.ts';
import type { Services } from './services.ts';

const startTimeoutMs = 20_000;
const announcementSchema = z.object({ baseUrl: z.string(), models: z.array(z.object(configuredModelSchema.shape)) });

/** The simulated endpoint: a process of its own that serves on this machine while the window lives or until it is stopped. */
export class SimulatedEndpoint implements vscode.Disposable {
  readonly #cli: string;
  readonly #endpoints: Endpoints;
  readonly #log: Log;
  #process: ChildProcess | undefined;
  #starting: Promise<void> | undefined;

  constructor(cli: string, endpoints: Endpoints, log: Log) {
    this.#cli = cli;
    this.#endpoints = endpoints;
    this.#log = log;
  }

  /** Resolves when it serves. Starting it twice starts it once. @throws Failure `local` when it does not start. */
  start(): Promise<void> {
    this.#starting ??= this.#start().catch((error) => {
      this.stop();
      throw error;
    });
    return this.#starting;
  }

  stop(): void {
    this.#process?.kill();
    this.#ended();
  }

  dispose(): void {
    this.#process?.kill();
  }

  async #start(): Promise<void> {
    // Where the extension host is Electron, the variable makes it a plain Node.
    const child = fork(this.#cli, ['simulate', '--port', '0', '--json'], {
      env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
      execArgv: [],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.#process = child;
    let complaint = '';
    child.stderr?.on('data', (chunk) => {
      complaint = `${complaint}${chunk}`.slice(-2_000);
    });
    child.once('exit', () => {
      if (this.#process === child) this.#ended();
    });
    const line = await firstLine(child).catch((cause) => {
      throw new Failure(
        { code: 'local', message: `The simulated endpoint did not start. ${complaint.trim()}`.trim() },
        { cause },
      );
    });
    const { baseUrl, models } = announcementSchema.parse(JSON.parse(line));
    this.#endpoints.setSimulated({
      id: simulatedId,
      protocol: 'openai',
      baseUrl,
      models: models.map(({ id, inputPrice, outputPrice, contextWindow }) => ({
        id,
        inputPrice,
        outputPrice,
        contextWindow,
      })),
      simulated: true,
    });
    this.#log.info(`simulated endpoint at ${baseUrl}`);
    await setRunning(true);
  }

  #ended(): void {
    this.#process = undefined;
    this.#starting = undefined;
    this.#endpoints.setSimulated(undefined);
    void setRunning(false);
  }
}

async function firstLine(child: ChildProcess): Promise<string> {
  if (!child.stdout) throw new Error('no output');
  const signal = AbortSignal.timeout(startTimeoutMs);
  const lines = createInterface({ input: child.stdout });
  const ended = once(child, 'exit', { signal }).then(() => Promise.reject(new Error('it ended')));
  const [line] = await Promise.race([once(lines, 'line', { signal }), ended]);
  return String(line);
}

/** For the `when` clauses of commands and menus. */
async function setRunning(running: boolean): Promise<void> {
  await vscode.commands.executeCommand('setContext', 'tierwise.simulatedRunning', running);
}

/** The command: starts it and says where it is. */
export async function startSimulated({ simulated, endpoints }: Services): Promise<void> {
  await vscode.window.withProgress(
    { location: { viewId: 'tierwise.endpoints' }, title: 'Starting the simulated endpoint' },
    () => simulated.start(),
  );
  const models = endpoints.simulated?.models.map(({ id }) => id).join(', ');
  vscode.window.setStatusBarMessage(`Tierwise: simulated models ${models} are ready`, 5_000);
}
