// Stands in for a VS Code executable when VS Code comes from npm: understands the arguments by which @vscode/test-electron runs
// an extension's tests, opens the workbench in a headless browser, prints what the tests print, and ends with their exit code.
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { launchBrowser } from '../browser.ts';
import { startEditorServer } from '../editor-server.ts';

const { values, positionals } = parseArgs({
  strict: false,
  options: { extensionDevelopmentPath: { type: 'string', multiple: true }, extensionTestsPath: { type: 'string' } },
});
const opened = positionals[0];
const { extensionDevelopmentPath, extensionTestsPath } = values;
if (opened === undefined || !Array.isArray(extensionDevelopmentPath) || typeof extensionTestsPath !== 'string') {
  throw new Error('Usage: node launcher.ts WORKSPACE --extensionDevelopmentPath=... --extensionTestsPath=...');
}

/** The suite begins its lines with this, so that they can be told from what the editor says of itself. */
const mark = randomUUID();
const asides: string[] = [];
let suiteHasSpoken = false;

/** Receives the log of the workbench and of the extension host. */
function hear(type: string, args: readonly unknown[]): void {
  const line = args.map((arg) => (typeof arg === 'string' ? arg : JSON.stringify(arg))).join(' ');
  if (line.startsWith(mark)) {
    suiteHasSpoken = true;
    console.log(line.slice(mark.length));
  } else {
    asides.push(`[${type}] ${line}`);
  }
}

/** Called once with the exit code of the tests, or with why there is none. */
let end: (result: number | string) => void = () => {};
const ended = new Promise<number | string>((resolve) => {
  end = resolve;
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => end(`Stopped by ${signal}.`));
// Our parent holds this pipe open for as long as it wants the tests.
process.stdin.resume().once('close', () => end('The test run was abandoned.'));

const [server, browser] = await Promise.all([
  startEditorServer({ automation: true, env: { TIERWISE_LINE_MARK: mark } }),
  launchBrowser(),
]);
server.exited.then(() => end('The VS Code server ended.'), end);
browser.once('disconnected', () => end('The browser ended.'));
const page = await browser.newPage();
page.once('crash', () => end('The workbench crashed.'));
await page.exposeFunction('codeAutomationLog', hear);
await page.exposeFunction('codeAutomationExit', end);
const remote = (path: string) => `vscode-remote://${server.authority}${resolve(path)}`;
// The address takes one path; of a folder without a package.json it takes every extension inside.
const together = await mkdtemp(join(tmpdir(), 'tierwise-extensions-'));
for (const path of extensionDevelopmentPath.map(String)) await symlink(resolve(path), join(together, basename(path)));
const payload = [
  ['extensionDevelopmentPath', remote(together)],
  ['extensionTestsPath', remote(extensionTestsPath)],
] as const;
page.goto(server.url(resolve(opened), payload)).catch((error: Error) => end(error.message));

const result = await ended;
if (!suiteHasSpoken || process.env.TIERWISE_VERBOSE) console.error([...asides, server.log()].join('\n'));
if (typeof result === 'string') console.error(result);
await browser.close();
await server.stop();
await rm(together, { recursive: true, force: true });
process.exit(typeof result === 'number' ? result : 1);
