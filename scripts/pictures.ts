// Copies the README's pictures from the screenshots of test/ui/pictures.test.ts to media/.
import { copyFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
/** Bytes: the pictures travel in the VSIX. */
const mostBytes = 200_000;

for (const name of ['hover', 'report']) {
  const from = join(root, 'out', 'screenshots', `readme-${name}.png`);
  const { size } = await stat(from);
  if (size > mostBytes) throw new Error(`${from} has ${size} bytes; at most ${mostBytes} are wanted.`);
  await copyFile(from, join(root, 'media', `${name}.png`));
  process.stderr.write(`media/${name}.png: ${size} bytes\n`);
}
