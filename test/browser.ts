import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Browser, chromium } from 'playwright-core';
import { vscodeTestFolder } from '../scripts/vscode/install.ts';
import { prepareOnce } from '../scripts/vscode/prepare-once.ts';

const INSTALLED = [
  process.env.TIERWISE_CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // A test must pass the same way with and without a network: only this machine exists.
  '--no-proxy-server',
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost',
];

/**
 * Starts Chromium, headless: the one that `TIERWISE_CHROMIUM` names, else an installed one, else the one from npm (Linux x64),
 * which brings the libraries and a font that a bare machine lacks.
 * @throws when `TIERWISE_CHROMIUM` names nothing, or when no Chromium starts.
 */
export async function launchBrowser(): Promise<Browser> {
  const named = process.env.TIERWISE_CHROMIUM;
  if (named && !existsSync(named)) throw new Error(`TIERWISE_CHROMIUM names no file: ${named}`);
  const installed = INSTALLED.find((path) => path && existsSync(path));
  if (installed) return chromium.launch({ executablePath: installed, args: ARGS });
  const folder = await unpackChromium();
  const libraries = [join(folder, 'al2023', 'lib'), process.env.LD_LIBRARY_PATH].filter(Boolean).join(':');
  return chromium.launch({
    executablePath: join(folder, 'chromium'),
    args: ARGS,
    env: { ...process.env, LD_LIBRARY_PATH: libraries, FONTCONFIG_FILE: join(folder, 'fonts.conf') },
  });
}

/**
 * Unpacks the Chromium of the npm package into a folder of our own (about 3 s and 210 MB, once). The package itself would
 * unpack into the system's temporary folder, where two processes meet half-written files.
 */
async function unpackChromium(): Promise<string> {
  const require = createRequire(import.meta.url);
  const packageFile = join(require.resolve('@sparticuz/chromium'), '..', '..', 'package.json');
  const { version } = require(packageFile) as { version: string };
  const folder = join(vscodeTestFolder, `chromium-${version}`);
  return prepareOnce(folder, async (staging) => {
    const script = 'import("@sparticuz/chromium").then((module) => module.default.executablePath())';
    await promisify(execFile)(process.execPath, ['-e', script], {
      cwd: import.meta.dirname,
      // The second variable makes the package unpack its libraries as well.
      env: { ...process.env, TMPDIR: staging, AWS_LAMBDA_JS_RUNTIME: 'nodejs24.x' },
    });
    await writeFile(join(staging, 'fonts.conf'), fontConfiguration(folder));
  });
}

/** The machine's fonts where it has some, and always the one from the package, so that text is never blank. */
function fontConfiguration(folder: string): string {
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
  <dir>/usr/share/fonts</dir>
  <dir>${join(folder, 'fonts')}</dir>
  <cachedir>${join(folder, 'font-cache')}</cachedir>
</fontconfig>
`;
}
