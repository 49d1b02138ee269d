import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { Failure } from '../../core/failure.ts';

/** Writes a file so that a reader, or a machine that dies, meets the old text or the new one and nothing in between. */
export function writeAtomically(path: string, text: string): void {
  const draft = join(dirname(path), `.${process.pid}.tmp`);
  try {
    const file = openSync(draft, 'w');
    try {
      writeFileSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(draft, path);
  } catch (cause) {
    rmSync(draft, { force: true });
    throw diskFailure('write', path, cause);
  }
}

/**
 * Makes a folder and those above it that are missing. Node's own recursive mkdir never returns where a folder that
 * exists says ENOENT, as /proc does. @throws Failure `local`
 */
export function makeFolder(dir: string): void {
  try {
    makeMissing(resolve(dir));
  } catch (cause) {
    throw diskFailure('create', dir, cause);
  }
}

function makeMissing(dir: string): void {
  try {
    mkdirSync(dir);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const above = dirname(dir);
    if (code === 'ENOENT' && above !== dir && !existsSync(above)) {
      makeMissing(above);
      makeMissing(dir);
    } else if (!isFolder(dir)) throw error;
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

const reasons: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full. Free some space',
  EDQUOT: 'the disk quota is used up. Free some space',
  EFBIG: 'the file may not grow further. Raise the limit on file sizes',
  EACCES: 'permission is denied. Choose a folder that you may write to',
  EPERM: 'permission is denied. Choose a folder that you may write to',
  EROFS: 'the disk is read-only. Choose another folder',
  ENOENT: 'it does not exist. Check the path',
  ENOTDIR: 'a part of the path is a file. Choose another folder',
  EISDIR: 'it is a folder. Choose another name',
  EEXIST: 'a file of that name stands in the way. Choose another name',
};

const noRoomAbove = 'a folder above it is missing or takes no others. Choose another folder';

/** A failure of the disk in words: what could not be done, where, why, and how to mend it. */
export function diskFailure(action: 'write' | 'read' | 'create', path: string, cause: unknown): Failure {
  const { code = '', message = String(cause) } = cause instanceof Error ? (cause as NodeJS.ErrnoException) : {};
  const reason = action === 'create' && code === 'ENOENT' ? noRoomAbove : (reasons[code] ?? message);
  return new Failure({ code: 'local', message: `Cannot ${action} ${path}: ${reason}.` }, { cause });
}

/** Whether a file-system call failed because there is no such file or folder. */
export function isMissing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR';
}
