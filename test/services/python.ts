import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
/** Where real servers are kept between test runs; git ignores it. */
const cache = resolve(import.meta.dirname, '..', '..', '.services');

/** A Python environment with a server in it, or why there is none. */
export type Prepared = { readonly bin: string; readonly missing?: undefined } | { readonly missing: string };

export interface Recipe {
  readonly name: string;
  /** Arguments of one `pip install` each. Versions are pinned. */
  readonly installs: readonly (readonly string[])[];
  /** Versions of what the packages themselves need. */
  readonly constraints?: string;
  /** After this long setting up is given up; ms. */
  readonly limitMs: number;
}

/**
 * Installs packages from the Python package index into an environment of their own, once. Never throws: a machine without
 * Python, network or a fitting package has no real server, and its tests are skipped.
 */
export async function prepare(recipe: Recipe): Promise<Prepared> {
  const prepared = await install(recipe);
  // Vitest does not print the name of a suite of which every test is skipped.
  if (prepared.missing !== undefined) console.log(`skipped: ${prepared.missing}`);
  return prepared;
}

async function install({ name, installs, constraints, limitMs }: Recipe): Promise<Prepared> {
  if (process.platform === 'win32') return { missing: 'the real servers are set up on Linux and macOS only' };
  const signal = AbortSignal.timeout(limitMs);
  const python = await run('python3', ['-c', 'import sys; print(sys.version)'], { signal }).catch(() => undefined);
  if (!python) return { missing: 'there is no python3' };
  const recipe = createHash('sha256').update(python.stdout).update(JSON.stringify(installs));
  if (constraints !== undefined) recipe.update(readFileSync(constraints));
  const folder = join(cache, name);
  const bin = join(folder, 'bin');
  const done = join(folder, `installed-${recipe.digest('hex').slice(0, 16)}`);
  if (existsSync(done)) return { bin };

  console.log(`Setting up ${name} in ${folder}, once.`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(cache, { recursive: true });
  const pip = [
    'install',
    ...['--only-binary', ':all:', '--disable-pip-version-check', '--no-input', '--quiet'],
    ...['--retries', '1', '--timeout', '15'],
    ...(constraints === undefined ? [] : ['--constraint', constraints]),
  ];
  try {
    await run('python3', ['-m', 'venv', folder], { signal });
    for (const install of installs) await run(join(bin, 'pip'), [...pip, ...install], { signal });
  } catch (error) {
    return { missing: `${name} could not be installed: ${signal.aborted ? 'it took too long' : lastWords(error)}` };
  }
  writeFileSync(done, '');
  return { bin };
}

/** The last line that a program printed before it failed. */
function lastWords(error: unknown): string {
  const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
  return (stderr.trim() || stdout.trim() || String(error)).split('\n').at(-1) ?? '';
}
