// Runs the tests of test/host/suite inside a real VS Code: the one that TIERWISE_VSCODE names (a desktop VS Code's executable),
// else one from npm. TIERWISE_VERBOSE=1 shows the editor's own log as well.
import { existsSync } from 'node:fs';
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Writable } from 'node:stream';
import { runTests } from '@vscode/test-electron';
import { build } from 'esbuild';
import { writeQuietSettings } from '../editor-server.ts';

const TIMEOUT_MS = 10 * 60_000;

const root = resolve(import.meta.dirname, '..', '..');
const suite = join(import.meta.dirname, 'suite');
const bundle = join(root, 'out', 'host', 'index.js');

/** Bundles the suite for the extension host, and makes sure that no test file was forgotten. */
async function bundleSuite(): Promise<void> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [join(suite, 'index.ts')],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node22',
    external: ['vscode'],
    sourcemap: true,
    metafile: true,
    logLevel: 'warning',
    // Parts of mocha that run tests in worker processes; we do not.
    logOverride: { 'require-resolve-not-external': 'silent' },
  });
  const forgotten = (await readdir(suite)).filter(
    (name) => name.endsWith('.host.ts') && !(`test/host/suite/${name}` in metafile.inputs),
  );
  if (forgotten.length > 0) throw new Error(`test/host/suite/index.ts does not import ${forgotten.join(', ')}`);
}

/** Interrupts the run, as Ctrl-C does; twice, because a hanging editor may ignore the first. */
function interrupt(): void {
  process.emit('SIGINT');
  setTimeout(() => process.emit('SIGINT'), 10_000).unref();
}

/** Passes on what the tests print, and keeps count. */
const counts = { passing: 0, failing: 0, pending: 0 };
const stdout = new Writable({
  write(chunk: Buffer, _encoding, done) {
    for (const [, count, kind] of chunk.toString().matchAll(/^ {2}(\d+) (passing|failing|pending)/gm)) {
      counts[kind as keyof typeof counts] = Number(count);
    }
    process.stdout.write(chunk, done);
  },
});

const main = join(root, 'dist', 'extension.js');
if (!existsSync(main)) throw new Error(`There is no ${main}: npm run build makes it.`);
await bundleSuite();
const folder = await mkdtemp(join(tmpdir(), 'tierwise-host-'));
const workspace = join(folder, 'workspace');
const userData = join(folder, 'user-data');
await cp(join(import.meta.dirname, 'workspace'), workspace, { recursive: true });
await writeQuietSettings(join(userData, 'User'));

// With a listener of ours the run ends by an error, and what it made is cleaned up.
process.on('SIGINT', () => {
  process.exitCode = 130;
});
process.on('SIGTERM', interrupt);
const timer = setTimeout(() => {
  console.error(`The tests did not end within ${TIMEOUT_MS / 60_000} minutes.`);
  interrupt();
}, TIMEOUT_MS);

const desktop = process.env.TIERWISE_VSCODE;
const launcher = ['--disable-warning=MODULE_TYPELESS_PACKAGE_JSON', join(import.meta.dirname, 'launcher.ts')];
try {
  await runTests({
    vscodeExecutablePath: desktop ?? process.execPath,
    // Beside the extension one that provides language models to VS Code.
    extensionDevelopmentPath: [root, join(import.meta.dirname, 'model-provider')],
    extensionTestsPath: bundle,
    launchArgs: [
      ...(desktop ? [] : launcher),
      join(workspace, 'planted.code-workspace'),
      `--user-data-dir=${userData}`,
      `--extensions-dir=${join(folder, 'extensions')}`,
    ],
    stdout,
  });
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode ||= 1;
} finally {
  clearTimeout(timer);
  await rm(folder, { recursive: true, force: true, maxRetries: 10 });
}
console.log(`${counts.passing} passed, ${counts.failing} failed, ${counts.pending} skipped`);
