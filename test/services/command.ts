import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Manifest, manifestSchema } from '../../src/core/benchmark/manifest.ts';
import { type RunRecord, recordSchema } from '../../src/core/benchmark/record.ts';
import { type Summary, summarySchema } from '../../src/core/benchmark/summary.ts';
import type { Protocol } from '../../src/core/catalog/protocol.ts';
import { type Outcome, outcomeSchema } from '../../src/core/quality/outcome.ts';
import { type AnswerRow, answerRowSchema } from '../../src/engine/calling/answer-row.ts';
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

interface Endpoint {
  readonly id: string;
  /** Absent: `openai`. */
  readonly protocol?: Protocol;
  readonly baseUrl: string;
  readonly key?: string | undefined;
  readonly models: readonly string[];
}

interface Asked {
  readonly endpoints: readonly Endpoint[];
  readonly prompts: readonly string[];
  readonly args?: readonly string[];
}

interface AskOptions extends Omit<Asked, 'endpoints'> {
  readonly endpoint: Endpoint;
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

  /** Starts a benchmark of one endpoint without warm-up into the folder `run`. */
  bench(run: string, { baseUrl, models, prompts, key, args = [] }: BenchOptions) {
    return this.benchAll(run, { endpoints: [{ id: 'real', baseUrl, models, key }], prompts, args });
  }

  /** Starts a benchmark of several endpoints without warm-up into the folder `run`. */
  benchAll(run: string, { endpoints, prompts, args = [] }: Asked) {
    const [config, env] = this.#configure(run, endpoints);
    const files = ['--config', config, '--prompts', this.#dataset(run, prompts), '--out', run];
    return this.start(['bench', ...files, '--yes', '--timeout', '120000', '--warmup', '0', ...args], env);
  }

  /** Answers prompts with the only model of one endpoint, into a file. */
  async ask(name: string, { endpoint, prompts, args = [] }: AskOptions): Promise<Ended & { rows: AnswerRow[] }> {
    const [config, env] = this.#configure(name, [endpoint]);
    const out = `${name}.answers.jsonl`;
    const model = `${endpoint.id}/${endpoint.models[0]}`;
    const files = [this.#dataset(name, prompts), '--config', config, '--model', model, '--out', out];
    const ended = await this.run(['ask', ...files, '--yes', ...args], env);
    const path = this.path(out);
    const rows = existsSync(path) ? jsonLines(readFileSync(path, 'utf8')) : [];
    return { ...ended, rows: rows.map((row) => answerRowSchema.parse(row)) };
  }

  /** A configuration: 1 USD per million input tokens, 2 for output. @returns its file, and the environment with the keys */
  #configure(name: string, endpoints: readonly Endpoint[]): [string, Record<string, string>] {
    const env: Record<string, string> = {};
    const configured = endpoints.map(({ key, models, ...endpoint }, index) => {
      if (key !== undefined) env[`SERVICE_KEY_${index}`] = key;
      return {
        protocol: 'openai',
        ...endpoint,
        ...(key === undefined ? {} : { apiKey: { env: `SERVICE_KEY_${index}` } }),
        models: models.map((id) => ({ id, inputPrice: 1, outputPrice: 2 })),
      };
    });
    writeFileSync(this.path(`${name}.json`), JSON.stringify({ endpoints: configured }));
    return [`${name}.json`, env];
  }

  #dataset(name: string, prompts: readonly string[]): string {
    const rows = prompts.map((prompt, index) => `${JSON.stringify({ id: `p${index}`, prompt })}\n`);
    writeFileSync(this.path(`${name}.jsonl`), rows.join(''));
    return `${name}.jsonl`;
  }

  records(run: string): RunRecord[] {
    return jsonLines(this.read(run, 'records.jsonl')).map((record) => recordSchema.parse(record));
  }

  summary(run: string): Summary {
    return summarySchema.parse(JSON.parse(this.read(run, 'summary.json')));
  }

  manifest(run: string): Manifest {
    return manifestSchema.parse(JSON.parse(this.read(run, 'manifest.json')));
  }

  outcomes(run: string): Outcome[] {
    return jsonLines(this.read(run, 'outcomes.jsonl')).map((outcome) => outcomeSchema.parse(outcome));
  }

  read(...parts: readonly string[]): string {
    return readFileSync(this.path(...parts), 'utf8');
  }

  /** Writes a file into the scratch folder, an object as JSON. @returns its name */
  write(name: string, content: string | object): string {
    const path = this.path(name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
    return name;
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
