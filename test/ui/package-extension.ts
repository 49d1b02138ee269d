import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const root = resolve(import.meta.dirname, '..', '..');
const vsce = createRequire(import.meta.url).resolve('@vscode/vsce/vsce');

/**
 * Packages a built extension, exactly as for a release, into out/NAME.vsix.
 * @param folder where its package.json is; by default this project.
 * @returns the path of the VSIX.
 * @throws when it is not built, or cannot be packaged.
 */
export async function packageExtension(folder: string = root): Promise<string> {
  const { name, main } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  if (!existsSync(join(folder, main))) throw new Error(`There is no ${join(folder, main)}: npm run build makes it.`);
  const vsix = join(root, 'out', `${name}.vsix`);
  await mkdir(join(root, 'out'), { recursive: true });
  const options = ['--no-dependencies', '--no-rewrite-relative-links', '--allow-missing-repository'];
  await promisify(execFile)(process.execPath, [vsce, 'package', ...options, '-o', vsix], { cwd: folder });
  return vsix;
}
