// How long the command takes to start, beside Node that does nothing, in turn:
//   npm run build && node --disable-warning=MODULE_TYPELESS_PACKAGE_JSON bench/cli.ts [starts]
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { quantile } from '../src/core/stats/quantiles.ts';

const cli = join(import.meta.dirname, '..', 'dist', 'cli.js');
const starts = Number(process.argv[2] ?? 15);
const goalMs = 500;
const prompt = 'Explain why the sky is blue, in three sentences.';
const commands: Readonly<Record<string, readonly string[]>> = {
  'node -e 0': ['-e', '0'],
  'tierwise --help': [cli, '--help'],
  'tierwise estimate': [cli, 'estimate', '-'],
};

if (!existsSync(cli)) throw new Error('dist/cli.js is missing: run npm run build.');
const taken = new Map(Object.keys(commands).map((name) => [name, [] as number[]]));
// The first round fills the system's caches.
for (let round = -1; round < starts; round++) {
  for (const [name, args] of Object.entries(commands)) {
    const from = performance.now();
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', input: prompt });
    const ms = performance.now() - from;
    if (status !== 0) throw new Error(`${name} ended with ${status}: ${stderr}`);
    if (round >= 0) taken.get(name)?.push(ms);
  }
}
const bare = middle('node -e 0');
for (const name of taken.keys()) {
  const [p50, p95] = [middle(name), quantile(sorted(name), 0.95)];
  const goal = name === 'node -e 0' ? '' : `, ratio ${(p50 / bare).toFixed(1)} (goal: at most ${goalMs} ms)`;
  console.log(`${name}: p50 ${p50.toFixed(0)} ms, p95 ${p95.toFixed(0)} ms${goal}`);
  if (p50 > goalMs) process.exitCode = 1;
}

function sorted(name: string): number[] {
  return (taken.get(name) ?? []).sort((a, b) => a - b);
}

function middle(name: string): number {
  return quantile(sorted(name), 0.5);
}
