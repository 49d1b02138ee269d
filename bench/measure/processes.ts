// Processes of the benches that measure: pinned to a core each, as scripts that load nothing else.
import { execFileSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';

/** A program in `folder` that runs Node on one core; Node itself where that cannot be. */
export function nodeOn(core: number, folder: string): string {
  try {
    if (availableParallelism() < 2) return process.execPath;
    execFileSync('taskset', ['-c', String(core), 'true']);
  } catch {
    return process.execPath;
  }
  const path = join(folder, `node-${core}`);
  writeFileSync(path, `#!/bin/sh\nexec taskset -c ${core} "${process.execPath}" "$@"\n`);
  chmodSync(path, 0o755);
  return path;
}

/** One of the scripts beside this one, as a single file in `folder`. */
export function builtInto(folder: string, name: string): string {
  const outfile = join(folder, `${name}.mjs`);
  const banner = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";
  buildSync({
    entryPoints: [join(import.meta.dirname, `${name}.ts`)],
    outfile,
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    mainFields: ['module', 'main'],
    banner: { js: banner },
  });
  return outfile;
}
