// The simulated endpoint as a server of its own, for what the built-in one does not do: ask for a key, fail, take its time.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { tierwise } from './tierwise.ts';

export interface Simulator {
  /** The same, with one model that always answers at once. */
  readonly instant: { id: string; protocol: string; baseUrl: string; models: object[] };
  /** What an endpoint in the settings is called and looks like. */
  readonly endpoint: { id: string; protocol: string; baseUrl: string; models: object[] };
  stop(): void;
}

/** Starts it; `apiKey` is what it then asks for. */
export async function startSimulator(id: string, options: readonly string[] = [], apiKey?: string): Promise<Simulator> {
  const { extension } = await tierwise();
  const key = apiKey === undefined ? [] : ['--api-key-env', 'SIMULATOR_KEY'];
  const child = fork(join(extension.extensionPath, 'dist', 'cli.js'), ['simulate', '--json', ...key, ...options], {
    env: { ...process.env, ELECTRON_RUN_AS_NODE: '1', SIMULATOR_KEY: apiKey },
    execArgv: [],
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const [line] = await once(createInterface({ input: child.stdout! }), 'line');
  const { baseUrl, models } = JSON.parse(line) as { baseUrl: string; models: any[] };
  return {
    instant: { id, protocol: 'openai', baseUrl, models: [{ id: 'instant', inputPrice: 1, outputPrice: 2 }] },
    endpoint: {
      id,
      protocol: 'openai',
      baseUrl,
      models: models.map(({ id, inputPrice, outputPrice }) => ({ id, inputPrice, outputPrice })),
    },
    stop: () => void child.kill(),
  };
}
