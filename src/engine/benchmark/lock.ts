import { linkSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname, uptime } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { Failure } from '../../core/failure.ts';
import { diskFailure, isMissing } from './disk.ts';

const holderSchema = z.object({
  pid: z.number(),
  host: z.string(),
  /** When the process started, as the system counts it: tells it from a later one with the same number. */
  started: z.optional(z.string()),
  /** Wall clock, ms. */
  lockedAt: z.number(),
});
type Holder = z.infer<typeof holderSchema>;

export interface Lock {
  release(): void;
}

const takeoverPatienceMs = 10_000;

/**
 * Claims a run's folder for this process. A lock whose process is gone is taken over. Throws a Failure `local` when
 * another process holds it.
 */
export function lockRun(dir: string): Lock {
  const path = lockPath(dir);
  const mine = JSON.stringify({
    pid: process.pid,
    host: hostname(),
    started: processStart(process.pid),
    lockedAt: Date.now(),
  } satisfies Holder);
  const draft = `${path}.${process.pid}`;
  try {
    writeFileSync(draft, mine);
    // A link appears with its content or not at all; a file that is created and then filled could be read half-way.
    for (let attempt = 0; !link(draft, path); attempt++) {
      const theirs = readLock(path);
      if (theirs === undefined) continue;
      if (attempt > 3 || isLive(theirs)) throw held(dir, path, theirs);
      takeOver(path, theirs, draft);
    }
  } catch (cause) {
    throw cause instanceof Failure ? cause : diskFailure('create', path, cause);
  } finally {
    rmSync(draft, { force: true });
  }
  return {
    release() {
      if (readLock(path) === mine) rmSync(path, { force: true });
    },
  };
}

/** Whether a living process works on the run in `dir`. */
export function isLocked(dir: string): boolean {
  const text = readLock(lockPath(dir));
  return text !== undefined && isLive(text);
}

function lockPath(dir: string): string {
  return join(dir, 'lock');
}

function link(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    // Some file systems have no links.
    if (code === 'EPERM' || code === 'ENOSYS' || code === 'ENOTSUP' || code === 'EOPNOTSUPP') return create(from, to);
    throw error;
  }
}

function create(from: string, to: string): boolean {
  try {
    writeFileSync(to, readFileSync(from), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Removes a stale lock, unless another process was faster. One at a time: the right to do so is a file, too. */
function takeOver(path: string, stale: string, draft: string): void {
  const right = `${path}.takeover`;
  if (!link(draft, right)) {
    if (Date.now() - statSync(right).mtimeMs > takeoverPatienceMs) rmSync(right, { force: true });
    return;
  }
  try {
    if (readLock(path) === stale) rmSync(path, { force: true });
  } finally {
    rmSync(right, { force: true });
  }
}

function readLock(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw diskFailure('read', path, error);
  }
}

/** Whether the process that wrote a lock still lives; of another machine's nobody can tell, so it counts as living. */
function isLive(text: string): boolean {
  const holder = holderOf(text);
  if (!holder) return false;
  if (holder.host !== hostname()) return true;
  if (holder.started === undefined && holder.lockedAt < Date.now() - uptime() * 1000) return false;
  const started = processStart(holder.pid);
  if (started !== undefined && holder.started !== undefined) return started === holder.started;
  try {
    process.kill(holder.pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function holderOf(text: string): Holder | undefined {
  try {
    const holder = holderSchema.safeParse(JSON.parse(text));
    return holder.success ? holder.data : undefined;
  } catch {
    return undefined;
  }
}

/** Start time of a process and the boot it belongs to, where the system tells (Linux). */
function processStart(pid: number): string | undefined {
  try {
    // The second field, the name in parentheses, may hold spaces; the start time is the 20th field after it.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}/${ticks}`;
  } catch {
    return undefined;
  }
}

function held(dir: string, path: string, text: string): Failure {
  const holder = holderOf(text);
  const who = holder ? `process ${holder.pid}${holder.host === hostname() ? '' : ` on ${holder.host}`}` : 'a process';
  return new Failure({
    code: 'local',
    message: `The run in ${dir} is being worked on by ${who}. Wait for it, or cancel it there; if it is gone for certain, delete ${path}.`,
  });
}
