import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type RunRecord, recordSchema } from '../../src/core/benchmark/record.ts';
import { type Summary, summarySchema } from '../../src/core/benchmark/summary.ts';
import { jsonLines } from '../spawned-cli.ts';

const cliPath = resolve(import.meta.dirname, '..', '..', 'dist', 'cli.js');

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface BenchOptions {
  readonly baseUrl: string;
  /** Models by their names on the wire. */
  readonly models: readonly string[];
  readonly prompts: readonly string[];
  readonly key?: string;
  readonly args?: readonly string[];
}

/** The command as `npm run build` made it, and a scratch folder for its runs. */
export class Command {
  readonly folder = mkdtempSync(join(tmpdir(), 'tierwise-services-'));
  readonly #running = new Set<ReturnType<typeof spawn>>();

  /** Runs `tierwise ARGS`. `interrupt` is Ctrl-C. */
  start(
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): { ended: Promise<Ended>; interrupt(): void } {
    const child = spawn(process.execPath, [cliPath, ...args], {
      cwd: this.folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env.PATH ?? '', HOME: this.folder, ...env },
    });
    this.#running.add(child);
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    const ended = new Promise<Ended>((resolveEnded) => {
      child.on('close', (code) => {
        this.#running.delete(child);
        resolveEnded({ code, stdout, stderr });
      });
    });
    return { ended, interrupt: () => void child.kill('SIGINT') };
  }

  run(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Ended> {
    return this.start(args, env).ended;
  }

  /** Starts a benchmark without warm-up into the folder `run`: price 1 USD per million input tokens, 2 for output. */
  bench(run: string, { baseUrl, models, prompts, key, args = [] }: BenchOptions) {
    const priced = models.map((id) => ({ id, inputPrice: 1, outputPrice: 2 }));
    const apiKey = key === undefined ? {} : { apiKey: { env: 'SERVICE_KEY' } };
    const endpoints = [{ id: 'real', protocol: 'openai', baseUrl, ...apiKey, models: priced }];
    writeFileSync(this.path(`${run}.json`), JSON.stringify({ endpoints }));
    const rows = prompts.map((prompt, index) => `${JSON.stringify({ id: `p${index}`, prompt })}\n`);
    writeFileSync(this.path(`${run}.jsonl`), rows.join(''));
    const files = ['--config', `${run}.json`, '--prompts', `${run}.jsonl`, '--out', run];
    return this.start(
      ['bench', ...files, '--yes', '--timeout', '120000', '--warmup', '0', ...args],
      key === undefined ? {} : { SERVICE_KEY: key },
    );
  }

  records(run: string): RunRecord[] {
    return jsonLines(readFileSync(this.path(run, 'records.jsonl'), 'utf8')).map((record) => recordSchema.parse(record));
  }

  summary(run: string): Summary {
    return summarySchema.parse(JSON.parse(readFileSync(this.path(run, 'summary.json'), 'utf8')));
  }

  /** Waits until a run that is under way has stored so many records. */
  async stored(run: string, count: number): Promise<void> {
    const path = this.path(run, 'records.jsonl');
    while (!existsSync(path) || readFileSync(path, 'utf8').split('\n').length <= count) await delay(50);
  }

  path(...parts: readonly string[]): string {
    return join(this.folder, ...parts);
  }

  /** Ends what still runs and removes the scratch folder. */
  remove(): void {
    for (const child of this.#running) child.kill('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 10 });
  }
}
