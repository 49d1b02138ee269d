// Takes away each guard in a copy of the project, one after the other, and tells whether its test notices.
//   node test/guards/run.ts [words]   only the guards whose names hold all the words
import { spawn } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Edit, type Guard, guards } from './guards.ts';

const root = resolve(import.meta.dirname, '..', '..');
const bin = join(root, 'node_modules', '.bin');

interface Ran {
  readonly code: number;
  readonly output: string;
}

/** Runs a program in a folder, with the project's own Node first in the PATH. */
function run(folder: string, command: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ran> {
  const [file = '', ...args] = command;
  return new Promise((done, failed) => {
    const child = spawn(file, args, {
      cwd: folder,
      env: { ...process.env, ...env, PATH: `${bin}:${process.env.PATH}` },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const hear = (text: Buffer) => {
      output += text;
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.once('error', failed);
    child.once('close', (code) => done({ code: code ?? 1, output }));
  });
}

/** A copy of the working tree, without what is made or installed: that is shared. */
async function copyProject(): Promise<string> {
  const listed = await run(root, ['git', 'ls-files', '--cached', '--others', '--exclude-standard', '-z']);
  if (listed.code !== 0) throw new Error(listed.output);
  const folder = await mkdtemp(join(tmpdir(), 'tierwise-guards-'));
  for (const file of listed.output.split('\0').filter(Boolean)) {
    // A file that is deleted but not yet committed is listed still.
    await cp(join(root, file), join(folder, file)).catch((error) => {
      if (error.code !== 'ENOENT') throw error;
    });
  }
  for (const shared of ['node_modules', '.vscode-test']) await symlink(join(root, shared), join(folder, shared));
  return folder;
}

/** Applies edits; returns what takes them back. @throws when a place is not found exactly once. */
async function apply(folder: string, edits: readonly Edit[]): Promise<() => Promise<void>> {
  const originals = new Map<string, string>();
  for (const { file, find, replace } of edits) {
    const path = join(folder, file);
    const text = await readFile(path, 'utf8');
    if (!originals.has(path)) originals.set(path, text);
    const count = text.split(find).length - 1;
    if (count !== 1) throw new Error(`${file} holds ${count} times: ${find}`);
    await writeFile(
      path,
      text.replace(find, () => replace),
    );
  }
  return async () => {
    for (const [path, text] of originals) await writeFile(path, text);
  };
}

interface Verdict {
  readonly passed: number;
  readonly failed: number;
  readonly output: string;
}

async function test(folder: string, wanted: Guard['test']): Promise<Verdict> {
  if ('unit' in wanted) {
    const { output } = await run(folder, ['vitest', 'run', '--project', 'unit', wanted.unit], { NO_COLOR: '1' });
    const [, line = ''] = /^\s*Tests\s+(.*)$/m.exec(output) ?? [];
    const number = (word: string) => Number(new RegExp(`(\\d+) ${word}`).exec(line)?.[1] ?? 0);
    return { passed: number('passed'), failed: number('failed'), output };
  }
  const built = await run(folder, ['node', 'esbuild.js']);
  if (built.code !== 0) return { passed: 0, failed: 0, output: built.output };
  const { output } = await run(folder, ['node', 'test/host/run.ts'], { TIERWISE_GREP: wanted.host });
  const [, passed = '0', failed = '0'] = /^(\d+) passed, (\d+) failed/m.exec(output) ?? [];
  return { passed: Number(passed), failed: Number(failed), output };
}

/** `killed`, `survived`, or what kept it from being tried. */
async function tried(folder: string, guard: Guard): Promise<string> {
  const undo = await apply(folder, guard.edits).catch((error: Error) => error);
  if (undo instanceof Error) return `not found: ${undo.message}`;
  try {
    const { passed, failed, output } = await test(folder, guard.test);
    if (failed > 0) return 'killed';
    return passed > 0 ? 'survived' : `no test ran: ${output.slice(-2_000)}`;
  } finally {
    await undo();
  }
}

/** Without any edit every test must pass: else a failure would prove nothing. */
async function checkUntouched(folder: string, chosen: readonly Guard[]): Promise<string[]> {
  const hosts = new Set(chosen.flatMap(({ test }) => ('host' in test ? [test.host] : [])));
  const units = new Set(chosen.flatMap(({ test }) => ('unit' in test ? [test.unit] : [])));
  const tests = [...(hosts.size > 0 ? [{ host: [...hosts].join('|') }] : []), ...[...units].map((unit) => ({ unit }))];
  const complaints: string[] = [];
  for (const one of tests) {
    const { passed, failed, output } = await test(folder, one);
    if (failed > 0 || passed === 0) complaints.push(output.slice(-4_000));
  }
  return complaints;
}

const words = process.argv.slice(2);
const chosen = guards.filter(({ name }) => words.every((word) => name.includes(word)));
const folder = await copyProject();
try {
  const complaints = await checkUntouched(folder, chosen);
  if (complaints.length > 0) throw new Error(`With all guards in their places tests fail:\n${complaints.join('\n')}`);
  let bad = 0;
  for (const guard of chosen) {
    const started = performance.now();
    const verdict = await tried(folder, guard);
    if (verdict !== 'killed') bad += 1;
    console.log(`${verdict}  ${guard.name} (${Math.round((performance.now() - started) / 1000)} s)`);
  }
  console.log(`${chosen.length - bad} of ${chosen.length} guards are kept by a test.`);
  if (bad > 0 || chosen.length === 0) process.exitCode = 1;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}
