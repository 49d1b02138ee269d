// Takes the README's pictures from the built extension in a real VS Code, and puts them into media/.
import { execFileSync } from 'node:child_process';
import { copyFile, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const root = join(import.meta.dirname, '..');
/** Bytes: the pictures travel in the VSIX. */
const mostBytes = 200_000;

const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
execFileSync(process.execPath, [vitest, 'run', '--project', 'ui', 'test/ui/pictures.test.ts'], {
  cwd: root,
  env: { ...process.env, TIERWISE_PICTURES: '1' },
  stdio: 'inherit',
});
for (const name of ['hover', 'report']) {
  const from = join(root, 'out', 'screenshots', `readme-${name}.png`);
  const { size } = await stat(from);
  if (size > mostBytes) throw new Error(`${from} has ${size} bytes; at most ${mostBytes} are wanted.`);
  await copyFile(from, join(root, 'media', `${name}.png`));
  process.stderr.write(`media/${name}.png: ${size} bytes\n`);
}
