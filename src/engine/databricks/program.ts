import { execFile } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { basename, delimiter, dirname, extname, isAbsolute, join } from 'node:path';

type Environment = Readonly<Record<string, string | undefined>>;

/** A program that can be started without a shell: its file, and the arguments that come before one's own. */
export interface Program {
  readonly file: string;
  readonly before: readonly string[];
}

export interface Ran {
  readonly stdout: string;
  /** Its first few thousand characters. */
  readonly stderr: string;
  /** Why it is no success: `exit` with its code, `timeout`, `start` when it could not be started, `too-large`. */
  readonly failed?: 'exit' | 'timeout' | 'start' | 'too-large' | undefined;
}

/** Signing in may start a Python and refresh a token over the network. */
const timeoutMs = 45_000;
const maxOutput = 256 * 1024;

/**
 * Finds a program in PATH. Only absolute folders count: Windows and an empty entry of PATH would look into the current
 * folder too, and that may be a stranger's. Files that only a shell can start are not found.
 */
export function findProgram(name: string, env: Environment, platform = process.platform): Program | undefined {
  const windows = platform === 'win32';
  const path = env.PATH ?? (windows ? Object.entries(env).find(([key]) => /^path$/i.test(key))?.[1] : undefined) ?? '';
  for (const entry of path.split(delimiter)) {
    const folder = entry.replace(/^"(.*)"$/, '$1');
    if (!isAbsolute(folder)) continue;
    const found = programAt(join(folder, windows ? `${name}.exe` : name), platform);
    if (found) return found;
    const wrapped = windows && name === 'az' ? azureProgram(join(folder, 'az.cmd')) : undefined;
    if (wrapped) return wrapped;
  }
  return undefined;
}

/** The program at a path that a person gave (DATABRICKS_CLI_PATH). */
export function programAt(file: string, platform = process.platform): Program | undefined {
  if (!isFile(file)) return undefined;
  if (platform !== 'win32') return (statSync(file).mode & 0o111) === 0 ? undefined : { file, before: [] };
  return ['.exe', '.com'].includes(extname(file).toLowerCase()) ? { file, before: [] } : undefined;
}

/** On Windows `az` is a batch file, which only a shell can start; it runs the Python that is installed beside it. */
function azureProgram(batch: string): Program | undefined {
  if (!existsSync(batch) || basename(dirname(batch)).toLowerCase() !== 'wbin') return undefined;
  const python = join(dirname(batch), '..', 'python.exe');
  return isFile(python) ? { file: python, before: ['-IBm', 'azure.cli'] } : undefined;
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

/** Runs a program without a shell, with nothing to read, for a limited time and output; the signal ends it. Never rejects. */
export function run(program: Program, args: readonly string[], env: Environment, signal?: AbortSignal): Promise<Ran> {
  return new Promise((resolve) => {
    const child = execFile(
      program.file,
      [...program.before, ...args],
      {
        env: env as NodeJS.ProcessEnv,
        timeout: timeoutMs,
        killSignal: 'SIGKILL',
        maxBuffer: maxOutput,
        encoding: 'utf8',
        windowsHide: true,
        shell: false,
        ...(signal === undefined ? {} : { signal }),
      },
      (error, stdout, stderr) =>
        resolve({ stdout, stderr: stderr.slice(0, 4000), failed: error ? why(error) : undefined }),
    );
    child.stdin?.on('error', () => {}).end();
  });
}

function why(error: Error & { readonly code?: string | number | null | undefined; killed?: boolean }): Ran['failed'] {
  if (error.code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') return 'too-large';
  if (typeof error.code === 'string') return 'start';
  return error.killed === true ? 'timeout' : 'exit';
}
