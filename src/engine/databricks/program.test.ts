import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findProgram, programAt, run } from './program.ts';

function folder(...files: readonly string[]): string {
  const made = mkdtempSync(join(tmpdir(), 'tierwise-path-'));
  for (const file of files) {
    mkdirSync(join(made, file, '..'), { recursive: true });
    writeFileSync(join(made, file), '');
    chmodSync(join(made, file), 0o755);
  }
  return made;
}

describe('a program', () => {
  it('is looked for in absolute folders of PATH only, in their order', () => {
    const [first, second] = [folder('other'), folder('databricks')];
    const env = { PATH: ['', '.', 'bin', first, second].join(delimiter) };
    expect(findProgram('databricks', env, 'linux')).toEqual({ file: join(second, 'databricks'), before: [] });
    expect(findProgram('az', env, 'linux')).toBeUndefined();
    expect(findProgram('databricks', {}, 'linux')).toBeUndefined();
  });

  it('on Windows is one that needs no shell: .exe, and for az the Python beside its batch file', () => {
    const cli = folder('databricks.exe', 'databricks.cmd');
    const az = folder('python.exe', 'wbin/az.cmd');
    const env = { Path: [cli, join(az, 'wbin')].join(delimiter) };
    expect(findProgram('databricks', env, 'win32')?.file).toBe(join(cli, 'databricks.exe'));
    expect(findProgram('az', env, 'win32')).toEqual({ file: join(az, 'python.exe'), before: ['-IBm', 'azure.cli'] });
    expect(findProgram('az', { PATH: join(folder('wbin/az.cmd'), 'wbin') }, 'win32')).toBeUndefined();
    expect(programAt(join(cli, 'databricks.cmd'), 'win32')).toBeUndefined();
  });

  it.skipIf(process.platform === 'win32')('is ended by its signal', async () => {
    const made = folder('waiting');
    writeFileSync(join(made, 'waiting'), '#!/bin/sh\nexec sleep 40\n');
    const giveUp = new AbortController();
    const running = run({ file: join(made, 'waiting'), before: [] }, [], { PATH: '/bin:/usr/bin' }, giveUp.signal);
    giveUp.abort();
    expect((await running).failed).toBeDefined();
  });

  it.skipIf(process.platform === 'win32')('that cannot be started is told from one that fails', async () => {
    const made = folder('broken', 'failing');
    writeFileSync(join(made, 'broken'), '#!/no/such/interpreter\n');
    writeFileSync(join(made, 'failing'), '#!/bin/sh\ncat; echo no >&2; exit 3\n');
    expect(await run({ file: join(made, 'broken'), before: [] }, [], {})).toMatchObject({ failed: 'start' });
    const env = { PATH: '/bin:/usr/bin' };
    expect(await run({ file: join(made, 'failing'), before: [] }, [], env)).toEqual({
      stdout: '',
      stderr: 'no\n',
      failed: 'exit',
    });
  });
});
