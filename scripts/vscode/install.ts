// Gets a whole VS Code from the npm registry: no download from its vendor, no root, no compiler.
// `node scripts/vscode/install.ts` prepares it ahead of the first test run.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { prepareOnce } from './prepare-once.ts';

/** The npm package that carries VS Code 1.139.1; its version is pinned, and so are its dependencies by its shrinkwrap file. */
const PACKAGE = 'code-server';
const VERSION = '4.139.1';

const root = resolve(import.meta.dirname, '..', '..');

/** Where machine-made things live that are too big for node_modules; the name is a convention of VS Code's test tools. */
export const vscodeTestFolder = join(root, '.vscode-test');

/** A VS Code that is ready to start. */
export interface VSCode {
  /** The Node.js that this VS Code needs (24), absolute. */
  readonly node: string;
  /** The script of the VS Code server, absolute. */
  readonly server: string;
}

/**
 * Installs VS Code on first use (about 20 s and 600 MB) and returns where it is.
 * @throws when npm cannot install it; the message holds npm's own.
 */
export async function installVSCode(): Promise<VSCode> {
  const home = await prepareOnce(join(vscodeTestFolder, `${PACKAGE}-${VERSION}`), async (staging) => {
    console.error(`Installing VS Code (${PACKAGE}@${VERSION}) for tests, once ...`);
    await writeFile(join(staging, 'package.json'), '{ "private": true }');
    // Scripts would compile native modules, and a test machine may have no compiler. The server lives without most of them.
    await npm(staging, 'install', `${PACKAGE}@${VERSION}`, '--save-exact');
    const vscode = join(staging, 'node_modules', PACKAGE, 'lib', 'vscode');
    await npm(vscode, 'install', '--omit=dev', '--no-save');
    for (const name of ['spdlog', 'native-watchdog']) {
      const standIn = join(import.meta.dirname, `${name}.cjs`);
      await copyFile(standIn, join(vscode, 'node_modules', '@vscode', name, 'index.js'));
    }
  });
  const pinnedNode = join(root, 'node_modules', 'node', 'bin', 'node');
  return {
    node: existsSync(pinnedNode) ? pinnedNode : process.execPath,
    server: join(home, 'node_modules', PACKAGE, 'lib', 'vscode', 'out', 'server-main.js'),
  };
}

async function npm(folder: string, ...args: readonly string[]): Promise<void> {
  await promisify(execFile)('npm', [...args, '--prefix', folder, '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: folder,
    maxBuffer: 64 * 1024 * 1024,
    shell: process.platform === 'win32',
  });
}

if (import.meta.main) console.log((await installVSCode()).server);
