import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { installVSCode } from '../scripts/vscode/install.ts';

const START_TIMEOUT_MS = 120_000;

/** How to start an editor's server. */
export interface EditorServerOptions {
  /** Path of a VSIX to install first, by the editor's own installer. */
  readonly vsixPath?: string;
  /** The user's settings.json. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Ask for workspace trust as for any person; otherwise every folder is trusted. Default false. */
  readonly workspaceTrust?: boolean;
  /** Lets the page's address name extensions under development and their tests. Default false. */
  readonly automation?: boolean;
  /** Environment variables added to those of the server and its extension host. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A running VS Code server, with its own empty user profile, home folder and extensions. */
export interface EditorServer {
  /** Its `host:port`. */
  readonly authority: string;
  /** A temporary folder that is removed when the server stops. */
  readonly folder: string;
  /** The user's settings.json. */
  readonly settingsFile: string;
  /** Resolves when the server is gone, wanted or not. */
  readonly exited: Promise<void>;
  /** The address of the workbench with a folder or `.code-workspace` file open; `payload` is understood with `automation` only. */
  url(opened: string, payload?: ReadonlyArray<readonly [string, string]>): string;
  /** What the server has written so far. */
  log(): string;
  /** Stops the server with all its children and removes its folder. */
  stop(): Promise<void>;
}

/** A quiet start: no tour, no tips, no news, no telemetry, no updates, no assistant. */
const QUIET: Readonly<Record<string, unknown>> = {
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
  'workbench.welcomePage.walkthroughs.openOnInstall': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.enableExperiments': false,
  'workbench.editor.useModal': 'off',
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'update.showReleaseNotes': false,
  'extensions.autoCheckUpdates': false,
  'extensions.autoUpdate': 'off',
  'extensions.ignoreRecommendations': true,
  'chat.agentsControl.enabled': 'hidden',
  'chat.unifiedAgentsBar.enabled': false,
  'git.enabled': false,
  'git.openRepositoryInParentFolders': 'never',
  'files.simpleDialog.enable': true,
};

/**
 * Writes the settings.json of a user who has `settings` and wants no guests on start-up.
 * @returns the path of the file.
 */
export async function writeQuietSettings(
  userFolder: string,
  settings: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const file = join(userFolder, 'settings.json');
  await mkdir(userFolder, { recursive: true });
  await writeFile(file, JSON.stringify({ ...QUIET, ...settings }, undefined, 2));
  return file;
}

/**
 * Starts the server on a free port. It ends with the calling process, however that ends.
 * @throws when it does not start within two minutes; the message holds its log.
 */
export async function startEditorServer(options: EditorServerOptions = {}): Promise<EditorServer> {
  const vscode = await installVSCode();
  const folder = await mkdtemp(join(tmpdir(), 'tierwise-editor-'));
  const settingsFile = await writeQuietSettings(join(folder, 'data', 'User'), options.settings);
  const env = {
    ...outsideEditor(process.env),
    // What programs write for themselves goes into our folder, and what they find there is nobody's.
    HOME: folder,
    TMPDIR: folder,
    XDG_RUNTIME_DIR: folder,
    // No marketplace: a test must pass the same way with and without a network.
    EXTENSIONS_GALLERY: '{}',
    ...options.env,
  };
  const folders = ['--server-data-dir', folder, '--extensions-dir', join(folder, 'extensions')];
  if (options.vsixPath) {
    const install = [...folders, '--install-extension', options.vsixPath, '--force'];
    await promisify(execFile)(vscode.node, [vscode.server, ...install], { env }).catch(async (error: Error) => {
      await rm(folder, { recursive: true, force: true });
      throw error;
    });
  }

  const serve = [
    ...folders,
    ...['--host', '127.0.0.1', '--port', '0', '--without-connection-token', '--accept-server-license-terms'],
    ...['--telemetry-level', 'off', '--disable-experiments'],
    ...(options.workspaceTrust ? [] : ['--disable-workspace-trust']),
    ...(options.automation ? ['--enable-smoke-test-driver'] : []),
  ];
  const leash = ['--disable-warning=MODULE_TYPELESS_PACKAGE_JSON', join(import.meta.dirname, 'leash.ts'), folder];
  const server = spawn(vscode.node, [...leash, vscode.node, vscode.server, ...serve], { env });
  const exited = once(server, 'close').then(() => {});
  let log = '';
  const collect = (text: Buffer) => {
    log += text;
  };
  server.stdout.on('data', collect);
  server.stderr.on('data', collect);
  const stop = async () => {
    server.stdin.end();
    await exited;
  };

  try {
    const port = await listening(server.stdout, exited, () => log);
    const authority = `127.0.0.1:${port}`;
    return {
      authority,
      folder,
      settingsFile,
      exited,
      url: (opened, payload = []) => {
        const kind = opened.endsWith('.code-workspace') ? 'workspace' : 'folder';
        return `http://${authority}/?${new URLSearchParams({ [kind]: opened, payload: JSON.stringify(payload) })}`;
      },
      log: () => log,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Resolves to the port that the server has chosen. */
async function listening(stdout: Readable, exited: Promise<void>, log: () => string): Promise<string> {
  const signal = AbortSignal.timeout(START_TIMEOUT_MS);
  const ended = exited.then(() => Promise.reject(new Error('it ended')));
  ended.catch(() => {});
  try {
    for (;;) {
      const port = /Extension host agent listening on (\d+)/.exec(log())?.[1];
      if (port) return port;
      await Promise.race([once(stdout, 'data', { signal }), ended]);
    }
  } catch (cause) {
    throw new Error(`The VS Code server did not start: ${cause}\n${log()}`, { cause });
  }
}

/** The environment without what an editor's own terminal adds: it would tie our server to that editor. */
function outsideEditor(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const foreign = /^(VSCODE_|ELECTRON_|NODE_OPTIONS$|VITEST)/;
  return Object.fromEntries(Object.entries(env).filter(([name]) => !foreign.test(name)));
}
