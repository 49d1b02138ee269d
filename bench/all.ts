// Runs every bench in turn: node --disable-warning=MODULE_TYPELESS_PACKAGE_JSON bench/all.ts
// Each prints its figures beside a reference of the same run and ends with 1 when it misses a limit; so does this.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const benches = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.ts') && name !== 'all.ts');
const missed: string[] = [];
for (const name of benches) {
  console.log(`\n== bench/${name}`);
  const { status } = spawnSync(process.execPath, [...process.execArgv, join(import.meta.dirname, name)], {
    stdio: 'inherit',
  });
  if (status !== 0) missed.push(name);
}
console.log(missed.length === 0 ? '\nAll within their limits.' : `\nMissed: ${missed.join(', ')}`);
process.exitCode = missed.length === 0 ? 0 : 1;
