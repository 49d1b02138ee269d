import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';

const root = resolve(import.meta.dirname, '..');

/** What a command left behind. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that still runs. */
export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves with what was printed so far, as soon as it matches. */
  until(stream: 'stdout' | 'stderr', pattern: RegExp): Promise<string>;
}

export interface RunOptions {
  readonly input?: string | Buffer;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Runs a shell line in which `tierwise` is the command. */
  readonly shell?: string;
}

/** The real command, built as it is shipped, in a folder of its own. */
export interface Cli {
  /** A scratch folder. */
  readonly folder: string;
  start(args: readonly string[], options?: RunOptions): Running;
  run(args: readonly string[], options?: RunOptions): Promise<Ended>;
  /** Writes a file into the scratch folder and returns its path. */
  file(name: string, content: string | Buffer | object): string;
  /** Ends what still runs. */
  stop(): void;
}

/** Builds cli.js and measure.js once for a test file. */
export async function buildCli(): Promise<Cli> {
  const folder = mkdtempSync(join(tmpdir(), 'tierwise-cli-'));
  const dist = join(folder, 'installed', 'dist');
  const bundle = (entry: string, name: string) =>
    build({
      absWorkingDir: root,
      entryPoints: [entry],
      outfile: join(dist, name),
      bundle: true,
      platform: 'node',
      format: 'cjs',
      target: 'node20',
      mainFields: ['module', 'main'],
      logLevel: 'error',
    });
  await Promise.all([
    bundle('src/cli/main.ts', 'cli.js'),
    bundle('src/engine/benchmark/measure-process.ts', 'measure.js'),
  ]);
  cpSync(join(root, 'samples'), join(folder, 'installed', 'samples'), { recursive: true });
  const cliPath = join(dist, 'cli.js');
  const scratch = join(folder, 'scratch');
  mkdirSync(scratch);
  const children = new Set<ChildProcess>();

  const start = (args: readonly string[], { input, env, cwd, shell }: RunOptions = {}): Running => {
    const options = { cwd: cwd ?? scratch, env: { PATH: process.env.PATH ?? '', HOME: scratch, ...env } };
    const child =
      shell === undefined
        ? spawn(process.execPath, [cliPath, ...args], options)
        : spawn('bash', ['-c', `tierwise() { "${process.execPath}" "${cliPath}" "$@"; }; ${shell}`], options);
    children.add(child);
    const printed = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      printed.stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      printed.stderr += text;
    });
    child.stdin.on('error', () => {}).end(input ?? '');
    const ended = new Promise<Ended>((resolveEnded) => {
      child.on('close', (code) => {
        children.delete(child);
        resolveEnded({ code, ...printed });
      });
    });
    const until = (stream: 'stdout' | 'stderr', pattern: RegExp) =>
      new Promise<string>((found, failed) => {
        const look = () => {
          if (pattern.test(printed[stream])) found(printed[stream]);
        };
        child[stream].on('data', look);
        child.on('close', () => failed(new Error(`ended without ${pattern}: ${printed.stdout}${printed.stderr}`)));
        look();
      });
    return { child, ended, until };
  };

  return {
    folder: scratch,
    start,
    run: (args, options) => start(args, options).ended,
    file(name, content) {
      const path = join(scratch, name);
      writeFileSync(path, typeof content === 'string' || Buffer.isBuffer(content) ? content : JSON.stringify(content));
      return path;
    },
    stop() {
      for (const child of children) child.kill('SIGKILL');
    },
  };
}

/** Every file below a folder with its content, to look for what must not be there. */
export function everythingIn(folder: string): string {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
    .join('\n');
}

/** The lines of JSON in a text. */
export function jsonLines<T = any>(text: string): T[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}
