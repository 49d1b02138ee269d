import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { Failure } from '../../core/failure.ts';
import type { Folder, FolderEntry } from '../../core/prompts/datasets/load.ts';
import { plainText } from '../../core/prompts/plain-text.ts';
import { readText } from './read-text.ts';

/** A folder on the disk, of which nothing is read that lies outside, by whatever link. */
export function diskFolder(root: string): Folder {
  return {
    async list(path) {
      return (await readdir(join(root, path), { withFileTypes: true })).map((entry): FolderEntry => {
        return { name: entry.name, kind: kindOf(entry) };
      });
    },
    async read(path, maxBytes) {
      const shown = plainText(path, 80);
      try {
        const [inside, file] = await Promise.all([realpath(root), realpath(join(root, path))]);
        if (!file.startsWith(inside.endsWith(sep) ? inside : inside + sep)) {
          return { problem: `"${shown}" is a link that leads out of the folder. Put the file itself there.` };
        }
        // A pipe or a device would be read for ever.
        if (!(await stat(file)).isFile()) return { problem: `"${shown}" is not a file. Name a file.` };
        return { text: await readText(file, maxBytes) };
      } catch (error) {
        return { problem: `"${shown}" cannot be read${whyOf(error)}` };
      }
    },
  };
}

function kindOf(entry: Dirent): FolderEntry['kind'] {
  if (entry.isSymbolicLink()) return 'link';
  if (entry.isDirectory()) return 'folder';
  return entry.isFile() ? 'file' : 'other';
}

/** The files' own messages name whole paths: they are cut down to the reason. */
function whyOf(error: unknown): string {
  if (error instanceof Failure) return ` (${plainText(error.message.replace(/^.* (?=is )/, ''), 200)})`;
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return ': there is no such file. Look at the spelling of its path.';
  if (code === undefined) throw error;
  return ` (${code}).`;
}
