import { expect } from 'vitest';
import { Command, type Ended } from './command.ts';
import { modelName, type Server, startLlama } from './servers.ts';
import { startTap, type Tap, type Tapped } from './tap.ts';

/** The configured model, by its full name. */
export const model = `real/${modelName}`;

/** llama.cpp behind a tap, and the command with a configuration of it. */
export interface TappedLlama {
  readonly command: Command;
  readonly server: Server;
  readonly tap: Tap;
  readonly endpoints: readonly object[];
  /** Runs a benchmark without calibration into the folder `run`. */
  bench(run: string, prompts: string, args: readonly string[], config?: string): Promise<Ended>;
  /** The one request with this id. */
  tappedBy(id: string): Tapped;
  stop(): Promise<void>;
}

export async function startTappedLlama(bin: string): Promise<TappedLlama> {
  const command = new Command();
  const server = await startLlama(bin, { embeddings: true });
  const tap = await startTap(server.baseUrl);
  const models = [
    { id: modelName, inputPrice: 1, outputPrice: 2 },
    // It takes any name for its only model.
    { id: 'another-name', inputPrice: 1, outputPrice: 2 },
    { id: 'judge', inputPrice: 3, cachedInputPrice: 0.5, outputPrice: 4 },
    { id: 'embedder', task: 'embeddings', inputPrice: 5 },
  ];
  const endpoints = [{ id: 'real', protocol: 'openai', baseUrl: tap.baseUrl, models }];
  command.write('tierwise.json', { endpoints });
  return {
    command,
    server,
    tap,
    endpoints,
    bench(run, prompts, args, config = 'tierwise.json') {
      const files = ['--config', config, '--prompts', prompts, '--out', run];
      return command.run(['bench', ...files, '--yes', '--no-calibrate', ...args]);
    },
    tappedBy(id) {
      const found = tap.tapped.filter((one) => one.id === id);
      expect(found, id).toHaveLength(1);
      return found[0]!;
    },
    async stop() {
      command.remove();
      await tap.close();
      await server.kill();
    },
  };
}

/** As JSONL. */
export function rows(...all: readonly object[]): string {
  return all.map((row) => `${JSON.stringify(row)}\n`).join('');
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

export function grouped<T>(values: readonly T[], by: (value: T) => string): T[][] {
  return [...new Set(values.map(by))].map((key) => values.filter((value) => by(value) === key));
}
