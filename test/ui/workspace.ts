import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');

/**
 * Makes a folder to open: the samples that people get, files of attackers, and the settings that a workspace brings along.
 * @returns its path, and how to remove it.
 */
export async function makeWorkspace(
  settings?: Readonly<Record<string, unknown>>,
): Promise<{ readonly folder: string; remove(): Promise<void> }> {
  await mkdir(join(root, 'out'), { recursive: true });
  const place = await mkdtemp(join(root, 'out', 'workspace-'));
  const folder = join(place, 'support');
  await cp(join(root, 'samples'), folder, { recursive: true });
  await cp(join(import.meta.dirname, 'workspace'), folder, { recursive: true });
  if (settings) {
    await mkdir(join(folder, '.vscode'));
    await writeFile(join(folder, '.vscode', 'settings.json'), JSON.stringify(settings, undefined, 2));
  }
  return { folder, remove: () => rm(place, { recursive: true, force: true }) };
}
