// Runs a program that never outlives whoever started it: `node leash.ts FOLDER COMMAND ARG...`.
// Our standard input is a pipe which our parent holds open. When it closes, because the parent wants the end, failed, was
// interrupted or was killed, the program goes with all its children, and so does FOLDER, where they kept their files.
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';

const [folder, command, ...args] = process.argv.slice(2);
if (folder === undefined || command === undefined) throw new Error('Usage: node leash.ts FOLDER COMMAND ARG...');

// A process group of its own, so that one signal reaches children of children.
const child = spawn(command, args, { detached: true, stdio: ['ignore', 'inherit', 'inherit'] });

// Ctrl-C reaches us directly; our parent decides when it is over.
process.on('SIGINT', () => {});
process.on('SIGTERM', end);
process.stdin.resume().once('close', end);
child.once('error', (error) => {
  console.error(error.message);
  process.exitCode = 1;
  end();
});
child.once('exit', (code) => {
  process.exitCode = code ?? 1;
  end();
});

function end(): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  } catch {
    // The group is gone already.
  }
  rmSync(folder as string, { recursive: true, force: true, maxRetries: 10 });
  process.exit();
}
